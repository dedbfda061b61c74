// Call the service with the client that orval generated, and validate answers: `… ADDRESS LIMITED KEY ANSWERS`.
import { readFileSync } from "node:fs";
import type { ZodType } from "zod";
import { exportEventsCsv, getEvent, getMe, listEvents } from "./orval/client.js";
import * as schemas from "./orval/schemas.js";
import { server } from "./server.js";

const [address = "", limited = "", key = "", answers = ""] = process.argv.slice(2);
server.address = address;

const query = { kind: ["shelling" as const, "air_strike" as const], starts_at_gte: "2022-02-01T00:00:00Z", limit: 2 };
const first = schemas.EventPage.parse((await listEvents(query)).data);
const second = schemas.EventPage.parse((await listEvents({ ...query, cursor: first.page.next_cursor ?? "" })).data);
const missing = await getEvent(`evt_${"0".repeat(26)}`);
const file = await exportEventsCsv({ limit: 2 });
if (file.status !== 200) throw new Error(file.data.detail);
const me = await getMe({ headers: { Authorization: `Bearer ${key}` } });
server.address = limited;
for (let call = 0; call < 4; call++) await listEvents({ limit: 20 });
const refused = await listEvents({ limit: 20 });

const named = schemas as unknown as Record<string, ZodType>;
const given = JSON.parse(readFileSync(answers, "utf8")) as { schema: string; body: unknown }[];
console.log(
  JSON.stringify({
    pages: [first, second].map((page) => page.data.map((event) => event.id)),
    missing: missing.status === 404 && missing.data.code,
    refused: refused.status === 429 && [refused.data.code, refused.data.retry_after, refused.data.limit],
    file: (await file.data.text()).slice(0, 11),
    plan: me.status === 200 && me.data.data.plan.name,
    verdicts: given.map(({ schema, body }) => named[schema]!.safeParse(body).error?.message ?? ""),
  }),
);
