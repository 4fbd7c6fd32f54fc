/** What stands in a row of the calendar. */
import { type Point, type Sky, pointsOf, resolved } from "./curve";
import { calendarOf, programmeOf } from "./edit";
import type { GroupNight, LampGroup, LightPlan, Named, Night } from "./types";

export interface Row {
  id: string;
  name: Named;
  /** `null` while the service has not counted them. */
  lamps: number | null;
  roadClass: string | null;
  /** Whose curve is drawn. */
  programme: string;
  isException: boolean;
  exceptionName: Named | null;
  points: Point[];
  kwh: number | null;
  saving: number | null;
}

/** A programme that somebody looks at instead of the night's. */
export interface Shown {
  group: string;
  programme: string;
}

const millis = (at: string | null): number | null => (at === null ? null : Date.parse(at));

export function skyOf(night: Night, zone: string): Sky {
  const { sunset, civil_dusk, civil_dawn, sunrise } = night;
  const sun = { sunset: millis(sunset), civil_dusk: millis(civil_dusk), civil_dawn: millis(civil_dawn), sunrise: millis(sunrise) };
  return { night: night.night, zone, sun };
}

function ofNight(seen: GroupNight): Row {
  const { id, name, lamps, programme, kwh, saving } = seen;
  return { id, name, lamps, programme, kwh, saving, roadClass: seen.road_class, isException: seen.is_exception, exceptionName: seen.exception_name, points: pointsOf(seen.points) };
}

export function rowsInForce(night: Night): Row[] {
  return night.groups.map(ofNight);
}

function uncounted(group: LampGroup, plan: LightPlan): Row {
  const programme = calendarOf(plan, group.calendar)?.programme ?? "";
  const rest = { lamps: null, isException: false, exceptionName: null, points: [], kwh: null, saving: null };
  return { id: group.id, name: group.name, roadClass: group.road_class, programme, ...rest };
}

/** The draft as it is being written: curves at once, counts and energy as the service last gave them. */
export function rowsOfDraft(plan: LightPlan, night: Night, sky: Sky, shown: Shown | null): Row[] {
  const answered = new Map(night.groups.map((it) => [it.id, ofNight(it)]));
  return plan.groups.map((group) => {
    const row = answered.get(group.id) ?? uncounted(group, plan);
    const looked = shown?.group === group.id ? shown.programme : row.programme;
    const programme = programmeOf(plan, looked) ?? programmeOf(plan, row.programme);
    const own = { name: group.name, roadClass: group.road_class };
    return programme === undefined ? { ...row, ...own } : { ...row, ...own, programme: programme.id, points: resolved(programme, sky) };
  });
}
