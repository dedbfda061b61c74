// Uses the map of a page: `map.mjs CHROMIUM ADDRESS`. It prints as JSON how far the page is scrolled and how wide a circle of
// the map is after each of several actions, the names that are seen, and the longest line of a coast when all is zoomed out.
import { chromium } from "playwright-core";

const [executablePath, address] = process.argv.slice(2);
const HEIGHT = 450;
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1280, height: HEIGHT } });
await page.goto(address);
const map = page.locator(".map");
await map.locator("path.land").waitFor({ state: "attached" });
const box = await map.boundingBox();
// The upper edge of the map is seen, and so are its buttons, but the page would scroll to show the whole of it.
await page.evaluate((top) => scrollTo(0, top), box.y + box.height / 2 - HEIGHT);

/** Returns the scroll position and the width of the first circle, which grows with the zoom. */
const readState = () =>
  page.evaluate(() => ({
    scrolled: Math.round(scrollY),
    width: Math.round(document.querySelector(".map path.around").getBoundingClientRect().width),
  }));
const waitForMotion = () => page.waitForTimeout(500);

const report = { before: await readState() };
await page.locator(".leaflet-control-zoom-in").click();
await waitForMotion();
report.zoomed = await readState();
await page.mouse.move(box.x + box.width / 2, (await map.boundingBox()).y + 100);
await page.mouse.wheel(0, 50);
await waitForMotion();
report.wheeled = await readState();
report.hint = await page.locator(".wheel-hint").evaluate((hint) => hint.classList.contains("shown"));
await page.keyboard.down("Control");
await page.mouse.wheel(0, -200);
await page.keyboard.up("Control");
await waitForMotion();
report.wheeledWithControl = await readState();

await page.locator(".map path.point").first().focus();
report.tooltip = await page.locator(".leaflet-tooltip").innerText();
await page.keyboard.press("Enter");
report.popup = await page.locator(".leaflet-popup-content").innerText();
report.names = await page.locator(".place-name:not(.hidden-name)").allInnerTexts();

const zoomOut = page.locator(".leaflet-control-zoom-out:not(.leaflet-disabled)");
for (let step = 0; step < 20 && (await zoomOut.count()); step++) await zoomOut.evaluate((button) => button.click());
await waitForMotion();
report.longest = await page.evaluate(() => {
  const { width, height, x, y } = document.querySelector(".map").getBoundingClientRect();
  const land = document.querySelector(".map path.land");
  const { e, f } = land.getScreenCTM();
  let longest = 0;
  for (const ring of land.getAttribute("d").split("M").slice(1)) {
    const points = ring.replace("z", "").split("L").map((pair) => pair.split(" ").map(Number));
    points.slice(1).forEach(([toX, toY], number) => {
      const [fromX, fromY] = points[number];
      const top = Math.max(fromY, toY) + f - y;
      const bottom = Math.min(fromY, toY) + f - y;
      const right = Math.max(fromX, toX) + e - x;
      const left = Math.min(fromX, toX) + e - x;
      const isSeen = right > 0 && left < width && top > 0 && bottom < height;
      if (isSeen) longest = Math.max(longest, Math.hypot(toX - fromX, toY - fromY) / width);
    });
  }
  return longest;
});
report.zoomedOut = await readState();
await browser.close();
console.log(JSON.stringify(report));
