// Call the service with urql, its graphcache and persisted queries: `… ADDRESS LIMITED KEY`.
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { persistedExchange } from "@urql/exchange-persisted";
import { getIntrospectionQuery, type IntrospectionQuery } from "graphql";
import { cacheOptions } from "./graphcache-options.js";
import { graphql } from "./gql/index.js";
import type { EventListQueryVariables } from "./gql/graphql.js";
import { type Sent, traced } from "./tracing.js";

const [address = "", limited = "", key = ""] = process.argv.slice(2);

const EVENTS = graphql(`
  query EventList($filter: EventFilter, $first: Int, $after: String) {
    events(filter: $filter, first: $first, after: $after) {
      edges { cursor node { id title kind time { startsAt } subjects { code } place { id name } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);
const EVENT = graphql(`
  query OneEvent($id: ID!) {
    event(id: $id) { __typename id title summary }
  }
`);

async function introspect(): Promise<IntrospectionQuery> {
  const body = JSON.stringify({ query: getIntrospectionQuery() });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${address}/v2/graphql`, { method: "POST", headers, body });
  return ((await response.json()) as { data: IntrospectionQuery }).data;
}

const schema = await introspect();
const warnings: string[] = [];
const logger = (severity: string, message: string) => void (severity === "debug" || warnings.push(message));

function connect(base: string, preferGet: boolean, sent: Sent[] = [], token = "") {
  return new Client({
    url: `${base}/v2/graphql`,
    preferGetMethod: preferGet,
    exchanges: [
      cacheExchange({ ...cacheOptions(schema), logger }),
      persistedExchange({ preferGetForPersistedQueries: preferGet }),
      fetchExchange,
    ],
    fetch: traced(sent),
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
  });
}

const byGet: Sent[] = [];
const byPost: Sent[] = [];
const client = connect(address, true, byGet);
const query: EventListQueryVariables = {
  filter: { kind: { in: ["SHELLING", "AIR_STRIKE"] }, startsAt: { gte: "2022-02-01T00:00:00Z" } },
  first: 2,
};
const ids = (data: typeof first) => data?.events.edges.map((edge) => edge.node.id);
const first = (await client.query(EVENTS, query)).data;
const after = first?.events.pageInfo.endCursor ?? null;
// The second answer of the cache has the first page, too.
const both = (await client.query(EVENTS, { ...query, after })).data;
const id = ids(first)?.[0] ?? "";
const requests = [...byGet];
const merged = (await client.query(EVENTS, query, { requestPolicy: "cache-only" })).data;
// The schema says that `summary` may be null, so the record of the list answers at once, without it.
const known = (await client.query(EVENT, { id }, { requestPolicy: "cache-only" })).data;

const poster = connect(address, false, byPost);
for (let call = 0; call < 2; call++) await poster.query(EVENT, { id }, { requestPolicy: "network-only" });
const record = (await client.query(EVENT, { id }, { requestPolicy: "network-only" })).data;

const few = connect(limited, true);
const missing = await client.query(EVENT, { id: `evt_${"0".repeat(26)}` });
const invalid = await client.query(EVENTS, { filter: { startsAt: { gte: "yesterday" } } });
let refused = await few.query(EVENTS, { first: 20 }, { requestPolicy: "network-only" });
for (let call = 0; call < 5; call++) refused = await few.query(EVENTS, { first: 20 }, { requestPolicy: "network-only" });
const keyed = await connect(limited, false, [], key).query(EVENTS, { first: 20 });
const refusal = refused.error?.graphQLErrors[0]?.extensions;
console.log(
  JSON.stringify({
    pages: [ids(first), ids(both)?.slice(2)],
    missing: missing.error?.graphQLErrors[0]?.extensions["code"],
    invalid: invalid.error?.graphQLErrors[0]?.extensions["code"],
    refused: [refusal?.["code"], refusal?.["retry_after"], refusal?.["limit"]],
    keyed: ids(keyed.data)?.length,
    merged: ids(merged),
    byGet: requests,
    byPost,
    normalised: [known?.event, record?.event],
    warnings,
  }),
);
process.exit(0);
