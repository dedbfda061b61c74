// A cache of answers, which are requested again with If-None-Match.

/** The body of an answer, with its ETag and its Content-Location. */
export interface CachedAnswer {
  readonly etag: string;
  readonly body: string;
  readonly location: string | null;
}

/** The most recently used answers, by URL: `maxCharacters` characters of answers at most. */
export class Cache {
  #characters = 0;
  readonly #answers = new Map<string, CachedAnswer>();

  constructor(private readonly maxCharacters: number) {}

  /** Return the answer of a URL; undefined if it is not in the cache. */
  get(url: string): CachedAnswer | undefined {
    const answer = this.#answers.get(url);
    if (answer) {
      this.#answers.delete(url);
      this.#answers.set(url, answer);
    }
    return answer;
  }

  /** Add an answer, and drop the least recently used ones until all fit. */
  put(url: string, etag: string | null, body: string, location: string | null): void {
    if (!etag || body.length > this.maxCharacters) return;
    this.#drop(url);
    this.#answers.set(url, { etag, body, location });
    this.#characters += body.length;
    for (const oldest of this.#answers.keys()) {
      if (this.#characters <= this.maxCharacters) return;
      this.#drop(oldest);
    }
  }

  #drop(url: string): void {
    this.#characters -= this.#answers.get(url)?.body.length ?? 0;
    this.#answers.delete(url);
  }
}
