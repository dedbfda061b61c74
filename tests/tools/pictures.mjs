// Takes pictures of pages: `pictures.mjs CHROMIUM PICTURES FOLDER`. PICTURES is JSON: [{name, address, width, height,
// scheme}, …]. Prints the errors and warnings of the consoles as JSON.
import { chromium } from "playwright-core";

const [executablePath, pictures, folder] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const messages = [];
for (const { name, address, width, height, scheme } of JSON.parse(pictures)) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme, reducedMotion: "reduce" });
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && messages.push([name, message.text()]));
  page.on("pageerror", (error) => messages.push([name, String(error)]));
  await page.goto(address, { waitUntil: "load" });
  await page.screenshot({ path: `${folder}/${name}.png` });
  await page.close();
}
await browser.close();
console.log(JSON.stringify(messages));
