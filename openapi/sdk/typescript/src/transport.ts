// Send requests: with the key, again after Retry-After, and with If-None-Match if an answer is in the cache.

import { transportError, isObject, json, read, graphqlProblem, retryAfter } from "./answer.js";
import { Cache } from "./cache.js";
import { Unreadable } from "./errors.js";
import { readAnswer, type LastAnswer } from "./limits.js";
import { setPermalinks } from "./permalink.js";
import { query } from "./query.js";

const AGAIN = [429, 503];

/** The options of a client, all of them set. */
export interface ResolvedOptions {
  readonly url: string;
  readonly key: string | undefined;
  readonly timeout: number;
  readonly tries: number;
  readonly patience: number;
  readonly cache: Cache;
  readonly fetch: typeof fetch;
}

/** The options of one call. */
export interface CallOptions {
  /** A signal that ends the call: it then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A page of a list, in the form that all versions share. */
interface Page {
  readonly data: readonly unknown[];
  readonly page: { readonly next_cursor: string | null };
}

/** A GraphQL request. */
interface RequestBody {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: object | undefined;
}

/** A time, the end of a day as `2022-03-07`, or an edition such as `e12345`. */
export type Moment = Date | string;

/** The connection to the service over HTTP. */
export class Transport {
  /** The header fields of the last answer; undefined before the first one. */
  lastAnswer: LastAnswer | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly knownAt?: Moment,
    private readonly parent?: Transport,
  ) {}

  /** Return a transport whose requests read as it was known at a moment, unless they name another one. */
  at(knownAt: Moment): Transport {
    return new Transport(this.options, knownAt, this);
  }

  /** Return one answer: the JSON object that has `parts`. */
  async read(path: string, given: object, parts: readonly string[], call: CallOptions): Promise<unknown> {
    const url = this.options.url + path + query(this.#complete(given));
    const cached = this.options.cache.get(url);
    const headers = { Accept: "application/json", ...(cached && { "If-None-Match": cached.etag }) };
    let location: string | null = null;
    const answer = await this.#send(url, { headers }, call, async (response) => {
      if (response.status === 304 && cached) {
        location = cached.location;
        return json(cached.body, url);
      }
      const body = await response.text();
      const document = read(response, body, url);
      location = response.headers.get("content-location");
      this.options.cache.put(url, response.headers.get("etag"), body, location);
      return document;
    });
    if (isObject(answer) && parts.every((name) => name in answer)) {
      setPermalinks(answer as { data: unknown }, this.options.url, path, location);
      return answer;
    }
    throw new Unreadable(`The answer of ${url} is not what this client expects: ${parts.join(" and ")}.`);
  }

  /** Yield every record of a list, page after page. */
  async *each(path: string, given: object, call: CallOptions): AsyncGenerator<unknown, void, undefined> {
    let parameters = given;
    let cursor = (given as { readonly cursor?: unknown }).cursor;
    for (;;) {
      const page = (await this.read(path, parameters, ["data", "page"], call)) as Page;
      if (!Array.isArray(page.data) || page.page?.next_cursor === undefined) {
        throw new Unreadable(`The answer of ${this.options.url}${path} is no page: it has no records, or does not tell the next cursor.`);
      }
      yield* page.data;
      if (!page.page.next_cursor) return;
      // The pages would never end.
      if (page.page.next_cursor === cursor) throw new Unreadable(`A page of ${path} names itself as the next page.`);
      cursor = page.page.next_cursor;
      parameters = { ...given, cursor };
    }
  }

  /** Yield an answer piece by piece. Unreachable if it breaks off before its end. */
  async *stream(path: string, given: object, call: CallOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const url = this.options.url + path + query(this.#complete(given));
    // The timeout limits the wait for the first byte only, because a file may take as long as its reader needs.
    const patience = new AbortController();
    const late = setTimeout(() => patience.abort(new DOMException("late", "TimeoutError")), this.options.timeout * 1000);
    const started = async (response: Response): Promise<Response> => {
      clearTimeout(late);
      if (!response.ok) read(response, await response.text(), url);
      return response;
    };
    try {
      const response = await this.#send(url, { signal: patience.signal }, call, started);
      const reader = response.body?.getReader();
      for (;;) {
        const piece = await reader?.read();
        if (!piece || piece.done) return;
        yield piece.value;
      }
    } catch (error) {
      call.signal?.throwIfAborted();
      throw transportError(error, url);
    } finally {
      clearTimeout(late);
      patience.abort();
    }
  }

  /** Return the data of a GraphQL request. Problem if the answer has errors. */
  async ask(path: string, body: RequestBody, call: CallOptions): Promise<unknown> {
    const url = this.options.url + path;
    const accept = "application/graphql-response+json, application/json;q=0.9";
    const headers = { Accept: accept, "Content-Type": "application/json" };
    return this.#send(url, { method: "POST", headers, body: JSON.stringify(this.#withMoment(body)) }, call, async (response) => {
      const answer = read(response, await response.text(), url);
      if (isObject(answer) && Array.isArray(answer.errors) && answer.errors.length) throw graphqlProblem(answer, response);
      if (isObject(answer) && isObject(answer.data)) return answer.data;
      throw new Unreadable(`The answer of ${url} is not what this client expects: data.`);
    });
  }

  // A comparison names the two states that it reads.
  #complete(given: object): object {
    return this.knownAt === undefined || "from" in given ? given : { known_at: this.knownAt, ...given };
  }

  // The operations of the contract name the moment `$knownAt`.
  #withMoment(body: RequestBody): RequestBody {
    if (this.knownAt === undefined || !body.query.includes("$knownAt")) return body;
    const knownAt = this.knownAt instanceof Date ? this.knownAt.toISOString() : this.knownAt;
    return { ...body, variables: { knownAt, ...body.variables } };
  }

  async #send<T>(
    url: string,
    request: RequestInit,
    { signal }: CallOptions,
    take: (response: Response) => Promise<T>,
  ): Promise<T> {
    let waited = 0;
    for (let tried = 1; ; tried++) {
      try {
        const response = await this.options.fetch(url, this.#prepare(request, signal));
        this.lastAnswer = readAnswer(response);
        if (this.parent) this.parent.lastAnswer = this.lastAnswer;
        const pause = AGAIN.includes(response.status) ? (retryAfter(response) ?? 0.5 * 2 ** (tried - 1)) : undefined;
        waited += pause ?? 0;
        if (pause === undefined || tried >= this.options.tries || waited > this.options.patience) {
          return await take(response);
        }
        await response.body?.cancel();
        await sleep(pause, signal);
      } catch (error) {
        signal?.throwIfAborted();
        throw transportError(error, url);
      }
    }
  }

  #prepare(request: RequestInit, call: AbortSignal | undefined): RequestInit {
    const key = this.options.key;
    const headers = { ...(request.headers as Record<string, string>), ...(key && { Authorization: `Bearer ${key}` }) };
    const timeout = request.signal ?? AbortSignal.timeout(this.options.timeout * 1000);
    const signal = call ? AbortSignal.any([timeout, call]) : timeout;
    return { ...request, headers, signal, redirect: "manual" };
  }
}

/** Wait some seconds, or until the signal ends the call. */
async function sleep(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resume) => {
    const timer = setTimeout(resume, seconds * 1000);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resume()), { once: true });
  });
  signal?.throwIfAborted();
}
