// Opens a page, with every host cut off but those of its own machine, and prints what it says of itself as JSON:
// `load.mjs CHROMIUM ADDRESS` waits for `window.told`.
import { chromium } from "playwright-core";

const [executablePath, address] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage();
const said = [];
page.on("console", (one) => ["error", "warning"].includes(one.type()) && said.push(one.text()));
page.on("pageerror", (one) => said.push(String(one)));
await page.route("**", (route) => (new URL(route.request().url()).hostname === "127.0.0.1" ? route.continue() : route.abort()));
await page.goto(address);
const failed = await page.waitForFunction(() => window.told, undefined, { timeout: 60_000 }).then(() => null, String);
console.log(JSON.stringify({ said, failed, told: await page.evaluate(() => window.told) }));
await browser.close();
