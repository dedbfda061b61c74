// The errors of this client.
//
// BriefingError
// ├── Misconfigured           the address is missing or wrong, or the key is not printable ASCII
// ├── Unreachable             no server answers at the address, or the connection broke
// ├── TooSlow                 no answer within the timeout
// ├── NotTheService           something else answered: a proxy's HTML, a redirect, another program
// ├── Unreadable              this client cannot read the answer of the service
// └── Problem                 the service refused; one class for each `code`
//     ├── RateLimited, TooExpensive, InvalidRequest, InvalidCursor, NotFound, Withdrawn, …
//     └── Problem itself, for codes that only a newer service has

/** Any error that this client throws. */
export class BriefingError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** The address of the service is missing or wrong, or the key has characters outside printable ASCII. */
export class Misconfigured extends BriefingError {}

/** No server answers at the address, or the connection broke before the answer was complete. */
export class Unreachable extends BriefingError {}

/** No answer within the timeout. */
export class TooSlow extends BriefingError {}

/** Something else answered, such as a proxy with a page of its own. */
export class NotTheService extends BriefingError {}

/** The service answered something that this client cannot read. Most likely the client is too old for it. */
export class Unreadable extends BriefingError {}

/** A fault of a request. `parameter` is empty if the fault concerns the whole request. */
export interface Fault {
  readonly parameter: string;
  readonly detail: string;
}

/** The problem document of a refusal. */
export type ProblemDocument = Readonly<Record<string, unknown>>;

/**
 * The service refused. `document` is the whole problem document. The other properties are its parts. `retryAfter` is in
 * seconds. `limit` names the limit that has too few points left. `data` is the data of a GraphQL answer that also has
 * errors.
 */
export class Problem extends BriefingError {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly hint: string | undefined;
  readonly requestId: string | undefined;
  readonly faults: readonly Fault[];
  readonly limit: string | undefined;
  readonly retryAfter: number | undefined;
  data: unknown = null;

  constructor(
    readonly document: ProblemDocument,
    readonly status: number,
    retryAfter?: number,
  ) {
    super(describeProblem(document));
    this.code = asText(document.code) ?? "";
    this.title = asText(document.title) ?? "";
    this.detail = asText(document.detail) ?? "";
    this.hint = asText(document.hint);
    this.requestId = asText(document.request_id);
    this.faults = readFaults(document.errors);
    this.limit = asText(document.limit);
    this.retryAfter = retryAfter ?? (typeof document.retry_after === "number" ? document.retry_after : undefined);
  }

  /** Return the error for the code of the document. */
  static of(document: ProblemDocument, status: number, retryAfter?: number): Problem {
    const ProblemClass = codes[asText(document.code) ?? ""] ?? Problem;
    return new ProblemClass(document, status, retryAfter);
  }
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function readFaults(errors: unknown): Fault[] {
  const entries = Array.isArray(errors) ? errors : [];
  return entries.map((fault) => ({ parameter: String(fault?.parameter ?? ""), detail: String(fault?.detail ?? "") }));
}

function describeProblem(document: ProblemDocument): string {
  const faults = readFaults(document.errors);
  const faultTexts = faults.map((fault) => (fault.parameter ? `${fault.parameter}: ${fault.detail}` : fault.detail));
  const detail = asText(document.detail) ?? "";
  // The detail already contains the first fault.
  const unmentioned = faultTexts.filter((text) => !detail.includes(text));
  const request = asText(document.request_id) ? `(request ${document.request_id})` : undefined;
  const parts = [`${asText(document.code) ?? ""}:`, detail, ...unmentioned, asText(document.hint), request];
  return parts.filter(Boolean).join(" ");
}

/** A parameter or argument is unknown, malformed or missing. `faults` names each. */
export class InvalidRequest extends Problem {}

/** The cursor is damaged or belongs to another list. */
export class InvalidCursor extends Problem {}

/** The price of the request exceeds the maximum. */
export class TooExpensive extends Problem {}

/** The request needs a key. */
export class Unauthenticated extends Problem {}

/** The key is mistyped, cut short, or not known to the service. */
export class InvalidKey extends Problem {}

/** The key has expired. */
export class ExpiredKey extends Problem {}

/** The key was revoked. */
export class RevokedKey extends Problem {}

/** The key or the plan does not allow the request. */
export class Forbidden extends Problem {}

/** The path does not exist, or no record has this id. */
export class NotFound extends Problem {}

/** The path exists, but not for this method. */
export class MethodNotAllowed extends Problem {}

/** None of the accepted media types is offered. */
export class NotAcceptable extends Problem {}

/** The request was not sent in time. */
export class RequestTimeout extends Problem {}

/** The request conflicts with the current state. */
export class Conflict extends Problem {}

/** The record was withdrawn. `detail` contains the reason. */
export class Withdrawn extends Problem {}

/** This version is no longer served. `hint` names its successor. */
export class Retired extends Problem {}

/** The body is too large. */
export class BodyTooLarge extends Problem {}

/** The path and query are too long. */
export class UriTooLong extends Problem {}

/** The service does not read bodies of this type or encoding. */
export class UnsupportedMediaType extends Problem {}

/** A limit of the caller's plan has too few points left: `limit` names it. Try again after `retryAfter` seconds. */
export class RateLimited extends Problem {}

/** The header fields are too large. */
export class HeadersTooLarge extends Problem {}

/** The service itself failed. Its operator finds the failure by `requestId`. */
export class Internal extends Problem {}

/** The store cannot answer now. */
export class Unavailable extends Problem {}

/** The store took too long over this request. */
export class TimedOut extends Problem {}

/** The class of each code. */
export const codes: Readonly<Record<string, typeof Problem>> = {
  invalid_request: InvalidRequest,
  invalid_cursor: InvalidCursor,
  too_expensive: TooExpensive,
  unauthenticated: Unauthenticated,
  invalid_key: InvalidKey,
  expired_key: ExpiredKey,
  revoked_key: RevokedKey,
  forbidden: Forbidden,
  not_found: NotFound,
  method_not_allowed: MethodNotAllowed,
  not_acceptable: NotAcceptable,
  request_timeout: RequestTimeout,
  conflict: Conflict,
  withdrawn: Withdrawn,
  retired: Retired,
  body_too_large: BodyTooLarge,
  uri_too_long: UriTooLong,
  unsupported_media_type: UnsupportedMediaType,
  rate_limited: RateLimited,
  headers_too_large: HeadersTooLarge,
  internal: Internal,
  unavailable: Unavailable,
  timed_out: TimedOut,
};
