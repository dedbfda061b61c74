// Check how the client treats newer services, unchanged answers and refusals: `manners.mjs BETWEEN LIMITED`.
import { Briefing, RateLimited } from "briefing-sdk";
import { graphql } from "briefing-sdk/v1";

const [between, limited] = process.argv.slice(2);
const through = (way, settings = {}) => new Briefing({ url: `${between}/${way}`, ...settings });

/** Read a term and a field that this client does not know. */
async function readNewer() {
  const event = (await through("newer").v1.events.list({ limit: 1 })).data[0];
  const node = (await through("newer").v1.graphql(graphql.Events, { first: 1 })).events.nodes[0];
  return { kind: event.kind, sentiment: event.sentiment, graphql: node.kind };
}

/** Send the same request twice. The second answer is a 304, and the result is the same. */
async function repeatRequest() {
  const briefing = through("kept");
  const readId = async () => (await briefing.v1.events.list({ limit: 2 })).data[0].id;
  return [await readId(), await readId()];
}

/** Request more than the plan allows at once, without retries and then with them. */
async function exceedLimit() {
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
  return { refusal, records: page.data.length, seconds: (Date.now() - refused) / 1000 };
}

/** Return the parameters as the URL contains them. */
async function formatUrl() {
  let requestedUrl;
  const fetch = async (url) => {
    requestedUrl = url;
    return new Response('{"data": [], "page": {"next_cursor": null, "has_more": false}}', {
      headers: { "Content-Type": "application/json" },
    });
  };
  const at = new Date("2022-03-06T12:00:00Z");
  const parameters = { speaker_role: ['Smith, "Joe"', "x"], "figures.measure": ["killed"], bbox: [1, 2.5], q: undefined, at };
  await new Briefing({ url: "http://nowhere.example", fetch }).v1.quotes.list(parameters);
  return Object.fromEntries(new URL(requestedUrl).searchParams);
}

const busy = (await through("busy").v1.events.list({ limit: 2 })).data.length;
const report = {
  newer: await readNewer(),
  unchanged: await repeatRequest(),
  busy,
  limited: await exceedLimit(),
  url_parameters: await formatUrl(),
};
console.log(JSON.stringify(report));
