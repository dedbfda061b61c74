// Read a whole list through its pages: `walk.mjs URL`. Prints the number of records, and of distinct ones.
import { Briefing } from "briefing-sdk";

const maxRecords = 20_000;
const ids = [];
for await (const event of new Briefing({ url: process.argv[2] }).v1.events.each({ limit: 200 })) {
  ids.push(event.id);
  if (ids.length > maxRecords) throw new Error(`The list did not end within ${maxRecords} records: a cursor may lead back to an earlier page.`);
}
console.log(JSON.stringify({ records: ids.length, distinct: new Set(ids).size }));
