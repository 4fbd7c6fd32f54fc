/** Commands that wait for a second person, or were decided while this page was open. */
import { answer, client } from "../api/client";
import type { Consent } from "../api/types";
import { createStore } from "../shared/store";
import { may, session } from "./session";

export const consents = createStore<readonly Consent[]>([]);

/** `is_mine` is not said live: a message is for all who may decide. */
export function learnConsent(said: Consent, username: string): void {
  const told = { ...said, is_mine: said.who === username };
  consents.update((all) => [told, ...all.filter((it) => it.id !== said.id)]);
}

export function hearConsent(said: Consent): void {
  const current = session.get();
  if (current.state === "in") learnConsent(said, current.me.username);
}

export function waitsForMe(consent: Consent, cityNow: number | null): boolean {
  return consent.state === "waiting" && !consent.is_mine && (cityNow === null || Date.parse(consent.expires_at) > cityNow);
}

/** Only who may command is asked. */
export async function loadConsents(): Promise<void> {
  if (may(session.get(), "lamp.command")) consents.set(await answer(client.GET("/api/v1/consents")));
}
