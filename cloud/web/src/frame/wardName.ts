import type { City } from "../api/types";
import type { Language } from "../i18n/dictionary";

export function wardName(city: City | null, id: string, language: Language): string {
  return city?.wards.find((ward) => ward.id === id)?.name[language] ?? id;
}
