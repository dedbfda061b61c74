// Opens pages in a browser that reaches no other host, and prints a report of each as JSON: `look.mjs CHROMIUM VIEWS`.
//
// VIEWS is JSON: [{address, words, width, scheme, controls, action, steps}, …]. A report has the status of the page, the
// errors and warnings of the console, the requests to other hosts, the width of the document, the violations that axe-core
// finds, the controls that Tab does not reach, the elements that have the focus without a visible ring, and how far
// anything moved while the page loaded. Then `action` is done (see below), and axe-core checks the page again.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [executablePath, views, shots] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const STEPS = 60;
const PAGES_AT_ONCE = 2;

/** Actions by keyboard or mouse. Each returns a text that shows its effect. */
const actions = {
  async search(page) {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").waitFor();
    await page.keyboard.type("one place by");
    await page.getByRole("option", { name: /Get one place by its id/ }).first().waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL(/#.*places.*id/);
    const heading = page.getByRole("heading", { name: "Get one place by its id" }).first();
    await heading.waitFor();
    await page.getByRole("combobox").waitFor({ state: "hidden" });
    await page.waitForTimeout(500);
    return await heading.evaluate((element) => Math.round(element.getBoundingClientRect().top));
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
const queue = JSON.parse(views).map((view, place) => ({ view, place }));
const reports = [];
await Promise.all(Array.from({ length: PAGES_AT_ONCE }, async () => {
  for (let next = queue.shift(); next; next = queue.shift()) reports[next.place] = await open(next.view);
}));
await browser.close();
console.log(JSON.stringify(reports));

/** Opens a page, and returns the report of it. */
async function open({ address, words, width, scheme, controls, action, name, steps }) {
  const allowed = ["data:", "blob:", new URL(address).origin + "/"];
  const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: scheme });
  const report = { messages: [], otherHosts: [] };
  page.setDefaultTimeout(60_000);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && report.messages.push(message.text()));
  page.on("pageerror", (error) => report.messages.push(String(error)));
  await page.route("**", (route) => {
    const url = route.request().url();
    if (allowed.some((start) => url.startsWith(start))) return route.continue();
    report.otherHosts.push(url);
    return route.abort();
  });
  await page.addInitScript(() => {
    globalThis.shift = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (globalThis.shift += entry.value)))
      .observe({ type: "layout-shift", buffered: true });
  });
  try {
    report.status = (await page.goto(address)).status();
    await page.getByText(words).filter({ visible: true }).first().waitFor();
    await page.waitForTimeout(500);
    report.shift = await page.evaluate(() => globalThis.shift);
    report.width = await page.evaluate(() => document.documentElement.scrollWidth);
    await page.evaluate(axe);
    report.violations = await violations(page);
    Object.assign(report, await pressTab(page, controls, steps));
    if (action) {
      report.effect = await actions[action](page);
      report.violations.push(...(await violations(page)));
    }
    if (shots) await page.screenshot({ path: `${shots}/${name}-${width}-${scheme}.png` });
  } catch (error) {
    report.failed = String(error);
  }
  await page.close();
  return report;
}

/** Returns the violations that axe-core finds in the page: rule, impact, element and reason. */
function violations(page) {
  return page.evaluate(async () => {
    const { violations } = await axe.run({ resultTypes: ["violations"] });
    return violations.map(({ id, impact, nodes }) => {
      const [first] = nodes;
      return [id, impact, first.html.slice(0, 200), [...first.any, ...first.all, ...first.none][0]?.message ?? ""];
    });
  });
}

/** Presses Tab until every control was reached. Returns the missing controls, the elements that had the focus without a
 * visible ring, and all elements that had it. */
async function pressTab(page, controls, steps = 6) {
  const missing = new Set(controls);
  const withoutRing = new Set();
  const reached = [];
  for (let step = 0; step < STEPS && (missing.size || step < steps); step++) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate((selectors) => {
      const element = document.activeElement;
      // An editor's ring is around the whole of it.
      const ring = getComputedStyle(element.closest(".CodeMirror") ?? element);
      const outlined = ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) >= 1;
      return {
        html: element.outerHTML.slice(0, 600),
        visible: outlined || ring.boxShadow !== "none",
        controls: selectors.filter((selector) => element.matches(selector)),
      };
    }, controls);
    focus.controls.forEach((selector) => missing.delete(selector));
    if (!focus.visible) withoutRing.add(focus.html);
    reached.push(focus.html);
  }
  return { missing: [...missing], withoutRing: [...withoutRing], reached };
}
