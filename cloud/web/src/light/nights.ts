/** Which nights people jump to. */
import tet from "./tet.json";

/** The first night of the Vietnamese lunar year that comes after `night`; `null` past the table (2099). */
export function nextTet(night: string): string | null {
  return tet.find((first) => first > night) ?? null;
}
