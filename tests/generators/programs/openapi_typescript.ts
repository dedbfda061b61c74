// Call the service with openapi-fetch and the types that openapi-typescript generated: `… ADDRESS LIMITED KEY`.
import createClient from "openapi-fetch";
import type { paths } from "./rest.js";

const [address = "", limitedAddress = "", key = ""] = process.argv.slice(2);
// Without a setting, openapi-fetch repeats the parameter of a list.
const client = createClient<paths>({ baseUrl: address });
const limited = createClient<paths>({ baseUrl: limitedAddress });
const keyed = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${key}` } });

const query = { kind: ["shelling", "air_strike"] as ("shelling" | "air_strike")[], starts_at_gte: "2022-02-01T00:00:00Z", limit: 2 };
const first = await client.GET("/v2/events", { params: { query } });
const cursor = first.data?.page.next_cursor ?? "";
const second = await client.GET("/v2/events", { params: { query: { ...query, cursor } } });
const missing = await client.GET("/v2/events/{id}", { params: { path: { id: `evt_${"0".repeat(26)}` } } });
for (let call = 0; call < 4; call++) await limited.GET("/v2/events", { params: { query: { limit: 20 } } });
const refused = await limited.GET("/v2/events", { params: { query: { limit: 20 } } });
const file = await client.GET("/v2/events.csv", { params: { query: { limit: 2 } }, parseAs: "text" });
const me = await keyed.GET("/v2/me");
console.log(
  JSON.stringify({
    pages: [first, second].map((page) => page.data?.data.map((event) => event.id)),
    missing: missing.error?.code,
    refused: [refused.error?.code, refused.error?.retry_after, refused.error?.limit],
    file: file.data?.slice(0, 11),
    plan: me.data?.data.plan.name,
  }),
);
