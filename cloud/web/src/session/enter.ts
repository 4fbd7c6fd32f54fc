import type { Me } from "../api/types";
import { speakAccountLanguage } from "../i18n/locale";
import { session } from "../state/session";
import { keepSiteOf } from "../state/site";

/** The service knows us: speak the account's language and open the console. */
export function enter(me: Me): void {
  speakAccountLanguage(me.username, me.language);
  keepSiteOf(me);
  session.set({ state: "in", me });
}
