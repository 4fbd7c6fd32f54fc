/** Who is logged in, as far as this page knows. */
import type { Me, Right } from "../api/types";
import { createStore } from "../shared/store";

export type Session = { state: "asking" } | { state: "away" } | { state: "out" } | { state: "in"; me: Me };

export const session = createStore<Session>({ state: "asking" });

export function may(current: Session, right: Right): boolean {
  return current.state === "in" && current.me.rights.includes(right);
}

/** The service does not know us (any more): back to the log-in page. */
export function sessionEnded(): void {
  session.set({ state: "out" });
}
