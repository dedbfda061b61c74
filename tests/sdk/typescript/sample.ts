// A program as a user writes it, with the types that an editor sees: tsc checks this file, and Node runs it.
import { Briefing, operation, RateLimited } from "briefing-sdk";
import { graphql, type Event } from "briefing-sdk/v1";

const SINCE = new Date("2022-02-01T00:00:00Z");
const briefing = new Briefing();

/** Return the title of an event, with its day if that is known. */
function title(event: Event): string {
  return `${event.starts_at?.slice(0, 10) ?? ""} ${event.title}`.trim();
}

const events: Event[] = [];
for await (const event of briefing.v1.events.each({
  kind: ["shelling", "attack", "air_strike"],
  starts_at_gte: SINCE,
  include: ["figures"],
})) {
  events.push(event);
}
const linked = await briefing.v1.events.list({ "figures.measure": ["killed"], count: "exact", limit: 1 });
const answer = await briefing.v1.graphql(graphql.Events, {
  filter: { kind: { in: ["SHELLING", "ATTACK", "AIR_STRIKE"] }, startsAt: { gte: SINCE.toISOString() } },
  first: 200,
});
const count = operation<{ events: { totalCount: number } }>("query Count { events { totalCount } }");
let total = 0;
try {
  total = (await briefing.v1.graphql(count)).events.totalCount;
} catch (error) {
  const wait: number | undefined = error instanceof RateLimited ? error.retryAfter : undefined;
  throw new Error(`refused by a limit; wait ${wait} seconds`, { cause: error });
}
const ids = (records: readonly { id: string }[]): string => records.map((record) => record.id).sort().join();
console.log(
  JSON.stringify({
    titles: events.map(title),
    figures: events.reduce((sum, event) => sum + (event.figures?.data.length ?? 0), 0),
    linked: linked.page.total,
    same_ids: ids(answer.events.nodes) === ids(events),
    total,
  }),
);
