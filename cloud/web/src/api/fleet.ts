/** Questions about a city's inventory: taken out as files, changed by them, and its labels. */
import { Refused, Unreachable } from "./errors";
import { answer, client } from "./client";

const KINDS = { csv: "text/csv", json: "application/geo+json" } as const;

/** A table or outlines, as they are sent: bytes, for the service says what is wrong with them. */
export interface Sheet {
  name: string;
  kind: keyof typeof KINDS;
  body: Blob;
}

export interface Wish {
  dry_run: boolean;
  retire: boolean;
  new_segments: boolean;
}

function sent(site: string, { body, kind }: Sheet) {
  return {
    path: { path: { site } },
    as: { headers: { "Content-Type": KINDS[kind] }, body: "", bodySerializer: () => body },
  };
}

export const importLamps = (site: string, sheet: Sheet, query: Wish) => {
  const { path, as } = sent(site, sheet);
  return answer(client.POST("/api/v1/fleet/{site}/imports", { ...as, params: { ...path, query } }));
};
export const importAreas = (site: string, sheet: Sheet, dry_run: boolean) => {
  const { path, as } = sent(site, sheet);
  return answer(client.POST("/api/v1/fleet/{site}/areas", { ...as, params: { ...path, query: { dry_run } } }));
};
export const readTypes = (site: string) => answer(client.GET("/api/v1/fleet/{site}/types", { params: { path: { site } } }));

const address = (site: string, what: string): string => `/api/v1/fleet/${encodeURIComponent(site)}/${what}`;
export const tableAddress = (site: string, kind: "csv" | "geojson"): string => address(site, `luminaires.${kind}`);
export const cabinetLabels = (site: string, cabinet: string, page: number): string => address(site, `labels?cabinet=${encodeURIComponent(cabinet)}&page=${page}`);
export const lampLabels = (site: string, lamps: readonly string[]): string => address(site, `labels?lamps=${lamps.map(encodeURIComponent).join(",")}`);

/** How many sheets the labels of a cabinet take. */
export async function countSheets(site: string, cabinet: string): Promise<number> {
  const response = await fetch(cabinetLabels(site, cabinet, 1)).catch((error: unknown) => {
    throw new Unreachable(error);
  });
  if (!response.ok) throw new Refused(response.status, "labels");
  return Number(response.headers.get("Haidang-Pages") ?? 1);
}
