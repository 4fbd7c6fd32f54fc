/** Changes to a light plan. Each gives a new plan; what it does not touch stays the same object. */
import type { Calendar, CalendarRule, LampGroup, LightPlan, Named, Programme, Step } from "./types";

const LONGEST_ID = 40;

function replaced<T extends { id: string }>(items: T[], id: string, change: (item: T) => T): T[] {
  return items.map((item) => (item.id === id ? change(item) : item));
}

export const programmeOf = (plan: LightPlan, id: string): Programme | undefined => plan.programmes.find((it) => it.id === id);
export const calendarOf = (plan: LightPlan, id: string): Calendar | undefined => plan.calendars.find((it) => it.id === id);
export const groupOf = (plan: LightPlan, id: string): LampGroup | undefined => plan.groups.find((it) => it.id === id);

/** `base`, or `base-2`, `base-3` … where it is taken. */
export function freshId(taken: readonly { id: string }[], base: string): string {
  const used = new Set(taken.map((it) => it.id));
  const stem = base.replace(/-\d+$/, "").slice(0, LONGEST_ID);
  let candidate = stem;
  for (let n = 2; used.has(candidate); n += 1) candidate = `${stem}-${n}`;
  return candidate;
}

// --- programmes and their steps ---

export function setProgramme(plan: LightPlan, programme: Programme): LightPlan {
  return { ...plan, programmes: replaced(plan.programmes, programme.id, () => programme) };
}

export function changeProgramme(plan: LightPlan, id: string, change: (programme: Programme) => Programme): LightPlan {
  return { ...plan, programmes: replaced(plan.programmes, id, change) };
}

export function setStep(plan: LightPlan, id: string, index: number, change: Partial<Step>): LightPlan {
  return changeProgramme(plan, id, (programme) => ({
    ...programme,
    steps: programme.steps.map((step, n) => (n === index ? { ...step, ...change } : step)),
  }));
}

export function removeStep(plan: LightPlan, id: string, index: number): LightPlan {
  return changeProgramme(plan, id, (programme) => ({ ...programme, steps: programme.steps.toSpliced(index, 1) }));
}

/** A step that follows the sun, or a local time: what belongs to the other goes. */
export function retimed(step: Step, to: Step["sun"], at: string): Step {
  const none = { offset_min: 0, not_before: null, not_after: null };
  return to === null ? { ...step, ...none, sun: null, at } : { ...step, sun: to, at: null };
}

/** Which programmes a calendar can name. */
export function programmesIn(calendar: Calendar): string[] {
  return [...new Set([calendar.programme, ...calendar.rules.map((rule) => rule.programme)])];
}

export function groupsWith(plan: LightPlan, programme: string): LampGroup[] {
  const calendars = new Set(plan.calendars.filter((it) => programmesIn(it).includes(programme)).map((it) => it.id));
  return plan.groups.filter((group) => calendars.has(group.calendar));
}

export function groupsUnder(plan: LightPlan, calendar: string): LampGroup[] {
  return plan.groups.filter((group) => group.calendar === calendar);
}

export function copyProgramme(plan: LightPlan, id: string, name: Named): { plan: LightPlan; id: string } {
  const source = programmeOf(plan, id);
  if (source === undefined) return { plan, id };
  const copy = { ...source, id: freshId(plan.programmes, id), name };
  return { plan: { ...plan, programmes: [...plan.programmes, copy] }, id: copy.id };
}

// --- calendars ---

export function changeCalendar(plan: LightPlan, id: string, change: (calendar: Calendar) => Calendar): LightPlan {
  return { ...plan, calendars: replaced(plan.calendars, id, change) };
}

export function changeRules(plan: LightPlan, id: string, change: (rules: CalendarRule[]) => CalendarRule[]): LightPlan {
  return changeCalendar(plan, id, (calendar) => ({ ...calendar, rules: change(calendar.rules) }));
}

export type RuleKind = "weekdays" | "dates" | "yearly" | "lunar";
export const RULE_KINDS = ["weekdays", "dates", "yearly", "lunar"] as const satisfies readonly RuleKind[];

export function kindOf(rule: CalendarRule): RuleKind {
  return RULE_KINDS.find((kind) => rule[kind] !== null) ?? "weekdays";
}

const SATURDAY_AND_SUNDAY = [6, 7];

/** The rule, saying in another way which nights: a beginning that is right in itself. */
export function rekinded(rule: CalendarRule, kind: RuleKind, night: string): CalendarRule {
  const [month = 1, day = 1] = night.split("-").slice(1).map(Number);
  const when: Pick<CalendarRule, RuleKind> = {
    weekdays: kind === "weekdays" ? SATURDAY_AND_SUNDAY : null,
    dates: kind === "dates" ? [night, night] : null,
    yearly: kind === "yearly" ? [{ month, day }, { month, day }] : null,
    lunar: kind === "lunar" ? { month: 1, day: 1 } : null,
  };
  const around = kind === "lunar" ? { days_before: 1, days_after: 3 } : { days_before: 0, days_after: 0 };
  return { ...rule, ...when, ...around };
}

export function movedItem<T>(items: readonly T[], index: number, by: -1 | 1): T[] {
  const [item, other] = [items[index], items[index + by]];
  if (item === undefined || other === undefined) return [...items];
  return items.with(index, other).with(index + by, item);
}

// --- groups ---

export function setGroup(plan: LightPlan, id: string, change: Partial<LampGroup>): LightPlan {
  return { ...plan, groups: replaced(plan.groups, id, (group) => ({ ...group, ...change })) };
}

export function moveGroup(plan: LightPlan, id: string, by: -1 | 1): LightPlan {
  return { ...plan, groups: movedItem(plan.groups, plan.groups.findIndex((it) => it.id === id), by) };
}

/** What no group needs goes with it: its calendar, and that calendar's programmes. */
export function removeGroup(plan: LightPlan, id: string): LightPlan {
  const groups = plan.groups.filter((it) => it.id !== id);
  return tidied({ ...plan, groups }, plan);
}

function tidied(plan: LightPlan, before: LightPlan): LightPlan {
  const wasUsed = usedIn(before);
  const used = usedIn(plan);
  const stays = (it: { id: string }, kind: "calendars" | "programmes"): boolean => used[kind].has(it.id) || !wasUsed[kind].has(it.id);
  return {
    ...plan,
    calendars: plan.calendars.filter((it) => stays(it, "calendars")),
    programmes: plan.programmes.filter((it) => stays(it, "programmes")),
  };
}

function usedIn(plan: LightPlan): Record<"calendars" | "programmes", Set<string>> {
  const calendars = new Set(plan.groups.map((group) => group.calendar));
  const inUse = plan.calendars.filter((it) => calendars.has(it.id));
  return { calendars, programmes: new Set(inUse.flatMap(programmesIn)) };
}

/** The group gets a calendar and a programme of its own in place of the shared `programme`. */
export function ownProgramme(plan: LightPlan, groupId: string, programme: string, name: Named): LightPlan {
  const group = groupOf(plan, groupId);
  const calendar = group === undefined ? undefined : calendarOf(plan, group.calendar);
  if (group === undefined || calendar === undefined) return plan;
  const copied = copyProgramme(plan, programme, name);
  const own = (id: string): string => (id === programme ? copied.id : id);
  const renamed = { ...calendar, programme: own(calendar.programme), rules: calendar.rules.map((rule) => ({ ...rule, programme: own(rule.programme) })) };
  if (groupsUnder(plan, calendar.id).length === 1) return changeCalendar(copied.plan, calendar.id, () => renamed);
  const id = freshId(plan.calendars, calendar.id);
  return setGroup({ ...copied.plan, calendars: [...plan.calendars, { ...renamed, id, name: group.name }] }, groupId, { calendar: id });
}

const NIGHT_LONG: Step[] = [
  { at: null, sun: "sunset", offset_min: 0, not_before: null, not_after: null, level: 100, ramp_s: 0 },
  { at: null, sun: "sunrise", offset_min: 0, not_before: null, not_after: null, level: 0, ramp_s: 0 },
];

/** A new group stands last, under a calendar of its own, lit from sunset to sunrise. */
export function addGroup(plan: LightPlan, name: Named, area: string): { plan: LightPlan; id: string } {
  const [id, calendar, programme] = [freshId(plan.groups, "group"), freshId(plan.calendars, "calendar"), freshId(plan.programmes, "programme")];
  const group: LampGroup = {
    id,
    name,
    rule: { lamps: null, area, street: null, road_class: null, use: null, polygon: null },
    calendar,
    road_class: null,
    lowest_class: null,
    below_class_reason: null,
    virtual_output: 100,
    constant_output: false,
    adaptations: [],
  };
  return {
    id,
    plan: {
      programmes: [...plan.programmes, { id: programme, name, steps: NIGHT_LONG }],
      calendars: [...plan.calendars, { id: calendar, name, programme, rules: [] }],
      groups: [...plan.groups, group],
    },
  };
}
