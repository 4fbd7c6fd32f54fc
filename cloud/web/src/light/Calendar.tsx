/** The calendar: a row a group, the night from left to right, energy at the right. */
import { type RefObject, useEffect, useRef, useState } from "react";
import { useLocale } from "../i18n/locale";
import { axisOf, labelEvery, xOf } from "./axis";
import type { Point, Sky } from "./curve";
import { Curve, Lines, type Stage } from "./Curve";
import { same } from "./differences";
import { type Label, inLanes } from "./labels";
import { minutesAt, timeOf } from "./localTime";
import type { Row } from "./rows";

const HEAD_HEIGHT = 24;
const LANE_HEIGHT = 18;
const NARROWEST_PX = 240;

function useWidth(): [RefObject<HTMLDivElement | null>, number] {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return [ref, Math.max(NARROWEST_PX, width)];
}

function Hours({ stage }: { stage: Stage }) {
  const { axis, width, sky } = stage;
  const every = labelEvery(axis, width);
  const labelled = axis.ticks.filter((at) => (minutesAt(at, sky.zone) / 60) % every === 0);
  return (
    <svg className="axis" width={width} height={HEAD_HEIGHT} aria-hidden="true">
      {labelled.map((at) => (
        <text key={at} x={Math.max(18, Math.min(width - 18, xOf(axis, at, width)))} y={14}>
          {timeOf(minutesAt(at, sky.zone))}
        </text>
      ))}
    </svg>
  );
}

/** What the lines mean, under them. */
function useFootLabels({ axis, width, sky, now }: Stage): Label[] {
  const { t } = useLocale();
  const at = (key: string, moment: number | null, text: (time: string) => string): Label[] =>
    moment === null ? [] : [{ key, x: xOf(axis, moment, width), text: text(timeOf(minutesAt(moment, sky.zone))) }];
  return [
    ...at("sunset", sky.sun.sunset, (time) => t("light.sunset", { time })),
    ...at("sunrise", sky.sun.sunrise, (time) => t("light.sunrise", { time })),
    ...at("now", now, (time) => t("light.now", { time })),
    ...at("civil_dusk", sky.sun.civil_dusk, (time) => t("light.civil_dusk", { time })),
    ...at("civil_dawn", sky.sun.civil_dawn, (time) => t("light.civil_dawn", { time })),
  ];
}

function Foot({ stage }: { stage: Stage }) {
  const placed = inLanes(useFootLabels(stage), stage.width);
  const lanes = Math.max(1, ...placed.map((it) => it.lane + 1));
  return (
    <svg className="axis foot" width={stage.width} height={lanes * LANE_HEIGHT + 6} role="img" aria-label={placed.map((it) => it.text).join(", ")}>
      <Lines stage={{ ...stage, axis: { ...stage.axis, ticks: [] } }} height={4} />
      {placed.map((it) => (
        <text key={it.key} className={`label-${it.key}`} x={it.middle} y={(it.lane + 1) * LANE_HEIGHT}>
          {it.text}
        </text>
      ))}
    </svg>
  );
}

/** "−31 %": less than full light from sunset to sunrise; a plus where it is more. */
function useSaving(): (saving: number | null) => string {
  const { t, f } = useLocale();
  return (saving) => {
    if (saving === null) return t("light.saving_unknown");
    const percent = Math.round(saving * 100);
    return t(percent > 0 ? "light.saving_less" : percent < 0 ? "light.saving_more" : "light.saving_none", { percent: f.number(Math.abs(percent)) });
  };
}

const LEAST_KWH = 0.05; // less is written as nothing

function kwhDigits(kwh: number | null): number {
  return kwh !== null && Math.abs(kwh) < 100 ? 1 : 0;
}

/** More than what is in force takes, or less. */
function More({ more }: { more: number | null }) {
  const { t, f } = useLocale();
  if (more === null || Math.abs(more) < LEAST_KWH) return null;
  return <small className="weak">{t(more > 0 ? "light.more_kwh" : "light.less_kwh", { kwh: f.number(Math.abs(more), kwhDigits(more)) })}</small>;
}

function difference(row: Row, before: Row | null): number | null {
  return row.kwh === null || before === null || before.kwh === null ? null : row.kwh - before.kwh;
}

function Energy({ row, before }: { row: Row; before: Row | null }) {
  const { t, f } = useLocale();
  const saving = useSaving();
  return (
    <p className="row-energy">
      <data value={row.saving ?? ""}>{t("light.energy", { saving: saving(row.saving), kwh: f.number(row.kwh, kwhDigits(row.kwh)) })}</data>
      <More more={difference(row, before)} />
    </p>
  );
}

function sum(rows: Iterable<Row>): number | null {
  let kwh = 0;
  for (const row of rows) {
    if (row.kwh === null) return null;
    kwh += row.kwh;
  }
  return kwh;
}

/** Of all groups together. */
function Total({ rows, before }: Pick<CalendarProps, "rows" | "before">) {
  const { t, f } = useLocale();
  const [kwh, was] = [sum(rows), before === null ? null : sum(before.values())];
  if (rows.length === 0) return null;
  return (
    <p className="row-energy">
      {t("light.total", { kwh: f.number(kwh, kwhDigits(kwh)) })}
      <More more={kwh === null || was === null ? null : kwh - was} />
    </p>
  );
}

function RowFacts({ row, wrong }: { row: Row; wrong: number }) {
  const { t, f, name } = useLocale();
  const facts = [t("light.lamps", { n: f.number(row.lamps) }), ...(row.roadClass === null ? [] : [row.roadClass])];
  return (
    <>
      <strong>{name(row.name)}</strong>
      <small className="weak">{facts.join(" · ")}</small>
      {row.isException ? <small className="exception-name">{row.exceptionName === null ? t("light.exception") : name(row.exceptionName)}</small> : null}
      {wrong === 0 ? null : <small className="row-wrong">{t("light.findings_count", { n: f.number(wrong) })}</small>}
    </>
  );
}

interface RowHeadProps {
  row: Row;
  chosen: boolean;
  wrong: number;
  onChoose: (() => void) | null;
}

function RowHead({ row, chosen, wrong, onChoose }: RowHeadProps) {
  const facts = <RowFacts row={row} wrong={wrong} />;
  if (onChoose === null) return <div className="row-head">{facts}</div>;
  return (
    <button type="button" className="row-head" aria-pressed={chosen} onClick={onChoose}>
      {facts}
    </button>
  );
}

export interface CalendarProps {
  rows: readonly Row[];
  /** In force now, by group; drawn over the rows when they are compared. */
  before: ReadonlyMap<string, Row> | null;
  sky: Sky;
  now: number | null;
  chosen: string | null;
  /** Of a draft a row can be opened, by who may edit and by who may not. */
  isDraft: boolean;
  mayEdit: boolean;
  wrong: (group: string) => number;
  onChoose: (group: string) => void;
}

function useStage({ rows, before, sky, now }: CalendarProps, width: number): Stage {
  const lit = [...rows, ...(before?.values() ?? [])].flatMap((row) => row.points.map((it) => it.at));
  const sun = Object.values(sky.sun).filter((at) => at !== null);
  const axis = axisOf(sky.night, sky.zone, [...lit, ...sun]);
  return { axis, width, sky, now: now !== null && now > axis.from && now < axis.until ? now : null };
}

/** Nothing is drawn where nothing differs. */
function beforeOf(row: Row, before: ReadonlyMap<string, Row> | null): Point[] | null {
  const points = before?.get(row.id)?.points ?? null;
  return points === null || same(points, row.points) ? null : points;
}

export function Calendar(props: CalendarProps) {
  const { t } = useLocale();
  const [ref, width] = useWidth();
  const stage = useStage(props, width);
  const { rows, before, chosen, isDraft, mayEdit, wrong, onChoose } = props;
  return (
    <section className="calendar" aria-label={t("light.calendar")}>
      <div className="calendar-head">
        <div ref={ref} className="calendar-measure">
          <Hours stage={stage} />
        </div>
      </div>
      <ul>
        {rows.map((row) => (
          <li key={row.id} className="calendar-row" data-group={row.id} data-chosen={row.id === chosen}>
            <RowHead row={row} chosen={row.id === chosen} wrong={wrong(row.id)} onChoose={isDraft ? () => onChoose(row.id) : null} />
            <div className="row-curve">
              <Curve
                stage={stage}
                points={row.points}
                before={beforeOf(row, before)}
                isException={row.isException}
                programme={mayEdit ? row.programme : null}
                onTouch={() => (row.id === chosen ? undefined : onChoose(row.id))}
              />
            </div>
            <Energy row={row} before={before?.get(row.id) ?? null} />
          </li>
        ))}
      </ul>
      <div className="calendar-head">
        <div className="calendar-measure">
          <Foot stage={stage} />
        </div>
        <Total rows={rows} before={before} />
      </div>
    </section>
  );
}
