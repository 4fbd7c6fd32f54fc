import type { Alarm } from "../api/types";
import { useLocale } from "../i18n/locale";
import { Problem } from "../shared/Problem";
import { PrioritySymbol } from "../shared/Symbols";
import { useStore } from "../shared/store";
import { isListed, needsAcknowledging } from "../state/alarms";
import { now } from "../state/clock";
import { useAcknowledge } from "./useAcknowledge";

function AlarmDetail({ alarm }: { alarm: Alarm }) {
  const { t, f, name } = useLocale();
  return (
    <div className="alarm-detail">
      <p>{name(alarm.advice)}</p>
      {alarm.acked_by === null || alarm.acked_at === null ? null : (
        <p className="weak">{t("alarms.acked_by", { who: alarm.acked_by, time: f.time(alarm.acked_at) })}</p>
      )}
      {alarm.returned_at === null ? null : (
        <p className="weak">{t("alarms.returned_at", { time: f.time(alarm.returned_at) })}</p>
      )}
    </div>
  );
}

function AlarmActions({ alarm, onShow }: { alarm: Alarm; onShow: (() => void) | undefined }) {
  const { t } = useLocale();
  const { mayAcknowledge, acknowledge, problem } = useAcknowledge();
  return (
    <div className="alarm-actions">
      {mayAcknowledge && needsAcknowledging(alarm) ? (
        <button type="button" onClick={() => acknowledge(alarm.id)}>
          {t("alarms.acknowledge")}
        </button>
      ) : null}
      {onShow === undefined ? null : (
        <button type="button" onClick={onShow}>
          {t("alarms.show")}
        </button>
      )}
      {problem === null ? null : <Problem error={problem} />}
    </div>
  );
}

function look(alarm: Alarm): string {
  if (needsAcknowledging(alarm)) return "to-acknowledge";
  return isListed(alarm) ? "" : "cleared";
}

function AlarmLines({ alarm }: { alarm: Alarm }) {
  const { t, f, name, word } = useLocale();
  const cityNow = useStore(now) ?? alarm.raised_at;
  return (
    <>
      <PrioritySymbol priority={alarm.priority} label={t("alarms.priority", { priority: alarm.priority })} />
      <span className="alarm-title">
        {name(alarm.title)} <span className="weak">{alarm.source}</span>
      </span>
      <time dateTime={alarm.raised_at}>{f.moment(alarm.raised_at, cityNow)}</time>
      <span className="alarm-place">{[name(alarm.place), name(alarm.reason)].join(" · ")}</span>
      <span className="alarm-word">{word("priority", String(alarm.priority))}</span>
    </>
  );
}

interface AlarmRowProps {
  alarm: Alarm;
  chosen: boolean;
  /** Missing where the alarm's lamp is what we are looking at. */
  onChoose?: (alarm: Alarm) => void;
}

function isLoud(alarm: Alarm): boolean {
  return needsAcknowledging(alarm) && alarm.priority === 1;
}

export function AlarmRow({ alarm, chosen, onChoose }: AlarmRowProps) {
  const show = onChoose === undefined ? undefined : () => onChoose(alarm);
  return (
    <li className={`alarm ${look(alarm)}`} aria-current={chosen || undefined}>
      {show === undefined ? (
        <div className="alarm-main">
          <AlarmLines alarm={alarm} />
        </div>
      ) : (
        <button type="button" className="alarm-main" data-alarm={alarm.id} aria-expanded={chosen} onClick={show}>
          <AlarmLines alarm={alarm} />
        </button>
      )}
      <AlarmDetail alarm={alarm} />
      {chosen || isLoud(alarm) ? <AlarmActions alarm={alarm} onShow={show} /> : null}
    </li>
  );
}
