// Read a figure as it was known: `history.mjs URL ID EDITION`. Prints the results.
import { Briefing } from "briefing-sdk";
import { graphql } from "briefing-sdk/v2";

const [url, id, edition] = process.argv.slice(2);
const briefing = new Briefing({ url });
const then = briefing.v2.at(edition);
const value = (figure) => figure.amount.value;
const each = [];
for await (const figure of then.figures.each({ limit: 1 })) each.push(value(figure));
let exported = "";
for await (const piece of then.figures.export("ndjson")) exported += new TextDecoder().decode(piece);
const revisions = [];
for await (const revision of then.figures.eachRevision(id)) revisions.push(revision.changed);
const differing = [];
for await (const change of briefing.v2.figures.eachDiff({ from: edition, to: "2022-03-08" })) differing.push(change.change);
let table = "";
for await (const piece of briefing.v2.figures.exportDiff("csv", { from: edition })) table += new TextDecoder().decode(piece);
const permalinks = {
  page: (await then.figures.list()).permalink,
  record: (await then.figures.get(id, { include: ["event"] })).permalink,
  each: [],
  // The second answer is the first one, which has not changed.
  present: [(await briefing.v2.figures.get(id)).permalink, (await briefing.v2.figures.get(id)).permalink],
  none: [(await briefing.v1.figures.get(id)).permalink, (await briefing.v2.me()).permalink],
};
for await (const figure of then.figures.each()) permalinks.each.push(figure.permalink);
const editions = [];
for await (const { number } of briefing.v2.editions.each()) editions.push(number);

console.log(
  JSON.stringify({
    now: value(await briefing.v2.figures.get(id)),
    then: value(await then.figures.get(id)),
    named: value(await briefing.v2.figures.get(id, { known_at: edition })),
    day: value(await briefing.v2.at("2022-03-07").figures.get(id)),
    each,
    exported: value(JSON.parse(exported)),
    graphql: value((await then.graphql(graphql.Figure, { id })).figure),
    over: value(await then.figures.get(id, { known_at: "2022-03-08" })),
    permalinks,
    of_page: (await then.figures.list()).page.permalink,
    revisions,
    editions,
    me: (await then.me()).identity,
    diff: (await then.figures.diff({ from: edition })).data.map((change) =>
      Object.fromEntries(Object.entries(change.fields).map(([name, { from, to }]) => [name, [from, to]])),
    ),
    differing,
    table: table.trimEnd().split("\r\n").slice(1),
  }),
);
