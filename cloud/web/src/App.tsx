/** The frame: who may in, what is open, and the two feeds while somebody is logged in. */
import { type ReactNode, useEffect } from "react";
import { whoAmI } from "./api/client";
import { Unreachable } from "./api/errors";
import type { Me } from "./api/types";
import { AlarmsPage } from "./alarms/AlarmsPage";
import { NewAlarm } from "./alarms/NewAlarm";
import { CabinetPanel } from "./devices/CabinetPanel";
import { StationPanel } from "./devices/StationPanel";
import { AuditPage } from "./frame/AuditPage";
import { Nav, mayView } from "./frame/Nav";
import { AlarmColumn, OverviewPage } from "./frame/OverviewPage";
import { TopBar } from "./frame/TopBar";
import { useLocale } from "./i18n/locale";
import { LampPanel } from "./lamps/LampPanel";
import { LampsPage } from "./lamps/LampsPage";
import { followEvents } from "./live/events";
import { followMap } from "./live/mapFeed";
import { LogInPage } from "./session/LogInPage";
import { type Panel, type PanelKind, type View, followAddress, route } from "./shared/route";
import { Contained } from "./shared/Contained";
import { useStore } from "./shared/store";
import { city } from "./state/city";
import { startClock } from "./state/clock";
import { enter } from "./session/enter";
import { session, sessionEnded } from "./state/session";

const VIEWS: Record<View, () => ReactNode> = {
  overview: () => <OverviewPage />,
  lamps: () => <LampsPage />,
  alarms: () => <AlarmsPage />,
  audit: () => <AuditPage />,
};

const PANELS: Record<PanelKind, (id: string) => ReactNode> = {
  lamp: (id) => <LampPanel id={id} />,
  station: (id) => <StationPanel id={id} />,
  cabinet: (id) => <CabinetPanel id={id} />,
};

function OpenPanel({ panel }: { panel: Panel | null }) {
  return panel === null ? null : <Contained key={`${panel.kind} ${panel.id}`}>{PANELS[panel.kind](panel.id)}</Contained>;
}

function useCity(): void {
  useEffect(() => {
    const clock = startClock();
    const map = followMap();
    const events = followEvents();
    return () => {
      clock();
      map();
      events();
    };
  }, []);
}

function Title() {
  const { t, name } = useLocale();
  const place = useStore(city);
  return <title>{place === null ? t("app") : `${t("top.title", { city: name(place.name) })} – ${t("app")}`}</title>;
}

function Console({ me }: { me: Me }) {
  useCity();
  const { view, panel } = useStore(route);
  const current = useStore(session);
  const shown = mayView(current, view) ? view : "overview";
  return (
    <div className={panel === null ? "console" : "console with-panel"} data-view={shown}>
      <Title />
      <TopBar me={me} />
      <Nav />
      <main className="main">
        <Contained key={shown}>{VIEWS[shown]()}</Contained>
      </main>
      <OpenPanel panel={panel} />
      {shown === "overview" ? <AlarmColumn /> : null}
      <NewAlarm />
    </div>
  );
}

const ASK_AGAIN_MS = 3000;

/** Ask who we are until the service answers: a page loaded while it restarts must not ask for a password. */
function askWho(): () => void {
  let again: ReturnType<typeof setTimeout> | undefined;
  const ask = (): void => {
    whoAmI().then(enter, (error: unknown) => {
      if (!(error instanceof Unreachable)) return sessionEnded();
      session.set({ state: "away" });
      again = setTimeout(ask, ASK_AGAIN_MS);
    });
  };
  ask();
  return () => clearTimeout(again);
}

function Away() {
  const { t } = useLocale();
  return (
    <main className="door">
      <p role="status">{t("problem.unreachable_waiting")}</p>
    </main>
  );
}

export function App() {
  useEffect(followAddress, []);
  useEffect(askWho, []);
  const current = useStore(session);
  if (current.state === "asking") return null;
  if (current.state === "away") return <Away />;
  return current.state === "out" ? <LogInPage /> : <Console key={current.me.username} me={current.me} />;
}
