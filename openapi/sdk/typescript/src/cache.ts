// A cache of answers, which are requested again with If-None-Match.

/** The answers that were used last, by URL, with their ETags: at most `most` characters. */
export class Cache {
  #held = 0;
  readonly #kept = new Map<string, { etag: string; body: string }>();

  constructor(private readonly most: number) {}

  /** The ETag and the body of an answer. */
  get(url: string): { etag: string; body: string } | undefined {
    const found = this.#kept.get(url);
    if (found) {
      this.#kept.delete(url);
      this.#kept.set(url, found);
    }
    return found;
  }

  /** Keep an answer, and drop those that were used longest ago. */
  put(url: string, etag: string | null, body: string): void {
    if (!etag || body.length > this.most) return;
    this.#drop(url);
    this.#kept.set(url, { etag, body });
    this.#held += body.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#held <= this.most) return;
      this.#drop(oldest);
    }
  }

  #drop(url: string): void {
    this.#held -= this.#kept.get(url)?.body.length ?? 0;
    this.#kept.delete(url);
  }
}
