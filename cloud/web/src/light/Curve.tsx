/** One group's night: its step curve over the sun's lines, and the grips by which it is drawn. */
import { useLocale } from "../i18n/locale";
import { type Axis, xOf } from "./axis";
import { type Frame, type Point, type Shape, type Sky, shapeOf } from "./curve";
import { minutesAt, timeOf } from "./localTime";
import { useDrag } from "./useDrag";
import type { SunEvent } from "./types";

export const ROW_HEIGHT = 66;
const BASE = 57;
const TOP = 17;
const NARROWEST = 22; // px of a step that has its level written on it
const GRIP = 14; // px

export interface Stage {
  axis: Axis;
  width: number;
  sky: Sky;
  /** UTC, ms; `null` when it lies outside. */
  now: number | null;
}

const EVENTS: readonly SunEvent[] = ["sunset", "civil_dusk", "civil_dawn", "sunrise"];

/** Whole hours, the sun and the present: the same lines in every row, so that they run through all. */
export function Lines({ stage, height }: { stage: Stage; height: number }) {
  const { axis, width, sky, now } = stage;
  const line = (key: string, at: number, kind: string) => {
    const x = xOf(axis, at, width);
    return <line key={key} className={kind} x1={x} x2={x} y1={0} y2={height} />;
  };
  return (
    <>
      {axis.ticks.map((at) => line(`h${at}`, at, "hour"))}
      {EVENTS.map((event) => (sky.sun[event] === null ? null : line(event, sky.sun[event], `sun-line ${event}`)))}
      {now === null ? null : line("now", now, "now-line")}
    </>
  );
}

function Levels({ shape }: { shape: Shape }) {
  const { f } = useLocale();
  const shown = shape.treads.filter((it) => it.level > 0 && it.x1 - it.x0 >= NARROWEST);
  return shown.map((it) => (
    <text key={it.step} className="level-label" x={(it.x0 + it.x1) / 2} y={it.y - 3.5}>
      {f.number(it.level, 1)}
    </text>
  ));
}

type Drawing = Pick<ReturnType<typeof useDrag>, "onGrip" | "onDouble">;

function Grips({ shape, width, onGrip, onDouble }: Drawing & { shape: Shape; width: number }) {
  const grips = shape.treads.map((it) => (
    <g key={it.step}>
      <rect className="grip level" data-grip="level" data-step={it.step} x={it.x0} width={Math.max(0, it.x1 - it.x0)} y={it.y - GRIP / 2} height={GRIP} onPointerDown={onGrip} />
      <rect className="grip time" data-grip="time" data-step={it.step} x={it.start - GRIP / 2} width={GRIP} y={4} height={ROW_HEIGHT - 8} onPointerDown={onGrip} />
    </g>
  ));
  return (
    <g onDoubleClick={onDouble}>
      <rect className="grip" width={width} height={ROW_HEIGHT} />
      {grips}
    </g>
  );
}

/** For ears: when which level begins. */
function useSaid(points: readonly Point[], zone: string): string {
  const { t, f } = useLocale();
  if (points.length === 0) return t("light.no_steps");
  return points.map((it) => t("light.step_said", { time: timeOf(minutesAt(it.at, zone)), level: f.number(it.level, 1) })).join(", ");
}

interface CurveProps {
  stage: Stage;
  points: readonly Point[];
  /** Drawn thin above it: what is in force. */
  before: readonly Point[] | null;
  isException: boolean;
  /** The programme that may be drawn here; `null` when it may only be looked at. */
  programme: string | null;
  onTouch: () => void;
}

export function Curve({ stage, points, before, isException, programme, onTouch }: CurveProps) {
  const said = useSaid(points, stage.sky.zone);
  const frame: Frame = { axis: stage.axis, width: stage.width, base: BASE, top: TOP };
  const shape = shapeOf(points, frame);
  const { onGrip, onDouble, told } = useDrag({ frame, sky: stage.sky, programme, onTouch });
  return (
    <svg className={isException ? "curve exception" : "curve"} width={stage.width} height={ROW_HEIGHT} role="img" aria-label={said}>
      <path className="curve-area" d={shape.area} />
      <Lines stage={stage} height={ROW_HEIGHT} />
      {before === null ? null : <path className="curve-before" d={shapeOf(before, frame).line} />}
      <path className="curve-line" d={shape.line} />
      <Levels shape={shape} />
      {programme === null ? null : <Grips shape={shape} width={stage.width} onGrip={onGrip} onDouble={onDouble} />}
      {told === null ? null : (
        <text className="drag-label" x={Math.max(48, Math.min(stage.width - 48, told.x))} y={ROW_HEIGHT - 14}>
          {told.text}
        </text>
      )}
    </svg>
  );
}
