// The client. `vN` are the versions of the contract.

import { Cache } from "./cache.js";
import { Transport, type ResolvedOptions } from "./transport.js";
import { Misconfigured } from "./errors.js";
import type { LastAnswer } from "./limits.js";
import { Versions } from "./versions.js";

/** The options of a client. All are optional if the environment contains the address. */
export interface Options {
  /** The address of the service. By default BRIEFING_URL. */
  url?: string;
  /** The API key. By default BRIEFING_API_KEY, or none. */
  key?: string;
  /** The seconds that one answer may take. By default 30. */
  timeout?: number;
  /** The maximum number of times that a request is sent if the answer is 429 or 503. By default 4. */
  tries?: number;
  /** The seconds to wait between all tries together. By default 60. If Retry-After is longer, the problem is thrown. */
  patience?: number;
  /** The maximum size of the cache for If-None-Match, in characters. By default 8 Mi. 0 turns it off. */
  cache?: number;
  /** A function that sends requests, in place of the platform's `fetch`. */
  fetch?: typeof fetch;
}

/** A client of the service. Misconfigured if the address is missing or wrong, or if the key is not printable ASCII. */
export class Briefing extends Versions {
  readonly #transport: Transport;

  constructor(options: Options = {}) {
    const transport = new Transport(resolve(options));
    super(transport);
    this.#transport = transport;
  }

  /** The status, the ETag, the limits and the cost of the last answer. Undefined before the first one. */
  get lastAnswer(): LastAnswer | undefined {
    return this.#transport.lastAnswer;
  }
}

function resolve({ url, key, timeout = 30, tries = 4, patience = 60, cache = 8 * 2 ** 20, fetch }: Options): ResolvedOptions {
  const address = (url || environment("BRIEFING_URL")).trim().replace(/\/+$/, "");
  if (!address) throw new Misconfigured("The address of the service is missing. Pass `url` or set BRIEFING_URL.");
  if (!/^https?:\/\/[^/]/.test(address) || !URL.canParse(address)) {
    throw new Misconfigured(`'${address}' is not the address of a service. Pass http:// or https:// and a host.`);
  }
  const apiKey = (key || environment("BRIEFING_API_KEY")).trim();
  if (!/^[\x20-\x7e]*$/.test(apiKey)) {
    throw new Misconfigured("The key has characters outside printable ASCII. Check `key` or BRIEFING_API_KEY.");
  }
  // Browsers refuse a fetch that is called on an object other than the window.
  const send = fetch ?? ((...parameters: Parameters<typeof globalThis.fetch>) => globalThis.fetch(...parameters));
  return { url: address, key: apiKey || undefined, timeout, tries, patience, cache: new Cache(cache), fetch: send };
}

/** Return a variable of the environment, if there is an environment. */
function environment(name: string): string {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.[name] ?? "";
}
