// Reads a whole list through its pages: `walk.mjs URL`. Prints how many records came, and how many differ.
import { Briefing } from "briefing-sdk";

const most = 20_000;
const ids = [];
for await (const event of new Briefing({ url: process.argv[2] }).v1.events.each({ limit: 200 })) {
  ids.push(event.id);
  if (ids.length > most) throw new Error(`The list did not end within ${most} records: a cursor may lead back.`);
}
console.log(JSON.stringify({ records: ids.length, distinct: new Set(ids).size }));
