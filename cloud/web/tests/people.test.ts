import { describe, expect, it } from "vitest";
import { inZone, searchOf, sheetAddress } from "../src/audit/search";
import { proofKinds } from "../src/confirm/proofKinds";
import { asTree, countAt, covers, depth, holders, withoutDoubles } from "../src/people/areas";

const CITY = "Asia/Ho_Chi_Minh";

describe("a time that somebody writes in the city's time", () => {
  it.each([
    ["2026-11-22T10:00", CITY, "2026-11-22T03:00:00.000Z"],
    ["2026-11-22T00:30", CITY, "2026-11-21T17:30:00.000Z"],
    ["2026-11-22T10:00", "UTC", "2026-11-22T10:00:00.000Z"],
    ["2026-03-29T03:30", "Europe/Berlin", "2026-03-29T01:30:00.000Z"], // just after the clocks went forward
    ["2026-10-25T12:00", "Europe/Berlin", "2026-10-25T11:00:00.000Z"],
    ["", CITY, null],
    ["tomorrow", CITY, null],
  ])("%s in %s is %s", (local, zone, utc) => {
    expect(inZone(local, zone)).toBe(utc);
  });
});

function form(fields: Record<string, string>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
}

describe("what is looked for in the audit log", () => {
  it("is what was filled in", () => {
    expect(searchOf(form({ who: " lan ", act: "", target: "", result: "ok", text: "Tết", from: "", until: "" }), CITY)).toEqual({
      who: "lan",
      result: "ok",
      text: "Tết",
    });
  });

  it("ends after the minute that was written", () => {
    expect(searchOf(form({ from: "2026-11-22T10:00", until: "2026-11-22T10:00" }), CITY)).toEqual({
      from: "2026-11-22T03:00:00.000Z",
      until: "2026-11-22T03:01:00.000Z",
    });
  });

  it("is the same for the file", () => {
    expect([sheetAddress({}), sheetAddress({ who: "lan & minh" })]).toEqual(["/api/v1/audit.csv", "/api/v1/audit.csv?who=lan+%26+minh"]);
  });
});

describe("what somebody proves himself with once more", () => {
  const none = { totp_since: null, recovery_left: 0, passkeys: [] };
  const since = "2026-11-22T03:00:00Z";
  const key = { id: "k1", name: "desk", added_at: since, used_at: null };
  it.each([
    ["who has nothing else, the password", none, ["password"]],
    ["who has an authenticator, its code", { ...none, totp_since: since }, ["code"]],
    ["who has codes on paper too, one of both", { ...none, totp_since: since, recovery_left: 3 }, ["code", "recovery"]],
    ["who has only paper, the password", { ...none, recovery_left: 3 }, ["password"]],
    ["who has a passkey, that", { ...none, passkeys: [key], recovery_left: 1 }, ["passkey", "recovery"]],
    ["who has both, the code first", { ...none, totp_since: since, passkeys: [key] }, ["code", "passkey"]],
  ])("%s", (_, account, kinds) => {
    expect(proofKinds(account, true)).toEqual(kinds);
  });

  it("is no passkey where the browser has none, and never the password instead", () => {
    expect(proofKinds({ ...none, passkeys: [key], recovery_left: 1 }, false)).toEqual(["recovery"]);
  });
});

const name = { vi: "", en: "" };
const area = (path: string) => ({ path, name, kind: "ward" as const, lamps: 0 });
const person = (username: string, ...grants: [role: "viewer" | "operator", area: string][]) => ({
  username,
  display_name: username,
  email: null,
  language: "vi" as const,
  disabled: false,
  grants: grants.map(([role, where]) => ({ role, area: where })),
});

describe("areas", () => {
  const people = [person("an", ["viewer", "/"]), person("binh", ["operator", "/halong/W1"], ["viewer", "/halong"]), person("chi", ["viewer", "/mongcai"])];

  it.each([
    ["/", "/halong/W1", true],
    ["/halong", "/halong", true],
    ["/halong", "/halong/W1", true],
    ["/halong", "/halongbay/W1", false],
    ["/halong/W1", "/halong", false],
  ])("%s covers %s: %s", (outer, inner, does) => {
    expect(covers(outer, inner)).toBe(does);
  });

  it("are read downwards, city by city", () => {
    const paths = ["/mongcai", "/halong/W2", "/", "/halong", "/halong/W1"];
    expect(asTree(paths.map(area)).map(({ path }) => [path, depth(path)])).toEqual([
      ["/", 0],
      ["/halong", 1],
      ["/halong/W1", 2],
      ["/halong/W2", 2],
      ["/mongcai", 1],
    ]);
  });

  it("are held by who has a grant over them or over what lies around them, the nearest first", () => {
    expect(holders(people, "/halong/W1").map((held) => [held.person.username, held.grant.area, held.inherited])).toEqual([
      ["binh", "/halong/W1", false],
      ["binh", "/halong", true],
      ["an", "/", true],
    ]);
  });

  it("count who has a grant over them, not over what lies around them", () => {
    expect(["/", "/halong", "/halong/W1", "/halong/W2"].map((path) => countAt(people, path))).toEqual([1, 1, 1, 0]);
  });

  it("are granted once, however often somebody asks for the same", () => {
    const grant = { role: "viewer" as const, area: "/halong" };
    expect(withoutDoubles([grant, { ...grant, area: "/" }, { ...grant }])).toEqual([grant, { ...grant, area: "/" }]);
  });
});
