/** The names of the streets that the map shows, by letters; none while they are on their way. */
import { useLoad } from "../shared/useLoad";
import { chosenSite, narrowed } from "../state/site";

interface Streets {
  features: readonly { properties: { layer: string; name_vi?: string } }[];
}

async function readStreets(): Promise<readonly string[]> {
  const answered = await fetch(narrowed("/api/v1/map/base.geojson", chosenSite()));
  const { features } = (await answered.json()) as Streets;
  const names = features.flatMap(({ properties }) => (properties.layer === "street" && properties.name_vi ? [properties.name_vi] : []));
  return [...new Set(names)].toSorted((a, b) => a.localeCompare(b, "vi"));
}

const NONE: readonly string[] = [];

export function useStreets(): readonly string[] {
  const { loaded } = useLoad(readStreets);
  return loaded.state === "here" ? loaded.value : NONE;
}
