/** Questions about people, their sessions, areas, tokens and what they did. */
import { answer, client } from "./client";
import type { AuditSearch, Grant, NewPerson, NewToken } from "./types";

export const readPeople = () => answer(client.GET("/api/v1/people"));
export const invite = (body: NewPerson) => answer(client.POST("/api/v1/people", { body }));

const named = (username: string) => ({ params: { path: { username } } });

export const putGrants = (username: string, grants: Grant[]) =>
  answer(client.PUT("/api/v1/people/{username}/grants", { ...named(username), body: { grants } }));
export const putStanding = (username: string, disabled: boolean) =>
  answer(client.PUT("/api/v1/people/{username}/standing", { ...named(username), body: { disabled } }));
export const putEmail = (username: string, email: string | null) =>
  answer(client.PUT("/api/v1/people/{username}/email", { ...named(username), body: { email } }));
export const givePassword = (username: string) => answer(client.POST("/api/v1/people/{username}/password", named(username)));
export const forgetFactors = (username: string) =>
  answer(client.POST("/api/v1/people/{username}/factors/forget", named(username)));
export const endSessionsOf = (username: string) => answer(client.DELETE("/api/v1/people/{username}/sessions", named(username)));

export const readSessions = () => answer(client.GET("/api/v1/sessions"));
export const endSession = (session_id: string) =>
  answer(client.DELETE("/api/v1/sessions/{session_id}", { params: { path: { session_id } } }));

export const readAreas = () => answer(client.GET("/api/v1/areas"));

export const readTokens = () => answer(client.GET("/api/v1/tokens"));
export const makeToken = (body: NewToken) => answer(client.POST("/api/v1/tokens", { body }));
export const revokeToken = (token_id: string) =>
  answer(client.DELETE("/api/v1/tokens/{token_id}", { params: { path: { token_id } } }));

export const readAudit = (search: AuditSearch, limit: number, before: number | null) =>
  answer(client.GET("/api/v1/audit", { params: { query: { ...search, limit, ...(before === null ? {} : { before }) } } }));
