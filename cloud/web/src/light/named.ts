/** Names that the page gives, in both languages whichever is spoken. */
import { type TextKey, translate } from "../i18n/dictionary";
import type { Named } from "./types";

export function namedIn(key: TextKey): Named {
  return { vi: translate("vi", key), en: translate("en", key) };
}
