/** Questions at the door, and about one's own account. */
import { answer, client } from "./client";
import type { Language } from "../i18n/dictionary";
import type { Assertion, Attestation, Proof } from "./types";

export const readWays = () => answer(client.GET("/api/v1/session/ways"));
/** Who it is, or a ticket for the second step. */
export const logIn = (username: string, password: string) =>
  answer(client.POST("/api/v1/session", { body: { username, password } }));
export const giveCode = (ticket: string, code: string) =>
  answer(client.POST("/api/v1/session/factor", { body: { ticket, code } }));
export const askForPasskey = (ticket: string | null) =>
  answer(client.POST("/api/v1/session/passkey/options", { body: ticket === null ? {} : { ticket } }));
export const givePasskey = (ticket: string, credential: Assertion) =>
  answer(client.POST("/api/v1/session/passkey", { body: { ticket, credential } }));
export const askForReset = (username: string) => answer(client.POST("/api/v1/password-reset", { body: { username } }));
export const resetPassword = (token: string, password: string) =>
  answer(client.PUT("/api/v1/password-reset", { body: { token, new: password } }));
export const confirm = (proof: Proof) => answer(client.POST("/api/v1/session/confirm", { body: proof }));

export const changePassword = (current: string, chosen: string) =>
  answer(client.PUT("/api/v1/session/password", { body: { current, new: chosen } }));

export const readAccount = () => answer(client.GET("/api/v1/account"));
export const putLanguage = (language: Language) => answer(client.PUT("/api/v1/account/language", { body: { language } }));
export const startTotp = (confirmation: string) => answer(client.POST("/api/v1/account/totp", { body: { confirmation } }));
export const finishTotp = (code: string) => answer(client.PUT("/api/v1/account/totp", { body: { code } }));
export const endTotp = (confirmation: string) => answer(client.DELETE("/api/v1/account/totp", { body: { confirmation } }));
export const renewRecovery = (confirmation: string) =>
  answer(client.POST("/api/v1/account/recovery-codes", { body: { confirmation } }));
export const askForNewPasskey = (confirmation: string) =>
  answer(client.POST("/api/v1/account/passkeys/options", { body: { confirmation } }));
export const addPasskey = (ticket: string, name: string, credential: Attestation) =>
  answer(client.POST("/api/v1/account/passkeys", { body: { ticket, name, credential } }));
export const removePasskey = (passkey_id: string, confirmation: string) =>
  answer(client.DELETE("/api/v1/account/passkeys/{passkey_id}", { params: { path: { passkey_id } }, body: { confirmation } }));
export const endOwnSession = (session_id: string) =>
  answer(client.DELETE("/api/v1/account/sessions/{session_id}", { params: { path: { session_id } } }));
export const endOtherSessions = () => answer(client.DELETE("/api/v1/account/sessions"));
