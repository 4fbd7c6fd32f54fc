/** What is on the planner's desk: the night, whose plan, the chosen group, and what the service says of it all. */
import { useState } from "react";
import { useStore } from "../shared/store";
import { may, session } from "../state/session";
import { type Editing, isChanged } from "./editor";
import { type Row, type Shown, rowsInForce, rowsOfDraft, skyOf } from "./rows";
import type { LightPlan, Night } from "./types";
import { useChecked, useDraftNight, useNightInForce } from "./useAnswers";

export type View = "draft" | "in_force";

export interface DeskProps {
  now: Editing;
  night: string;
  zone: string;
}

function rowsOf(plan: LightPlan | null, seen: Night | null, zone: string, shown: Shown | null): Row[] {
  if (seen === null) return [];
  return plan === null ? rowsInForce(seen) : rowsOfDraft(plan, seen, skyOf(seen, zone), shown);
}

function byGroup(seen: Night | null): ReadonlyMap<string, Row> | null {
  return seen === null ? null : new Map(rowsInForce(seen).map((row): [string, Row] => [row.id, row]));
}

function usePlanned({ now, night, zone }: DeskProps, isDraft: boolean, compares: boolean, shown: Shown | null) {
  const plan = now.history.present;
  const draft = useDraftNight(now.site, night, plan, isChanged(now));
  const release = now.base.in_force;
  const force = useNightInForce(now.site, night, release !== null && (compares || !isDraft) ? release.number : null);
  const { value: seen, problem } = isDraft ? draft : force;
  const drawn = { seen, problem, sky: seen === null ? null : skyOf(seen, zone) };
  if (!isDraft) return { ...drawn, rows: rowsOf(null, seen, zone, null), before: null };
  return { ...drawn, rows: rowsOf(plan, seen, zone, shown), before: compares ? byGroup(force.value) : null };
}

export function useDesk(props: DeskProps) {
  const { now, night } = props;
  const mayPlan = may(useStore(session), "light.plan");
  const [view, setView] = useState<View>(mayPlan || now.base.in_force === null ? "draft" : "in_force");
  const [compare, setCompare] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const [releases, setReleases] = useState(false);
  const [shown, setShown] = useState<(Shown & { night: string }) | null>(null);
  const planned = usePlanned(props, view === "draft", compare, shown?.night === night ? shown : null);
  const checked = useChecked(now.site, now.base, now.history.present);
  const choose = (group: string | null): void => {
    setChosen(group);
    setReleases(false);
    setShown(null);
  };
  const show = (group: string, programme: string): void => setShown({ group, programme, night });
  const showReleases = (open: boolean): void => {
    setChosen(null);
    setReleases(open);
  };
  return { ...planned, view, setView, compare, setCompare, chosen, choose, show, releases, showReleases, checked, mayEdit: mayPlan && view === "draft" };
}

export type Desk = ReturnType<typeof useDesk>;
