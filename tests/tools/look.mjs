// Opens pages in a browser, with every other host cut off, and prints what it found as JSON: `look.mjs CHROMIUM VIEWS`.
//
// VIEWS is JSON: [{address, words, width, scheme, controls, act, steps}, …]. Of each: its status, what the console said, who
// else was asked for anything, how wide it is, what axe-core has against it, which of the controls Tab does not reach,
// where it stands without a ring to be seen, and how far anything moved while it loaded. `act` is then done (below), and
// axe-core asked again.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [executablePath, views, shots] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const STEPS = 60;
const TWO_AT_ONCE = 2;

/** What is done by keyboard, and what shows that it was. */
const acts = {
  async search(page) {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").waitFor();
    await page.keyboard.type("one place by");
    await page.getByRole("option", { name: /Get one place by its id/ }).first().waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL(/#.*places.*id/);
    const found = page.getByRole("heading", { name: "Get one place by its id" });
    await found.first().waitFor();
    await page.getByRole("combobox").waitFor({ state: "hidden" });
    await page.waitForTimeout(500);
    return await found.first().evaluate((one) => Math.round(one.getBoundingClientRect().top));
  },
  async run(page) {
    await page.locator(".graphiql-query-editor textarea").focus();
    await page.keyboard.press("Control+Enter");
    const answer = page.locator(".graphiql-response .result-window", { hasText: "nodes" });
    await answer.waitFor();
    return await answer.innerText();
  },
  async popup(page) {
    await page.locator(".map path.point").last().click({ force: true });
    const popup = page.locator(".leaflet-popup-content");
    await popup.waitFor();
    return await popup.innerText();
  },
  async slide(page) {
    await page.locator("input[type=range]").focus();
    await page.keyboard.press("Home");
    await page.waitForURL(/known_at=/);
    await page.evaluate(axe);
    return await page.locator("h1").innerText();
  },
};

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const left = JSON.parse(views).map((view, place) => ({ view, place }));
const found = [];
await Promise.all(Array.from({ length: TWO_AT_ONCE }, async () => {
  for (let next = left.shift(); next; next = left.shift()) found[next.place] = await seen(next.view);
}));
await browser.close();
console.log(JSON.stringify(found));

async function seen({ address, words, width, scheme, controls, act, name, steps }) {
  const own = ["data:", "blob:", new URL(address).origin + "/"];
  const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: scheme });
  const told = { said: [], elsewhere: [] };
  page.setDefaultTimeout(60_000);
  page.on("console", (one) => ["error", "warning"].includes(one.type()) && told.said.push(one.text()));
  page.on("pageerror", (one) => told.said.push(String(one)));
  await page.route("**", (route) => {
    const url = route.request().url();
    if (own.some((start) => url.startsWith(start))) return route.continue();
    told.elsewhere.push(url);
    return route.abort();
  });
  await page.addInitScript(() => {
    globalThis.shift = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (globalThis.shift += entry.value)))
      .observe({ type: "layout-shift", buffered: true });
  });
  try {
    told.status = (await page.goto(address)).status();
    await page.getByText(words).filter({ visible: true }).first().waitFor();
    await page.waitForTimeout(500);
    told.shift = await page.evaluate(() => globalThis.shift);
    told.wide = await page.evaluate(() => document.documentElement.scrollWidth);
    await page.evaluate(axe);
    told.violations = await violations(page);
    Object.assign(told, await tabbed(page, controls, steps));
    if (act) {
      told.done = await acts[act](page);
      told.violations.push(...(await violations(page)));
    }
    if (shots) await page.screenshot({ path: `${shots}/${name}-${width}-${scheme}.png` });
  } catch (error) {
    told.failed = String(error);
  }
  await page.close();
  return told;
}

/** What axe-core has against the page as it stands: rule, how bad, where, and why. */
function violations(page) {
  return page.evaluate(async () => {
    const { violations } = await axe.run({ resultTypes: ["violations"] });
    return violations.map(({ id, impact, nodes }) => {
      const [first] = nodes;
      return [id, impact, first.html.slice(0, 200), [...first.any, ...first.all, ...first.none][0]?.message ?? ""];
    });
  });
}

/** Goes through the page with Tab, until every control was reached: which were not, and what had the focus unseen. */
async function tabbed(page, controls, steps = 6) {
  const missing = new Set(controls);
  const unseen = new Set();
  const reached = [];
  for (let step = 0; step < STEPS && (missing.size || step < steps); step++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate((selectors) => {
      const held = document.activeElement;
      // An editor's ring is around the whole of it.
      const ring = getComputedStyle(held.closest(".CodeMirror") ?? held);
      const outlined = ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) >= 1;
      return {
        html: held.outerHTML.slice(0, 600),
        visible: outlined || ring.boxShadow !== "none",
        controls: selectors.filter((one) => held.matches(one)),
      };
    }, controls);
    at.controls.forEach((one) => missing.delete(one));
    if (!at.visible) unseen.add(at.html);
    reached.push(at.html);
  }
  return { missing: [...missing], unseen: [...unseen], reached };
}
