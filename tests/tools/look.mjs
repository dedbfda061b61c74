// Opens a page in a browser at a width and in a colour scheme, with every other host cut off, and prints what it found
// as JSON: what the console said, who else was asked for anything, how wide it is, what axe-core has against it, and
// what a keyboard reaches.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [executablePath, address, words, width, colorScheme] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const own = ["data:", "blob:", new URL(address).origin + "/"];

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: Number(width), height: 800 }, colorScheme });
const said = [];
const elsewhere = [];
page.on("console", (one) => ["error", "warning"].includes(one.type()) && said.push(one.text()));
page.on("pageerror", (one) => said.push(String(one)));
await page.route("**", (route) => {
  const url = route.request().url();
  if (own.some((start) => url.startsWith(start))) return route.continue();
  elsewhere.push(url);
  return route.abort();
});
const answer = await page.goto(address);
await page.getByText(words).first().waitFor({ timeout: 60_000 });
await page.waitForTimeout(500);
const scrolled = await page.evaluate(() => document.documentElement.scrollWidth);
await page.evaluate(axe);
const violations = await page.evaluate(async () => {
  const { violations } = await axe.run({ resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => [id, nodes[0].html.slice(0, 200), nodes[0].any[0]?.message ?? ""]);
});
const reached = [];
for (let step = 0; step < 6; step++) {
  await page.keyboard.press("Tab");
  reached.push(await page.evaluate(() => document.activeElement.outerHTML.slice(0, 150)));
}
await browser.close();
console.log(JSON.stringify({ status: answer.status(), said, elsewhere, scrolled, violations, reached }));
