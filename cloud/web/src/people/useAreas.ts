import { readAreas } from "../api/people";
import type { Area } from "../api/types";
import { useLocale } from "../i18n/locale";
import { useLoad } from "../shared/useLoad";
import { asTree } from "./areas";

const ask = () => readAreas().then(asTree);
const NONE: readonly Area[] = [];

/** The areas that I may see, as a tree read downwards; none while they are on their way. */
export function useAreas(): readonly Area[] {
  const { loaded } = useLoad(ask);
  return loaded.state === "here" ? loaded.value : NONE;
}

/** What an area is called; its path when it is not one of those that I see. */
export function useAreaName(areas: readonly Area[]): (path: string) => string {
  const { name } = useLocale();
  return (path) => {
    const found = areas.find((area) => area.path === path);
    return found === undefined ? path : name(found.name);
  };
}
