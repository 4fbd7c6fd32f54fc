/** Only what exists. */
import { useLocale } from "../i18n/locale";
import { type View, hrefOf, route } from "../shared/route";
import { useStore } from "../shared/store";
import { alarms, isListed } from "../state/alarms";
import { now } from "../state/clock";
import { consents, waitsForMe } from "../state/consents";
import { session } from "../state/session";
import { isAboutPeople, mayView } from "./views";

const ENTRIES = ["overview", "lamps", "light", "alarms", "overrides", "people", "audit"] as const satisfies readonly View[];

function isHere(entry: View, view: View): boolean {
  return entry === view || (entry === "people" && isAboutPeople(view));
}

/** Somebody waits for my consent, and not for long. */
function Waiting() {
  const { t, f } = useLocale();
  const cityNow = useStore(now);
  const waiting = useStore(consents).filter((consent) => waitsForMe(consent, cityNow)).length;
  if (waiting === 0) return null;
  return (
    <span className="badge" role="status" aria-label={t("nav.consents", { n: waiting })}>
      {f.number(waiting)}
    </span>
  );
}

/** On a phone the entries are wider than the screen: the one that is open comes into sight. */
function intoSight(entry: HTMLElement | null): void {
  entry?.scrollIntoView({ block: "nearest", inline: "nearest" });
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
            <a
              ref={isHere(view, here.view) ? intoSight : undefined}
              href={hrefOf({ view, panel: null })}
              aria-current={isHere(view, here.view) ? "page" : undefined}
            >
              {t(`nav.${view}`)}
              {view === "alarms" && open > 0 ? <span className="badge">{f.number(open)}</span> : null}
              {view === "overrides" ? <Waiting /> : null}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
