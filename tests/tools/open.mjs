// Measures how soon a reference can be used: `open.mjs CHROMIUM ADDRESS WORDS` opens it in a browser with an empty cache. It
// prints, as JSON, the milliseconds from the first byte of the page until its text (WORDS) is painted and until its search
// opens, the processor time of the page's main thread, and the bytes that were transferred.
import { chromium } from "playwright-core";

const [executablePath, address, words] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
const session = await page.context().newCDPSession(page);
await session.send("Performance.enable", { timeDomain: "threadTicks" });
await page.addInitScript((words) => {
  const noteFirst = (name, isThere) => {
    const observer = new MutationObserver(() => {
      if (!isThere()) return;
      observer.disconnect();
      // Two frames later it has been painted.
      requestAnimationFrame(() => requestAnimationFrame(() => (window[name] = performance.now())));
    });
    observer.observe(document, { childList: true, subtree: true });
  };
  noteFirst("shownAt", () => document.querySelector("#reference")?.textContent.includes(words));
  noteFirst("searchedAt", () => document.querySelector("[role=combobox]"));
}, words);
await page.goto(address, { waitUntil: "commit" });
await page.waitForFunction(() => window.shownAt, undefined, { polling: 20 });
// A key waits in the browser's queue until the page is free to take it.
await page.keyboard.press("Control+k");
await page.waitForFunction(() => window.searchedAt, undefined, { polling: 20 });
const { metrics } = await session.send("Performance.getMetrics");
const report = await page.evaluate(() => {
  const [opened] = performance.getEntriesByType("navigation");
  const since = (moment) => Math.round(moment - opened.responseStart);
  const files = [opened, ...performance.getEntriesByType("resource")];
  const bytes = files.reduce((sum, file) => sum + file.encodedBodySize, 0);
  return { shown: since(window.shownAt), usable: since(window.searchedAt), bytes };
});
report.cpu = Math.round(metrics.find((metric) => metric.name === "TaskDuration").value * 1000);
await browser.close();
console.log(JSON.stringify(report));
