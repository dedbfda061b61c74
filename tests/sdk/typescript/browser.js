// What a page does with the client, as a browser loads it: `window.told` is then what it found.
import { Briefing, InvalidRequest, RateLimited } from "briefing-sdk";
import { graphql } from "briefing-sdk/v1";

const { service, key } = Object.fromEntries(new URLSearchParams(location.search));
const READ = ["etag", "retry-after", "ratelimit", "x-request-id"];

/** What came back, as far as a script of another origin may read it. */
const seen = [];
async function looking(url, request) {
  const response = await fetch(url, request);
  seen.push({ status: response.status, ...Object.fromEntries(READ.map((name) => [name, response.headers.get(name)])) });
  return response;
}

async function caught(ask, kind) {
  try {
    await ask();
  } catch (error) {
    return { typed: error instanceof kind, code: error.code, faults: error.faults?.map((one) => one.parameter), after: error.retryAfter };
  }
  return null;
}

const told = {};
const briefing = new Briefing({ url: service, key });
told.titles = (await briefing.v1.events.list({ limit: 2 })).data.map((one) => one.title);
told.walked = 0;
for await (const one of briefing.v1.events.each({ limit: 10 })) told.walked += one.id.startsWith("evt_");
told.asked = (await briefing.v1.graphql(graphql.Events, { first: 3 })).events.nodes.length;
told.exported = 0;
for await (const piece of briefing.v1.places.export("csv")) told.exported += piece.length;
told.problem = await caught(() => briefing.v1.events.list({ knd: ["shelling"] }), InvalidRequest);

const watched = new Briefing({ url: service, key, fetch: looking });
const ids = [];
for (let time = 0; time < 2; time++) ids.push((await watched.v1.events.list({ limit: 1 })).data[0].id);
told.conditional = { seen: seen.splice(0), same: ids[0] === ids[1] };

const hurried = new Briefing({ url: service, tries: 1, cache: 0, fetch: looking });
told.refused = await caught(async () => {
  for (let time = 0; time < 20; time++) await hurried.v1.events.list({ limit: 200 });
}, RateLimited);
if (told.refused) told.refused["retry-after"] = seen.at(-1)["retry-after"];
const began = performance.now();
told.patient = (await new Briefing({ url: service, cache: 0 }).v1.events.list({ limit: 200 })).data.length;
told.waited = performance.now() - began;
window.told = told;
