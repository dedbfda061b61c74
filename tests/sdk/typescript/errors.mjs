// Cause each kind of error and print it: `errors.mjs SERVICE BETWEEN`.
import { Briefing, BriefingError, codes, operation, Problem } from "briefing-sdk";
import { graphql } from "briefing-sdk/v1";

const [service, between] = process.argv.slice(2);
const closedPort = "http://127.0.0.1:9";
const unknownId = "evt_00000000000000000000000000";

const listEvents = (briefing) => briefing.v1.events.list();
const cases = {
  "no address": [listEvents, ""],
  "no host": [listEvents, "briefing.example"],
  nobody: [listEvents, closedPort],
  slow: [listEvents, `${between}/slow`, { timeout: 0.5 }],
  "slow export": [(briefing) => exportEvents(briefing, "csv"), `${between}/slow`, { timeout: 0.5 }],
  html: [listEvents, `${between}/html`],
  login: [listEvents, `${between}/login`],
  "no tls": [listEvents, service.replace("http:", "https:")],
  retired: [listEvents, `${between}/retired`],
  never: [listEvents, `${between}/never`],
  redirect: [listEvents, `${between}/elsewhere`],
  stranger: [listEvents, `${between}/stranger`],
  older: [(briefing) => drain(briefing.v1.events.each()), `${between}/older`],
  looping: [(briefing) => drain(briefing.v1.events.each()), `${between}/looping`],
  cut: [listEvents, `${between}/cut`],
  "cut export": [(briefing) => exportEvents(briefing, "ndjson"), `${between}/cut`],
  shut: [listEvents, `${between}/shut`],
  parameter: [(briefing) => briefing.v1.events.list({ knd: ["shelling"] }), service],
  value: [(briefing) => briefing.v1.events.list({ kind: ["shellin"] }), service],
  cursor: [(briefing) => briefing.v1.events.list({ cursor: "nonsense" }), service],
  record: [(briefing) => briefing.v1.events.get(unknownId), service],
  export: [(briefing) => exportEvents(briefing, "csv", { limit: -1 }), service],
  key: [listEvents, service, { key: "bak_live_wrong" }],
  "new code": [(briefing) => briefing.v1.events.list({ cursor: "nonsense" }), `${between}/newer`],
  "graphql record": [(briefing) => briefing.v1.graphql(graphql.Event, { id: unknownId }), service],
  "graphql argument": [(briefing) => briefing.v1.graphql(graphql.Events, { first: 100000 }), service],
  "graphql document": [(briefing) => briefing.v1.graphql(operation("{ nothing }")), service],
  "graphql html": [(briefing) => briefing.v1.graphql(graphql.Events), `${between}/html`],
  "graphql nobody": [(briefing) => briefing.v1.graphql(graphql.Events), closedPort],
  "graphql slow": [(briefing) => briefing.v1.graphql(graphql.Events), `${between}/slow`, { timeout: 0.5 }],
  "graphql never": [(briefing) => briefing.v1.graphql(graphql.Events), `${between}/never`],
};

async function drain(pieces) {
  for await (const piece of pieces) if (piece === undefined) throw new Error("a piece is undefined");
}

function exportEvents(briefing, form, parameters) {
  return drain(briefing.v1.events.export(form, parameters));
}

async function describeError([call, url, settings = {}]) {
  try {
    await call(new Briefing({ url, ...settings }));
  } catch (error) {
    if (!(error instanceof BriefingError)) return { class: `not a BriefingError: ${error.name}`, text: error.stack };
    const parts = { class: error.name, text: error.message };
    if (!(error instanceof Problem)) return parts;
    const { code, status, requestId, retryAfter, faults, document } = error;
    if (document.errors_told !== document.graphql_errors) throw new Error("errors_told is not graphql_errors");
    return {
      ...parts,
      code,
      status,
      request_id: requestId,
      retry_after: retryAfter,
      faults: faults.map((fault) => fault.parameter),
      graphql_errors: document.graphql_errors?.length ?? 0,
    };
  }
  return { class: null, text: "" };
}

const errors = {};
for (const [name, errorCase] of Object.entries(cases)) errors[name] = await describeError(errorCase);
console.log(JSON.stringify({ errors, codes: Object.keys(codes) }));
