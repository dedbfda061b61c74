// Uses that the contract does not allow: tsc must refuse each line that is marked.
import { Briefing } from "briefing-sdk";
import { graphql } from "briefing-sdk/v1";

const briefing = new Briefing();
// @ts-expect-error There is no such parameter.
await briefing.v1.events.list({ knd: ["shelling"] });
// @ts-expect-error A number is expected.
const page = await briefing.v1.events.list({ limit: "ten" });
// @ts-expect-error There is no such field.
console.log(page.data[0]?.titel);
// @ts-expect-error There is no such order.
await briefing.v1.events.list({ sort: "colour" });
// @ts-expect-error Quotes have no place on a map.
briefing.v1.quotes.export("geojson");
// @ts-expect-error There is no such field to filter by.
await briefing.v1.graphql(graphql.Events, { filter: { knd: { in: ["SHELLING"] } } });
