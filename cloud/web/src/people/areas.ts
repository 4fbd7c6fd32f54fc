/** Areas as a tree, and who may do what in them. An area covers itself and everything inside it. */
import type { Area, Grant, Person } from "../api/types";

/** 0 for the province, 1 for a city, 2 for a ward. */
export function depth(path: string): number {
  return path.split("/").filter((part) => part !== "").length;
}

export function covers(outer: string, inner: string): boolean {
  return outer === "/" || inner === outer || inner.startsWith(`${outer}/`);
}

/** Province, then city by city with its wards, each by path: the order of a tree that is read downwards. */
export function asTree(areas: readonly Area[]): Area[] {
  return areas.toSorted((a, b) => a.path.localeCompare(b.path));
}

export interface Holder {
  person: Person;
  grant: Grant;
  /** Held here because it is held over a larger area. */
  inherited: boolean;
}

/** Who has something in an area: the grants over it first, then those over what lies around it. */
export function holders(people: readonly Person[], path: string): Holder[] {
  const all = people.flatMap((person) =>
    person.grants.filter((grant) => covers(grant.area, path)).map((grant) => ({ person, grant, inherited: grant.area !== path })),
  );
  return all.toSorted(
    (a, b) =>
      Number(a.inherited) - Number(b.inherited) ||
      depth(b.grant.area) - depth(a.grant.area) ||
      a.person.username.localeCompare(b.person.username),
  );
}

/** How many people have a grant over the area itself. */
export function countAt(people: readonly Person[], path: string): number {
  return people.filter((person) => person.grants.some((grant) => grant.area === path)).length;
}

/** The same grant twice says nothing more. */
export function withoutDoubles(grants: readonly Grant[]): Grant[] {
  return grants.filter((grant, index) => grants.findIndex((it) => it.role === grant.role && it.area === grant.area) === index);
}
