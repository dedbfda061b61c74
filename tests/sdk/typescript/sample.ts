// A use as one writes it, with the types that an editor sees: tsc reads this file, and Node runs it.
import { Briefing, operation, RateLimited } from "briefing-sdk";
import { graphql, type Event } from "briefing-sdk/v1";

const SINCE = new Date("2022-02-01T00:00:00Z");
const briefing = new Briefing();

/** What happened, and when. */
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
const asked = await briefing.v1.graphql(graphql.Events, {
  filter: { kind: { in: ["SHELLING", "ATTACK", "AIR_STRIKE"] }, startsAt: { gte: SINCE.toISOString() } },
  first: 200,
});
const own = operation<{ events: { totalCount: number } }>("query Count { events { totalCount } }");
let later = 0;
try {
  later = (await briefing.v1.graphql(own)).events.totalCount;
} catch (error) {
  const wait: number | undefined = error instanceof RateLimited ? error.retryAfter : undefined;
  throw new Error(`asked too much; wait ${wait}`, { cause: error });
}
const ids = (of: readonly { id: string }[]): string => of.map((one) => one.id).sort().join();
console.log(
  JSON.stringify({
    titles: events.map(title),
    figures: events.reduce((sum, one) => sum + (one.figures?.data.length ?? 0), 0),
    linked: linked.page.total,
    asked: ids(asked.events.nodes) === ids(events),
    later,
  }),
);
