/** Beside the calendar: the chosen group, or how plans are released. */
import { useStore } from "../shared/store";
import { city } from "../state/city";
import { GroupPanel, type Part } from "./GroupPanel";
import { ReleasesPanel } from "./ReleasesPanel";
import { groupOf } from "./edit";
import { type Editing, isChanged } from "./editor";
import type { Desk } from "./useDesk";

function byId<T extends { id: string }>(items: readonly T[] | undefined, id: string): T | null {
  return items?.find((it) => it.id === id) ?? null;
}

function partOf(now: Editing, desk: Desk, chosen: string): Omit<Part, "city"> | null {
  const plan = now.history.present;
  const [group, row, { sky }] = [groupOf(plan, chosen), byId(desk.rows, chosen), desk];
  if (group === undefined || row === null || sky === null) return null;
  return {
    site: now.site,
    plan,
    group,
    sky,
    night: byId(desk.seen?.groups, chosen),
    standing: byId(desk.checked.value?.groups, chosen),
    findings: desk.checked.value?.findings ?? [],
    programme: row.programme,
    onProgramme: (programme) => desk.show(chosen, programme),
    onGone: () => desk.choose(null),
    mayEdit: desk.mayEdit,
  };
}

export function Side({ now, desk, refresh }: { now: Editing; desk: Desk; refresh: () => Promise<void> }) {
  const place = useStore(city);
  const part = desk.chosen === null || desk.view === "in_force" ? null : partOf(now, desk, desk.chosen);
  if (part !== null) return <GroupPanel key={part.group.id} part={{ ...part, city: place }} onClose={() => desk.choose(null)} />;
  if (!desk.releases) return null;
  return <ReleasesPanel onClose={() => desk.showReleases(false)} site={now.site} draft={now.history.present} inForce={now.base.in_force} unsaved={isChanged(now)} onChanged={refresh} />;
}
