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
export type AuditEntry = Answer<"/api/v1/audit">[number];
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
  | ({ type: "latest" } & LiveReading);
