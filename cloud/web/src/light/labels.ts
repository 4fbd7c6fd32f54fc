/** Where labels under the axis stand, so that none lies over another. */

export interface Label {
  key: string;
  x: number;
  text: string;
}

export interface Placed extends Label {
  lane: number;
  /** The middle, moved in from the edges. */
  middle: number;
}

const LETTER = 7.2; // px at 12.5 px, on the wide side
const GAP = 10;

/** The first of the list are placed first, each in the highest lane that is free there. */
export function inLanes(labels: readonly Label[], width: number): Placed[] {
  const placed: (Placed & { half: number })[] = [];
  for (const label of labels) {
    const half = (label.text.length * LETTER) / 2;
    const middle = Math.max(half, Math.min(width - half, label.x));
    const free = (lane: number): boolean => placed.every((it) => it.lane !== lane || Math.abs(it.middle - middle) >= it.half + half + GAP);
    let lane = 0;
    while (!free(lane)) lane += 1;
    placed.push({ ...label, lane, middle, half });
  }
  return placed;
}
