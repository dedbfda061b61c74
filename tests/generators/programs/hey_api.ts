// Call the service with the client that hey-api generated: `… ADDRESS LIMITED KEY`.
import { client } from "./hey/client.gen.js";
import { exportEventsCsv, getEvent, getMe, listEvents } from "./hey/sdk.gen.js";

const [address = "", limited = "", key = ""] = process.argv.slice(2);
client.setConfig({ baseUrl: address });

const query = { kind: ["shelling" as const, "air_strike" as const], starts_at_gte: "2022-02-01T00:00:00Z", limit: 2 };
const first = await listEvents({ query });
const second = await listEvents({ query: { ...query, cursor: first.data?.page.next_cursor ?? "" } });
const missing = await getEvent({ path: { id: `evt_${"0".repeat(26)}` } });
for (let call = 0; call < 4; call++) await listEvents({ baseUrl: limited, query: { limit: 20 } });
const refused = await listEvents({ baseUrl: limited, query: { limit: 20 } });
const file = await exportEventsCsv({ query: { limit: 2 }, parseAs: "text" });
client.setConfig({ baseUrl: address, auth: key });
const me = await getMe();
console.log(
  JSON.stringify({
    pages: [first, second].map((page) => page.data?.data.map((event) => event.id)),
    missing: missing.error?.code,
    refused: [refused.error?.code, refused.error?.retry_after, refused.error?.limit],
    file: String(file.data).slice(0, 11),
    plan: me.data?.data.plan.name,
  }),
);
