import { describe, expect, it } from "vitest";
import { LampStore } from "../src/map/lampStore";
import { foldCentre, mercator, nearest, relativePlaces } from "../src/map/mercator";
import { levelOf, stateOf, wardOf } from "../src/map/states";
import { baseStyle } from "../src/map/style";
import { LampSync, inventoryVersionIn, sequel } from "../src/map/sync";
import { Malformed, decodeFrame, decodeSnapshot } from "../src/map/wire";

interface Lamp {
  longitude: number;
  latitude: number;
  state: number;
  level: number;
  ward: number;
}

const lamp = (state: number, level = 200): Lamp => ({ longitude: 107.08, latitude: 20.95, state, level, ward: 0 });

/** The snapshot as the contract words it, written byte by byte. */
function snapshotOf(lamps: Lamp[], seq = 10, version = 1): ArrayBuffer {
  const n = lamps.length;
  const bytes = new ArrayBuffer(16 + 11 * n);
  const view = new DataView(bytes);
  ["H", "D", "L", "1"].forEach((letter, at) => view.setUint8(at, letter.charCodeAt(0)));
  [n, version, seq].forEach((word, at) => view.setUint32(4 + 4 * at, word, true));
  lamps.forEach((each, i) => {
    view.setInt32(16 + 4 * i, Math.round(each.longitude * 1e7), true);
    view.setInt32(16 + 4 * n + 4 * i, Math.round(each.latitude * 1e7), true);
    [each.state, each.level, each.ward].forEach((byte, column) => view.setUint8(16 + 8 * n + column * n + i, byte));
  });
  return bytes;
}

type Change = [index: number, state: number, level: number];

function frameOf(seq: number, changes: Change[] = [], at = 1_795_268_467.5): ArrayBuffer {
  const k = changes.length;
  const bytes = new ArrayBuffer(12 + 6 * k);
  const view = new DataView(bytes);
  view.setUint32(0, seq, true);
  view.setFloat64(4, at, true);
  changes.forEach(([index, state, level], i) => {
    view.setUint32(12 + 4 * i, index, true);
    view.setUint8(12 + 4 * k + i, state);
    view.setUint8(12 + 5 * k + i, level);
  });
  return bytes;
}

describe("the snapshot", () => {
  it("gives back every lamp", () => {
    const { longitude, latitude, state, level, ward, seq, inventoryVersion } = decodeSnapshot(
      snapshotOf([lamp(2), { longitude: -0.5, latitude: -20.1234567, state: 5, level: 255, ward: 255 }], 77, 3),
    );
    expect([seq, inventoryVersion]).toEqual([77, 3]);
    expect([...longitude]).toEqual([1_070_800_000, -5_000_000]);
    expect([...latitude]).toEqual([209_500_000, -201_234_567]);
    expect([[...state], [...level], [...ward]]).toEqual([[2, 5], [200, 255], [0, 255]]);
  });

  it("of an empty city is empty", () => {
    expect(decodeSnapshot(snapshotOf([])).state).toHaveLength(0);
  });

  it.each([
    ["nothing", new ArrayBuffer(0)],
    ["another magic", new ArrayBuffer(16)],
    ["a missing byte", snapshotOf([lamp(1)]).slice(0, -1)],
    ["an error page", new TextEncoder().encode("<!doctype html><title>502</title>").buffer],
  ])("with %s is refused", (_, bytes) => {
    expect(() => decodeSnapshot(bytes)).toThrow(Malformed);
  });
});

describe("a frame", () => {
  it("names what changed", () => {
    const frame = decodeFrame(frameOf(5, [[3, 4, 0], [70_000, 3, 100]]));
    expect([frame.seq, frame.at]).toEqual([5, 1_795_268_467.5]);
    expect([[...frame.index], [...frame.state], [...frame.level]]).toEqual([[3, 70_000], [4, 3], [0, 100]]);
  });

  it("with nothing in it is a heartbeat", () => {
    expect(decodeFrame(frameOf(6)).index).toHaveLength(0);
  });

  it.each([0, 11, 13])("of %d bytes is refused", (length) => {
    expect(() => decodeFrame(new ArrayBuffer(length))).toThrow(Malformed);
  });
});

describe("the bytes of a lamp", () => {
  it("say unknown as unknown", () => {
    expect([stateOf(0), stateOf(200), levelOf(255), levelOf(0), levelOf(141), wardOf(255)]).toEqual(["unknown", "unknown", null, 0, 70.5, null]);
  });
});

function loaded(lamps: Lamp[], seq = 10): LampStore {
  const store = new LampStore();
  store.load(decodeSnapshot(snapshotOf(lamps, seq)));
  return store;
}

describe("the lamp store", () => {
  it("counts by state", () => {
    expect(loaded([lamp(2), lamp(2), lamp(4), lamp(0)]).picture.counts).toEqual([1, 0, 2, 0, 1, 0, 0]);
  });

  it("counts a state it does not know as unknown", () => {
    expect(loaded([lamp(9)]).picture.counts[0]).toBe(1);
  });

  it("takes a frame in and tells its followers once", () => {
    const store = loaded([lamp(2), lamp(2)]);
    let told = 0;
    store.subscribe(() => told++);
    store.apply(decodeFrame(frameOf(11, [[1, 4, 0]])));
    expect([store.lamps.state[1], store.lamps.level[1], store.seq, told]).toEqual([4, 0, 11, 1]);
    expect([...store.abnormal()]).toEqual([1]);
  });

  it("passes over an index of a newer inventory", () => {
    const store = loaded([lamp(2)]);
    store.apply(decodeFrame(frameOf(11, [[7, 4, 0]])));
    expect(store.picture.counts).toEqual([0, 0, 1, 0, 0, 0, 0]);
  });

  it("tells an unsubscribed follower nothing", () => {
    const store = loaded([lamp(2)]);
    let told = 0;
    store.subscribe(() => told++)();
    store.apply(decodeFrame(frameOf(11)));
    expect(told).toBe(0);
  });
});

describe("the sequence", () => {
  it.each([
    [10, 11, "next"],
    [10, 10, "old"],
    [10, 3, "old"],
    [10, 12, "gap"],
  ])("after %d, %d is %s", (last, seq, place) => {
    expect(sequel(last, seq)).toBe(place);
  });

  it("reads the inventory's version from a text message, and nothing from others", () => {
    expect([inventoryVersionIn('{"inventory_version": 4}'), inventoryVersionIn("{}")]).toEqual([4, null]);
  });
});

describe("keeping level with the service", () => {
  it("applies what came while the snapshot was on its way, and only what is newer", async () => {
    const store = new LampStore();
    const asked: ((bytes: ArrayBuffer) => void)[] = [];
    const sync = new LampSync(store, () => new Promise((resolve) => void asked.push(resolve)));
    const loading = sync.load();
    sync.receive(frameOf(10, [[0, 5, 255]]));
    sync.receive(frameOf(11, [[0, 4, 0]]));
    asked[0]?.(snapshotOf([lamp(2)], 10));
    await loading;
    expect([store.seq, store.lamps.state[0]]).toEqual([11, 4]);
    sync.stop();
  });

  it("asks for the snapshot again after a hole, and takes the newest word meanwhile", async () => {
    const store = new LampStore();
    let asked = 0;
    const answers = [snapshotOf([lamp(2), lamp(2)], 10), snapshotOf([lamp(2), lamp(5)], 14)];
    const sync = new LampSync(store, () => Promise.resolve(answers[asked++] ?? new ArrayBuffer(0)), undefined, 0);
    await sync.load();
    sync.receive(frameOf(13, [[0, 4, 0]]));
    expect(store.lamps.state[0]).toBe(4);
    await expect.poll(() => store.seq).toBe(14);
    expect([asked, store.lamps.state[1]]).toEqual([2, 5]);
    sync.stop();
  });

  it("asks again when the inventory changed, and says so", async () => {
    const store = new LampStore();
    let renewed = 0;
    const answers = [snapshotOf([lamp(2)], 10, 1), snapshotOf([lamp(2), lamp(1)], 11, 2)];
    const sync = new LampSync(store, () => Promise.resolve(answers.shift() ?? new ArrayBuffer(0)), () => renewed++, 0);
    await sync.load();
    sync.receive('{"inventory_version": 1}');
    sync.receive('{"inventory_version": 2}');
    await expect.poll(() => store.picture.n).toBe(2);
    expect(renewed).toBe(1);
    sync.stop();
  });

  it("tries again when the snapshot could not be read", async () => {
    const store = new LampStore();
    let asked = 0;
    const answer = () => (asked++ === 0 ? Promise.reject(new Error("away")) : Promise.resolve(snapshotOf([lamp(1)])));
    const sync = new LampSync(store, answer, undefined, 0);
    await sync.load();
    await expect.poll(() => store.picture.n).toBe(1);
    sync.stop();
  });
});

describe("places", () => {
  const centre = mercator(107.08, 20.95);

  it("of the world's middle and corner are those of Web Mercator", () => {
    expect(mercator(0, 0)).toEqual({ x: 0.5, y: 0.5 });
    expect(mercator(180, 85.051128779806589).y).toBeCloseTo(0, 9);
  });

  it("relative to the city keep a centimetre in float32", () => {
    const lon = 107.1234567;
    const [x = 0] = relativePlaces(Int32Array.of(lon * 1e7), Int32Array.of(20.95 * 1e7), centre);
    const metres = Math.abs(x + centre.x - mercator(lon, 20.95).x) * 40_075_016;
    expect(metres).toBeLessThan(0.01);
  });

  it("come out of a folded matrix where the whole one would put them", () => {
    const matrix = [3, 1, 0, 0, -2, 5, 0, 0, 0, 0, 1, 0, 7, -4, 0, 1];
    const place = mercator(107.1, 20.97);
    const folded = foldCentre(matrix, centre);
    const whole = 3 * place.x - 2 * place.y + 7;
    const relative = (folded[0] ?? 0) * (place.x - centre.x) + (folded[4] ?? 0) * (place.y - centre.y) + (folded[12] ?? 0);
    expect(relative).toBeCloseTo(whole, 5);
  });

  it("under a click give the nearest lamp within reach, or none", () => {
    const places = Float32Array.of(0, 0, 1, 0, 0, 3);
    expect([nearest(places, 0.8, 0.1, 0.5), nearest(places, 0, 1.5, 1), nearest(places, 0, 2.2, 1)]).toEqual([1, null, 2]);
  });
});

describe("the ground of the map", () => {
  it("has the wards' outlines that were taken in over land and streets", () => {
    const { sources, layers } = baseStyle();
    expect(sources["outlines"]).toEqual({ type: "geojson", data: "/api/v1/map/wards.geojson" });
    expect(layers.at(-1)).toMatchObject({ type: "line", source: "outlines" });
  });
});
