/** Drawing with the mouse: a step's edge moves its time, its tread its level, a double click puts another step. */
import { type MouseEvent, type PointerEvent, useRef, useState } from "react";
import { useLocale } from "../i18n/locale";
import { atX, xOf } from "./axis";
import { type Frame, type Sky, levelAt, resolved } from "./curve";
import { dragged, levelled, split } from "./drag";
import { changeProgramme, programmeOf } from "./edit";
import { edit, editing, settle } from "./editor";
import { minutesAt, timeOf } from "./localTime";

const DOUBLE_CLICK_MS = 300;

interface Drawn {
  frame: Frame;
  sky: Sky;
  programme: string | null;
  onTouch: () => void;
}

interface Told {
  x: number;
  text: string;
}

interface Pointed {
  clientX: number;
  clientY: number;
}

/** In the picture's own pixels. */
function placeIn(picture: Element, event: Pointed): { x: number; y: number } {
  const box = picture.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function currentPoint(programme: string, step: number, sky: Sky) {
  const plan = editing.get()?.history.present;
  const found = plan === undefined ? undefined : programmeOf(plan, programme);
  return found === undefined ? undefined : resolved(found, sky)[step];
}

function follow(grip: SVGRectElement, event: PointerEvent<SVGRectElement>, move: (event: globalThis.PointerEvent) => void, end: () => void): void {
  grip.setPointerCapture(event.pointerId);
  const stop = (): void => {
    grip.removeEventListener("pointermove", move);
    grip.removeEventListener("pointerup", stop);
    grip.removeEventListener("pointercancel", stop);
    end();
  };
  grip.addEventListener("pointermove", move);
  grip.addEventListener("pointerup", stop);
  grip.addEventListener("pointercancel", stop);
}

export function useDrag({ frame, sky, programme, onTouch }: Drawn) {
  const { f } = useLocale();
  const [told, setTold] = useState<Told | null>(null);
  const touched = useRef(false);
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);
  // The panel that opens makes the picture narrower: not before the second click of two has found its place.
  const choose = (afterMs: number): void => {
    clearTimeout(waiting.current);
    waiting.current = setTimeout(onTouch, afterMs);
  };
  const tell = (id: string, step: number): void => {
    const point = currentPoint(id, step, sky);
    if (point === undefined) return;
    setTold({ x: xOf(frame.axis, point.at, frame.width), text: `${timeOf(minutesAt(point.at, sky.zone))} · ${f.number(point.level, 1)} %` });
  };
  const onGrip = (event: PointerEvent<SVGRectElement>): void => {
    const grip = event.currentTarget;
    const [picture, kind, step] = [grip.ownerSVGElement, grip.dataset["grip"], Number(grip.dataset["step"])];
    if (picture === null || programme === null || event.button !== 0) return;
    event.preventDefault();
    touched.current = false;
    const move = (to: globalThis.PointerEvent): void => {
      const { x, y } = placeIn(picture, to);
      touched.current = true;
      edit(
        (plan) => changeProgramme(plan, programme, (it) => (kind === "time" ? dragged(it, step, atX(frame.axis, x, frame.width), sky) : levelled(it, step, levelAt(frame, y)))),
        `${kind} ${programme} ${step}`,
      );
      tell(programme, step);
    };
    const end = (): void => {
      settle();
      setTold(null);
      choose(touched.current ? 0 : DOUBLE_CLICK_MS);
    };
    follow(grip, event, move, end);
  };
  const onDouble = (event: MouseEvent<SVGGElement>): void => {
    const picture = event.currentTarget.ownerSVGElement;
    if (programme === null || picture === null) return;
    const { x } = placeIn(picture, event);
    choose(0);
    edit((plan) => changeProgramme(plan, programme, (it) => split(it, atX(frame.axis, x, frame.width), sky)));
  };
  return { onGrip, onDouble, told };
}
