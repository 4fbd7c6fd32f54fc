import { describe, expect, it } from "vitest";
import { atX, axisOf, labelEvery, xOf } from "../src/light/axis";
import { type Frame, type Sky, levelAt, levelOf, momentOf, resolved, shapeOf } from "../src/light/curve";
import { dragged, levelled, movedTo, split } from "../src/light/drag";
import { inLanes } from "../src/light/labels";
import { dateAfter, isoWeek, minutesAt, minutesOf, momentIn, nightOf, timeIn, timeOf, weekday } from "../src/light/localTime";
import { nextTet } from "../src/light/nights";
import type { Programme, Step } from "../src/light/types";

const HALONG = "Asia/Ho_Chi_Minh";
const BERLIN = "Europe/Berlin";
const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString().slice(0, 16));

describe("a local time in a night", () => {
  it.each([
    ["the evening belongs to the date itself", "2026-11-21", "17:00", HALONG, "2026-11-21T10:00"],
    ["the morning to the next date", "2026-11-21", "06:30", HALONG, "2026-11-21T23:30"],
    ["noon begins the night", "2026-11-21", "12:00", HALONG, "2026-11-21T05:00"],
    ["the minute before noon ends it", "2026-11-21", "11:59", HALONG, "2026-11-22T04:59"],
    ["the evening before the clocks go forward", "2026-03-28", "22:00", BERLIN, "2026-03-28T21:00"],
    ["a time that is left out means the change of clocks", "2026-03-28", "02:30", BERLIN, "2026-03-29T01:00"],
    ["the morning after the clocks went forward", "2026-03-28", "06:30", BERLIN, "2026-03-29T04:30"],
    ["a doubled time means the first", "2026-10-24", "02:30", BERLIN, "2026-10-25T00:30"],
    ["the morning after the clocks went back", "2026-10-24", "06:30", BERLIN, "2026-10-25T05:30"],
    ["west of Greenwich", "2026-11-21", "22:00", "America/New_York", "2026-11-22T03:00"],
    ["an odd half hour", "2026-11-21", "17:00", "Asia/Kolkata", "2026-11-21T11:30"],
  ])("%s", (_, night, time, zone, expected) => {
    expect(iso(momentIn(night, minutesOf(time), zone))).toBe(expected);
  });

  it.each([HALONG, BERLIN, "America/New_York", "Australia/Lord_Howe"])("is found again in %s all year", (zone) => {
    for (let day = 0; day < 366; day += 5) {
      const night = dateAfter("2026-01-01", day);
      for (const minutes of [720, 1020, 1335, 0, 240, 390, 719]) {
        const at = momentIn(night, minutes, zone);
        expect([nightOf(at, zone), minutesAt(at, zone)]).toEqual([night, minutes]);
      }
    }
  });

  it.each([
    [0, "00:00"],
    [1335, "22:15"],
    [1440, "00:00"],
    [-5, "23:55"],
  ])("%s minutes are %s", (minutes, time) => {
    expect(timeOf(minutes)).toBe(time);
  });

  it.each([
    ["22:05", "22:05"],
    ["7.30", "07:30"],
    ["22h05", "22:05"],
    [" 2205 ", "22:05"],
    ["24:00", null],
    ["22:60", null],
    ["22:0", null],
    ["", null],
  ])("is found in what somebody types: %s", (text, time) => {
    expect(timeIn(text)).toBe(time);
  });

  it("has its weekday and its week", () => {
    expect([weekday("2026-11-21"), weekday("2026-11-22"), isoWeek("2026-11-21")]).toEqual([6, 7, 47]);
    expect([isoWeek("2027-01-03"), isoWeek("2027-01-04"), isoWeek("2024-12-30")]).toEqual([53, 1, 1]);
  });
});

describe("the way to Tết", () => {
  it("leads to the next one, and from the day itself to the one after", () => {
    expect([nextTet("2026-11-21"), nextTet("2027-02-06"), nextTet("2099-12-31")]).toEqual(["2027-02-06", "2028-01-26", null]);
  });

  it("is the Vietnamese one where China's is another day", () => {
    expect(nextTet("2029-12-01")).toBe("2030-02-02"); // China: 3 February
    expect(nextTet("2052-12-01")).toBe("2053-02-18"); // China: 19 February
  });
});

describe("the axis", () => {
  const plain = axisOf("2026-11-21", HALONG, []);

  it("reaches from before 17:00 to after 06:30, with whole hours of the city's clock on it", () => {
    expect([iso(plain.from), iso(plain.until)]).toEqual(["2026-11-21T09:30", "2026-11-21T23:45"]);
    expect(plain.ticks.map((at) => timeOf(minutesAt(at, HALONG))).join(" ")).toBe(
      "17:00 18:00 19:00 20:00 21:00 22:00 23:00 00:00 01:00 02:00 03:00 04:00 05:00 06:00",
    );
  });

  it("is an hour shorter when the clocks go forward, and leaves that hour out", () => {
    const axis = axisOf("2026-03-28", BERLIN, []);
    expect((axis.until - axis.from) / 3_600_000).toBe(13.25);
    expect(axis.ticks.map((at) => minutesAt(at, BERLIN) / 60)).toEqual([17, 18, 19, 20, 21, 22, 23, 0, 1, 3, 4, 5, 6]);
  });

  it("is an hour longer when they go back, and has that hour twice", () => {
    const axis = axisOf("2026-10-24", BERLIN, []);
    expect((axis.until - axis.from) / 3_600_000).toBe(15.25);
    expect(axis.ticks.map((at) => minutesAt(at, BERLIN) / 60).slice(7, 12)).toEqual([0, 1, 2, 2, 3]);
  });

  it("grows to what has to be shown, but not past noon", () => {
    const early = momentIn("2026-11-21", minutesOf("15:05"), HALONG);
    expect(iso(axisOf("2026-11-21", HALONG, [early]).from)).toBe("2026-11-21T07:45");
    const noon = momentIn("2026-11-21", minutesOf("12:00"), HALONG);
    expect(axisOf("2026-11-21", HALONG, [noon]).from).toBe(noon);
  });

  it("takes a moment to a place and back, and keeps what lies outside at its ends", () => {
    const ten = momentIn("2026-11-21", minutesOf("22:00"), HALONG);
    expect(atX(plain, xOf(plain, ten, 900), 900)).toBeCloseTo(ten, -1);
    expect([xOf(plain, plain.from - 1, 900), xOf(plain, plain.until + 1, 900)]).toEqual([0, 900]);
    expect([atX(plain, -5, 900), atX(plain, 905, 900)]).toEqual([plain.from, plain.until]);
  });

  it.each([
    [1060, 1],
    [600, 2],
    [300, 3],
    [100, 6],
  ])("%s pixels wide: every %s h has its label", (width, hours) => {
    expect(labelEvery(plain, width)).toBe(hours);
  });
});

const STEP: Step = { at: null, sun: null, offset_min: 0, not_before: null, not_after: null, level: 100, ramp_s: 0 };
const step = (change: Partial<Step>): Step => ({ ...STEP, ...change });
const EVENING: Programme = {
  id: "p",
  name: { vi: "Buổi tối", en: "Evening" },
  steps: [step({ sun: "sunset" }), step({ at: "22:00:00", level: 60 }), step({ at: "04:30", level: 80, ramp_s: 600 }), step({ sun: "sunrise", level: 0 })],
};
const at = (time: string): number => momentIn("2026-11-21", minutesOf(time), HALONG);
const SKY: Sky = {
  night: "2026-11-21",
  zone: HALONG,
  sun: { sunset: at("17:14"), civil_dusk: at("17:37"), civil_dawn: at("05:49"), sunrise: at("06:12") },
};
const NO_NIGHT: Sky = { ...SKY, sun: { sunset: null, civil_dusk: null, civil_dawn: null, sunrise: null } };
const times = (programme: Programme): (string | null)[] => resolved(programme, SKY).map((one) => timeOf(minutesAt(one.at, HALONG)));

describe("a programme in a night", () => {
  it("has a point for every step", () => {
    expect(times(EVENING)).toEqual(["17:14", "22:00", "04:30", "06:12"]);
    expect(levelOf(resolved(EVENING, SKY), at("23:00"))).toBe(60);
    expect(levelOf(resolved(EVENING, SKY), at("17:00"))).toBe(0);
  });

  it.each<[Partial<Step>, string]>([
    [{ sun: "sunset", offset_min: -15 }, "16:59"],
    [{ sun: "sunset", not_before: "17:30" }, "17:30"],
    [{ sun: "sunset", not_before: "17:00", not_after: "17:10" }, "17:10"],
    [{ sun: "civil_dawn", offset_min: 5 }, "05:54"],
    [{ sun: "sunrise", not_before: "05:00", not_after: "06:00" }, "06:00"],
  ])("%j comes at %s", (change, time) => {
    expect(timeOf(minutesAt(momentOf(step(change), SKY) ?? 0, HALONG))).toBe(time);
  });

  it("lets a step that would come too early come with the one before it", () => {
    expect(times({ ...EVENING, steps: [step({ at: "20:00" }), step({ sun: "sunset", level: 50 })] })).toEqual(["20:00", "20:00"]);
  });

  it("is dark beside the midnight sun", () => {
    expect(resolved(EVENING, NO_NIGHT)).toEqual([]);
  });
});

describe("the shape of a curve", () => {
  const frame: Frame = { axis: { from: at("17:00"), until: at("06:30"), ticks: [] }, width: 810, base: 50, top: 10 }; // a pixel a minute
  const shape = shapeOf(resolved(EVENING, SKY), frame);

  it("is dark until the first step, stays on each, and rises along a ramp", () => {
    expect(shape.line).toBe("M0 50L14 50L14 10L300 10L300 10L300 26L690 26L690 26L700 18L792 18L792 18L792 50L810 50");
    expect(shape.area.endsWith("L810 50Z")).toBe(true);
  });

  it("knows its treads", () => {
    expect(shape.treads.map(({ level, start, x0, x1 }) => [level, start, x0, x1].map(Math.round))).toEqual([
      [100, 14, 14, 300],
      [60, 300, 300, 690],
      [80, 690, 700, 792],
      [0, 792, 792, 810],
    ]);
  });

  it("is flat without steps", () => {
    expect(shapeOf([], frame).line).toBe("M0 50L810 50");
  });

  it("takes a height to a level", () => {
    expect([levelAt(frame, 50), levelAt(frame, 10), levelAt(frame, 26)]).toEqual([0, 100, 60]);
  });
});

describe("a drag", () => {
  it.each([
    ["snaps a local time to five minutes", 1, "22:13", ["17:14", "22:15", "04:30", "06:12"]],
    ["stops before the next step", 1, "05:30", ["17:14", "04:25", "04:30", "06:12"]],
    ["stops after the one before", 1, "16:00", ["17:14", "17:20", "04:30", "06:12"]],
    ["moves what follows the sun by whole five minutes", 0, "17:31", ["17:29", "22:00", "04:30", "06:12"]],
    ["past midnight", 1, "00:34", ["17:14", "00:35", "04:30", "06:12"]],
  ])("%s", (_, index, to, expected) => {
    expect(times(dragged(EVENING, index, at(to), SKY))).toEqual(expected);
  });

  it("changes the offset of a step that follows the sun, at most three hours", () => {
    expect(movedTo(step({ sun: "sunset" }), at("16:56"), SKY).offset_min).toBe(-20);
    expect(movedTo(step({ sun: "sunset" }), at("23:00"), SKY).offset_min).toBe(180);
  });

  it("keeps a step in its limits where it is", () => {
    const limited = { ...EVENING, steps: [step({ sun: "sunset", not_after: "17:30" }), step({ at: "17:35", level: 50 })] };
    expect(times(dragged(limited, 0, at("20:00"), SKY))[0]).toBe("17:29");
  });

  it("changes nothing in a night without darkness", () => {
    expect([dragged(EVENING, 1, at("23:00"), NO_NIGHT), split(EVENING, at("23:00"), NO_NIGHT)]).toEqual([EVENING, EVENING]);
    expect(movedTo(step({ sun: "sunset" }), at("23:00"), NO_NIGHT).offset_min).toBe(0);
  });

  it.each([
    [63, 65],
    [-4, 0],
    [104, 100],
    [52.4, 50],
  ])("to level %s sets %s", (wanted, level) => {
    expect(levelled(EVENING, 1, wanted).steps[1]?.level).toBe(level);
  });

  it("puts a new step where it was asked for, a little darker", () => {
    const more = split(EVENING, at("01:02"), SKY);
    expect([times(more), more.steps[2]?.level]).toEqual([["17:14", "22:00", "01:00", "04:30", "06:12"], 40]);
  });
});

describe("labels under the axis", () => {
  it("stand beside each other where there is room, and one below the other where not", () => {
    const placed = inLanes([{ key: "a", x: 100, text: "0123456789" }, { key: "b", x: 300, text: "0123456789" }, { key: "c", x: 130, text: "0123456789" }], 600);
    expect(placed.map((one) => one.lane)).toEqual([0, 0, 1]);
  });

  it("do not leave the picture", () => {
    const [left, right] = inLanes([{ key: "a", x: 0, text: "0123456789" }, { key: "b", x: 600, text: "0123456789" }], 600);
    expect([left?.middle, right?.middle]).toEqual([36, 564]);
  });
});
