// Read answers: the JSON, the time to wait before the next try, or the error.

import { BriefingError, NotTheService, Problem, TooSlow, Unreachable, type ProblemDocument } from "./errors.js";

const MAX_SHOWN = 200;
const CHECK_ADDRESS = "Check that `url` is the address of the briefing API.";

type JsonObject = Record<string, unknown>;

/** Return the JSON of an answer. NotTheService if another program answered, and Problem if the service refused. */
export function read(response: Response, body: string, url: string): unknown {
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    throw foreign(response, url, `a redirect to ${response.headers.get("location") ?? "somewhere else"}`);
  }
  const kind = (response.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (kind !== "application/json" && !kind.endsWith("+json")) {
    const excerpt = body.slice(0, MAX_SHOWN).split(/\s+/).join(" ").trim();
    throw foreign(response, url, `${kind || "no media type"}: '${excerpt}'`);
  }
  const document = json(body, url);
  if (response.ok) return document;
  throw problem(response, document, url);
}

/** Return the JSON of a body. NotTheService if it is not valid. */
export function json(body: string, url: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new NotTheService(`${url} answered with invalid JSON: ${String(error)}. ${CHECK_ADDRESS}`, { cause: error });
  }
}

function problem(response: Response, document: unknown, url: string): BriefingError {
  const wait = retryAfter(response);
  if (isObject(document) && typeof document.code === "string") return Problem.of(document, response.status, wait);
  if (isObject(document) && Array.isArray(document.errors) && document.errors.length) return graphqlProblem(document, response, wait);
  return foreign(response, url, `JSON that is not a problem document: ${JSON.stringify(document).slice(0, MAX_SHOWN)}`);
}

/**
 * Return the error for the first error of a GraphQL answer. `document.graphql_errors` contains all of them, and so does
 * `document.errors_told`, its name in earlier releases.
 */
export function graphqlProblem(answer: JsonObject, response: Response, wait?: number): Problem {
  const errors = answer.errors as JsonObject[];
  const first = errors[0] ?? {};
  const extensions: ProblemDocument = isObject(first.extensions) ? first.extensions : {};
  const document = {
    request_id: response.headers.get("x-request-id") ?? undefined,
    ...extensions,
    detail: first.message,
    graphql_errors: errors,
    errors_told: errors,
  };
  const problem = Problem.of(document, response.status, wait);
  problem.data = answer.data;
  return problem;
}

/** Return the seconds of Retry-After (RFC 9110, 10.2.3), which may be a time. Undefined if there are none. */
export function retryAfter(response: Response): number | undefined {
  const value = response.headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(value)) return Number(value);
  const moment = Date.parse(value);
  return Number.isNaN(moment) ? undefined : Math.max(0, (moment - Date.now()) / 1000);
}

/** Return the error for a request that got no complete answer. */
export function transportError(error: unknown, url: string): BriefingError {
  if (error instanceof BriefingError) return error;
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new TooSlow(`${url} did not answer in time. To wait longer, increase \`timeout\`.`);
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
  return new Unreachable(`${url} cannot be reached, or the connection broke: ${cause}`, { cause: error });
}

/** Return true if a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function foreign(response: Response, url: string, content: string): NotTheService {
  return new NotTheService(`${url} answered ${response.status} with ${content}. ${CHECK_ADDRESS}`);
}
