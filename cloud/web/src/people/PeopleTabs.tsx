/** The pages about people, side by side; each is there for who has its right. */
import { useLocale } from "../i18n/locale";
import { hrefOf, route } from "../shared/route";
import { useStore } from "../shared/store";
import { session } from "../state/session";
import { PEOPLE_VIEWS, mayView } from "../frame/views";

export function PeopleTabs() {
  const { t } = useLocale();
  const here = useStore(route).view;
  const current = useStore(session);
  const views = PEOPLE_VIEWS.filter((view) => mayView(current, view));
  return (
    <nav className="tabs" aria-label={t("nav.people")}>
      {views.map((view) => (
        <a key={view} className="button" href={hrefOf({ view, panel: null })} aria-current={here === view ? "page" : undefined}>
          {t(`people_tab.${view}`)}
        </a>
      ))}
    </nav>
  );
}
