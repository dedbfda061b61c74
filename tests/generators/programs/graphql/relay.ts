// Call the service with the Relay runtime and the artifacts of its compiler: `… ADDRESS LIMITED KEY`.
import relay from "relay-runtime";
import type { GraphQLResponse } from "relay-runtime";
import eventsQuery, { type documentsEventsQuery } from "./artifacts/documentsEventsQuery.graphql.js";
import pageQuery, { type documentsPageQuery } from "./artifacts/documentsPageQuery.graphql.js";
import recordQuery, { type documentsRecordQuery } from "./artifacts/documentsRecordQuery.graphql.js";
import eventsFragment, { type documents_events$data, type documents_events$key } from "./artifacts/documents_events.graphql.js";

const { Environment, Network, RecordSource, Store, commitLocalUpdate, createOperationDescriptor, fetchQuery, getSingularSelector } = relay;
const [address = "", limited = "", key = ""] = process.argv.slice(2);

function connect(base: string, token = "") {
  const network = Network.create(async (request, variables) => {
    const headers = { "content-type": "application/json", accept: "application/graphql-response+json", authorization: `Bearer ${token}` };
    const body = JSON.stringify({ query: request.text, variables });
    const response = await fetch(`${base}/v2/graphql`, { method: "POST", headers, body });
    return (await response.json()) as GraphQLResponse;
  });
  return new Environment({ network, store: new Store(new RecordSource()) });
}

type Extensions = Record<string, unknown>;

async function refusal(call: Promise<unknown>): Promise<Extensions> {
  try {
    await call;
  } catch (error) {
    const { source } = error as { source?: { errors?: { extensions: Extensions }[] } };
    return { ...source?.errors?.[0]?.extensions };
  }
  throw new Error("it was answered");
}

const environment = connect(address);
const record = (id: string) => fetchQuery<documentsRecordQuery>(environment, recordQuery, { id }).toPromise();

/** Request a list, and return the fragment that a component of it would read. */
async function list(at: typeof environment, variables: documentsEventsQuery["variables"]) {
  const operation = createOperationDescriptor(eventsQuery, variables);
  at.retain(operation);
  const answer = await fetchQuery<documentsEventsQuery>(at, eventsQuery, variables).toPromise();
  return getSingularSelector(eventsFragment, answer as documents_events$key);
}
const read = (at: typeof environment, fragment: Awaited<ReturnType<typeof list>>) =>
  (fragment ? at.lookup(fragment).data : undefined) as documents_events$data | undefined;
const ids = (data: documents_events$data | undefined) => data?.events.edges.map((edge) => edge.node.id);

const variables: documentsEventsQuery["variables"] = {
  filter: { kind: { in: ["SHELLING", "AIR_STRIKE"] }, startsAt: { gte: "2022-02-01T00:00:00Z" } },
  first: 2,
};
// The pages of a list are one connection in the store, which has a title that was changed there.
const events = await list(environment, variables);
const first = ids(read(environment, events));
const after = read(environment, events)?.events.pageInfo.endCursor ?? null;
await fetchQuery<documentsPageQuery>(environment, pageQuery, { ...variables, after }).toPromise();
const merged = ids(read(environment, events));

const id = first?.[0] ?? "";
const known = (await record(id))?.node;
commitLocalUpdate(environment, (store) => store.get(id)?.setValue("changed", "title"));
const titles = read(environment, events)?.events.edges.map((edge) => edge.node.title);

const missing = (await record(`evt_${"0".repeat(26)}`))?.node;
const invalid = await refusal(list(environment, { filter: { startsAt: { gte: "yesterday" } } }));
const few = connect(limited);
for (let call = 0; call < 6; call++) await list(few, { first: 20 }).catch(() => undefined);
const refused = await refusal(list(few, { first: 20 }));
const keyed = connect(limited, key);
const allowed = ids(read(keyed, await list(keyed, { first: 20 })));
console.log(
  JSON.stringify({
    pages: [first, merged?.slice(2)],
    missing: missing?.ok === false && (missing.errors as { extensions: Extensions }[])[0]?.extensions["code"],
    invalid: invalid["code"],
    refused: [refused["code"], refused["retry_after"], refused["limit"]],
    keyed: allowed?.length,
    merged,
    normalised: [known?.ok === true && known.value?.__typename, titles?.[0]],
  }),
);
