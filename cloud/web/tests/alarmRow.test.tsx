import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { describe, expect, it } from "vitest";
import { AlarmRow } from "../src/alarms/AlarmRow";
import type { Alarm } from "../src/api/types";
import { chooseLanguage } from "../src/i18n/locale";

const both = (word: string) => ({ vi: `${word} vi`, en: `${word} en` });
const ALARM = {
  id: "1",
  source: "HL-000001",
  state: "unacked",
  priority: 3,
  title: both("out"),
  place: both("pole"),
  reason: both("dark"),
  advice: both("lift"),
  raised_at: "2026-11-22T13:20:41Z",
  acked_at: null,
  acked_by: null,
  returned_at: null,
} as unknown as Alarm;

describe("an alarm that nobody has chosen", () => {
  it("has what is broken, where, and what to bring: a phone shows all of it", () => {
    const list = document.createElement("ul");
    const root = createRoot(list);
    chooseLanguage("en");
    flushSync(() => root.render(<AlarmRow alarm={ALARM} chosen={false} onChoose={() => undefined} />));
    expect(list.querySelector(".alarm-title")?.textContent).toContain("out en");
    expect(list.querySelector(".alarm-place")?.textContent).toBe("pole en · dark en");
    expect(list.querySelector(".alarm-detail")?.textContent).toBe("lift en");
    root.unmount();
    chooseLanguage("vi");
  });
});
