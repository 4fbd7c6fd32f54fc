/** Beside the calendar: the chosen group in exact values, for keyboard, screen reader and phone as well. */
import { useState } from "react";
import type { City } from "../api/types";
import { useLocale } from "../i18n/locale";
import { CalendarEditor } from "./CalendarEditor";
import { GroupEditor } from "./GroupEditor";
import { SIDE_TITLE, SideHead } from "./SideHead";
import { StepsEditor } from "./StepsEditor";
import type { Sky } from "./curve";
import type { Finding, GroupNight, GroupStanding, LampGroup, LightPlan } from "./types";

/** What the parts of the panel are about. */
export interface Part {
  site: string;
  plan: LightPlan;
  group: LampGroup;
  sky: Sky;
  /** What the service says of the group in this night. */
  night: GroupNight | null;
  standing: GroupStanding | null;
  findings: readonly Finding[];
  city: City | null;
  programme: string;
  onProgramme: (programme: string) => void;
  onGone: () => void;
  mayEdit: boolean;
}

const TABS = ["steps", "calendar", "group"] as const;
type Tab = (typeof TABS)[number];

const PARTS: Record<Tab, (part: Part) => React.ReactNode> = {
  steps: (part) => <StepsEditor part={part} />,
  calendar: (part) => <CalendarEditor part={part} />,
  group: (part) => <GroupEditor part={part} />,
};

export function GroupPanel({ part, onClose }: { part: Part; onClose: () => void }) {
  const { t, name } = useLocale();
  const [tab, setTab] = useState<Tab>("steps");
  return (
    <aside className="light-side" aria-labelledby={SIDE_TITLE} data-side="group">
      <SideHead title={name(part.group.name)} onClose={onClose} />
      <div className="tabs" role="group" aria-label={t("light.parts")}>
        {TABS.map((it) => (
          <button key={it} type="button" aria-pressed={it === tab} onClick={() => setTab(it)}>
            {t(`light.tab_${it}`)}
          </button>
        ))}
      </div>
      <fieldset className="editor" disabled={!part.mayEdit} aria-label={t(`light.tab_${tab}`)}>
        {PARTS[tab](part)}
      </fieldset>
    </aside>
  );
}
