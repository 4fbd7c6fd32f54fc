/** In what two plans differ, in the order in which a person reads them. */
import type { LightPlan, Named } from "./types";

export type Kind = "groups" | "calendars" | "programmes";
const KINDS = ["groups", "calendars", "programmes"] as const satisfies readonly Kind[];

export interface Difference {
  kind: Kind;
  id: string;
  name: Named;
  what: "added" | "removed" | "changed" | "moved";
  /** Of what changed: the fields. */
  fields: string[];
}

interface Item {
  id: string;
  name: Named;
}

/** Equal as JSON is: the order of keys does not count. */
export function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const [keys, others] = [Object.keys(one), Object.keys(other)];
  return (
    Array.isArray(one) === Array.isArray(other) &&
    keys.length === others.length &&
    keys.every((key) => Object.hasOwn(other, key) && same((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]))
  );
}

function lost(kind: Kind, was: Item[], is: Item[]): Difference[] {
  const kept = new Set(is.map((it) => it.id));
  return was.filter((it) => !kept.has(it.id)).map(({ id, name }) => ({ kind, id, name, what: "removed", fields: [] }));
}

function ofKind(kind: Kind, was: Item[], is: Item[]): Difference[] {
  const known = new Map(was.map((it) => [it.id, it]));
  return is.flatMap((it) => ofItem(kind, known.get(it.id), it)).concat(lost(kind, was, is));
}

function fieldsOf(before: Item, after: Item): string[] {
  return Object.keys(after).filter((key) => !same((before as unknown as Record<string, unknown>)[key], (after as unknown as Record<string, unknown>)[key]));
}

function ofItem(kind: Kind, before: Item | undefined, after: Item): Difference[] {
  const seen = { kind, id: after.id, name: after.name };
  if (before === undefined) return [{ ...seen, what: "added", fields: [] }];
  const fields = fieldsOf(before, after);
  return fields.length === 0 ? [] : [{ ...seen, what: "changed", fields }];
}

/** The order of groups is their priority. */
function moved(before: LightPlan, after: LightPlan): Difference[] {
  const [was, is] = [before.groups.map((it) => it.id), after.groups.map((it) => it.id)];
  const [stayed, kept] = [was.filter((id) => is.includes(id)), is.filter((id) => was.includes(id))];
  return after.groups
    .filter((group) => was.includes(group.id) && stayed.indexOf(group.id) !== kept.indexOf(group.id))
    .map(({ id, name }) => ({ kind: "groups", id, name, what: "moved", fields: [] }));
}

export function differences(before: LightPlan, after: LightPlan): Difference[] {
  return KINDS.flatMap((kind) => ofKind(kind, before[kind], after[kind])).concat(moved(before, after));
}
