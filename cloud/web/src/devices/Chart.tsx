/** uPlot in our clothes: city time, the reader's number format, and a width that follows its place. */
import { useEffect, useRef } from "react";
import uPlot, { type AlignedData, type Axis, type Options, type Series } from "uplot";
import "uplot/dist/uPlot.min.css";
import { useLocale } from "../i18n/locale";
import type { Formats } from "../i18n/format";
import { colour } from "../map/palette";
import { useStore } from "../shared/store";
import { city } from "../state/city";

export interface Line {
  label: string;
  /** Name of a colour variable. */
  colour: string;
  unit?: string;
  dash?: number[];
  stepped?: boolean;
  /** The right axis, which is then a percentage from 0 to 100. */
  percent?: boolean;
}

export interface ChartProps {
  label: string;
  lines: readonly Line[];
  data: AlignedData;
  height: number;
  /** Seconds; the time axis is at least this long, with the newest at its right end. */
  atLeast: number;
  /** The value axis begins at 0, or fits what is measured. */
  fromZero?: boolean;
}

const HEADROOM = 0.08;
const SMALLEST_SPAN = 1;
const MINUTE_S = 60;
const FONT = '11px "Be Vietnam Pro"';

function axis(values: (value: number) => string, grid: boolean): Axis {
  return {
    stroke: colour("text-weak"),
    font: FONT,
    ticks: { show: false },
    grid: { show: grid, stroke: colour("line"), width: 1 },
    values: (_, splits) => splits.map(values),
  };
}

function seriesOf(line: Line, f: Formats): Series {
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  return {
    label: line.label,
    scale: line.percent ? "percent" : "y",
    stroke: colour(line.colour),
    width: line.dash ? 1.5 : 2,
    points: { show: false },
    spanGaps: false,
    value: (_, value) => `${f.exact(value)} ${line.unit ?? ""}`,
    ...(line.dash ? { dash: line.dash } : {}),
    ...(line.stepped && stepped ? { paths: stepped } : {}),
  };
}

/** Some air above, and below too where the axis does not stand on 0; uPlot gives `null` for no data at all. */
function valueRange(low: number | null, high: number | null, fromZero: boolean): [number, number] {
  const from = low ?? 0;
  const to = Math.max(high ?? 1, from + Number.EPSILON);
  const air = Math.max(to - (fromZero ? Math.min(0, from) : from), SMALLEST_SPAN) * HEADROOM;
  return fromZero ? [Math.min(0, from), to + air] : [from - air, to + air];
}

function scales({ fromZero = true, atLeast }: ChartProps): Options["scales"] {
  return {
    x: { time: true, range: (_, from, to) => [Math.min(from, to - atLeast), to] },
    y: { range: (_, low, high) => valueRange(low, high, fromZero) },
    percent: { range: [0, 100 * (1 + HEADROOM)] },
  };
}

function axes(lines: readonly Line[], f: Formats): Axis[] {
  const left = { ...axis((value) => f.number(value, 2), true), scale: "y", size: 52, space: 34 };
  const right = { ...axis((value) => `${f.number(value)} %`, false), scale: "percent", side: 1, size: 48, splits: () => [0, 50, 100] };
  const time: Axis = {
    ...axis(f.exact, true),
    space: 66,
    size: 26,
    // Without a measurement there is no time to tell: uPlot would begin in 1970.
    values: (plot, splits, _, __, step) => splits.map((at) => (plot.data[0].length === 0 ? "" : (step < MINUTE_S ? f.clock : f.time)(at * 1000))),
  };
  return lines.some((line) => line.percent) ? [time, left, right] : [time, left];
}

function optionsOf(props: ChartProps, width: number, f: Formats, timeZone: string): Options {
  return {
    width,
    height: props.height,
    padding: [10, props.lines.some((line) => line.percent) ? 8 : 26, 0, 0], // half of the newest time stands right of its place
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timeZone),
    cursor: { y: false, drag: { x: false, y: false } },
    legend: { show: false },
    scales: scales(props),
    axes: axes(props.lines, f),
    series: [{ value: (_, at) => f.clock(at * 1000) }, ...props.lines.map((line) => seriesOf(line, f))],
  };
}

export function Chart(props: ChartProps) {
  const { f, language } = useLocale();
  const timeZone = useStore(city)?.timezone ?? "UTC";
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { data, height, lines } = props;
  const names = lines.map((line) => line.label).join();
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const drawn = new uPlot(optionsOf(props, element.clientWidth, f, timeZone), data, element);
    plot.current = drawn;
    const resized = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      drawn.destroy();
    };
    // A new plot only for new lines or another language; new data is set below.
    // oxlint-disable-next-line react-hooks/exhaustive-deps react/exhaustive-effect-dependencies
  }, [names, language, timeZone, height]);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div ref={place} className="chart" role="img" aria-label={props.label} />;
}
