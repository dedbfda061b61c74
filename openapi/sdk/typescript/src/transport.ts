// Send requests: with the key, again after Retry-After, and with If-None-Match if an answer is in the cache.

import { transportError, isObject, json, read, graphqlProblem, retryAfter } from "./answer.js";
import { Cache } from "./cache.js";
import { Unreadable } from "./errors.js";
import { readAnswer, type LastAnswer } from "./limits.js";
import { setPermalinks } from "./permalink.js";
import { query } from "./query.js";

const RETRIED_STATUSES = [429, 503];

/** The options of a client, with their default values. */
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
  /** A signal that ends the call, which then throws the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** The members that pages of all versions have. */
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
  /** The values of the header fields of the last answer. Undefined before the first one. */
  lastAnswer: LastAnswer | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly knownAt?: Moment,
    private readonly parent?: Transport,
  ) {}

  /** Return a transport that adds the moment to its requests, unless they have one. */
  at(knownAt: Moment): Transport {
    return new Transport(this.options, knownAt, this);
  }

  /** Return one answer. Unreadable if it is not a JSON object with the members `parts`. */
  async read(path: string, parameters: object, parts: readonly string[], call: CallOptions): Promise<unknown> {
    const url = this.options.url + path + query(this.#complete(parameters));
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
    throw unreadable(url, parts);
  }

  /** Yield every record of a list, page after page. */
  async *each(path: string, parameters: object, call: CallOptions): AsyncGenerator<unknown, void, undefined> {
    let pageParameters = parameters;
    let cursor = (parameters as { readonly cursor?: unknown }).cursor;
    for (;;) {
      const page = (await this.read(path, pageParameters, ["data", "page"], call)) as Page;
      if (!Array.isArray(page.data) || page.page?.next_cursor === undefined) {
        throw unreadable(this.options.url + path, ["records", "next_cursor"]);
      }
      yield* page.data;
      if (!page.page.next_cursor) return;
      // The pages would never end.
      if (page.page.next_cursor === cursor) throw new Unreadable(`A page of ${path} names itself as the next page.`);
      cursor = page.page.next_cursor;
      pageParameters = { ...parameters, cursor };
    }
  }

  /** Yield an answer piece by piece. Unreachable or TooSlow if it ends too early. */
  async *stream(path: string, parameters: object, call: CallOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const url = this.options.url + path + query(this.#complete(parameters));
    // The timeout limits the wait for the first byte only, because a file may take as long as its reader needs.
    const controller = new AbortController();
    const expire = (): void => controller.abort(new DOMException("late", "TimeoutError"));
    const timer = setTimeout(expire, this.options.timeout * 1000);
    const checkStatus = async (response: Response): Promise<Response> => {
      clearTimeout(timer);
      if (!response.ok) read(response, await response.text(), url);
      return response;
    };
    try {
      const response = await this.#send(url, { signal: controller.signal }, call, checkStatus);
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
      clearTimeout(timer);
      controller.abort();
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
      throw unreadable(url, ["data"]);
    });
  }

  // A comparison is unchanged, because it names the two states that it reads.
  #complete(parameters: object): object {
    return this.knownAt === undefined || "from" in parameters ? parameters : { known_at: this.knownAt, ...parameters };
  }

  // The operations of the contract declare the variable `$knownAt`.
  #withMoment(body: RequestBody): RequestBody {
    if (this.knownAt === undefined || !body.query.includes("$knownAt")) return body;
    const knownAt = this.knownAt instanceof Date ? this.knownAt.toISOString() : this.knownAt;
    return { ...body, variables: { knownAt, ...body.variables } };
  }

  async #send<T>(
    url: string,
    request: RequestInit,
    { signal }: CallOptions,
    readResponse: (response: Response) => Promise<T>,
  ): Promise<T> {
    let waited = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.options.fetch(url, this.#prepare(request, signal));
        this.lastAnswer = readAnswer(response);
        if (this.parent) this.parent.lastAnswer = this.lastAnswer;
        const isRetried = RETRIED_STATUSES.includes(response.status);
        const pause = isRetried ? (retryAfter(response) ?? 0.5 * 2 ** (attempt - 1)) : undefined;
        waited += pause ?? 0;
        if (pause === undefined || attempt >= this.options.tries || waited > this.options.patience) {
          return await readResponse(response);
        }
        await response.body?.cancel();
        await sleep(pause, signal);
      } catch (error) {
        signal?.throwIfAborted();
        throw transportError(error, url);
      }
    }
  }

  #prepare(request: RequestInit, callSignal: AbortSignal | undefined): RequestInit {
    const key = this.options.key;
    const headers = { ...(request.headers as Record<string, string>), ...(key && { Authorization: `Bearer ${key}` }) };
    const timeout = request.signal ?? AbortSignal.timeout(this.options.timeout * 1000);
    const signal = callSignal ? AbortSignal.any([timeout, callSignal]) : timeout;
    return { ...request, headers, signal, redirect: "manual" };
  }
}

function unreadable(url: string, expected: readonly string[]): Unreadable {
  const members = expected.join(" and ");
  return new Unreadable(`This client cannot read the answer of ${url}: it expects ${members}. A newer client may read it.`);
}

/** Wait some seconds, or until the signal ends the call. */
async function sleep(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resume) => {
    const timer = setTimeout(resume, seconds * 1000);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resume()), { once: true });
  });
  signal?.throwIfAborted();
}
