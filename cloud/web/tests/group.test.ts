import { describe, expect, it } from "vitest";
import { actionOf, choosable, isPolygon, minutesUntil, streetTarget, wayBack, withKind, withoutDoubles } from "../src/group/targets";
import { learnConsent, consents, waitsForMe } from "../src/state/consents";
import type { Area, Consent } from "../src/api/types";

describe("a polygon", () => {
  it("has three corners or more, and the double click that ends it says its corner once", () => {
    const drawn = withoutDoubles([
      [0, 0],
      [1, 0],
      [1, 1],
      [1, 1],
    ]);
    expect(drawn).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
    ]);
    expect([isPolygon(drawn), isPolygon(drawn.slice(1))]).toEqual([true, false]);
  });
});

describe("until a time of the clock", () => {
  it.each([
    ["20:01", "05:00", 539],
    ["05:00", "05:00", 1440],
    ["04:59", "05:00", 1],
    ["00:00", "23:59", 1439],
  ])("from %s to %s there are %i minutes", (now, until, minutes) => {
    expect(minutesUntil(now, until)).toBe(minutes);
  });
});

describe("a target", () => {
  it("is a street of the city that is looked at", () => {
    expect(streetTarget(" Trần Phú ", "halong")).toEqual({ street: "Trần Phú", area: "/halong" });
    expect(streetTarget("Trần Phú", null)).toEqual({ street: "Trần Phú" });
    expect(streetTarget("  ", "halong")).toBeNull();
  });

  it("is never the whole province", () => {
    const areas = [{ path: "/" }, { path: "/halong" }, { path: "/halong/W1" }] as Area[];
    expect(choosable(areas).map(({ path }) => path)).toEqual(["/halong", "/halong/W1"]);
  });
});

describe("an action", () => {
  const draft = { kind: "override", level: 40, minutes: 30 } as const;

  it("carries a level and an end only where it has them", () => {
    expect(actionOf(draft)).toEqual({ type: "override", level: 40, minutes: 30 });
    expect(actionOf({ ...draft, kind: "resume" })).toEqual({ type: "resume" });
    expect(actionOf({ ...draft, kind: "lock_out" })).toEqual({ type: "lock_out" });
  });

  it("begins with full light in an emergency, whatever stood on the slider", () => {
    expect(actionOf(withKind(draft, "emergency"))).toEqual({ type: "emergency", level: 100, minutes: 30 });
  });

  it("is taken back by the programme, a lock-out only by unlocking, and the way back by nothing", () => {
    expect([wayBack("override"), wayBack("emergency"), wayBack("lock_out"), wayBack("resume")]).toEqual([
      { type: "resume" },
      { type: "resume" },
      { type: "unlock" },
      null,
    ]);
  });
});

describe("a consent", () => {
  const asked = { id: "c1", who: "lan", state: "waiting", expires_at: "2026-11-21T12:10:00Z", is_mine: false } as Consent;
  const before = Date.parse("2026-11-21T12:09:59Z");

  it("waits for others than who has asked, and not beyond its end", () => {
    expect(waitsForMe(asked, before)).toBe(true);
    expect(waitsForMe({ ...asked, is_mine: true }, before)).toBe(false);
    expect(waitsForMe(asked, before + 1000)).toBe(false);
    expect(waitsForMe({ ...asked, state: "agreed" }, before)).toBe(false);
  });

  it("that is heard of live belongs to who has asked for it, and is listed once", () => {
    learnConsent(asked, "lan");
    learnConsent({ ...asked, state: "agreed" }, "lan");
    expect(consents.get().map(({ state, is_mine }) => [state, is_mine])).toEqual([["agreed", true]]);
  });
});
