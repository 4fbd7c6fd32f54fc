/** A level for a while: every override has an end, and the button says which. */
import { type FormEvent, useState } from "react";
import { askConfirmation } from "../confirm/confirm";
import { useLocale } from "../i18n/locale";
import { LevelSlider } from "../shared/LevelSlider";
import { Problem } from "../shared/Problem";
import { useStore } from "../shared/store";
import { now } from "../state/clock";
import { type AskProof, isUnderWay, lastCommands, sendOverride } from "../state/commands";
import { may, session } from "../state/session";

const MINUTES = [30, 60, 120, 240] as const;
const DEFAULT_MINUTES = 120;
const MINUTE_MS = 60_000;

function DurationChoice({ minutes, onMinutes }: { minutes: number; onMinutes: (minutes: number) => void }) {
  const { t, f } = useLocale();
  return (
    <fieldset className="minutes">
      <legend>{t("control.duration")}</legend>
      {MINUTES.map((it) => (
        <label key={it}>
          <input type="radio" name="minutes" value={it} checked={minutes === it} onChange={() => onMinutes(it)} />
          <span>{it < 60 ? t("control.minutes", { m: it }) : t("control.hours", { h: f.number(it / 60) })}</span>
        </label>
      ))}
    </fieldset>
  );
}

function useOverride(target: string, level: number, minutes: number) {
  const { t } = useLocale();
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const ask: AskProof = (needs, lamps) =>
    askConfirmation({ title: t("control.title"), lines: [t("control.many", { n: lamps })], needs });
  const send = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get("reason") ?? "").trim() || null;
    setBusy(true);
    setProblem(null);
    sendOverride({ target, level, minutes, reason }, ask)
      .catch(setProblem)
      .finally(() => setBusy(false));
  };
  return { problem, busy, send };
}

interface DimControlProps {
  target: string;
  startLevel: number;
}

export function DimControl({ target, startLevel }: DimControlProps) {
  const { t, f } = useLocale();
  const [level, setLevel] = useState(startLevel);
  const [minutes, setMinutes] = useState<number>(DEFAULT_MINUTES);
  const { problem, busy, send } = useOverride(target, level, minutes);
  const last = useStore(lastCommands)[target];
  const cityNow = useStore(now);
  if (!may(useStore(session), "lamp.command")) return <p className="weak panel-part">{t("control.no_right")}</p>;
  const until = cityNow === null ? null : cityNow + minutes * MINUTE_MS;
  return (
    <form className="panel-part control" onSubmit={send} aria-label={t("control.title")}>
      <h3>{t("control.title")}</h3>
      <LevelSlider level={level} onLevel={setLevel} />
      <DurationChoice minutes={minutes} onMinutes={setMinutes} />
      <input name="reason" className="reason" maxLength={200} placeholder={t("control.reason")} aria-label={t("control.reason")} />
      <button type="submit" className="primary" disabled={busy || (last !== undefined && isUnderWay(last))}>
        {t("control.send", { level, time: f.time(until) })}
      </button>
      {problem === null ? null : <Problem error={problem} />}
    </form>
  );
}
