// The client. `vN` are the versions of the contract.

import { Cache } from "./cache.js";
import { Door, type Manner } from "./door.js";
import { Misconfigured } from "./errors.js";
import { Versions } from "./versions.js";

/** How a client is made; everything may be left out where the environment tells the address. */
export interface Options {
  /** Where the service is; BRIEFING_URL without it. */
  url?: string;
  /** The API key; BRIEFING_API_KEY without it, and otherwise none. */
  key?: string;
  /** How long one answer may take, in seconds: 30. */
  timeout?: number;
  /** How often a request is made in all where the answer is 429 or 503: 4. */
  tries?: number;
  /** How long it waits between the tries in all, in seconds: 60. Where Retry-After asks for more, the problem is thrown. */
  patience?: number;
  /** How many characters of answers are kept to be asked for with If-None-Match: 8 Mi; 0 keeps none. */
  cache?: number;
  /** What sends requests, in place of the platform's. */
  fetch?: typeof fetch;
}

/** The service at an address. Misconfigured where there is none. */
export class Briefing extends Versions {
  constructor(options: Options = {}) {
    super(new Door(manner(options)));
  }
}

function manner({ url, key, timeout = 30, tries = 4, patience = 60, cache = 8 * 2 ** 20, fetch }: Options): Manner {
  const named = (url || told("BRIEFING_URL")).trim().replace(/\/+$/, "");
  if (!named) throw new Misconfigured("Where is the service? Give its address as `url`, or set BRIEFING_URL.");
  if (!/^https?:\/\/[^/]/.test(named) || !URL.canParse(named)) {
    throw new Misconfigured(`'${named}' is no address of a service: expected http:// or https:// and a host.`);
  }
  const held = (key || told("BRIEFING_API_KEY")).trim();
  if (!/^[\x20-\x7e]*$/.test(held)) throw new Misconfigured("The key has characters that no key has.");
  // Browsers refuse a fetch that is called on anything but the window.
  const send = fetch ?? ((...asked: Parameters<typeof globalThis.fetch>) => globalThis.fetch(...asked));
  return { url: named, key: held || undefined, timeout, tries, patience, cache: new Cache(cache), fetch: send };
}

/** A variable of the environment, where there is one. */
function told(name: string): string {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.[name] ?? "";
}
