// Bundles the map into ../assets, or into the folder that is given: map.js and map.css, and beside them the licences of
// what they contain.
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const given = process.argv[2];
const assets = given ? pathToFileURL(`${resolve(given)}/`) : new URL("../assets/", import.meta.url);
const packages = new URL("node_modules/", import.meta.url);
const bundled = ["leaflet", "topojson-client", "world-atlas"];

await build({
  entryPoints: { map: "map.js" },
  absWorkingDir: new URL(".", import.meta.url).pathname,
  outdir: assets.pathname,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  // The pictures of Leaflet's controls are in its style sheet, as addresses that begin with data:.
  loader: { ".png": "dataurl" },
});

const texts = [];
for (const name of bundled) {
  const folder = new URL(`${name}/`, packages);
  const { version } = JSON.parse(await readFile(new URL("package.json", folder), "utf8"));
  const licence = await readFile(new URL("LICENSE", folder), "utf8");
  texts.push(`${name} ${version}\n\n${licence.trim()}\n`);
}
texts.push("The land of world-atlas is from Natural Earth, which is in the public domain.\n");
await writeFile(new URL("map.LICENSES.txt", assets), texts.join(`\n${"-".repeat(78)}\n\n`));
