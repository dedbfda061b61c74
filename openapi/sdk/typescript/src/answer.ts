// What came back, judged: an answer, something to wait for, or an error that says which.

import { BriefingError, NotTheService, Problem, TooSlow, Unreachable, type ProblemDocument } from "./errors.js";

const SHOWN_MOST = 200;

type Told = Record<string, unknown>;

/** The JSON of an answer. NotTheService where it is none, and Problem where the service refused. */
export function read(response: Response, body: string, url: string): unknown {
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    throw foreign(response, url, `a redirect to ${response.headers.get("location") ?? "somewhere else"}`);
  }
  const kind = (response.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (kind !== "application/json" && !kind.endsWith("+json")) {
    const shown = body.slice(0, SHOWN_MOST).split(/\s+/).join(" ").trim();
    throw foreign(response, url, `${kind || "no media type"}: '${shown}'`);
  }
  const told = json(body, url);
  if (response.ok) return told;
  throw problem(response, told, url);
}

/** The JSON of a body. */
export function json(body: string, url: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new NotTheService(`${url} answered JSON that is broken: ${String(error)}`, { cause: error });
  }
}

function problem(response: Response, told: unknown, url: string): BriefingError {
  const wait = retryAfter(response);
  if (isObject(told) && typeof told.code === "string") return Problem.of(told, response.status, wait);
  if (isObject(told) && Array.isArray(told.errors) && told.errors.length) return refused(told, response, wait);
  return foreign(response, url, `JSON that is no problem of the service: ${JSON.stringify(told).slice(0, SHOWN_MOST)}`);
}

/** The error that the first of GraphQL's errors stands for; `document.errors_told` has all of them. */
export function refused(told: Told, response: Response, wait?: number): Problem {
  const all = told.errors as Told[];
  const first = all[0] ?? {};
  const parts: ProblemDocument = isObject(first.extensions) ? first.extensions : {};
  const request = { request_id: response.headers.get("x-request-id") ?? undefined };
  const made = Problem.of({ ...request, ...parts, detail: first.message, errors_told: all }, response.status, wait);
  made.data = told.data;
  return made;
}

/** The seconds that Retry-After asks for (RFC 9110, 10.2.3), which may be a time; undefined where it does not. */
export function retryAfter(response: Response): number | undefined {
  const given = response.headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(given)) return Number(given);
  const moment = Date.parse(given);
  return Number.isNaN(moment) ? undefined : Math.max(0, (moment - Date.now()) / 1000);
}

/** The error for a request that got no answer. */
export function failed(error: unknown, url: string): BriefingError {
  if (error instanceof BriefingError) return error;
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new TooSlow(`${url} gave no answer in time. \`timeout\` of the client says how long it may take.`);
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
  return new Unreachable(`${url} cannot be reached, or broke off: ${cause}`, { cause: error });
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Told {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function foreign(response: Response, url: string, what: string): NotTheService {
  return new NotTheService(`${url} answered ${response.status} with ${what}. This is not the briefing API.`);
}
