import { describe, expect, it } from "vitest";
import type { Luminaire, LuminairePage } from "../src/api/types";
import { adviceOf } from "../src/fleet/advice";
import { sheetOf } from "../src/fleet/files";
import { csvOf, inSheets, lampAt } from "../src/fleet/rows";
import type { RowProblem } from "../src/fleet/types";
import "../src/i18n/fleet";
import { locale } from "../src/i18n/locale";
import { siteOf, toggled, withThese } from "../src/lamps/chosen";
import { EVERYTHING, asked } from "../src/lamps/filter";
import { PART, createParts, rowOf } from "../src/lamps/parts";
import { between, moved, partsOf, rowsIn, scrolledTo } from "../src/lamps/window";

const CITY = "Asia/Ho_Chi_Minh";
const VIEW = { top: 0, height: 360, rowHeight: 36 };

describe("the rows that are drawn", () => {
  it.each([
    [0, 5000, { first: 0, end: 18 }],
    [36 * 100, 5000, { first: 92, end: 118 }],
    [36 * 4990, 5000, { first: 4982, end: 5000 }],
    [36 * 9000, 20, { first: 20, end: 20 }], // a list that has become shorter
    [0, 0, { first: 0, end: 0 }],
  ])("%d px down a list of %d are those seen and some more", (top, total, rows) => {
    expect(rowsIn({ ...VIEW, top }, total, 8)).toEqual(rows);
  });

  it("are asked for in parts", () => {
    expect(partsOf({ first: 92, end: 118 }, 100)).toEqual([0, 1]);
    expect(partsOf({ first: 100, end: 200 }, 100)).toEqual([1]);
    expect(partsOf({ first: 0, end: 0 }, 100)).toEqual([]);
  });
});

describe("a key", () => {
  it.each([
    ["ArrowDown", 5, 6],
    ["ArrowUp", 0, 0],
    ["PageDown", 95, 99],
    ["PageUp", 5, 0],
    ["Home", 50, 0],
    ["End", 50, 99],
    ["x", 50, null],
  ])("%s leads from row %d to %s", (key, row, to) => {
    expect(moved(row, key, 10, 100)).toBe(to);
  });

  it("leads nowhere in an empty list", () => {
    expect(moved(0, "End", 10, 0)).toBeNull();
  });

  it("scrolls only as far as it takes to see the row", () => {
    expect(scrolledTo(3, VIEW)).toBe(0);
    expect(scrolledTo(10, VIEW)).toBe(36);
    expect(scrolledTo(2, { ...VIEW, top: 360 })).toBe(72);
  });
});

function lamp(n: number, more: Partial<Luminaire> = {}): Luminaire {
  const standing = { cabinet: "TC1", phase: "A", segment: "TC1-A", pole: `P${n}`, street: "Trần Phú", ward: "W1", longitude: 107.0801, latitude: 20.95 };
  return { id: `L${n}`, index: n, type: { id: "led-100", rated_power_w: 100 }, ...standing, ...more } as Luminaire;
}

describe("what is chosen", () => {
  it("is chosen by one press and let go by the next", () => {
    const one = toggled(new Map(), lamp(1));
    expect([...one.keys()]).toEqual(["L1"]);
    expect(toggled(one, lamp(1)).size).toBe(0);
  });

  it("grows by a range, in whichever direction it was made", () => {
    expect(between(7, 3)).toEqual({ first: 3, end: 8 });
    expect([...withThese(toggled(new Map(), lamp(1)), [lamp(1), lamp(2)]).keys()]).toEqual(["L1", "L2"]);
  });

  it("is of one city or of none", () => {
    const wards = [{ id: "W1", site: "halong" }, { id: "M1", site: "mongcai" }];
    expect(siteOf([lamp(1), lamp(2)], wards)).toBe("halong");
    expect(siteOf([lamp(1), lamp(2, { ward: "M1" })], wards)).toBeNull();
    expect(siteOf([], wards)).toBeNull();
  });
});

function city(lamps: number) {
  const questions: [number, number][] = [];
  const parts = createParts((offset, limit): Promise<LuminairePage> => {
    questions.push([offset, limit]);
    const items = Array.from({ length: Math.max(0, Math.min(limit, lamps - offset)) }, (_, n) => lamp(offset + n));
    return Promise.resolve({ items, total: lamps });
  });
  return { parts, questions };
}

describe("the parts of a list", () => {
  it("are asked for when they are seen, once", async () => {
    const { parts, questions } = city(1200);
    parts.look({ first: 0, end: 20 });
    await Promise.resolve();
    await Promise.resolve();
    parts.look({ first: 90, end: 110 });
    parts.look({ first: 95, end: 115 });
    await Promise.resolve();
    await Promise.resolve();
    expect(questions).toEqual([[0, PART], [100, PART]]);
    expect(rowOf(parts.known.get(), 101)?.id).toBe("L101");
    expect(rowOf(parts.known.get(), 300)).toBeNull();
  });

  it("can all be had, whether they were seen or not", async () => {
    const { parts, questions } = city(1200);
    expect(await parts.all({ first: 3, end: 1200 })).toHaveLength(1197);
    expect(questions).toEqual([[3, 500], [503, 500], [1003, 197]]);
  });

  it("say why there is no answer", async () => {
    const parts = createParts(() => Promise.reject(new Error("away")));
    parts.look({ first: 0, end: 1 });
    await Promise.resolve();
    await Promise.resolve();
    expect(parts.known.get().error).toEqual(new Error("away"));
  });
});

it("is asked for by what is said alone", () => {
  expect(asked({ ...EVERYTHING, ward: "W1" })).toEqual({ ward: "W1" });
});

describe("an edit of many lamps", () => {
  it("is a table of whole lamps with one thing changed", () => {
    expect(csvOf([lamp(1)], { column: "type", value: "led-60" })).toBe(
      "id,cabinet,phase,segment,pole,type,ward,street,longitude,latitude\r\nL1,TC1,A,TC1-A,P1,led-60,W1,Trần Phú,107.0801,20.95\r\n",
    );
  });

  it("has a column for what is not always given", () => {
    const [head, row] = csvOf([lamp(1)], { column: "road_class", value: "" }).split("\r\n");
    expect(head?.endsWith(",latitude,road_class")).toBe(true);
    expect(row?.endsWith(",20.95,")).toBe(true);
  });

  it("keeps texts as they are: commas, quotation marks, what a spreadsheet would run", () => {
    const [, row] = csvOf([lamp(1, { street: '=1+1, "x"', pole: "'-1" })], { column: "use", value: "park" }).split("\r\n");
    expect(row).toBe(`L1,TC1,A,TC1-A,''-1,led-100,W1,"'=1+1, ""x""",107.0801,20.95,park`);
  });

  it("finds the lamp of a row: the head is row 1", () => {
    expect([1, 2, 3, 4].map((row) => lampAt(["a", "b"], row))).toEqual([null, "a", "b", null]);
  });
});

it("prints 24 labels on a sheet", () => {
  expect(inSheets(Array.from({ length: 50 }, (_, n) => n)).map((sheet) => sheet.length)).toEqual([24, 24, 2]);
});

it.each([
  ["lamps.csv", "", "csv"],
  ["lamps.geojson", "", "json"],
  ["lamps", "application/geo+json", "json"],
])("%s of type '%s' is sent as %s", (name, type, kind) => {
  expect(sheetOf(new File([], name, { type })).kind).toBe(kind);
});

function said(language: "vi" | "en", code: string, figures: RowProblem["figures"] = {}): string {
  return adviceOf(locale(language, CITY), { code: code as RowProblem["code"], value: "TC9", figures });
}

describe("advice", () => {
  it("names what may be meant, where that is known", () => {
    expect(said("en", "unknown_cabinet", { right: "TC1" })).toBe("There is no cabinet TC9. Did you mean TC1?");
    expect(said("vi", "unknown_cabinet", { right: "" })).toBe("Không có tủ TC9.");
  });

  it("says it once where the text has it already", () => {
    expect(said("en", "decimal_comma", { right: "107.08" })).toBe("Write it with a point: 107.08.");
  });

  it("writes degrees as they are written in a file", () => {
    expect(said("vi", "exchanged", { longitude: 107.0801, latitude: 20.95 })).toContain("107.0801");
  });

  it("of a code without a text is the code", () => {
    expect(said("en", "new_code")).toBe("new_code");
  });
});

it("asks again for what is seen once the lamps are other ones", async () => {
  const { parts, questions } = city(1200);
  parts.look({ first: 0, end: 20 });
  await Promise.resolve();
  await Promise.resolve();
  parts.forget();
  expect(rowOf(parts.known.get(), 0)).toBeNull();
  expect(questions).toEqual([[0, PART], [0, PART]]);
});
