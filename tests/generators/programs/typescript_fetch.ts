// Call the service with the client that openapi-generator made for typescript-fetch: `… ADDRESS LIMITED KEY`.
import { AccessApi, Configuration, EventKind, EventsApi, type Problem, ResponseError } from "./fetch/index.js";

const [address = "", limited = "", key = ""] = process.argv.slice(2);
const events = new EventsApi(new Configuration({ basePath: address }));
const few = new EventsApi(new Configuration({ basePath: limited }));
const access = new AccessApi(new Configuration({ basePath: address, accessToken: key }));

async function problem(call: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ResponseError) return (await error.response.json()) as Record<string, unknown> & Problem;
    throw error;
  }
  throw new Error("it was answered");
}

const query = { kind: [EventKind.Shelling, EventKind.AirStrike], startsAtGte: new Date("2022-02-01T00:00:00Z"), limit: 2 };
const first = await events.listEvents(query);
const second = await events.listEvents({ ...query, cursor: first.page.nextCursor ?? "" });
const missing = await problem(events.getEvent({ id: `evt_${"0".repeat(26)}` }));
for (let call = 0; call < 4; call++) await few.listEvents({ limit: 20 }).catch(() => undefined);
const refused = await problem(few.listEvents({ limit: 20 }));
const file = await events.exportEventsCsv({ limit: 2 });
const me = await access.getMe();
console.log(
  JSON.stringify({
    pages: [first, second].map((page) => page.data.map((event) => event.id)),
    missing: missing.code,
    refused: [refused.code, refused.retry_after, refused.limit],
    file: (await file.text()).slice(0, 11),
    plan: me.data.plan.name,
  }),
);
