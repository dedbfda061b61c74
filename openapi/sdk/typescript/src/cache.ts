// A cache of answers, which are requested again with If-None-Match.

/** The answers that were used last, by URL, with their ETags: at most `maxCharacters` characters. */
export class Cache {
  #characters = 0;
  readonly #answers = new Map<string, { etag: string; body: string }>();

  constructor(private readonly maxCharacters: number) {}

  /** The ETag and the body of an answer. */
  get(url: string): { etag: string; body: string } | undefined {
    const answer = this.#answers.get(url);
    if (answer) {
      this.#answers.delete(url);
      this.#answers.set(url, answer);
    }
    return answer;
  }

  /** Keep an answer, and drop those that were used longest ago. */
  put(url: string, etag: string | null, body: string): void {
    if (!etag || body.length > this.maxCharacters) return;
    this.#drop(url);
    this.#answers.set(url, { etag, body });
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
