/** The light plan of a city: its nights as step curves, drawn, compared, approved and sent. */
import { useCallback } from "react";
import type { City, Me } from "../api/types";
import "../i18n/light";
import "../i18n/people";
import { useLocale } from "../i18n/locale";
import { OneSiteChoice, useOneSite } from "../frame/OneSite";
import { Loading, Problem } from "../shared/Problem";
import { createStore, useStore } from "../shared/store";
import { useLoad } from "../shared/useLoad";
import { city } from "../state/city";
import { now as cityNow } from "../state/clock";
import { session } from "../state/session";
import "../styles/people.css";
import "../styles/light.css";
import { NightPicker, useNightName } from "./NightPicker";
import { PlanDesk } from "./PlanDesk";
import { editing, openPlan } from "./editor";
import { nightOf } from "./localTime";

/** The night that is looked at; `null` is tonight. It outlives a look at another page. */
const lookedAt = createStore<string | null>(null);

function zoneOf(place: City, site: string): string {
  return place.sites.find((it) => it.id === site)?.timezone ?? place.timezone;
}

function Head({ me, site, night, tonight }: { me: Me; site: string; night: string; tonight: string }) {
  const { t } = useLocale();
  const nameOf = useNightName();
  return (
    <>
      <header>
        <h2 id="light-title">
          {t("light.title")} · {nameOf(night)}
        </h2>
        <OneSiteChoice me={me} site={site} />
        <NightPicker night={night} tonight={tonight} onNight={(chosen) => lookedAt.set(chosen === tonight ? null : chosen)} />
      </header>
    </>
  );
}

interface SitePlanProps {
  me: Me;
  site: string;
  zone: string;
  at: number;
}

function SitePlan({ me, site, zone, at }: SitePlanProps) {
  const open = useCallback(() => openPlan(me.username, site), [me.username, site]);
  const { loaded, again } = useLoad(open);
  const now = useStore(editing);
  const tonight = nightOf(at, zone);
  const night = useStore(lookedAt) ?? tonight;
  const isReady = now?.site === site && now.who === me.username;
  return (
    <section className="page light-plan" aria-labelledby="light-title">
      <Head me={me} site={site} night={night} tonight={tonight} />
      {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
      {isReady ? <PlanDesk now={now} night={night} zone={zone} refresh={open} /> : null}
      {!isReady && loaded.state === "loading" ? <Loading /> : null}
    </section>
  );
}

export default function LightPage() {
  const current = useStore(session);
  const me = current.state === "in" ? current.me : null;
  const [site, place, at] = [useOneSite(me), useStore(city), useStore(cityNow)];
  if (me === null || site === null || place === null || at === null) return <Loading />;
  return <SitePlan key={site} me={me} site={site} zone={zoneOf(place, site)} at={at} />;
}
