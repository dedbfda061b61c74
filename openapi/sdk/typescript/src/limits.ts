// Read the status, limits and cost of an answer from its header fields.

/** A limit of the caller's plan: its points, the remaining ones, and the seconds until it has all of them again. */
export interface Limit {
  readonly name: string;
  readonly points: number | undefined;
  readonly remaining: number;
  readonly reset: number;
}

/** The values of the header fields of the last answer. `cost` is the points that the request cost. */
export interface LastAnswer {
  readonly status: number;
  readonly etag: string | undefined;
  readonly requestId: string | undefined;
  readonly cost: number | undefined;
  readonly limits: readonly Limit[];
}

/** Return the values of the header fields of a response. */
export function readAnswer(response: Response): LastAnswer {
  const field = (name: string): string | undefined => response.headers.get(name) ?? undefined;
  const cost = field("ratelimit-cost");
  return {
    status: response.status,
    etag: field("etag"),
    requestId: field("x-request-id"),
    cost: cost === undefined ? undefined : Number(cost),
    limits: readLimits(field("ratelimit") ?? "", field("ratelimit-policy") ?? ""),
  };
}

/** Return the limits of `RateLimit` and `RateLimit-Policy`: `"minute";r=990;t=4, "day";r=49990;t=17`. */
function readLimits(remaining: string, policy: string): Limit[] {
  const points = new Map(items(policy).map(([name, parameters]) => [name, parameters.get("q")]));
  return items(remaining).map(([name, parameters]) => ({
    name,
    points: points.get(name),
    remaining: parameters.get("r") ?? 0,
    reset: parameters.get("t") ?? 0,
  }));
}

function items(field: string): [string, Map<string, number>][] {
  return [...field.matchAll(/"([^"]*)"((?:;\w+=\d+)*)/g)].map(([, name = "", parameters = ""]) => {
    const pairs = [...parameters.matchAll(/;(\w+)=(\d+)/g)];
    return [name, new Map(pairs.map(([, key = "", value = ""]) => [key, Number(value)]))];
  });
}
