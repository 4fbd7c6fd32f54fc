/** One function for every question to the service; the rest of the console does not know addresses. */
import createClient from "openapi-fetch";
import { isUnattended } from "../state/attendance";
import { sessionEnded } from "../state/session";
import { chosenSite, narrowed } from "../state/site";
import { Refused, Unreachable, codeOf, factsOf } from "./errors";
import type { paths } from "./schema";

const UNAUTHORISED = 401;
const NOT_LOGGED_IN = "not_signed_in"; // the other 401 is a password or a code that is wrong
export const client = createClient<paths>({ baseUrl: "/" });
client.use({
  onRequest({ request }) {
    if (isUnattended()) request.headers.set("Haidang-Unattended", "1");
    return request;
  },
});

// Whoever looks at one city alone asks so in everything: lists, map and lamps' numbers belong together.
client.use({
  onRequest: ({ request }) =>
    request.method === "GET" ? new Request(narrowed(request.url, chosenSite()), request) : undefined,
});

type Outcome<Data> = { data?: Data; error?: unknown; response: Response };

async function outcome<Data>(call: Promise<Outcome<Data>>): Promise<Outcome<Data>> {
  try {
    return await call;
  } catch (error) {
    throw new Unreachable(error);
  }
}

export async function answer<Data>(call: Promise<Outcome<Data>>): Promise<Data> {
  const { data, error, response } = await outcome(call);
  if (response.ok) return data as Data;
  const code = codeOf(error);
  if (response.status === UNAUTHORISED && code === NOT_LOGGED_IN) sessionEnded();
  throw new Refused(response.status, code, factsOf(error));
}

export const logOut = () => answer(client.DELETE("/api/v1/session"));
export const whoAmI = () => answer(client.GET("/api/v1/session"));

export const readCity = () => answer(client.GET("/api/v1/city"));
export const readOverview = () => answer(client.GET("/api/v1/overview"));

export const readLuminaire = (luminaire_id: string) =>
  answer(client.GET("/api/v1/luminaires/{luminaire_id}", { params: { path: { luminaire_id } } }));
export const readLuminaireAt = (index: number) =>
  answer(client.GET("/api/v1/map/lamps/{index}", { params: { path: { index } } }));
export const searchLuminaires = (wanted: { search?: string; ward?: string; street?: string; cabinet?: string }, offset: number, limit: number) =>
  answer(client.GET("/api/v1/luminaires", { params: { query: { ...wanted, offset, limit } } }));

export const readLatest = (device_id: string) =>
  answer(client.GET("/api/v1/devices/{device_id}/latest", { params: { path: { device_id } } }));
export const readReadings = (device_id: string, quantity: string[]) =>
  answer(
    client.GET("/api/v1/devices/{device_id}/readings", { params: { path: { device_id }, query: { quantity } } }),
  );

export interface Override {
  target: string;
  level: number;
  minutes: number;
  reason: string | null;
  /** From `confirm`, where many lamps are commanded one by one. */
  confirmation?: string;
}

export const overrideLevel = ({ target, level, minutes, ...proof }: Override) =>
  answer(client.POST("/api/v1/commands", { body: { target, action: { type: "override", level, minutes }, ...proof } }));
export const resumeProgramme = (target: string) =>
  answer(client.POST("/api/v1/commands", { body: { target, action: { type: "resume" } } }));
export const readCommand = (command_id: string) =>
  answer(client.GET("/api/v1/commands/{command_id}", { params: { path: { command_id } } }));

export const readAlarms = (state: "open" | "all") =>
  answer(client.GET("/api/v1/alarms", { params: { query: { state } } }));
export const acknowledgeAlarm = (alarm_id: string) =>
  answer(client.POST("/api/v1/alarms/{alarm_id}/acknowledge", { params: { path: { alarm_id } }, body: {} }));

/** The whole map in one binary answer; the browser's cache and the ETag save the bytes when nothing has changed. */
export async function readLampSnapshot(): Promise<ArrayBuffer> {
  const { response } = await outcome(
    fetch(narrowed("/api/v1/map/lamps.bin", chosenSite()), { cache: "no-cache" }).then((it) => ({ response: it })),
  );
  if (response.status === UNAUTHORISED) sessionEnded();
  if (!response.ok) throw new Refused(response.status, "snapshot");
  return response.arrayBuffer();
}
