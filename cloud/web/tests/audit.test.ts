import { describe, expect, it } from "vitest";
import { whatExactly } from "../src/audit/auditWords";
import "../src/i18n/people";
import { locale } from "../src/i18n/locale";

type Act = Parameters<typeof whatExactly>[1];
const AT = "2026-11-21T13:30:00Z";

describe("what exactly an act of the audit log was", () => {
  it.each<[string, Act["parameters"], string | null, string | null]>([
    ["an override", { command: "c1", type: "override", level: 30, until: "2026-11-21T15:32:02Z" }, "Đặt 30 % đến 22:32", "Set 30 % until 22:32"],
    [
      "an override past midnight in the city",
      { type: "override", level: 37.5, until: "2026-11-21T17:30:00Z" },
      "Đặt 37,5 % đến 22/11 00:30",
      "Set 37.5 % until 22/11 00:30",
    ],
    ["the way back", { command: "c1", type: "resume" }, "Trở về lịch", "Back to programme"],
    ["an acknowledgement", { alarm: "a1" }, null, null],
    ["an act without parameters", null, null, null],
  ])("%s", (_, parameters, inVietnamese, inEnglish) => {
    const told = (["vi", "en"] as const).map((language) => whatExactly(locale(language, "Asia/Ho_Chi_Minh"), { at: AT, parameters }));
    expect(told).toEqual([inVietnamese, inEnglish]);
  });
});

describe("what came of a document for an edge", () => {
  it.each(["put", "removed"])("%s is a word of the reader's language", (result) => {
    const said = (["vi", "en"] as const).map((language) => locale(language, "UTC").word("result", result));
    expect(new Set([result, ...said]).size).toBe(3);
  });
});
