// Draws a map for each element with the class `map`. Its points are the elements with `data-lat` inside the element whose
// id is in its `data-points`: table rows, or a text with a link. The map has the land, and no tiles or borders: nothing
// is loaded from another host.
import "leaflet/dist/leaflet.css";
import { circle, circleMarker, geoJSON, latLng, latLngBounds, map, svg } from "leaflet/dist/leaflet-src.esm.js";
import { feature } from "topojson-client";
import world from "world-atlas/land-110m.json";

const LAND = feature(world, world.objects.land);
const WORLD = latLngBounds([-60, -180], [78, 180]);
// The radii of markers, in pixels, and the greatest zoom at which the land still has a shape.
const LEAST = 5;
const GROWTH = 15;
const ZOOM = 8;
// The surroundings of a single place, as times of the radius within which it may be, and the least such radius in metres.
const SURROUNDINGS = 4;
const LEAST_METRES = 150_000;

/** What a point says, as nodes: texts of records are never read as HTML. */
function popup(row) {
  const box = document.createElement("div");
  const add = (node, className = "") => {
    const line = document.createElement("p");
    line.className = className;
    line.append(node);
    box.append(line);
  };
  add(row.querySelector("a").cloneNode(true), "place");
  const records = row.querySelector(".number a");
  if (records) {
    const { one, many } = row.closest("table").dataset;
    const link = records.cloneNode(true);
    link.append(` ${row.dataset.n === "1" ? one : many}`);
    add(link);
  }
  const how = row.querySelector(".how");
  if (how) add(how.textContent, "how");
  return box;
}

/** The part of the world that is shown first: all points with some room, or the surroundings of a single one. */
function frame(points) {
  if (points.length === 0) return WORLD;
  if (points.length > 1) return latLngBounds(points.map((point) => point.at)).pad(0.12);
  const [{ row, at }] = points;
  return at.toBounds(SURROUNDINGS * Math.max(LEAST_METRES, 1000 * Number(row.dataset.km)));
}

function draw(element) {
  const rows = [...document.getElementById(element.dataset.points).querySelectorAll("[data-lat]")];
  const drawn = map(element, {
    scrollWheelZoom: false,
    maxZoom: ZOOM,
    minZoom: 0,
    zoomSnap: 0.25,
    worldCopyJump: true,
    attributionControl: false,
    fadeAnimation: false,
    zoomAnimation: false,
    renderer: svg({ padding: 0.5 }),
  });
  const most = Math.max(...rows.map((row) => Number(row.dataset.n)), 1);
  // The largest come first, so that the smaller ones lie on top of them.
  rows.sort((one, other) => other.dataset.n - one.dataset.n);
  const points = rows.map((row) => ({ row, at: latLng(Number(row.dataset.lat), Number(row.dataset.lon)) }));
  drawn.fitBounds(frame(points), { maxZoom: 6 });
  geoJSON(LAND, { interactive: false, className: "land" }).addTo(drawn);
  for (const { row, at } of points) {
    const radius = 1000 * Number(row.dataset.km);
    if (radius) circle(at, { radius, interactive: false, className: "around" }).addTo(drawn);
  }
  for (const { row, at } of points) {
    const radius = LEAST + GROWTH * Math.sqrt((Number(row.dataset.n) - 1) / most);
    const className = row.dataset.hollow === undefined ? "point" : "point hollow";
    circleMarker(at, { radius, className }).bindPopup(() => popup(row), { minWidth: 160 }).addTo(drawn);
  }
  // The wheel scrolls the page until the map has been used.
  drawn.on("focus", () => drawn.scrollWheelZoom.enable());
  drawn.on("blur", () => drawn.scrollWheelZoom.disable());
}

document.querySelectorAll(".map[data-points]").forEach(draw);
