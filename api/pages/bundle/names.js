// The names of the places with most records, beside their points.
import { DomUtil, point } from "leaflet/dist/leaflet-src.esm.js";

// The most names, and the pixels between a point and its name.
const MOST = 8;
const GAP = 3;

function overlap(one, other) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

/** The rectangle of a point on the map. */
function around(at, radius) {
  return { left: at.x - radius, right: at.x + radius, top: at.y - radius, bottom: at.y + radius };
}

/** The rectangles where the name of a point may stand, the best one first: at its right, its left, below it, above it. */
function beside(at, radius, width, height) {
  const middle = { x: at.x - width / 2, y: at.y - height / 2 };
  const starts = [
    { x: at.x + radius + GAP, y: middle.y },
    { x: at.x - radius - GAP - width, y: middle.y },
    { x: middle.x, y: at.y + radius },
    { x: middle.x, y: at.y - radius - height },
  ];
  return starts.map(({ x, y }) => ({ left: x, right: x + width, top: y, bottom: y + height }));
}

/** Write the names of the first points where they cover no other name and no other point, and anew at each zoom. */
export function writeNames(drawn, points) {
  const pane = drawn.createPane("names");
  const names = points.slice(0, MOST).map((place) => {
    const element = document.createElement("span");
    element.className = "place-name";
    // The table below the map has the same names.
    element.setAttribute("aria-hidden", "true");
    element.textContent = place.name;
    pane.append(element);
    return { place, element };
  });

  function arrange() {
    const circles = points.map(({ at, radius }) => around(drawn.latLngToLayerPoint(at), radius));
    const taken = [];
    names.forEach(({ place, element }, number) => {
      const at = drawn.latLngToLayerPoint(place.at);
      const others = circles.filter((_, other) => other !== number);
      const boxes = beside(at, place.radius, element.offsetWidth, element.offsetHeight);
      const free = boxes.find((box) => ![...taken, ...others].some((other) => overlap(box, other)));
      element.classList.toggle("hidden-name", !free);
      if (!free) return;
      taken.push(free);
      DomUtil.setPosition(element, point(free.left, free.top));
    });
  }

  drawn.on("zoomend viewreset resize", arrange);
  arrange();
}
