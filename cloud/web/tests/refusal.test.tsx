import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { expect, it } from "vitest";
import { Refused } from "../src/api/errors";
import { chooseLanguage } from "../src/i18n/locale";
import "../src/i18n/light";
import { Refusal } from "../src/light/Refusal";
import { addGroup } from "../src/light/edit";

const { plan } = addGroup({ programmes: [], calendars: [], groups: [] }, { vi: "Phố", en: "Streets" }, "/halong");
const STEPS = [1, 2].map((step) => ({
  path: ["groups", 0, "below_class_reason"],
  code: "below_class",
  severity: "needs_reason",
  figures: { programme: plan.programmes[0]?.id, step, level: 45, lowest_level: 50, road_class: "M3", lowest_class: "M5" },
}));

it("names the group and each step of a release that is not sent, in both languages", () => {
  const root = document.createElement("div");
  const drawn = createRoot(root);
  for (const [language, group, step] of [["vi", "Phố", "Bước 2"], ["en", "Streets", "Step 2"]] as const) {
    chooseLanguage(language);
    flushSync(() => drawn.render(<Refusal error={new Refused(400, "bad_plan", { findings: STEPS })} plan={plan} />));
    expect([root.querySelectorAll("li").length, root.querySelectorAll(".finding-list").length]).toEqual([2, 1]);
    expect(root.textContent).toContain(group);
    expect(root.textContent).toContain(step);
  }
  drawn.unmount();
  chooseLanguage("vi");
});
