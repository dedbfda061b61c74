// Draws a map for each element with the class `map`. Its points are the elements with `data-lat` inside the element whose
// id is in its `data-points`: table rows, or a text with a link. The map has the land, and no tiles or borders: nothing
// is loaded from another host.
import "leaflet/dist/leaflet.css";
import { circle, circleMarker, geoJSON, latLng, latLngBounds, map, svg } from "leaflet/dist/leaflet-src.esm.js";
import { landShapes } from "./land.js";
import { writeNames } from "./names.js";

const LAND = landShapes();
const WORLD = latLngBounds([-60, -180], [78, 180]);
// What can be shown at all: the land goes one turn further at each side.
const SHAPES = latLngBounds([-85, -540], [85, 540]);
const WORLD_PIXELS = 256;
// The radii of markers, in pixels, and the greatest zoom at which the land still has a shape.
const LEAST = 5;
const GROWTH = 15;
const ZOOM = 8;
const ZOOM_STEP = 0.25;
// The surroundings of a single place, as times of the radius within which it may be, and the least such radius in metres.
const SURROUNDINGS = 4;
const LEAST_METRES = 150_000;
// The points that Tab reaches one by one. The places of a map with more are reached in its table.
const MOST_STOPS = 40;
const HINT = "Hold Ctrl (or ⌘) and turn the wheel to zoom";
const HINT_MILLISECONDS = 1500;

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
    const link = records.cloneNode(true);
    link.append(` ${noun(row)}`);
    add(link);
  }
  const how = row.querySelector(".how");
  if (how) add(how.textContent, "how");
  return box;
}

/** What is counted at a place: event, events. */
function noun(row) {
  const { one, many } = row.closest("table").dataset;
  return row.dataset.n === "1" ? one : many;
}

/** What is shown at the pointer: the name of a place, and how many records are there. */
function nameWithNumber({ row, name }) {
  const records = row.querySelector(".number a");
  return records ? `${name}: ${records.textContent} ${noun(row)}` : name;
}

/** The part of the world that is shown first: all points with some room, or the surroundings of a single one. */
function frame(points) {
  if (points.length === 0) return WORLD;
  if (points.length > 1) return latLngBounds(points.map((point) => point.at)).pad(0.12);
  const [{ row, at }] = points;
  return at.toBounds(SURROUNDINGS * Math.max(LEAST_METRES, 1000 * Number(row.dataset.km)));
}

/** The least zoom: one turn of the world fills the box, unless its points need more than that. */
function leastZoom(drawn, bounds) {
  const { x, y } = drawn.getSize();
  const filling = Math.ceil(Math.log2(Math.max(x, y) / WORLD_PIXELS) / ZOOM_STEP) * ZOOM_STEP;
  return Math.max(0, Math.min(filling, drawn.getBoundsZoom(bounds)));
}

/** Let the wheel scroll the page, and zoom the map only with Ctrl or Cmd. Leaflet's own listener comes after it. */
function keepWheel(element) {
  const hint = document.createElement("p");
  hint.className = "wheel-hint";
  hint.setAttribute("aria-hidden", "true");
  hint.textContent = HINT;
  element.append(hint);
  let timer;
  const listen = (event) => {
    const zooms = event.ctrlKey || event.metaKey;
    hint.classList.toggle("shown", !zooms);
    if (zooms) return;
    event.stopImmediatePropagation();
    clearTimeout(timer);
    timer = setTimeout(() => hint.classList.remove("shown"), HINT_MILLISECONDS);
  };
  element.addEventListener("wheel", listen, { capture: true, passive: true });
}

/** Make a point a button, which Tab reaches, and which Enter and the space bar open. */
function addStop(marker, place) {
  const path = marker.getElement();
  path.setAttribute("tabindex", "0");
  path.setAttribute("role", "button");
  path.setAttribute("aria-label", nameWithNumber(place));
  path.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    marker.openPopup();
  });
}

/** The places of rows, the one with most records first. */
function readPoints(rows) {
  const most = Math.max(...rows.map((row) => Number(row.dataset.n)), 1);
  const points = rows.map((row) => ({
    row,
    name: row.querySelector("a").textContent,
    at: latLng(Number(row.dataset.lat), Number(row.dataset.lon)),
    radius: LEAST + GROWTH * Math.sqrt((Number(row.dataset.n) - 1) / most),
  }));
  return points.sort((one, other) => other.row.dataset.n - one.row.dataset.n);
}

function draw(element) {
  const points = readPoints([...document.getElementById(element.dataset.points).querySelectorAll("[data-lat]")]);
  // The buttons of Leaflet give the map the focus, which would scroll the page.
  element.focus = () => HTMLElement.prototype.focus.call(element, { preventScroll: true });
  keepWheel(element);
  const drawn = map(element, {
    maxZoom: ZOOM,
    zoomSnap: ZOOM_STEP,
    maxBounds: SHAPES,
    maxBoundsViscosity: 1,
    worldCopyJump: true,
    attributionControl: false,
    fadeAnimation: false,
    zoomAnimation: false,
    renderer: svg({ padding: 0.5 }),
  });
  const bounds = frame(points);
  const setLeastZoom = () => drawn.setMinZoom(0).setMinZoom(leastZoom(drawn, bounds));
  setLeastZoom();
  drawn.fitBounds(bounds, { maxZoom: 6 });
  drawn.on("resize", setLeastZoom);
  geoJSON(LAND, { interactive: false, className: "land" }).addTo(drawn);
  for (const { row, at } of points) {
    const radius = 1000 * Number(row.dataset.km);
    if (radius) circle(at, { radius, interactive: false, className: "around" }).addTo(drawn);
  }
  // The largest come first, so that the smaller ones lie on top of them.
  for (const place of points) {
    const className = place.row.dataset.hollow === undefined ? "point" : "point hollow";
    const marker = circleMarker(place.at, { radius: place.radius, className }).addTo(drawn);
    marker.bindPopup(() => popup(place.row), { minWidth: 160 });
    marker.bindTooltip(() => document.createTextNode(nameWithNumber(place)), { direction: "top" });
    if (points.length <= MOST_STOPS) addStop(marker, place);
  }
  writeNames(drawn, points);
}

document.querySelectorAll(".map[data-points]").forEach(draw);
