// How the client behaves: `manners.mjs BETWEEN LIMITED`. Prints what survives, what was asked again, and what was waited.
import { Briefing, RateLimited } from "briefing-sdk";
import { graphql } from "briefing-sdk/v1";

const [between, limited] = process.argv.slice(2);
const through = (way, settings = {}) => new Briefing({ url: `${between}/${way}`, ...settings });

/** A term and a field that are not known here. */
async function newer() {
  const event = (await through("newer").v1.events.list({ limit: 1 })).data[0];
  const asked = (await through("newer").v1.graphql(graphql.Events, { first: 1 })).events.nodes[0];
  return { kind: event.kind, sentiment: event.sentiment, graphql: asked.kind };
}

/** The same question twice: the second answer is a 304 and the same. */
async function unchanged() {
  const briefing = through("kept");
  const ask = async () => (await briefing.v1.events.list({ limit: 2 })).data[0].id;
  return [await ask(), await ask()];
}

/** Asks more than the plan allows at once, without patience and then with it. */
async function hurried() {
  const began = Date.now();
  let refusal;
  try {
    const briefing = new Briefing({ url: limited, tries: 1, cache: 0 });
    for (let time = 0; time < 10; time++) await briefing.v1.events.list({ limit: 200 });
  } catch (error) {
    if (!(error instanceof RateLimited)) throw error;
    refusal = { limit: error.limit, retry_after: error.retryAfter, status: error.status };
  }
  const refused = Date.now();
  const page = await new Briefing({ url: limited, cache: 0 }).v1.events.list({ limit: 200 });
  return { refusal, records: page.data.length, seconds: (Date.now() - refused) / 1000, began };
}

/** What stands in the URL. */
async function written() {
  let seen;
  const fetch = async (url) => {
    seen = url;
    return new Response('{"data": [], "page": {"next_cursor": null, "has_more": false}}', {
      headers: { "Content-Type": "application/json" },
    });
  };
  const at = new Date("2022-03-06T12:00:00Z");
  const given = { speaker_role: ['Smith, "Joe"', "x"], "figures.measure": ["killed"], bbox: [1, 2.5], q: undefined, at };
  await new Briefing({ url: "http://nowhere.example", fetch }).v1.quotes.list(given);
  return Object.fromEntries(new URL(seen).searchParams);
}

const busy = (await through("busy").v1.events.list({ limit: 2 })).data.length;
const told = { newer: await newer(), unchanged: await unchanged(), busy, limited: await hurried(), written: await written() };
console.log(JSON.stringify(told));
