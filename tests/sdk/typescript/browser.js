// Use the client in a page of another origin, and leave the results in `window.report`.
import { Briefing, InvalidRequest, RateLimited } from "briefing-sdk";
import { graphql } from "briefing-sdk/v1";

const { service, key } = Object.fromEntries(new URLSearchParams(location.search));
const READ = ["etag", "retry-after", "ratelimit", "x-request-id"];

/** The parts of the responses that a script of another origin may read. */
const responses = [];
async function recordingFetch(url, request) {
  const response = await fetch(url, request);
  responses.push({ status: response.status, ...Object.fromEntries(READ.map((name) => [name, response.headers.get(name)])) });
  return response;
}

/** Call a function that should fail, and describe its error. Null if there is none. */
async function describeError(call, kind) {
  try {
    await call();
  } catch (error) {
    return { typed: error instanceof kind, code: error.code, faults: error.faults?.map((fault) => fault.parameter), after: error.retryAfter };
  }
  return null;
}

const report = {};
const briefing = new Briefing({ url: service, key });
report.titles = (await briefing.v1.events.list({ limit: 2 })).data.map((event) => event.title);
report.walked = 0;
for await (const event of briefing.v1.events.each({ limit: 10 })) report.walked += event.id.startsWith("evt_");
report.queried = (await briefing.v1.graphql(graphql.Events, { first: 3 })).events.nodes.length;
report.exported = 0;
for await (const piece of briefing.v1.places.export("csv")) report.exported += piece.length;
report.problem = await describeError(() => briefing.v1.events.list({ knd: ["shelling"] }), InvalidRequest);

const recorded = new Briefing({ url: service, key, fetch: recordingFetch });
const ids = [];
for (let time = 0; time < 2; time++) ids.push((await recorded.v1.events.list({ limit: 1 })).data[0].id);
report.conditional = { responses: responses.splice(0), same: ids[0] === ids[1] };

const impatient = new Briefing({ url: service, tries: 1, cache: 0, fetch: recordingFetch });
report.refused = await describeError(async () => {
  for (let time = 0; time < 20; time++) await impatient.v1.events.list({ limit: 200 });
}, RateLimited);
if (report.refused) report.refused["retry-after"] = responses.at(-1)["retry-after"];
const began = performance.now();
report.patient = (await new Briefing({ url: service, cache: 0 }).v1.events.list({ limit: 200 })).data.length;
report.waited = performance.now() - began;
window.report = report;
