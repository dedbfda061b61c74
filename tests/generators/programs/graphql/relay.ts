// Call the service with the Relay runtime and the artifacts of its compiler: `… ADDRESS LIMITED KEY`.
import relay from "relay-runtime";
import type { GraphQLResponse, OperationType, Variables } from "relay-runtime";
import recordQuery, { type documentsRecordQuery } from "./artifacts/documentsRecordQuery.graphql.js";
import eventsQuery, { type documentsEventsQuery } from "./artifacts/documentsEventsQuery.graphql.js";

const { Environment, Network, RecordSource, Store, commitLocalUpdate, createOperationDescriptor, fetchQuery } = relay;
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
const events = (at: typeof environment, variables: documentsEventsQuery["variables"]) =>
  fetchQuery<documentsEventsQuery>(at, eventsQuery, variables).toPromise();
const record = (id: string) => fetchQuery<documentsRecordQuery>(environment, recordQuery, { id }).toPromise();
const ids = (data: documentsEventsQuery["response"] | undefined) => data?.events.edges.map((edge) => edge.node.id);

const variables: documentsEventsQuery["variables"] = {
  filter: { kind: { in: ["SHELLING", "AIR_STRIKE"] }, startsAt: { gte: "2022-02-01T00:00:00Z" } },
  first: 2,
};
// The pages of a list are one connection in the store, which has a title that was changed there.
const list = createOperationDescriptor(eventsQuery, variables);
environment.retain(list);
const stored = () => environment.lookup(list.fragment).data as documentsEventsQuery["response"] | undefined;
const first = ids(await events(environment, variables));
await events(environment, { ...variables, after: stored()?.events.pageInfo.endCursor ?? null });
const merged = ids(stored());

const id = first?.[0] ?? "";
const known = (await record(id))?.node;
commitLocalUpdate(environment, (store) => store.get(id)?.setValue("changed", "title"));
const titles = stored()?.events.edges.map((edge) => edge.node.title);

const limitedEnvironment = connect(limited);
const missing = (await record(`evt_${"0".repeat(26)}`))?.node;
const invalid = await refusal(events(environment, { filter: { startsAt: { gte: "yesterday" } } }));
for (let call = 0; call < 6; call++) await events(limitedEnvironment, { first: 20 }).catch(() => undefined);
const refused = await refusal(events(limitedEnvironment, { first: 20 }));
const keyed = ids(await events(connect(limited, key), { first: 20 }));
console.log(
  JSON.stringify({
    pages: [first, merged?.slice(2)],
    missing: missing?.ok === false && (missing.errors as { extensions: Extensions }[])[0]?.extensions["code"],
    invalid: invalid["code"],
    refused: [refused["code"], refused["retry_after"], refused["limit"]],
    keyed: keyed?.length,
    merged,
    normalised: [known?.ok === true && known.value?.__typename, titles?.[0]],
  }),
);
