// Opens a page in a browser that reaches only this machine, waits for its `window.report`, and prints it as JSON with the
// messages of the console: `load.mjs CHROMIUM ADDRESS`.
import { chromium } from "playwright-core";

const [executablePath, address] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage();
const messages = [];
page.on("console", (message) => ["error", "warning"].includes(message.type()) && messages.push(message.text()));
page.on("pageerror", (error) => messages.push(String(error)));
await page.route("**", (route) => (new URL(route.request().url()).hostname === "127.0.0.1" ? route.continue() : route.abort()));
await page.goto(address);
const failed = await page.waitForFunction(() => window.report, undefined, { timeout: 60_000 }).then(() => null, String);
console.log(JSON.stringify({ messages, failed, report: await page.evaluate(() => window.report) }));
await browser.close();
