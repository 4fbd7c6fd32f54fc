/** The strip under the map: the city's power, its air and water, its edges. */
import { useMemo } from "react";
import type { AlignedData } from "uplot";
import type { Edge, Overview, StationReading } from "../api/types";
import { Chart, type Line } from "../devices/Chart";
import { useLocale } from "../i18n/locale";
import { Age, useAge } from "../shared/Age";
import { Figure } from "../shared/Figure";
import { hrefOf, route } from "../shared/route";
import { useStore } from "../shared/store";
import { overview, powerHistory } from "../state/overview";

const CHART_HEIGHT = 132;
const FIRST_SPAN_S = 120;

function PowerChart() {
  const { t, f } = useLocale();
  const history = useStore(powerHistory);
  const data = useMemo((): AlignedData => [history.at, history.planned, history.measured], [history]);
  const lines: Line[] = [
    { label: t("strip.planned"), colour: "series-2", dash: [5, 4] },
    { label: t("strip.measured"), colour: "series-1" },
  ];
  const label = t("strip.power_summary", { measured: f.number(history.measured.at(-1), 1), planned: f.number(history.planned.at(-1), 1) });
  return (
    <section className="strip-part strip-power">
      <h2>
        {t("strip.power")} <small>{t("strip.power_key")}</small>
      </h2>
      <Chart label={label} lines={lines} data={data} height={CHART_HEIGHT} atLeast={FIRST_SPAN_S} />
    </section>
  );
}

/** Units of what the strip shows; the overview carries values alone (one unit a quantity in the whole system). */
const SHOWN: Record<string, readonly (readonly [quantity: string, unit: string])[]> = {
  air_station: [
    ["pm2_5", "ug/m3"],
    ["pm10", "ug/m3"],
    ["air_temperature", "degC"],
    ["noise", "dB"],
  ],
  water_station: [
    ["water_temperature", "degC"],
    ["ph", ""],
    ["dissolved_oxygen", "mg/L"],
    ["turbidity", "NTU"],
  ],
};

function StationFigures({ station }: { station: StationReading }) {
  const { word } = useLocale();
  const { stale } = useAge(station.at);
  return (
    <dl className={stale ? "stale" : ""}>
      {(SHOWN[station.kind] ?? []).map(([quantity, unit]) => (
        <div key={quantity}>
          <dt>{word("short", quantity)}</dt>
          <dd>
            <Figure value={station.values[quantity]} unit={unit} quantity={quantity} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function StationEntry({ station }: { station: StationReading }) {
  const { name } = useLocale();
  const here = useStore(route);
  return (
    <li>
      <p>
        <a href={hrefOf({ ...here, panel: { kind: "station", id: station.id } })}>{name(station.name)}</a>
        <Age at={station.at} />
      </p>
      <StationFigures station={station} />
    </li>
  );
}

function Stations({ seen }: { seen: Overview }) {
  const { t } = useLocale();
  return (
    <section className="strip-part strip-stations">
      <h2>{t("strip.environment")}</h2>
      {seen.environment.length === 0 ? <p className="empty">{t("strip.no_stations")}</p> : null}
      <ul>
        {seen.environment.map((station) => (
          <StationEntry key={station.id} station={station} />
        ))}
      </ul>
    </section>
  );
}

function EdgeRow({ edge }: { edge: Edge }) {
  const { t, word } = useLocale();
  return (
    <li className={`edge edge-${edge.state}`}>
      <span>{edge.id}</span> <span>{word("edge_state", edge.state)}</span>
      {edge.backlog ? <span className="weak"> {t("edges.backlog")}</span> : null}
      {edge.refused ? <span className="wrong"> {t("edges.refused", { reason: edge.refused })}</span> : null}
      <Age at={edge.last_batch_at} />
    </li>
  );
}

function Count({ label, value, of, wrong }: { label: string; value: number; of?: number; wrong?: boolean }) {
  const { f } = useLocale();
  return (
    <div className={wrong ? "wrong" : ""}>
      <dt>{label}</dt>
      <dd>{of === undefined ? f.number(value) : `${f.number(value)} / ${f.number(of)}`}</dd>
    </div>
  );
}

function Edges({ seen }: { seen: Overview }) {
  const { t } = useLocale();
  const { online, total, items } = seen.edges;
  const offline = items.filter((edge) => edge.state === "offline").length;
  return (
    <section className="strip-part strip-edges">
      <h2>{t("edges.title")}</h2>
      <dl>
        <Count label={t("edges.online")} value={online} of={total} />
        <Count label={t("edges.alone")} value={offline} wrong={offline > 0} />
        <Count label={t("edges.commands_open")} value={seen.commands.open} />
        <Count label={t("edges.commands_failed")} value={seen.commands.failed_1h} wrong={seen.commands.failed_1h > 0} />
      </dl>
      <details>
        <summary>{t("edges.each")}</summary>
        <ul className="edge-rows">
          {items.map((edge) => (
            <EdgeRow key={edge.id} edge={edge} />
          ))}
        </ul>
      </details>
    </section>
  );
}

export function Strip() {
  const seen = useStore(overview);
  return (
    <div className="strip">
      <PowerChart />
      {seen === null ? null : <Stations seen={seen} />}
      {seen === null ? null : <Edges seen={seen} />}
    </div>
  );
}
