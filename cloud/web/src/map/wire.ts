/** The two binary forms of the map: the snapshot of every lamp and the frames of what changed. Little-endian throughout. */

export interface Snapshot {
  inventoryVersion: number;
  seq: number;
  /** Degrees times 1e7. */
  longitude: Int32Array;
  latitude: Int32Array;
  state: Uint8Array;
  level: Uint8Array;
  ward: Uint8Array;
}

export interface Frame {
  seq: number;
  /** City time, Unix seconds. */
  at: number;
  index: Uint32Array;
  state: Uint8Array;
  level: Uint8Array;
}

/** Bytes that are not what the contract says; nothing of them is used. */
export class Malformed extends Error {
  override name = "Malformed";
}

const MAGIC = 0x314c4448; // "HDL1"
const SNAPSHOT_HEADER = 16;
const BYTES_PER_LAMP = 4 + 4 + 1 + 1 + 1;
const FRAME_HEADER = 12;
const BYTES_PER_CHANGE = 4 + 1 + 1;

function checkedCount(view: DataView): number {
  if (view.byteLength < SNAPSHOT_HEADER || view.getUint32(0, true) !== MAGIC) throw new Malformed("no lamp snapshot");
  const n = view.getUint32(4, true);
  if (view.byteLength !== SNAPSHOT_HEADER + BYTES_PER_LAMP * n) throw new Malformed(`${view.byteLength} bytes for ${n} lamps`);
  return n;
}

// Typed arrays have the order of the machine; every browser that runs WebGL 2 is little-endian.
export function decodeSnapshot(bytes: ArrayBuffer): Snapshot {
  const view = new DataView(bytes);
  const n = checkedCount(view);
  const bytesAt = (column: number) => new Uint8Array(bytes, SNAPSHOT_HEADER + 8 * n + column * n, n);
  return {
    inventoryVersion: view.getUint32(8, true),
    seq: view.getUint32(12, true),
    longitude: new Int32Array(bytes, SNAPSHOT_HEADER, n),
    latitude: new Int32Array(bytes, SNAPSHOT_HEADER + 4 * n, n),
    state: bytesAt(0),
    level: bytesAt(1),
    ward: bytesAt(2),
  };
}

export function decodeFrame(bytes: ArrayBuffer): Frame {
  const k = (bytes.byteLength - FRAME_HEADER) / BYTES_PER_CHANGE;
  if (!Number.isInteger(k) || k < 0) throw new Malformed(`a frame of ${bytes.byteLength} bytes`);
  const view = new DataView(bytes);
  return {
    seq: view.getUint32(0, true),
    at: view.getFloat64(4, true),
    index: new Uint32Array(bytes, FRAME_HEADER, k),
    state: new Uint8Array(bytes, FRAME_HEADER + 4 * k, k),
    level: new Uint8Array(bytes, FRAME_HEADER + 5 * k, k),
  };
}
