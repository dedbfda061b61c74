// What goes wrong, and how it is told: `errors.mjs SERVICE BETWEEN`. Prints each case's error.
import { Briefing, BriefingError, codes, operation, Problem } from "briefing-sdk";
import { graphql } from "briefing-sdk/v1";

const [service, between] = process.argv.slice(2);
const nobody = "http://127.0.0.1:9";
const none = "evt_00000000000000000000000000";

const listed = (one) => one.v1.events.list();
const cases = {
  "no address": [listed, ""],
  "no host": [listed, "briefing.example"],
  nobody: [listed, nobody],
  slow: [listed, `${between}/slow`, { timeout: 0.5 }],
  "slow export": [(one) => exported(one, "csv"), `${between}/slow`, { timeout: 0.5 }],
  html: [listed, `${between}/html`],
  login: [listed, `${between}/login`],
  "no tls": [listed, service.replace("http:", "https:")],
  retired: [listed, `${between}/retired`],
  never: [listed, `${between}/never`],
  redirect: [listed, `${between}/elsewhere`],
  stranger: [listed, `${between}/stranger`],
  older: [(one) => drained(one.v1.events.each()), `${between}/older`],
  looping: [(one) => drained(one.v1.events.each()), `${between}/looping`],
  cut: [listed, `${between}/cut`],
  "cut export": [(one) => exported(one, "ndjson"), `${between}/cut`],
  shut: [listed, `${between}/shut`],
  parameter: [(one) => one.v1.events.list({ knd: ["shelling"] }), service],
  value: [(one) => one.v1.events.list({ kind: ["shellin"] }), service],
  cursor: [(one) => one.v1.events.list({ cursor: "nonsense" }), service],
  record: [(one) => one.v1.events.get(none), service],
  export: [(one) => exported(one, "csv", { limit: -1 }), service],
  key: [listed, service, { key: "bak_live_wrong" }],
  "new code": [(one) => one.v1.events.list({ cursor: "nonsense" }), `${between}/newer`],
  "graphql record": [(one) => one.v1.graphql(graphql.Event, { id: none }), service],
  "graphql argument": [(one) => one.v1.graphql(graphql.Events, { first: 100000 }), service],
  "graphql document": [(one) => one.v1.graphql(operation("{ nothing }")), service],
  "graphql html": [(one) => one.v1.graphql(graphql.Events), `${between}/html`],
  "graphql nobody": [(one) => one.v1.graphql(graphql.Events), nobody],
  "graphql slow": [(one) => one.v1.graphql(graphql.Events), `${between}/slow`, { timeout: 0.5 }],
  "graphql never": [(one) => one.v1.graphql(graphql.Events), `${between}/never`],
};

async function drained(pieces) {
  for await (const piece of pieces) if (piece === undefined) throw new Error("nothing came");
}

function exported(one, form, given) {
  return drained(one.v1.events.export(form, given));
}

async function caught([ask, url, settings = {}]) {
  try {
    await ask(new Briefing({ url, ...settings }));
  } catch (error) {
    if (!(error instanceof BriefingError)) return { class: `not ours: ${error.name}`, text: error.stack };
    const told = { class: error.name, text: error.message };
    if (!(error instanceof Problem)) return told;
    const { code, status, requestId, retryAfter, faults } = error;
    return { ...told, code, status, request_id: requestId, retry_after: retryAfter, faults: faults.map((one) => one.parameter) };
  }
  return { class: null, text: "" };
}

const found = {};
for (const [name, one] of Object.entries(cases)) found[name] = await caught(one);
console.log(JSON.stringify({ found, codes: Object.keys(codes) }));
