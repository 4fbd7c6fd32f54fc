/** Of several cities: all of them, or one. */
import type { Me } from "../api/types";
import { useLocale } from "../i18n/locale";
import { chooseSite, chosenSite } from "../state/site";

export function SiteSwitch({ me }: { me: Me }) {
  const { t, name } = useLocale();
  if (me.sites.length < 2) return null;
  return (
    <select
      className="site"
      aria-label={t("top.site")}
      value={chosenSite() ?? ""}
      onChange={(event) => chooseSite(event.target.value || null)}
    >
      <option value="">{t("top.all_sites")}</option>
      {me.sites.map((site) => (
        <option key={site.id} value={site.id}>
          {name(site.name)}
        </option>
      ))}
    </select>
  );
}
