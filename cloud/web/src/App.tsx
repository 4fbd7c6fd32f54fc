/** The frame: who may in, what is open, and the two feeds while somebody is logged in. */
import { type ReactNode, Suspense, lazy, useEffect, useState } from "react";
import { whoAmI } from "./api/client";
import { Unreachable } from "./api/errors";
import type { Me } from "./api/types";
import { NewAlarm } from "./alarms/NewAlarm";
import { Confirmations } from "./confirm/Confirmations";
import { Nav } from "./frame/Nav";
import { AlarmColumn, OverviewPage } from "./frame/OverviewPage";
import { TopBar } from "./frame/TopBar";
import { mayView } from "./frame/views";
import { useLocale } from "./i18n/locale";
import { followEvents } from "./live/events";
import { followMap } from "./live/mapFeed";
import { LogInPage } from "./session/LogInPage";
import { doorAddress } from "./session/address";
import { Loading } from "./shared/Problem";
import { type Panel, type PanelKind, type View, followAddress, route } from "./shared/route";
import { Contained } from "./shared/Contained";
import { useStore } from "./shared/store";
import { city } from "./state/city";
import { startClock } from "./state/clock";
import { enter } from "./session/enter";
import { session, sessionEnded } from "./state/session";

// What is opened now and then comes when it is opened.
const AccountPage = lazy(() => import("./account/AccountPage"));
const AlarmsPage = lazy(() => import("./alarms/AlarmsPage"));
const AreasPage = lazy(() => import("./people/AreasPage"));
const AuditPage = lazy(() => import("./audit/AuditPage"));
const CabinetPanel = lazy(() => import("./devices/CabinetPanel"));
const ChoosePasswordPage = lazy(() => import("./session/ChoosePasswordPage"));
const GroupPanel = lazy(() => import("./group/GroupPanel"));
const LampPanel = lazy(() => import("./lamps/LampPanel"));
const LampsPage = lazy(() => import("./lamps/LampsPage"));
const LightPage = lazy(() => import("./light/LightPage"));
const OverridesPage = lazy(() => import("./overrides/OverridesPage"));
const PeoplePage = lazy(() => import("./people/PeoplePage"));
const ResetPage = lazy(() => import("./session/ResetPage"));
const SessionsPage = lazy(() => import("./people/SessionsPage"));
const StationPanel = lazy(() => import("./devices/StationPanel"));
const TakeFactorPage = lazy(() => import("./session/TakeFactorPage"));
const TokensPage = lazy(() => import("./people/TokensPage"));

const VIEWS: Record<View, () => ReactNode> = {
  overview: () => <OverviewPage />,
  lamps: () => <LampsPage />,
  light: () => <LightPage />,
  alarms: () => <AlarmsPage />,
  overrides: () => <OverridesPage />,
  people: () => <PeoplePage />,
  sessions: () => <SessionsPage />,
  areas: () => <AreasPage />,
  tokens: () => <TokensPage />,
  audit: () => <AuditPage />,
  account: () => <AccountPage />,
};

const PANELS: Record<PanelKind, (id: string) => ReactNode> = {
  lamp: (id) => <LampPanel id={id} />,
  station: (id) => <StationPanel id={id} />,
  cabinet: (id) => <CabinetPanel id={id} />,
  group: (id) => <GroupPanel id={id} />,
};

function OpenPanel({ panel }: { panel: Panel | null }) {
  if (panel === null) return null;
  return (
    <Contained key={`${panel.kind} ${panel.id}`}>
      <Suspense fallback={null}>{PANELS[panel.kind](panel.id)}</Suspense>
    </Contained>
  );
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
        <Contained key={shown}>
          <Suspense fallback={<Loading />}>{VIEWS[shown]()}</Suspense>
        </Contained>
      </main>
      <OpenPanel panel={panel} />
      {shown === "overview" ? <AlarmColumn /> : null}
      <NewAlarm />
      <Confirmations />
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

/** Something has to be done before anything else: see `held_for`. */
const HELD: Record<NonNullable<Me["held_for"]>, (me: Me) => ReactNode> = {
  password: (me) => <ChoosePasswordPage me={me} />,
  factor: (me) => <TakeFactorPage me={me} />,
};

function Inside({ me }: { me: Me }) {
  if (me.held_for === null) return <Console key={me.username} me={me} />;
  return <Suspense fallback={null}>{HELD[me.held_for](me)}</Suspense>;
}

export function App() {
  useEffect(followAddress, []);
  useEffect(askWho, []);
  const current = useStore(session);
  const [reset, setReset] = useState(doorAddress.reset);
  if (reset !== null) return <Suspense fallback={null}><ResetPage token={reset} onLeave={() => setReset(null)} /></Suspense>;
  if (current.state === "asking") return null;
  if (current.state === "away") return <Away />;
  return current.state === "out" ? <LogInPage /> : <Inside me={current.me} />;
}
