// Read answers: the data, how long to wait before another try, or an error that says what went wrong.

import { BriefingError, NotTheService, Problem, TooSlow, Unreachable, type ProblemDocument } from "./errors.js";

const MAX_SHOWN = 200;

type JsonObject = Record<string, unknown>;

/** Return the JSON of an answer. NotTheService if it is not JSON, and Problem if the service refused. */
export function read(response: Response, body: string, url: string): unknown {
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    throw foreign(response, url, `a redirect to ${response.headers.get("location") ?? "somewhere else"}`);
  }
  const kind = (response.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (kind !== "application/json" && !kind.endsWith("+json")) {
    const shown = body.slice(0, MAX_SHOWN).split(/\s+/).join(" ").trim();
    throw foreign(response, url, `${kind || "no media type"}: '${shown}'`);
  }
  const document = json(body, url);
  if (response.ok) return document;
  throw problem(response, document, url);
}

/** Return the JSON of a body. */
export function json(body: string, url: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new NotTheService(`${url} answered JSON that is broken: ${String(error)}`, { cause: error });
  }
}

function problem(response: Response, document: unknown, url: string): BriefingError {
  const wait = retryAfter(response);
  if (isObject(document) && typeof document.code === "string") return Problem.of(document, response.status, wait);
  if (isObject(document) && Array.isArray(document.errors) && document.errors.length) return graphqlProblem(document, response, wait);
  return foreign(response, url, `JSON that is no problem of the service: ${JSON.stringify(document).slice(0, MAX_SHOWN)}`);
}

/** Return the error for the first error of a GraphQL answer; `document.errors_told` contains all of them. */
export function graphqlProblem(document: JsonObject, response: Response, wait?: number): Problem {
  const all = document.errors as JsonObject[];
  const first = all[0] ?? {};
  const parts: ProblemDocument = isObject(first.extensions) ? first.extensions : {};
  const request = { request_id: response.headers.get("x-request-id") ?? undefined };
  const problem = Problem.of({ ...request, ...parts, detail: first.message, errors_told: all }, response.status, wait);
  problem.data = document.data;
  return problem;
}

/** Return the seconds of Retry-After (RFC 9110, 10.2.3), which may be a time; undefined if there is none. */
export function retryAfter(response: Response): number | undefined {
  const value = response.headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(value)) return Number(value);
  const moment = Date.parse(value);
  return Number.isNaN(moment) ? undefined : Math.max(0, (moment - Date.now()) / 1000);
}

/** Return the error for a request that got no answer. */
export function transportError(error: unknown, url: string): BriefingError {
  if (error instanceof BriefingError) return error;
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new TooSlow(`${url} gave no answer in time. \`timeout\` of the client says how long it may take.`);
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
  return new Unreachable(`${url} cannot be reached, or broke off: ${cause}`, { cause: error });
}

/** Return true if a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function foreign(response: Response, url: string, what: string): NotTheService {
  return new NotTheService(`${url} answered ${response.status} with ${what}. This is not the briefing API.`);
}
