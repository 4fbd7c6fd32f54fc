/** What the service says about the plan on the screen: asked again a little after the last change. */
import { useCallback, useEffect, useState } from "react";
import { askNight, checkPlan, readNight } from "../api/light";
import type { Checked, LightPlan, Night, PlanSeen } from "./types";

const QUIET_MS = 400;

/** `value`, once it has stood still for a moment. */
function useQuiet<T>(value: T): T {
  const [quiet, setQuiet] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setQuiet(value), QUIET_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return quiet;
}

type Ask<T> = () => Promise<T>;

export interface Answer<T> {
  value: T | null;
  problem: unknown;
  /** It answers what is asked now, not what was asked before. */
  isCurrent: boolean;
}

interface Kept<T> {
  ask: Ask<T> | null;
  value: T | null;
  problem: unknown;
}

/** The last answer stays while the next is on its way. */
function useAnswer<T>(ask: Ask<T>): Answer<T> {
  const [kept, setKept] = useState<Kept<T>>({ ask: null, value: null, problem: null });
  useEffect(() => {
    let wanted = true;
    const keep = (change: (before: Kept<T>) => Kept<T>): void => (wanted ? setKept(change) : undefined);
    ask().then(
      (value) => keep(() => ({ ask, value, problem: null })),
      (problem: unknown) => keep((before) => ({ ask, value: before.value, problem })),
    );
    return () => {
      wanted = false;
    };
  }, [ask]);
  return { value: kept.value, problem: kept.problem, isCurrent: kept.ask === ask && kept.problem === null };
}

function ofThisNight(answer: Answer<Night | null>, night: string): Answer<Night> {
  return { ...answer, value: answer.value?.night === night ? answer.value : null };
}

/** Of the draft as it stands here. As long as it is the saved one nothing is sent: that is for planners of this city. */
export function useDraftNight(site: string, night: string, plan: LightPlan, unsaved: boolean): Answer<Night> {
  const quiet = useQuiet(plan);
  const ask = useCallback(() => (unsaved ? askNight(site, night, quiet) : readNight(site, night, "draft")), [site, night, quiet, unsaved]);
  return ofThisNight(useAnswer(ask), night);
}

/** Of the release `number`; `null` asks nothing. */
export function useNightInForce(site: string, night: string, number: number | null): Answer<Night> {
  const ask = useCallback((): Promise<Night | null> => (number === null ? Promise.resolve(null) : readNight(site, night, "in_force")), [site, night, number]);
  return ofThisNight(useAnswer(ask), night);
}

export function useChecked(site: string, base: PlanSeen, plan: LightPlan): Answer<Checked> {
  const quiet = useQuiet(plan);
  const answer = useAnswer(useCallback((): Promise<Checked> => (quiet === base.plan ? Promise.resolve(base) : checkPlan(site, quiet)), [site, quiet, base]));
  return { ...answer, isCurrent: answer.isCurrent && quiet === plan };
}
