// Measures pages: `layout.mjs CHROMIUM SERVICE CHARTED` prints measures as JSON, with lengths in pixels.
import { chromium } from "playwright-core";

const [executablePath, service, charted] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

/** Opens a page and returns what `measure` returns of it. */
async function measureAt(address, width, height, measure) {
  const page = await browser.newPage({ viewport: { width, height } });
  await page.goto(address);
  await page.waitForLoadState("networkidle");
  const measures = await measure(page);
  await page.close();
  return measures;
}

/** The words in the cells of a table that go on in a second line. */
const brokenWords = (page) =>
  page.evaluate(() => {
    const broken = [];
    const walker = document.createTreeWalker(document.querySelector(".records tbody"), NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      for (const { index, 0: word } of text.data.matchAll(/[\p{L}\p{N}]+/gu)) {
        const range = document.createRange();
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1) broken.push(word);
      }
    }
    return broken;
  });

const measures = { broken: {} };
for (const width of [375, 768, 1024, 1280]) {
  measures.broken[width] = await measureAt(`${service}/explore/figures`, width, 800, brokenWords);
}

measures.frame = await measureAt(`${service}/embed/events`, 700, 480, (page) =>
  page.evaluate(() => {
    const footer = document.querySelector("footer").getBoundingClientRect();
    const rows = [...document.querySelectorAll(".records tbody tr")];
    const seen = rows.filter((row) => row.getBoundingClientRect().bottom <= footer.top);
    return { bottom: footer.bottom, rows: seen.length };
  }));

measures.guide = await measureAt(`${service}/guide/filters`, 375, 800, (page) =>
  page.evaluate(() => document.querySelector("h1").getBoundingClientRect().top));

measures.tabs = await measureAt(`${service}/explore/withdrawals`, 375, 800, (page) =>
  page.evaluate(() => {
    const tabs = document.querySelector(".tabs");
    const current = tabs.querySelector("[aria-current]").getBoundingClientRect();
    const tops = new Set([...tabs.querySelectorAll("a")].map((link) => link.getBoundingClientRect().top));
    return { rows: tops.size, scrolls: tabs.scrollWidth > tabs.clientWidth, right: current.right };
  }));

measures.covered = await measureAt(`${service}/`, 1280, 800, (page) =>
  page.evaluate(() => {
    const frames = [...document.querySelectorAll(".copyable")];
    const covered = frames.filter((frame) => {
      const code = frame.querySelector("code").getBoundingClientRect();
      return frame.querySelector(".copy").getBoundingClientRect().bottom > code.top;
    });
    return { buttons: frames.length, covered: covered.length };
  }));

measures.form = await measureAt(`${service}/explore/figures`, 1280, 800, async (page) => {
  await page.locator(".filters summary", { hasText: "Measure" }).click();
  return page.evaluate(() => {
    const scrolls = (part) => part.scrollHeight > part.clientHeight && getComputedStyle(part).overflowY !== "visible";
    const parts = [...document.querySelectorAll(".filters, .filters fieldset, .filters ul, .filters details")];
    return {
      bottom: document.querySelector(".filters .actions button").getBoundingClientRect().bottom,
      scrolling: parts.filter(scrolls).map((part) => part.className || part.tagName),
    };
  });
});

measures.chart = await measureAt(`${charted}/explore/figures?view=chart`, 1280, 800, async (page) => {
  const mark = page.locator(".chart a").first();
  await mark.hover();
  const words = mark.locator(".says");
  return {
    words: (await words.isVisible()) ? await words.textContent() : "",
    name: await mark.getAttribute("aria-label"),
    disc: await mark.locator(".reach").evaluate((disc) => getComputedStyle(disc).fill),
  };
});

measures.copied = await measureAt(`${service}/guide/history`, 1280, 800, async (page) => {
  await page.evaluate(() => {
    window.copied = [];
    navigator.clipboard.writeText = async (text) => window.copied.push(text);
    for (const button of document.querySelectorAll(".copy")) button.click();
  });
  return page.evaluate(() => window.copied);
});

await browser.close();
console.log(JSON.stringify(measures));
