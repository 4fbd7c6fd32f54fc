import { describe, expect, it } from "vitest";
import { measured } from "../src/i18n/digits";
import { formats } from "../src/i18n/format";
import { written } from "../src/i18n/units";

const vi = formats("vi", "Asia/Ho_Chi_Minh");
const en = formats("en", "Asia/Ho_Chi_Minh");
const EVENING = "2026-11-21T13:41:07Z";

describe("a number", () => {
  it("is written the way of the language", () => {
    expect([vi.number(3412), en.number(3412)]).toEqual(["3.412", "3,412"]);
    expect([vi.number(97.9, 1), en.number(97.9, 1)]).toEqual(["97,9", "97.9"]);
  });

  it("keeps at most the asked decimals, and adds none", () => {
    expect([en.number(40, 1), en.number(28.44, 1), en.fixed(40, 1)]).toEqual(["40", "28.4", "40.0"]);
  });

  it.each([230.1, 0.271, 50.02, 184321.12, 0.1, 0.001, 229.76])("given exactly keeps all digits of the device: %d", (value) => {
    expect(Number(en.exact(value).replaceAll(",", ""))).toBe(value);
  });

  it("that is not known is a dash, never 0", () => {
    expect([vi.number(null), en.exact(undefined), en.fixed(null, 1), en.number(Number.NaN)]).toEqual(["–", "–", "–", "–"]);
  });

  it("that is 0 is 0", () => {
    expect([vi.number(0), en.exact(0)]).toEqual(["0", "0"]);
  });

  it("that is rounded to 0 has no sign", () => {
    expect([en.fixed(-0.04, 1), en.number(-0.4), en.fixed(-0.06, 1)]).toEqual(["0.0", "0", "-0.1"]);
  });
});

describe("a measured value", () => {
  it.each([
    ["ph", 8.081473350524902, "8.08"],
    ["water_temperature", 24, "24.0"],
    ["pm2_5", 31.4, "31"],
    ["conductivity", 48_213.703125, "48,214"],
  ])("of %s has the digits that make sense", (quantity, value, text) => {
    expect(measured(en, quantity, value)).toBe(text);
  });

  it("of a meter keeps all that the meter gave", () => {
    expect(measured(en, "voltage_l1", 229.76155)).toBe("229.76155");
    expect(measured(vi, "active_energy", 184321.12)).toBe("184.321,12");
  });

  it("that is not known is a dash", () => {
    expect(measured(en, "ph", null)).toBe("–");
  });
});

describe("a time", () => {
  it("is the city's, not the browser's", () => {
    expect([vi.time(EVENING), en.clock(EVENING)]).toEqual(["20:41", "20:41:07"]);
    expect(formats("en", "UTC").time(EVENING)).toBe("13:41");
  });

  it("after midnight in the city carries the next day's date", () => {
    expect(vi.dateTime("2026-11-21T17:00:00Z")).toBe("22/11/2026 00:00:00");
    expect(en.dateTime("2026-11-21T17:00:00Z")).toBe("22/11/2026 00:00:00");
  });

  it("of another day shows that day", () => {
    expect(vi.moment(EVENING, "2026-11-21T14:00:00Z")).toBe("20:41");
    expect(vi.moment(EVENING, "2026-11-22T14:00:00Z")).toBe("21/11 20:41");
  });

  it("that is not known is a dash", () => {
    expect([vi.time(null), vi.dateTime(undefined)]).toEqual(["–", "–"]);
  });
});

describe("a duration", () => {
  it.each([
    [0, "0 s", "0 s"],
    [59.9, "59 s", "59 s"],
    [61, "1 ph 1 s", "1 min 1 s"],
    [900, "15 ph", "15 min"],
    [7140, "1 h 59 ph", "1 h 59 min"],
    [90_000, "1 ngày 1 h", "1 d 1 h"],
  ])("of %d s reads well in both languages", (seconds, inVietnamese, inEnglish) => {
    expect([vi.duration(seconds), en.duration(seconds)]).toEqual([inVietnamese, inEnglish]);
  });

  it("that nobody knows is a dash, not zero seconds", () => {
    expect([vi.age(null), vi.age(12), en.age(12)]).toEqual(["–", "12 s trước", "12 s ago"]);
  });
});

it.each([
  ["degC", "°C"],
  ["ug/m3", "µg/m³"],
  ["uS/cm", "µS/cm"],
  ["kWh", "kWh"],
  [undefined, ""],
])("the unit %s is written %s", (unit, text) => {
  expect(written(unit)).toBe(text);
});
