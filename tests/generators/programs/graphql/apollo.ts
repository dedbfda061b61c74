// Call the service with Apollo Client and the types of GraphQL Code Generator: `… ADDRESS LIMITED KEY`.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink } from "@apollo/client/core";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { createCache } from "./apollo-cache.js";
import { graphql } from "./gql/index.js";
import type { EventsQueryVariables } from "./gql/graphql.js";
import { type Sent, traced } from "./tracing.js";

const [address = "", limited = "", key = ""] = process.argv.slice(2);

const EVENTS = graphql(`
  query Events($filter: EventFilter, $first: Int, $after: String) {
    events(filter: $filter, first: $first, after: $after) {
      edges { cursor node { id title kind time { startsAt } place { id name } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);
const RECORD = graphql(`
  query Record($id: ID!) {
    node(id: $id) { __typename id ... on Event { title time { endsAt } } }
  }
`);
const TITLE = graphql(`
  fragment Title on Event { __typename title }
`);

function connect(base: string, useGETForHashedQueries: boolean, sent: Sent[] = [], token = "") {
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const http = new HttpLink({ uri: `${base}/v2/graphql`, fetch: traced(sent), headers: { authorization: `Bearer ${token}` } });
  return new ApolloClient({
    link: ApolloLink.from([new PersistedQueryLink({ sha256, useGETForHashedQueries }), http]),
    cache: createCache(),
  });
}

async function refusal(call: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await call;
  } catch (error) {
    if (CombinedGraphQLErrors.is(error)) return { ...error.errors[0]?.extensions };
    throw error;
  }
  throw new Error("it was answered");
}

const byGet: Sent[] = [];
const byPost: Sent[] = [];
const client = connect(address, true, byGet);
const variables: EventsQueryVariables = {
  filter: { kind: { in: ["SHELLING", "AIR_STRIKE"] }, startsAt: { gte: "2022-02-01T00:00:00Z" } },
  first: 2,
};
const ids = (data: typeof first) => data?.events.edges.map((edge) => edge.node.id);
const first = (await client.query({ query: EVENTS, variables })).data;
const after = first?.events.pageInfo.endCursor ?? null;
const second = (await client.watchQuery({ query: EVENTS, variables }).fetchMore({ variables: { after } })).data;
const requests = [...byGet];
const merged = (await client.query({ query: EVENTS, variables })).data;

// A record that is read by its id and one of a list are the same. The list keeps its time and has the new title.
const id = ids(first)?.[0] ?? "";
const poster = connect(address, false, byPost);
for (let call = 0; call < 2; call++) await poster.query({ query: RECORD, variables: { id }, fetchPolicy: "network-only" });
const record = (await client.query({ query: RECORD, variables: { id } })).data;
client.cache.writeFragment({ id: `Event:${id}`, fragment: TITLE, data: { __typename: "Event", title: "changed" } });
const titles = client.cache.readQuery({ query: EVENTS, variables })?.events.edges.map((edge) => edge.node.title);

const few = connect(limited, true);
const missing = await refusal(client.query({ query: RECORD, variables: { id: `evt_${"0".repeat(26)}` } }));
const invalid = await refusal(client.query({ query: EVENTS, variables: { filter: { startsAt: { gte: "yesterday" } } } }));
const list = { query: EVENTS, variables: { first: 20 }, fetchPolicy: "network-only" } as const;
for (let call = 0; call < 6; call++) await few.query(list).catch(() => undefined);
const refused = await refusal(few.query(list));
const keyed = (await connect(limited, false, [], key).query(list)).data;
console.log(
  JSON.stringify({
    pages: [ids(first), ids(second)],
    missing: missing["code"],
    invalid: invalid["code"],
    refused: [refused["code"], refused["retry_after"], refused["limit"]],
    keyed: ids(keyed)?.length,
    merged: ids(merged),
    byGet: requests,
    byPost,
    normalised: [record?.node?.__typename, titles?.[0]],
  }),
);
