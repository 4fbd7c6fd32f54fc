/** The one city that is planned or changed: the chosen one, else one of those that I see. */
import type { Me } from "../api/types";
import { useLocale } from "../i18n/locale";
import { createStore, useStore } from "../shared/store";
import { chosenSite } from "../state/site";

const siteHere = createStore<string | null>(null);

export function useOneSite(me: Me | null): string | null {
  const here = useStore(siteHere);
  return chosenSite() ?? here ?? me?.sites[0]?.id ?? null;
}

/** For who may see several cities and has chosen none. */
export function OneSiteChoice({ me, site }: { me: Me; site: string }) {
  const { t, name } = useLocale();
  if (me.sites.length < 2 || chosenSite() !== null) return null;
  return (
    <select aria-label={t("top.site")} value={site} onChange={(event) => siteHere.set(event.target.value)}>
      {me.sites.map((it) => (
        <option key={it.id} value={it.id}>
          {name(it.name)}
        </option>
      ))}
    </select>
  );
}
