// The land as a shape without a seam: a map may show the 180th meridian, and more than one turn around the globe.
import { feature } from "topojson-client";
import world from "world-atlas/land-110m.json";

const TURN = 360;
const POLE = -90;

/** Return the ring with each longitude near the one before it. In the data, a ring that crosses the 180th meridian goes
 * on at the other side of the world, and a map would draw a line across all of it. */
function unroll(ring) {
  const unrolled = [];
  let shift = 0;
  let before = ring[0][0];
  for (const [longitude, latitude] of ring) {
    shift -= TURN * Math.round((longitude - before) / TURN);
    before = longitude;
    unrolled.push([longitude + shift, latitude]);
  }
  return unrolled;
}

function move(ring, shift) {
  return ring.map(([longitude, latitude]) => [longitude + shift, latitude]);
}

/** Return a ring whose middle is between 180° west and 180° east. */
function centre(ring) {
  const longitudes = ring.map(([longitude]) => longitude);
  const middle = (Math.min(...longitudes) + Math.max(...longitudes)) / 2;
  return move(ring, -TURN * Math.round(middle / TURN));
}

/** Return the coast of Antarctica, which goes once around the pole, as one shape over three turns. */
function closeAtPole(ring) {
  const turn = ring.at(-1)[0] - ring[0][0];
  const coast = [...move(ring, -turn), ...ring, ...move(ring, turn)];
  return [...coast, [coast.at(-1)[0], POLE], [coast[0][0], POLE]];
}

/** Return the polygons of the land, each of them also one turn to the west and one to the east. */
export function landShapes() {
  const [{ geometry }] = feature(world, world.objects.land).features;
  const polygons = [];
  for (const rings of geometry.coordinates) {
    const unrolled = rings.map(unroll);
    const [outer] = unrolled;
    if (Math.abs(outer.at(-1)[0] - outer[0][0]) > 1) {
      polygons.push([closeAtPole(outer)]);
      continue;
    }
    const centred = unrolled.map(centre);
    for (const shift of [-TURN, 0, TURN]) polygons.push(centred.map((ring) => move(ring, shift)));
  }
  return { type: "MultiPolygon", coordinates: polygons };
}
