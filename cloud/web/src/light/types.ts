/** The light plan's words, as the service gives them. Levels are % of full light; local times are "22:00:00". */
import type { components } from "../api/schema";

/** What the service answers has every key: the schema lets those be left out that have a default. */
type Whole<T> = T extends [infer First, infer Second]
  ? [Whole<First>, Whole<Second>]
  : T extends (infer Item)[]
    ? Whole<Item>[]
    : T extends object
      ? { [Key in keyof T]-?: Whole<Exclude<T[Key], undefined>> }
      : T;
type Answered<Name extends keyof components["schemas"]> = Whole<components["schemas"][Name]>;

export type PlanSeen = Answered<"PlanOut">;
export type LightPlan = Answered<"LightPlan">;
export type Programme = Answered<"Programme">;
export type Step = Programme["steps"][number];
export type SunEvent = NonNullable<Step["sun"]>;
export type Named = Programme["name"];
export type Calendar = Answered<"Calendar">;
export type CalendarRule = Answered<"CalendarRule">;
export type YearDay = Answered<"YearDay">;
export type LampGroup = Answered<"LampGroup">;
export type LampRule = Answered<"LampRule">;

/** What `check` answers. */
export type Checked = Answered<"CheckOut">;
export type Finding = Checked["findings"][number];
export type Path = readonly (string | number)[];
export type GroupStanding = Checked["groups"][number];
export type EdgeStanding = GroupStanding["edges"][number];

export type Release = Answered<"ReleaseOut">;
export type ReleaseWithPlan = Answered<"ReleaseDetailOut">;

export type Night = Answered<"NightOut">;
export type GroupNight = Night["groups"][number];
export type CurvePoint = GroupNight["points"][number];
