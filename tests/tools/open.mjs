// How soon a reference can be used: `open.mjs CHROMIUM ADDRESS WORDS` opens it in a browser that has nothing of it yet
// and prints milliseconds since the first byte of the page until its text is seen (WORDS), and until its search answers
// a key; beside them the processor time of the page's main thread, and the bytes that came.
import { chromium } from "playwright-core";

const [executablePath, address, words] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
const session = await page.context().newCDPSession(page);
await session.send("Performance.enable", { timeDomain: "threadTicks" });
await page.addInitScript((words) => {
  const first = (name, found) => {
    const observer = new MutationObserver(() => {
      if (!found()) return;
      observer.disconnect();
      // Two frames later it has been painted.
      requestAnimationFrame(() => requestAnimationFrame(() => (window[name] = performance.now())));
    });
    observer.observe(document, { childList: true, subtree: true });
  };
  first("shownAt", () => document.querySelector("#reference")?.textContent.includes(words));
  first("searchedAt", () => document.querySelector("[role=combobox]"));
}, words);
await page.goto(address, { waitUntil: "commit" });
await page.waitForFunction(() => window.shownAt, undefined, { polling: 20 });
// A key waits in the browser's queue until the page is free to take it.
await page.keyboard.press("Control+k");
await page.waitForFunction(() => window.searchedAt, undefined, { polling: 20 });
const { metrics } = await session.send("Performance.getMetrics");
const told = await page.evaluate(() => {
  const [opened] = performance.getEntriesByType("navigation");
  const since = (moment) => Math.round(moment - opened.responseStart);
  const files = [opened, ...performance.getEntriesByType("resource")];
  const bytes = files.reduce((sum, one) => sum + one.encodedBodySize, 0);
  return { shown: since(window.shownAt), usable: since(window.searchedAt), bytes };
});
told.cpu = Math.round(metrics.find((one) => one.name === "TaskDuration").value * 1000);
await browser.close();
console.log(JSON.stringify(told));
