// Presses "Test Request" and "Send" for the list of events in the reference, and prints what was sent and answered as
// JSON: `request.mjs CHROMIUM ADDRESS`.
import { chromium } from "playwright-core";

const [executablePath, address] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
page.setDefaultTimeout(60_000);
const answered = page.waitForResponse((response) => new URL(response.url()).pathname === "/v2/events");
await page.goto(`${address}#tag/events/GET/v2/events`);
await page.locator('[id*="GET/v2/events"]').first().getByRole("button", { name: /Test Request/ }).first().click();
await page.getByRole("button", { name: /^Send/ }).first().click();
const response = await answered;
const { data } = await response.json();
const names = [...new URL(response.url()).searchParams.keys()];
await browser.close();
console.log(JSON.stringify({ status: response.status(), names, records: data.length }));
