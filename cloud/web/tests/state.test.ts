import { describe, expect, it } from "vitest";
import { Refused } from "../src/api/errors";
import type { Alarm, Command, Overview } from "../src/api/types";
import { pause } from "../src/live/connection";
import { hrefOf, parseRoute } from "../src/shared/route";
import { createStore } from "../src/shared/store";
import { isUnattended, touch } from "../src/state/attendance";
import { learned, shown } from "../src/state/alarms";
import { cityTime, corrected, isStale, secondsSince } from "../src/state/clock";
import { isUnderWay, lacking, lastCommands, learnCommand } from "../src/state/commands";
import { merged } from "../src/state/latest";
import { remembered } from "../src/state/overview";
import { type Session, may } from "../src/state/session";
import { narrowed } from "../src/state/site";
import { codeOf } from "../src/api/errors";

const name = { vi: "", en: "" };

function alarm(id: string, change: Partial<Alarm> = {}): Alarm {
  return {
    id,
    rule: "lamp_out",
    source: "HL-000001",
    priority: 2,
    state: "unacked",
    raised_at: "2026-11-21T13:00:00Z",
    returned_at: null,
    acked_at: null,
    acked_by: null,
    comment: null,
    cleared_at: null,
    title: name,
    place: name,
    reason: name,
    advice: name,
    longitude: 107.08,
    latitude: 20.95,
    lamp_index: null,
    ...change,
  };
}

const ids = (alarms: readonly Alarm[]): string => alarms.map((each) => each.id).join(" ");

describe("a store", () => {
  it("tells its followers of a new value, and not of the same one", () => {
    const store = createStore(1);
    const seen: number[] = [];
    const leave = store.subscribe(() => seen.push(store.get()));
    store.set(2);
    store.set(2);
    store.update((value) => value + 1);
    leave();
    store.set(9);
    expect(seen).toEqual([2, 3]);
  });
});

describe("the alarm list", () => {
  const known = [
    alarm("low", { priority: 4 }),
    alarm("older", { priority: 1, raised_at: "2026-11-21T12:00:00Z" }),
    alarm("newer", { priority: 1 }),
    alarm("taken", { priority: 1, state: "acked" }),
    alarm("returned", { priority: 3, state: "rtn_unacked" }),
    alarm("gone", { priority: 1, state: "cleared" }),
    alarm("shelved", { priority: 4, state: "shelved" }),
  ];

  it("shows what waits for a person, the most urgent and the newest first", () => {
    expect(ids(shown(known, "unacked"))).toBe("newer older returned low");
  });

  it("shows what somebody has taken", () => {
    expect(ids(shown(known, "acked"))).toBe("taken");
  });

  it("shows everything, the finished last", () => {
    expect(ids(shown(known, "all"))).toBe("newer older returned low taken gone shelved");
  });

  it("takes a newer word about an alarm in its place, and a new alarm as well", () => {
    const more = learned(learned(known, alarm("low", { state: "acked" })), alarm("new"));
    expect([more.length, more[0]?.state]).toEqual([8, "acked"]);
  });
});

describe("the city's clock", () => {
  it("runs on at its own speed", () => {
    expect(cityTime({ city: 1000, wall: 0, speed: 60 }, 500)).toBe(31_000);
  });

  it("does not hop for a message that was a little late", () => {
    const anchor = { city: 0, wall: 0, speed: 1 };
    expect(corrected(anchor, { city: 9000, wall: 10_000, speed: 1 })).toBe(anchor);
  });

  it("follows when it is really off, or runs at another speed", () => {
    const anchor = { city: 0, wall: 0, speed: 1 };
    const off = { city: 60_000, wall: 10_000, speed: 1 };
    const faster = { city: 10_000, wall: 10_000, speed: 60 };
    expect([corrected(anchor, off), corrected(anchor, faster), corrected(null, off)]).toEqual([off, faster, off]);
  });

  it("tells an age in city time, and no age for what is not known", () => {
    const now = Date.parse("2026-11-21T13:00:30Z");
    expect([secondsSince("2026-11-21T13:00:00Z", now), secondsSince("2026-11-21T13:01:00Z", now)]).toEqual([30, 0]);
    expect([secondsSince(null, now), secondsSince("2026-11-21T13:00:00Z", null)]).toEqual([null, null]);
  });

  it.each([
    [null, 1, true],
    [10, 1, false],
    [121, 1, true],
    [121, 60, false],
    [1801, 60, true],
  ])("an age of %s s at speed %d is stale: %s", (age, speed, stale) => {
    expect(isStale(age, speed)).toBe(stale);
  });
});

function command(id: string, states: string[], issued = "2026-11-21T13:00:00Z"): Command {
  return {
    id,
    target: "HL-000001",
    action: { type: "resume" },
    state: states.at(-1),
    who: "huong",
    reason: null,
    issued_at: issued,
    expires_at: issued,
    history: states.map((state) => ({ state, at: issued })),
    actual_level: null,
    active_power: null,
    refusal: null,
    wanted_level: null,
    waited_s: null,
    detail: null,
  } as Command;
}

const last = (): string | undefined => lastCommands.get()["HL-000001"]?.state;

describe("the last command of a lamp", () => {
  it("moves on with every word of it, and never back", () => {
    learnCommand(command("a", ["requested", "sent"]));
    learnCommand(command("a", ["requested"]));
    expect(last()).toBe("sent");
    learnCommand(command("a", ["requested", "sent", "acknowledged"]));
    expect(last()).toBe("acknowledged");
  });

  it("gives way to a later command, not to an earlier one", () => {
    learnCommand(command("b", ["requested"], "2026-11-21T13:05:00Z"));
    learnCommand(command("a", ["requested", "sent", "acknowledged", "confirmed"]));
    expect(last()).toBe("requested");
  });

  it.each([
    ["requested", true],
    ["acknowledged", true],
    ["waiting", true],
    ["confirmed", false],
    ["failed", false],
    ["unknown", false],
  ])("%s is under way: %s", (state, open) => {
    expect(isUnderWay(command("c", [state]))).toBe(open);
  });
});

describe("live values", () => {
  const read = { at: "2026-11-21T13:00:00Z", values: { voltage: 230, active_power: 40 } };

  it("keep what a partial message does not mention", () => {
    const live = { at: "2026-11-21T13:00:05Z", values: { active_power: 28.4 } };
    expect(merged(read, live)).toEqual({ at: live.at, values: { voltage: 230, active_power: 28.4 } });
  });

  it("are not overwritten by an older answer", () => {
    const old = { at: "2026-11-21T12:00:00Z", values: { active_power: 1, ph: 7 } };
    expect(merged(read, old)).toEqual({ at: read.at, values: { voltage: 230, active_power: 40, ph: 7 } });
  });

  it("that are not available stay not available", () => {
    expect(merged(read, { at: "2026-11-21T13:00:05Z", values: { voltage: null } }).values["voltage"]).toBeNull();
  });
});

function overviewAt(second: number, power: number | null): Overview {
  return { at: new Date(second * 1000).toISOString(), power_kw: power, planned_power_kw: 10 } as Overview;
}

describe("the memory of the city's power", () => {
  const empty = { at: [], planned: [], measured: [] };

  it("holds what was seen, unknown as unknown", () => {
    const history = remembered(remembered(empty, overviewAt(100, 9.5)), overviewAt(102, null));
    expect(history).toEqual({ at: [100, 102], planned: [10, 10], measured: [9.5, null] });
  });

  it("does not hold a moment twice", () => {
    expect(remembered(remembered(empty, overviewAt(100, 9)), overviewAt(100, 8)).at).toEqual([100]);
  });

  it("gets coarse in the far past instead of growing without end", () => {
    let history = remembered(empty, overviewAt(1, 0));
    for (let second = 2; second <= 5000; second++) history = remembered(history, overviewAt(second, second));
    expect(history.at.length).toBeLessThanOrEqual(2000);
    expect([history.at[0], history.at.at(-1), history.measured.at(-1)]).toEqual([1, 5000, 5000]);
  });
});

describe("the pause before connecting again", () => {
  it("grows, ends at twenty seconds, and is never the same for all", () => {
    expect([0, 1, 2, 10].map((failures) => pause(failures, 1))).toEqual([500, 1000, 2000, 20_000]);
    expect(pause(10, 0)).toBe(10_000);
  });
});

describe("the address", () => {
  it.each([
    ["", "#/overview"],
    ["#/lamps", "#/lamps"],
    ["#/overview/lamp/HL-000001", "#/overview/lamp/HL-000001"],
    ["#/alarms/station/HL-AIR-01", "#/alarms/station/HL-AIR-01"],
    ["#/nowhere/else", "#/overview"],
    ["#/overview/lamp/", "#/overview"],
    ["#/overview/lamp/a%2Fb", "#/overview/lamp/a%2Fb"],
    ["#/overview/lamp/%E0%A4%A", "#/overview"],
  ])("%s leads to %s", (hash, href) => {
    expect(hrefOf(parseRoute(hash))).toBe(href);
  });
});

it("a right is had only by who is logged in with it", () => {
  const inside: Session = {
    state: "in",
    me: { username: "u", display_name: "U", role: "viewer", grants: [], sites: [], held_for: null, rights: ["view.city"], language: "vi" },
  };
  expect([may(inside, "view.city"), may(inside, "lamp.command"), may({ state: "out" }, "view.city")]).toEqual([true, false, false]);
});

it.each([
  [{ detail: { code: "wrong_credentials", message: "" } }, "wrong_credentials"],
  [{ detail: [{ loc: ["body"] }] }, "refused"],
  [null, "refused"],
])("the code of %o is %s", (body, code) => {
  expect(codeOf(body)).toBe(code);
});

describe("attendance", () => {
  it("knows after a minute without a touch that nobody is there", () => {
    touch();
    const now = performance.now();
    expect(isUnattended(now)).toBe(false);
    expect(isUnattended(now + 59_000)).toBe(false);
    expect(isUnattended(now + 61_000)).toBe(true);
  });
});

describe("one city of several", () => {
  it("is asked for beside whatever else is asked", () => {
    expect(narrowed("/api/v1/overview", "mongcai")).toBe("/api/v1/overview?site=mongcai");
    expect(narrowed("/api/v1/alarms?state=open", "mongcai")).toBe("/api/v1/alarms?state=open&site=mongcai");
  });

  it("is not asked for by who looks at all", () => {
    expect(narrowed("/api/v1/overview", null)).toBe("/api/v1/overview");
  });
});

function lackingProof(needs: string[]): Refused {
  return new Refused(409, "consent", { code: "consent", needs, lamps: 21 });
}

describe("a command that is one of many", () => {
  it("asks for what one person can give", () => {
    expect(lacking(lackingProof(["reason", "password"]))).toEqual({ needs: ["reason", "password"], lamps: 21 });
  });

  it("is refused where it takes a second person, or for another reason", () => {
    expect(lacking(lackingProof(["password", "second_person"]))).toBeNull();
    expect(lacking(new Refused(409, "decided"))).toBeNull();
    expect(lacking(new Error("away"))).toBeNull();
  });
});
