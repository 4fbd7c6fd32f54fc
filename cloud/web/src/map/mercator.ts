/** Web Mercator in units of the whole world (0..1), as MapLibre's matrices take it. */

export interface Point {
  x: number;
  y: number;
}

const E7 = 1e7;

export function mercator(longitude: number, latitude: number): Point {
  const sine = Math.sin((latitude * Math.PI) / 180);
  return { x: longitude / 360 + 0.5, y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) };
}

/**
 * x, y of every lamp relative to `centre`, in float32.
 *
 * The whole world in float32 has steps of 2.4 m; relative to the city's centre they are below a millimetre.
 */
export function relativePlaces(longitude: Int32Array, latitude: Int32Array, centre: Point): Float32Array {
  const places = new Float32Array(2 * longitude.length);
  longitude.forEach((lon, i) => {
    const { x, y } = mercator(lon / E7, (latitude[i] ?? 0) / E7);
    places[2 * i] = x - centre.x;
    places[2 * i + 1] = y - centre.y;
  });
  return places;
}

/** `matrix` (column-major 4x4) for places relative to `centre`: the sum is made in float64, before it becomes float32. */
export function foldCentre(matrix: ArrayLike<number>, centre: Point): Float32Array {
  const at = (i: number): number => matrix[i] ?? 0;
  const folded = Float64Array.from(matrix);
  for (let row = 0; row < 4; row++) {
    folded[12 + row] = at(row) * centre.x + at(4 + row) * centre.y + at(12 + row);
  }
  return Float32Array.from(folded);
}

/** The lamp nearest to a place (relative to the same centre), not farther than `reach`; `null` if there is none. */
export function nearest(places: Float32Array, x: number, y: number, reach: number): number | null {
  let best = reach * reach;
  let found: number | null = null;
  for (let i = 0; i < places.length; i += 2) {
    const dx = (places[i] ?? 0) - x;
    const dy = (places[i + 1] ?? 0) - y;
    const distance = dx * dx + dy * dy;
    if (distance <= best) {
      best = distance;
      found = i / 2;
    }
  }
  return found;
}
