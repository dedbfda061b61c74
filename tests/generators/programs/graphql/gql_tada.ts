// Call the service with operations that gql.tada types, over the client of urql: `… ADDRESS LIMITED KEY`.
import { Client, fetchExchange } from "@urql/core";
import { initGraphQLTada, type VariablesOf } from "gql.tada";
import type { introspection } from "./graphql-env.js";

const [address = "", limited = "", key = ""] = process.argv.slice(2);
const graphql = initGraphQLTada<{ introspection: introspection; scalars: { DateTime: string; Date: string } }>();
const connect = (base: string, token = "") =>
  new Client({
    url: `${base}/v2/graphql`,
    exchanges: [fetchExchange],
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
  });

const EVENTS = graphql(`
  query Events($filter: EventFilter, $first: Int, $after: String) {
    events(filter: $filter, first: $first, after: $after) {
      nodes { id kind time { startsAt } place { id name } }
      pageInfo { hasNextPage endCursor }
    }
  }
`);
const EVENT = graphql(`
  query Event($id: ID!) {
    event(id: $id) { id title }
  }
`);

const client = connect(address);
const few = connect(limited);
const query: VariablesOf<typeof EVENTS> = {
  filter: { kind: { in: ["SHELLING", "AIR_STRIKE"] }, startsAt: { gte: "2022-02-01T00:00:00Z" } },
  first: 2,
};
const first = (await client.query(EVENTS, query)).data?.events;
const second = (await client.query(EVENTS, { ...query, after: first?.pageInfo.endCursor ?? null })).data?.events;
const missing = await client.query(EVENT, { id: `evt_${"0".repeat(26)}` });
const invalid = await client.query(EVENTS, { filter: { startsAt: { gte: "yesterday" } } });
let refused = await few.query(EVENTS, { first: 20 });
for (let call = 0; call < 5; call++) refused = await few.query(EVENTS, { first: 20 });
const keyed = await connect(limited, key).query(EVENTS, { first: 20 });
const refusal = refused.error?.graphQLErrors[0]?.extensions;
console.log(
  JSON.stringify({
    pages: [first, second].map((page) => page?.nodes.map((event) => event.id)),
    missing: missing.error?.graphQLErrors[0]?.extensions["code"],
    invalid: invalid.error?.graphQLErrors[0]?.extensions["code"],
    refused: [refusal?.["code"], refusal?.["retry_after"], refusal?.["limit"]],
    keyed: keyed.data?.events.nodes.length,
  }),
);
