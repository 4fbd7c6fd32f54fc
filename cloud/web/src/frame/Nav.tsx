/** Only what exists. */
import type { Right } from "../api/types";
import { useLocale } from "../i18n/locale";
import { type View, hrefOf, route } from "../shared/route";
import { useStore } from "../shared/store";
import { alarms, isListed } from "../state/alarms";
import { may, session } from "../state/session";

const NEEDS: Record<View, Right> = {
  overview: "view.city",
  lamps: "view.telemetry",
  alarms: "view.alarms",
  audit: "view.audit",
};

const ENTRIES: readonly View[] = ["overview", "lamps", "alarms", "audit"];

export function mayView(current: ReturnType<typeof session.get>, view: View): boolean {
  return may(current, NEEDS[view]);
}

export function Nav() {
  const { t, f } = useLocale();
  const here = useStore(route);
  const current = useStore(session);
  const open = useStore(alarms).filter(isListed).length;
  return (
    <nav className="nav" aria-label={t("nav.label")}>
      <ul>
        {ENTRIES.filter((view) => mayView(current, view)).map((view) => (
          <li key={view}>
            <a href={hrefOf({ view, panel: null })} aria-current={here.view === view ? "page" : undefined}>
              {t(`nav.${view}`)}
              {view === "alarms" && open > 0 ? <span className="badge">{f.number(open)}</span> : null}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
