/** The seven states of a lamp on the map, in the order of their byte. */

export const STATES = ["unknown", "off", "on", "dimmed", "fault", "no_contact", "warning"] as const;
export type LampState = (typeof STATES)[number];

/** From this byte on a lamp is drawn last, larger and with a shape of its own. */
export const FIRST_ABNORMAL = 4;

export const UNKNOWN_STATE = 0;
const UNKNOWN_LEVEL = 255;
const NO_WARD = 255;

export function stateOf(byte: number): LampState {
  return STATES[byte] ?? "unknown";
}

/** Percent; `null` is not known. */
export function levelOf(byte: number): number | null {
  return byte === UNKNOWN_LEVEL ? null : byte / 2;
}

export function wardOf(byte: number): number | null {
  return byte === NO_WARD ? null : byte;
}
