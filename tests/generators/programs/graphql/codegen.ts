// Call the service with the operations that GraphQL Code Generator typed: `… ADDRESS LIMITED KEY`.
import { graphql } from "./gql/index.js";
import type { EventsQueryVariables, TypedDocumentString } from "./gql/graphql.js";

const [address = "", limited = "", key = ""] = process.argv.slice(2);

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

interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string; extensions: { code: string; retry_after?: number; limit?: string } }[];
}

async function execute<Data, Variables>(
  base: string, document: TypedDocumentString<Data, Variables>, variables: Variables, token = "",
): Promise<Answer<Data>> {
  const headers = { "content-type": "application/json", accept: "application/graphql-response+json", authorization: `Bearer ${token}` };
  const body = JSON.stringify({ query: document, variables });
  const response = await fetch(`${base}/v2/graphql`, { method: "POST", headers, body });
  return (await response.json()) as Answer<Data>;
}

const query: EventsQueryVariables = {
  filter: { kind: { in: ["SHELLING", "AIR_STRIKE"] }, startsAt: { gte: "2022-02-01T00:00:00Z" } },
  first: 2,
};
const first = (await execute(address, EVENTS, query)).data?.events;
const second = (await execute(address, EVENTS, { ...query, after: first?.pageInfo.endCursor ?? "" })).data?.events;
const missing = await execute(address, EVENT, { id: `evt_${"0".repeat(26)}` });
const invalid = await execute(address, EVENTS, { filter: { startsAt: { gte: "yesterday" } } });
let refused: Answer<unknown> = {};
for (let call = 0; call < 6; call++) refused = await execute(limited, EVENTS, { first: 20 });
const keyed = (await execute(limited, EVENTS, { first: 20 }, key)).data?.events;
const refusal = refused.errors?.[0]?.extensions;
console.log(
  JSON.stringify({
    pages: [first, second].map((page) => page?.nodes.map((event) => event.id)),
    missing: missing.errors?.[0]?.extensions.code,
    invalid: invalid.errors?.[0]?.extensions.code,
    refused: [refusal?.code, refusal?.retry_after, refusal?.limit],
    keyed: keyed?.nodes.length,
  }),
);
