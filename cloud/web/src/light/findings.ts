/** Where a finding of the check belongs in the plan, and whether it keeps the plan from being saved. */
import { Refused } from "../api/errors";
import type { Finding, LightPlan, Path } from "./types";

const BELOW_CLASS = "below_class"; // stands at its group, and is about a step

export function isUnder(path: Path, prefix: Path): boolean {
  return prefix.every((part, index) => path[index] === part);
}

export function findingsUnder(findings: readonly Finding[], ...prefix: Path): Finding[] {
  return findings.filter((finding) => isUnder(finding.path, prefix));
}

function isAboutStep({ code, figures }: Finding, programme: string | undefined, step: number): boolean {
  return code === BELOW_CLASS && figures["programme"] === programme && figures["step"] === step + 1;
}

/** Of one step: what stands there, and roads that it leaves too dark. */
export function ofStep(findings: readonly Finding[], plan: LightPlan, programme: number, step: number): Finding[] {
  const id = plan.programmes[programme]?.id;
  return findings.filter((it) => isUnder(it.path, ["programmes", programme, "steps", step]) || isAboutStep(it, id, step));
}

export function ofProgrammeItself(findings: readonly Finding[], programme: number): Finding[] {
  return findingsUnder(findings, "programmes", programme).filter((it) => it.path[2] !== "steps" || it.path.length < 4);
}

function hasReason(finding: Finding, plan: LightPlan): boolean {
  const group = plan.groups.find((_, index) => isUnder(finding.path, ["groups", index]));
  return (group?.below_class_reason ?? "").trim() !== "";
}

/** What keeps a plan from being saved: what is refused, and what needs a reason and has none. */
export function stillOpen(findings: readonly Finding[], plan: LightPlan): Finding[] {
  return findings.filter((it) => it.severity === "refused" || !hasReason(it, plan));
}

/** What concerns a group: itself, its calendar, and the programmes that it may run. */
export function ofGroup(findings: readonly Finding[], plan: LightPlan, groupId: string): Finding[] {
  const at = plan.groups.findIndex((it) => it.id === groupId);
  const calendarAt = plan.calendars.findIndex((it) => it.id === plan.groups[at]?.calendar);
  const calendar = plan.calendars[calendarAt];
  const named = new Set(calendar === undefined ? [] : [calendar.programme, ...calendar.rules.map((rule) => rule.programme)]);
  const programmes = plan.programmes.flatMap((it, index) => (named.has(it.id) ? [index] : []));
  return [
    ...findingsUnder(findings, "groups", at),
    ...findingsUnder(findings, "calendars", calendarAt),
    ...programmes.flatMap((index) => findingsUnder(findings, "programmes", index)),
  ];
}

const BAD_PLAN = "bad_plan";

/** What the service names where it refuses a plan. */
export function findingsOf(error: unknown): Finding[] {
  return error instanceof Refused && error.code === BAD_PLAN ? (error.facts["findings"] as Finding[]) : [];
}

/** What a finding is about: its group, calendar or programme, and of a group the programme that is meant. */
export function namesOf(plan: LightPlan, { path: [kind, place], figures }: Finding): LightPlan["groups"][number]["name"][] {
  const parts = kind === "groups" || kind === "calendars" || kind === "programmes" ? plan[kind] : [];
  const about = typeof place === "number" ? parts[place] : undefined;
  const programme = kind === "groups" ? plan.programmes.find((it) => it.id === figures["programme"]) : undefined;
  return [about, programme].flatMap((it) => (it === undefined ? [] : [it.name]));
}
