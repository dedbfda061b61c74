// The errors of this client.
//
// BriefingError
// ├── Misconfigured           the address is missing or wrong
// ├── Unreachable             no server answers at the address, or the connection broke
// ├── TooSlow                 no answer within the timeout
// ├── NotTheService           something else answered: a proxy's HTML, a redirect, another program
// ├── Unreadable              the service answered what this client cannot read
// └── Problem                 the service refused, by its `code`; one class for each code
//     ├── RateLimited, TooExpensive, InvalidRequest, InvalidCursor, NotFound, Withdrawn, …
//     └── Problem itself, for codes that a newer service has

/** Any error that this client throws. */
export class BriefingError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** The address of the service is missing or wrong. */
export class Misconfigured extends BriefingError {}

/** No server answers at the address, or the connection broke before the answer was complete. */
export class Unreachable extends BriefingError {}

/** No answer within the timeout. */
export class TooSlow extends BriefingError {}

/** Something else answered, such as a proxy with a page of its own. */
export class NotTheService extends BriefingError {}

/** The service answered something that this client cannot read. Most likely the client is too old for it. */
export class Unreadable extends BriefingError {}

/** One fault of a request. `parameter` is empty if the fault is about the whole request. */
export interface Fault {
  readonly parameter: string;
  readonly detail: string;
}

/** The problem document of a refusal. */
export type ProblemDocument = Readonly<Record<string, unknown>>;

/**
 * The service refused. `document` is all that it told; the other properties are what programs ask for. `retryAfter` is in
 * seconds; `limit` names the limit that had too little left; `data` is what a GraphQL answer held beside its errors.
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
    super(shown(document));
    this.code = said(document.code) ?? "";
    this.title = said(document.title) ?? "";
    this.detail = said(document.detail) ?? "";
    this.hint = said(document.hint);
    this.requestId = said(document.request_id);
    this.faults = faults(document.errors);
    this.limit = said(document.limit);
    this.retryAfter = retryAfter ?? (typeof document.retry_after === "number" ? document.retry_after : undefined);
  }

  /** Return the error for the code of the document. */
  static of(document: ProblemDocument, status: number, retryAfter?: number): Problem {
    const known = codes[said(document.code) ?? ""] ?? Problem;
    return new known(document, status, retryAfter);
  }
}

function said(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function faults(told: unknown): Fault[] {
  const found = Array.isArray(told) ? told : [];
  return found.map((one) => ({ parameter: String(one?.parameter ?? ""), detail: String(one?.detail ?? "") }));
}

function shown(document: ProblemDocument): string {
  const each = faults(document.errors).map((one) => (one.parameter ? `${one.parameter}: ${one.detail}` : one.detail));
  const detail = said(document.detail) ?? "";
  const others = each.filter((one) => !detail.includes(one)); // it names the first already
  const request = said(document.request_id) ? `(request ${document.request_id})` : undefined;
  const parts = [`${said(document.code) ?? ""}:`, detail, ...others, said(document.hint), request];
  return parts.filter(Boolean).join(" ");
}

/** A parameter or argument is unknown, malformed or missing; `faults` names each. */
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

/** The key or its plan does not allow this. */
export class Forbidden extends Problem {}

/** The path does not exist, or no record has this id. */
export class NotFound extends Problem {}

/** The path does not have this method. */
export class MethodNotAllowed extends Problem {}

/** None of the accepted media types is offered. */
export class NotAcceptable extends Problem {}

/** The request was not sent in time. */
export class RequestTimeout extends Problem {}

/** The request conflicts with the current state. */
export class Conflict extends Problem {}

/** The record was withdrawn; `detail` contains the reason. */
export class Withdrawn extends Problem {}

/** This version is no longer served; `hint` names its successor. */
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

/** A fault of the service. Its operator finds it by `requestId`. */
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
