/** Which pages there are for whom. */
import type { Right } from "../api/types";
import type { View } from "../shared/route";
import { type Session, may } from "../state/session";

const NEEDS: Record<View, Right> = {
  overview: "view.city",
  lamps: "view.telemetry",
  light: "view.city",
  alarms: "view.alarms",
  overrides: "view.commands",
  people: "view.people",
  sessions: "session.end",
  areas: "view.people",
  tokens: "tokens.manage",
  audit: "view.audit",
  account: "session.own",
};

/** Side by side under one entry. */
export const PEOPLE_VIEWS = ["people", "areas", "sessions", "tokens"] as const satisfies readonly View[];

export function mayView(current: Session, view: View): boolean {
  return may(current, NEEDS[view]);
}

export function isAboutPeople(view: View): boolean {
  return PEOPLE_VIEWS.some((it) => it === view);
}
