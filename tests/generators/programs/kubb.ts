// Call the service with the client that kubb generated, and validate answers: `… ADDRESS LIMITED KEY ANSWERS`.
import { readFileSync } from "node:fs";
import { isAxiosError } from "axios";
import type { ZodType } from "zod";
import { setConfig } from "./kubb/.kubb/fetch.js";
import { exportEventsCsv, getEvent, getMe, listEvents } from "./kubb/index.js";
import * as schemas from "./kubb/index.js";

const [address = "", limited = "", key = "", answers = ""] = process.argv.slice(2);
setConfig({ baseURL: address });

async function problem(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    if (isAxiosError(error)) return schemas.problemSchema.parse(error.response?.data);
    throw error;
  }
  throw new Error("it was answered");
}

const query = { kind: ["shelling" as const, "air_strike" as const], starts_at_gte: "2022-02-01T00:00:00Z", limit: 2 };
const first = await listEvents(query);
const second = await listEvents({ ...query, cursor: first.page.next_cursor ?? "" });
const missing = await problem(getEvent(`evt_${"0".repeat(26)}`));
const few = { baseURL: limited };
for (let call = 0; call < 4; call++) await listEvents({ limit: 20 }, {}, few).catch(() => undefined);
const refused = await problem(listEvents({ limit: 20 }, {}, few));
const file = await exportEventsCsv({ limit: 2 }, {}, { responseType: "text" });
const me = await getMe({ headers: { Authorization: `Bearer ${key}` } });

const named = schemas as unknown as Record<string, ZodType>;
const given = JSON.parse(readFileSync(answers, "utf8")) as { schema: string; body: unknown }[];
const nameOf = (schema: string) => `${schema.charAt(0).toLowerCase()}${schema.slice(1)}Schema`;
console.log(
  JSON.stringify({
    pages: [first, second].map((page) => page.data.map((event) => event.id)),
    missing: missing.code,
    refused: [refused.code, refused.retry_after, refused.limit],
    file: String(file).slice(0, 11),
    plan: me.data.plan.name,
    verdicts: given.map(({ schema, body }) => named[nameOf(schema)]!.safeParse(body).error?.message ?? ""),
  }),
);
