// Call the service with the client that hey-api generated with zod, and validate answers: `… ADDRESS LIMITED KEY ANSWERS`.
import { readFileSync } from "node:fs";
import type { ZodType } from "zod";
import { client } from "./hey/client.gen.js";
import { exportEventsCsv, getEvent, getMe, listEvents } from "./hey/sdk.gen.js";
import * as schemas from "./hey/zod.gen.js";

const [address = "", limited = "", key = "", answers = ""] = process.argv.slice(2);
client.setConfig({ baseUrl: address });

const query = { kind: ["shelling" as const, "air_strike" as const], starts_at_gte: "2022-02-01T00:00:00Z", limit: 2 };
const first = await listEvents({ query });
const second = await listEvents({ query: { ...query, cursor: first.data?.page.next_cursor ?? "" } });
const missing = schemas.zProblem.parse((await getEvent({ path: { id: `evt_${"0".repeat(26)}` } })).error);
for (let call = 0; call < 4; call++) await listEvents({ baseUrl: limited, query: { limit: 20 } });
const refused = schemas.zProblem.parse((await listEvents({ baseUrl: limited, query: { limit: 20 } })).error);
const file = await exportEventsCsv({ query: { limit: 2 }, parseAs: "text" });
client.setConfig({ baseUrl: address, auth: key });
const me = await getMe();

const named = schemas as unknown as Record<string, ZodType>;
const given = JSON.parse(readFileSync(answers, "utf8")) as { schema: string; body: unknown }[];
console.log(
  JSON.stringify({
    pages: [first, second].map((page) => page.data?.data.map((event) => event.id)),
    missing: missing.code,
    refused: [refused.code, refused.retry_after, refused.limit],
    file: String(file.data).slice(0, 11),
    plan: me.data?.data.plan.name,
    verdicts: given.map(({ schema, body }) => named[`z${schema}`]!.safeParse(body).error?.message ?? ""),
  }),
);
