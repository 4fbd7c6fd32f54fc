/** The service's JSON by the words we use; every one is taken from the generated schema, so a changed API does not compile. */
import type { paths } from "./schema";

type Json<Operation> = Operation extends { responses: { 200: { content: { "application/json": infer Body } } } }
  ? Body
  : never;
type Answer<Path extends keyof paths> = paths[Path] extends { get: infer Operation } ? Json<Operation> : never;

export type Me = Answer<"/api/v1/session">;
export type Right = Me["rights"][number];
export type City = Answer<"/api/v1/city">;
export type Overview = Answer<"/api/v1/overview">;
export type LuminairePage = Answer<"/api/v1/luminaires">;
export type Luminaire = LuminairePage["items"][number];
export type Command = Answer<"/api/v1/commands">[number];
export type Alarm = Answer<"/api/v1/alarms">[number];
export type GroupDetail = Answer<"/api/v1/commands/groups/{group_id}">;
export type NotConfirmed = GroupDetail["not_confirmed"][number];
export type Consent = Answer<"/api/v1/consents">[number];
export type Overrides = Answer<"/api/v1/overrides">;
export type OverrideLine = Overrides["items"][number];
export type AuditEntry = Answer<"/api/v1/audit">[number];
export type Person = Answer<"/api/v1/people">[number];
export type OpenSession = Answer<"/api/v1/sessions">[number];
export type Area = Answer<"/api/v1/areas">[number];
export type Token = Answer<"/api/v1/tokens">[number];
export type Ways = Answer<"/api/v1/session/ways">;
export type Account = Answer<"/api/v1/account">;

type Sent<Path extends keyof paths> = paths[Path] extends {
  post: { requestBody: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;
type Told<Path extends keyof paths, Status extends number> = paths[Path] extends { post: { responses: infer All } }
  ? All extends Record<Status, { content: { "application/json": infer Body } }>
    ? Body
    : never
  : never;

/** What is thought of for many lamps, and what is given to them. */
export type Thought = Sent<"/api/v1/commands/preview">;
export type Targets = Thought["targets"];
export type Action = Thought["action"];
export type GroupOrder = Sent<"/api/v1/commands/group">;
export type Preview = Told<"/api/v1/commands/preview", 200>;
export type HandOver = Sent<"/api/v1/overrides/handover">;
export type NewPerson = Sent<"/api/v1/people">;
export type Invited = Told<"/api/v1/people", 201>;
export type PasswordForOnce = Pick<Invited, "one_time_password" | "password_until">;
export type Grant = NewPerson["grants"][number];
export type Role = Grant["role"];
export type NewToken = Sent<"/api/v1/tokens">;
export type MadeToken = Told<"/api/v1/tokens", 201>;
/** What a log-in is answered with when a second step is needed. */
export type Ticket = Told<"/api/v1/session", 202>;
/** What a browser answers with a passkey, and what it made for a new one. */
export type Assertion = Sent<"/api/v1/session/passkey">["credential"];
export type Attestation = Sent<"/api/v1/account/passkeys">["credential"];
export type PasskeyAdded = Told<"/api/v1/account/passkeys", 201>;
export type TotpOffer = Told<"/api/v1/account/totp", 200>;
/** Who is logged in proves it once more. */
export type Proof = Sent<"/api/v1/session/confirm">;
export type Confirmation = Told<"/api/v1/session/confirm", 200>["confirmation"];

type Asked<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Query } } } ? Query : never;
export type AuditSearch = Omit<NonNullable<Asked<"/api/v1/audit">>, "limit" | "before">;
export type DeviceLatest = Answer<"/api/v1/devices/{device_id}/latest">;
export type Readings = Answer<"/api/v1/devices/{device_id}/readings">;

export type Edge = Overview["edges"]["items"][number];
export type Station = City["stations"][number];
export type Cabinet = City["cabinets"][number];
export type StationReading = Overview["environment"][number];
export type LiveReading = { device: string; at: string; values: Record<string, number | null> };

export type LiveMessage =
  | ({ type: "overview" } & Overview)
  | { type: "alarm"; alarm: Alarm }
  | { type: "command"; command: Command }
  | { type: "group"; group: string; states: Record<string, number> }
  | { type: "consent"; consent: Consent }
  | ({ type: "latest" } & LiveReading);
