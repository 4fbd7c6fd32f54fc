/** The line above everything: is the city as planned, what is wrong, and how fresh is what we see. */
import type { ReactNode } from "react";
import { logOut } from "../api/client";
import type { Me, Overview } from "../api/types";
import { useLocale } from "../i18n/locale";
import type { LampState } from "../map/states";
import { useAge } from "../shared/Age";
import { Figure } from "../shared/Figure";
import { LampSymbol } from "../shared/Symbols";
import { hrefOf } from "../shared/route";
import { useStore } from "../shared/store";
import { city } from "../state/city";
import { now } from "../state/clock";
import { overview } from "../state/overview";
import { FeedState } from "./FeedState";
import { LanguageSwitch } from "./LanguageSwitch";
import { SiteSwitch } from "./SiteSwitch";

function TopFigure({ label, className = "", children }: { label: string; className?: string; children: ReactNode }) {
  return (
    <div className={`top-figure ${className}`}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Small cities burn single kilowatts: one decimal below a hundred. */
function kilowattDigits(kilowatts: number | null | undefined): number {
  return kilowatts !== null && kilowatts !== undefined && Math.abs(kilowatts) < 100 ? 1 : 0;
}

function Power({ seen }: { seen: Overview }) {
  const { t, f } = useLocale();
  const digits = kilowattDigits(seen.planned_power_kw ?? seen.power_kw);
  return (
    <TopFigure label={t("top.power")}>
      <Figure value={seen.power_kw} unit="kW" digits={digits} />
      <small className="weak"> {t("top.planned", { power: f.number(seen.planned_power_kw, digits) })}</small>
    </TopFigure>
  );
}

function Wrong({ state, label, count }: { state: LampState; label: string; count: number }) {
  return (
    <TopFigure label={label}>
      <LampSymbol state={state} />
      <Figure value={count} digits={0} />
    </TopFigure>
  );
}

function FineDust({ seen }: { seen: Overview }) {
  const { t, f } = useLocale();
  const air = seen.environment.find((station) => station.kind === "air_station");
  const { stale } = useAge(air?.at);
  if (air === undefined) return null;
  return (
    <TopFigure label={t("top.pm2_5")} className="top-dust">
      <span className={stale ? "stale" : ""}>
        <Figure value={air.values["pm2_5"]} unit="ug/m3" quantity="pm2_5" />
      </span>
      <small className="weak"> {t("top.measured_at", { time: f.time(air.at) })}</small>
    </TopFigure>
  );
}

function Figures({ seen }: { seen: Overview }) {
  const { t } = useLocale();
  return (
    <dl className="top-figures">
      <TopFigure label={t("top.as_planned")}>
        <Figure value={seen.as_planned_percent} unit="%" digits={1} />
      </TopFigure>
      <Power seen={seen} />
      <Wrong state="fault" label={t("top.faults")} count={seen.lamps.fault} />
      <Wrong state="no_contact" label={t("top.no_contact")} count={seen.lamps.no_contact} />
      <FineDust seen={seen} />
    </dl>
  );
}

/** The next of the two stands first: by day the sunset, by night the sunrise. */
function Sun({ seen }: { seen: Overview }) {
  const { t, f } = useLocale();
  const sunset = t("top.sunset", { time: f.time(seen.sun.sunset) });
  const sunrise = t("top.sunrise", { time: f.time(seen.sun.sunrise) });
  return <span className="sun weak">{(seen.sun_up ? [sunset, sunrise] : [sunrise, sunset]).join(" · ")}</span>;
}

function CityClock() {
  const { t, f } = useLocale();
  const at = useStore(now);
  const speed = useStore(overview)?.clock.speed ?? 1;
  return (
    <span className="city-clock">
      <time aria-label={t("top.city_time")} title={at === null ? undefined : f.dateTime(at)}>
        {f.clock(at)}
      </time>
      {speed === 1 ? null : <small title={t("top.speed_meaning")}>{t("top.speed", { speed: f.number(speed, 2) })}</small>}
    </span>
  );
}

/** A fresh page forgets everything that the last person saw. */
function leave(): void {
  logOut().finally(() => location.replace("/"));
}

function UserMenu({ me }: { me: Me }) {
  const { t, word } = useLocale();
  return (
    <details className="user-menu">
      <summary>{me.display_name}</summary>
      <div className="menu">
        <p>
          {me.username}
          <br />
          <span className="weak">{word("role", me.role)}</span>
        </p>
        <a className="button" href={hrefOf({ view: "account", panel: null })}>
          {t("top.account")}
        </a>
        <p className="weak">{t("top.keys")}</p>
        <button type="button" onClick={leave}>
          {t("top.log_out")}
        </button>
      </div>
    </details>
  );
}

export function TopBar({ me }: { me: Me }) {
  const { t, name } = useLocale();
  const place = useStore(city);
  const seen = useStore(overview);
  return (
    <header className="top-bar">
      <h1>{place === null ? t("app") : t("top.title", { city: name(place.name) })}</h1>
      <SiteSwitch me={me} />
      {seen === null ? null : <Figures seen={seen} />}
      <div className="top-right">
        {seen === null ? null : <Sun seen={seen} />}
        <CityClock />
        <FeedState />
        <LanguageSwitch />
        <UserMenu me={me} />
      </div>
    </header>
  );
}
