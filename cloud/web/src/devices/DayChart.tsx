/** The last 24 hours of a device, and on from there as it speaks. */
import { useCallback, useEffect, useMemo, useState } from "react";
import type { AlignedData } from "uplot";
import { readReadings } from "../api/client";
import { measured } from "../i18n/digits";
import { useLocale } from "../i18n/locale";
import { written } from "../i18n/units";
import { Loading, Problem } from "../shared/Problem";
import { useLoad } from "../shared/useLoad";
import { latest, watch } from "../state/latest";
import { Chart, type Line } from "./Chart";
import { type Columns, columnsOf, followed, joined, spanOf, withHoles } from "./columns";

const HEIGHT = 170;
const SHORTEST_S = 600;
const COLOURS = ["series-1", "series-2", "series-3"] as const;
const NOTHING: Columns = { at: [], values: [] };

/** What the device has said since the chart was opened. */
function useTail(device: string, names: string): Columns {
  const [tail, setTail] = useState<Columns>({ at: [], values: names.split(",").map(() => []) });
  useEffect(() => watch(device), [device]);
  useEffect(() => {
    const take = (): void => {
      const live = latest.get()[device];
      if (live === undefined) return;
      const row = names.split(",").map((name) => live.values[name] ?? null);
      setTail((all) => followed(all, Math.floor(Date.parse(live.at) / 1000), row));
    };
    return latest.subscribe(take);
  }, [device, names]);
  return tail;
}

function useDay(device: string, quantities: readonly string[]) {
  const names = quantities.join();
  const { loaded, again } = useLoad(useCallback(() => readReadings(device, names.split(",")), [device, names]));
  const tail = useTail(device, names);
  const columns = useMemo(
    () => (loaded.state === "here" ? joined(columnsOf(loaded.value, names.split(",")), tail) : NOTHING),
    [loaded, names, tail],
  );
  return { loaded, again, columns };
}

function useLines(quantities: readonly string[], units: Record<string, string>): Line[] {
  const { word } = useLocale();
  return quantities.map((name, index) => ({
    label: word("quantity", name),
    colour: COLOURS[index] ?? "series-3",
    unit: written(units[name]),
    stepped: true,
    ...(name.endsWith("_level") ? { percent: true, dash: [5, 3] } : {}),
  }));
}

function useSummary(quantities: readonly string[], lines: readonly Line[], columns: Columns): string {
  const { t, f } = useLocale();
  const parts = lines.map(({ label, unit }, index) => {
    const told = (value: number): string => measured(f, quantities[index] ?? "", value);
    const span = spanOf(columns.values[index] ?? []);
    if (span === null) return t("chart.nothing", { name: label });
    return t("chart.span", { name: label, low: told(span.low), high: told(span.high), last: told(span.last), unit: unit ?? "" });
  });
  return parts.join("; ");
}

function Key({ lines }: { lines: readonly Line[] }) {
  return (
    <figcaption className="chart-key">
      {lines.map((line, index) => (
        <span key={line.label} className={`key-${index + 1}`}>
          {line.label}
          {line.unit ? <small> {line.unit}</small> : null}
        </span>
      ))}
    </figcaption>
  );
}

interface DayChartProps {
  device: string;
  quantities: readonly string[];
  fromZero?: boolean;
}

export function DayChart({ device, quantities, fromZero = true }: DayChartProps) {
  const { t } = useLocale();
  const { loaded, again, columns } = useDay(device, quantities);
  const lines = useLines(quantities, loaded.state === "here" ? loaded.value.units : {});
  const summary = useSummary(quantities, lines, columns);
  const data = useMemo((): AlignedData => {
    const shown = withHoles(columns);
    return [shown.at, ...shown.values];
  }, [columns]);
  return (
    <figure className="panel-part day-chart">
      <h3>{t("chart.day")}</h3>
      {loaded.state === "loading" ? <Loading /> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
      {loaded.state === "here" && columns.at.length === 0 ? <p className="empty">{t("chart.empty")}</p> : null}
      {columns.at.length > 0 ? (
        <>
          <Key lines={lines} />
          <Chart label={summary} lines={lines} data={data} height={HEIGHT} atLeast={SHORTEST_S} fromZero={fromZero} />
        </>
      ) : null}
    </figure>
  );
}
