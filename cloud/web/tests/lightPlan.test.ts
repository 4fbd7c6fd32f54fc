import { describe, expect, it } from "vitest";
import { differences, same } from "../src/light/differences";
import {
  addGroup,
  copyProgramme,
  freshId,
  groupsWith,
  kindOf,
  moveGroup,
  ownProgramme,
  rekinded,
  removeGroup,
  removeStep,
  retimed,
  setGroup,
  setStep,
} from "../src/light/edit";
import { Refused } from "../src/api/errors";
import { findingsOf, namesOf, ofGroup, ofProgrammeItself, ofStep, stillOpen } from "../src/light/findings";
import type { CalendarRule, Finding, LightPlan, Step } from "../src/light/types";
import { begun, changed, redone, settled, undone } from "../src/light/undo";

const step = (change: Partial<Step>): Step => ({ at: null, sun: null, offset_min: 0, not_before: null, not_after: null, level: 100, ramp_s: 0, ...change });
const PLAN: LightPlan = (() => {
  const first = addGroup({ programmes: [], calendars: [], groups: [] }, { vi: "Phố", en: "Streets" }, "/halong");
  return addGroup(first.plan, { vi: "Ngõ", en: "Lanes" }, "/halong/W1").plan;
})();

describe("an edit", () => {
  it("gives a new group its own calendar and programme, lit from sunset to sunrise", () => {
    expect([PLAN.groups, PLAN.calendars, PLAN.programmes].map((items) => items.map((one) => one.id))).toEqual([
      ["group", "group-2"],
      ["calendar", "calendar-2"],
      ["programme", "programme-2"],
    ]);
    expect(PLAN.programmes[0]?.steps.map((one) => [one.sun, one.level])).toEqual([
      ["sunset", 100],
      ["sunrise", 0],
    ]);
  });

  it("leaves what it does not touch the same", () => {
    const edited = setStep(PLAN, "programme", 0, { level: 80 });
    expect([edited.programmes[0]?.steps[0]?.level, edited.programmes[1] === PLAN.programmes[1], edited.groups === PLAN.groups]).toEqual([80, true, true]);
    expect(removeStep(PLAN, "programme", 1).programmes[0]?.steps.length).toBe(1);
  });

  it("says who shares a programme, and frees one of them from it", () => {
    const shared = setGroup(PLAN, "group-2", { calendar: "calendar" });
    expect(groupsWith(shared, "programme").map((one) => one.id)).toEqual(["group", "group-2"]);
    const freed = ownProgramme(shared, "group-2", "programme", { vi: "Riêng", en: "Own" });
    expect(groupsWith(freed, "programme").map((one) => one.id)).toEqual(["group"]);
    const own = freed.groups[1]?.calendar ?? "";
    expect(freed.calendars.find((one) => one.id === own)?.programme).toBe("programme-3");
  });

  it("needs no second calendar for who has one alone", () => {
    const two = { ...PLAN, calendars: PLAN.calendars.map((one) => Object.assign({}, one, { programme: "programme" })) };
    expect(ownProgramme(two, "group", "programme", { vi: "Riêng", en: "Own" }).calendars.length).toBe(2);
  });

  it("takes with a group what nobody else needs, and nothing else", () => {
    const idle = copyProgramme(PLAN, "programme", { vi: "Để dành", en: "Spare" }).plan;
    const left = removeGroup(idle, "group");
    expect([left.groups.map((one) => one.id), left.calendars.map((one) => one.id), left.programmes.map((one) => one.id)]).toEqual([
      ["group-2"],
      ["calendar-2"],
      ["programme-2", "programme-3"],
    ]);
  });

  it("moves a group up, and not past the first", () => {
    expect(moveGroup(PLAN, "group-2", -1).groups.map((one) => one.id)).toEqual(["group-2", "group"]);
    expect(moveGroup(PLAN, "group", -1).groups.map((one) => one.id)).toEqual(["group", "group-2"]);
  });

});

describe("a step or a rule", () => {
  it("takes from a step what belongs to its other moment", () => {
    expect(retimed(step({ sun: "sunset", offset_min: 5, not_after: "18:00" }), null, "22:00")).toEqual(step({ at: "22:00" }));
    expect(retimed(step({ at: "22:00" }), "sunrise", "22:00")).toEqual(step({ sun: "sunrise" }));
  });

  it("lets a rule say its nights in one way only", () => {
    const rule: CalendarRule = { programme: "p", name: null, weekdays: [5], dates: null, yearly: null, lunar: null, days_before: 0, days_after: 0 };
    const lunar = rekinded(rule, "lunar", "2026-11-21");
    expect([kindOf(rule), kindOf(lunar), lunar.weekdays, lunar.lunar, lunar.days_before]).toEqual(["weekdays", "lunar", null, { month: 1, day: 1 }, 1]);
    expect(rekinded(lunar, "dates", "2026-11-21")).toMatchObject({ dates: ["2026-11-21", "2026-11-21"], lunar: null, days_before: 0 });
    expect(rekinded(lunar, "yearly", "2026-11-21").yearly).toEqual([
      { month: 11, day: 21 },
      { month: 11, day: 21 },
    ]);
  });

  it("finds a name that is free", () => {
    expect(freshId([{ id: "a" }, { id: "a-2" }], "a-2")).toBe("a-3");
  });
});

describe("undo", () => {
  it("goes back and forth", () => {
    const two = changed(changed(begun("a"), "b"), "c");
    expect([undone(two).present, undone(undone(two)).present, redone(undone(two)).present]).toEqual(["b", "a", "c"]);
    expect([undone(begun("a")).present, redone(begun("a")).present]).toEqual(["a", "a"]);
  });

  it("takes a whole drag back at once, but two drags one by one", () => {
    const one = changed(changed(begun("a"), "b", "drag 1"), "c", "drag 1");
    expect(undone(one).present).toBe("a");
    const two = changed(settled(one), "d", "drag 1");
    expect([undone(two).present, undone(undone(two)).present]).toEqual(["c", "a"]);
  });

  it("forgets what would have come once something else was done", () => {
    expect(changed(undone(changed(begun("a"), "b")), "c").future).toEqual([]);
  });
});

describe("the differences of two plans", () => {
  it("are none between a plan and itself, whatever the order of its keys", () => {
    expect(differences(PLAN, structuredClone(PLAN))).toEqual([]);
    expect(same({ a: 1, b: [1, null] }, { b: [1, null], a: 1 })).toBe(true);
    expect(same({ a: 1 }, { a: undefined })).toBe(false);
  });

  it("name what was changed, added, removed and moved", () => {
    const after = removeGroup(moveGroup(addGroup(setStep(PLAN, "programme", 0, { level: 70 }), { vi: "Mới", en: "New" }, "/halong").plan, "group-2", -1), "group-3");
    const more = addGroup(after, { vi: "Mới", en: "New" }, "/halong").plan;
    expect(differences(PLAN, more).map(({ kind, id, what, fields }) => [kind, id, what, fields.join()])).toEqual([
      ["groups", "group-3", "added", ""],
      ["calendars", "calendar-3", "added", ""],
      ["programmes", "programme", "changed", "steps"],
      ["programmes", "programme-3", "added", ""],
      ["groups", "group-2", "moved", ""],
      ["groups", "group", "moved", ""],
    ]);
    expect(differences(more, PLAN).filter((one) => one.what === "removed").length).toBe(3);
  });
});

const found = (...path: (string | number)[]): Finding => ({ path, code: "overlapping_steps", severity: "refused", figures: {} });

describe("a finding", () => {
  const all = [found("programmes", 0, "steps", 1), found("programmes", 0, "steps", 1, "level"), found("programmes", 0), found("programmes", 1, "steps"), found("groups", 1), found("calendars", 1, "rules", 0)];

  it("stands at its step, or at its programme", () => {
    expect([ofStep(all, PLAN, 0, 1).length, ofStep(all, PLAN, 0, 0).length, ofProgrammeItself(all, 0).length, ofProgrammeItself(all, 1).length]).toEqual([2, 0, 1, 1]);
  });

  it("concerns every group that may run into it", () => {
    expect([ofGroup(all, PLAN, "group").length, ofGroup(all, PLAN, "group-2").length]).toEqual([3, 3]);
  });

  it("about a road that is too dark stands at its step, and waits for the group's reason", () => {
    const dark: Finding = { path: ["groups", 1, "below_class_reason"], code: "below_class", severity: "needs_reason", figures: { programme: "programme-2", step: 2 } };
    expect([ofStep([dark], PLAN, 1, 1).length, ofStep([dark], PLAN, 1, 0).length, ofStep([dark], PLAN, 0, 1).length]).toEqual([1, 0, 0]);
    const explained = setGroup(PLAN, "group-2", { below_class_reason: "Lễ hội" });
    expect([stillOpen([dark], PLAN).length, stillOpen([dark], explained).length, stillOpen([...all, dark], explained).length]).toEqual([1, 0, all.length]);
  });
});

describe("a plan that is refused", () => {
  const tooDark: Finding = { path: ["groups", 1, "below_class_reason"], code: "below_class", severity: "needs_reason", figures: { programme: "programme-2", step: 2 } };

  it("says what is wrong with it, and another refusal has nothing to say of a plan", () => {
    expect(findingsOf(new Refused(400, "bad_plan", { findings: [tooDark] }))).toEqual([tooDark]);
    expect(findingsOf(new Refused(409, "decided"))).toEqual([]);
    expect(findingsOf(new Error("no answer"))).toEqual([]);
  });

  it("names the group and the programme, a calendar, and nothing that is not there", () => {
    const en = (finding: Finding): string[] => namesOf(PLAN, finding).map((named) => named.en);
    expect(en(tooDark)).toEqual([PLAN.groups[1]?.name.en, PLAN.programmes[1]?.name.en]);
    expect(en({ ...tooDark, path: ["calendars", 0, "programme"] })).toEqual([PLAN.calendars[0]?.name.en]);
    expect(en({ ...tooDark, path: ["groups", 9] })).toEqual([PLAN.programmes[1]?.name.en]);
    expect(en({ ...tooDark, path: [], figures: {} })).toEqual([]);
  });
});
