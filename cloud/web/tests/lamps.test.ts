import { describe, expect, it } from "vitest";
import { columnsOf, followed, joined, spanOf, withHoles } from "../src/devices/columns";
import { locale } from "../src/i18n/locale";
import { commandSteps, endedAt } from "../src/lamps/commandSteps";
import { whyItFailed } from "../src/lamps/failure";

type Life = Parameters<typeof commandSteps>[0];

/** A life with one step a second. */
function life(...states: string[]): Life {
  const history = states.map((state, second) => ({ state, at: `2026-11-21T13:00:0${second}Z` }));
  return { state: states.at(-1), history } as Life;
}

const looks = (lived: Life): string => commandSteps(lived).map((step) => step.look).join(" ");

describe("the four steps of a command", () => {
  it.each([
    [["requested"], "done next waiting waiting"],
    [["requested", "sent"], "done done next waiting"],
    [["requested", "sent", "acknowledged"], "done done done next"],
    [["requested", "sent", "acknowledged", "confirmed"], "done done done done"],
    [["requested", "sent", "acknowledged", "waiting"], "done done done next"],
    [["requested", "waiting"], "done done done next"],
    [["requested", "sent", "acknowledged", "waiting", "expired"], "done done done failed"],
    [["requested", "sent", "acknowledged", "waiting", "confirmed"], "done done done done"],
    [["requested", "sent", "failed"], "done done failed waiting"],
    [["requested", "sent", "acknowledged", "failed"], "done done done failed"],
    [["requested", "expired"], "done failed waiting waiting"],
    [["requested", "sent", "acknowledged", "unknown"], "done done done failed"],
  ])("%j looks like %s", (states, expected) => {
    expect(looks(life(...states))).toBe(expected);
  });

  it("are confirmed by an answer that came after the cloud had given up", () => {
    expect(looks(life("requested", "sent", "expired", "confirmed"))).toBe("done done done done");
  });

  it("take a later step as proof of the ones before, but invent no time for them", () => {
    const steps = commandSteps(life("requested", "confirmed"));
    expect(steps.map((step) => step.look)).toEqual(["done", "done", "done", "done"]);
    expect(steps.map((step) => step.at)).toEqual(["2026-11-21T13:00:00Z", null, null, "2026-11-21T13:00:01Z"]);
  });

  it("say when it ended badly, and nothing while it goes well", () => {
    expect([endedAt(life("requested", "failed")), endedAt(life("requested", "sent"))]).toEqual(["2026-11-21T13:00:01Z", null]);
  });
});

describe("why a command failed", () => {
  type End = Parameters<typeof whyItFailed>[1];
  const vi = locale("vi", "Asia/Ho_Chi_Minh");
  const en = locale("en", "Asia/Ho_Chi_Minh");
  const silent: End = { state: "failed", refusal: "lamp_silent", waited_s: null, wanted_level: null, actual_level: null };

  it.each<[Partial<End>, string, string]>([
    [{}, "Đèn không trả lời.", "The lamp does not answer."],
    [{ waited_s: 10 }, "Đèn không trả lời (quá 10 s).", "The lamp does not answer (after 10 s)."],
    [
      { refusal: "level_not_reached", wanted_level: 30, actual_level: 99.5, waited_s: 10 },
      "Đèn ở mức 99,5 % thay vì 30 % (quá 10 s).",
      "The lamp is at 99.5 % instead of 30 % (after 10 s).",
    ],
    [{ refusal: null, state: "expired" }, "Cổng không trả lời trong thời hạn.", "The edge did not answer in time."],
  ])("%j is told in both languages", (change, inVietnamese, inEnglish) => {
    const end = { ...silent, ...change };
    expect([whyItFailed(vi, end), whyItFailed(en, end)]).toEqual([inVietnamese, inEnglish]);
  });
});

describe("the columns of a chart", () => {
  const readings = {
    id: "HL-000001",
    kind: "luminaire",
    at: [0, 60, 120],
    quantities: { active_power: [40, null, 41] },
    units: { active_power: "W" },
  };

  it("hold null where a value was not available, and for a quantity nobody has", () => {
    expect(columnsOf(readings, ["active_power", "ph"]).values).toEqual([
      [40, null, 41],
      [null, null, null],
    ]);
  });

  it("break where nothing was heard for long", () => {
    expect(withHoles({ at: [0, 5, 10, 15, 100], values: [[1, 1, 1, 2, 3]] })).toEqual({
      at: [0, 5, 10, 15, 16, 100],
      values: [[1, 1, 1, 2, null, 3]],
    });
  });

  it("do not break for one round that was missed", () => {
    expect(withHoles({ at: [0, 30, 60, 120, 150], values: [[1, 1, 1, 1, 1]] }).at).toEqual([0, 30, 60, 120, 150]);
  });

  it("do not break where the device is read every five minutes of a fast clock", () => {
    expect(withHoles({ at: [0, 300, 600], values: [[1, 1, 1]] }).at).toEqual([0, 300, 600]);
  });

  it("follow a newer row, and not an older one", () => {
    const columns = { at: [100], values: [[1]] };
    expect(followed(columns, 110, [2])).toEqual({ at: [100, 110], values: [[1, 2]] });
    expect(followed(columns, 100, [2])).toBe(columns);
  });

  it("go on with what was said live after the answer ended", () => {
    const answer = { at: [100, 110], values: [[1, 2]] };
    expect(joined(answer, { at: [105, 110, 115], values: [[8, 9, 3]] })).toEqual({ at: [100, 110, 115], values: [[1, 2, 3]] });
    expect(joined(answer, { at: [105], values: [[8]] })).toBe(answer);
  });

  it("have a span of what is known, and none when nothing is", () => {
    expect([spanOf([null, 3, 1, null]), spanOf([null])]).toEqual([{ low: 1, high: 3, last: 1 }, null]);
  });
});
