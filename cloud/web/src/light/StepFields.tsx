/** One step in exact values: everything that the mouse can do with it, and its limits. */
import { useLocale } from "../i18n/locale";
import { Choice } from "../shared/Field";
import { FindingList } from "./FindingList";
import { NumberField, TimeField } from "./fields";
import { retimed } from "./edit";
import type { Finding, Step, SunEvent } from "./types";

const EVENTS: readonly SunEvent[] = ["sunset", "civil_dusk", "civil_dawn", "sunrise"];
const FIXED = "fixed";
const LONGEST_RAMP_S = 3600;
const FURTHEST_MIN = 180;

interface StepFieldsProps {
  step: Step;
  number: number;
  /** "22:00" in the night that is looked at; `null` when the step does not come in it. */
  time: string | null;
  roadClass: string | null;
  findings: readonly Finding[];
  isOnly: boolean;
  onStep: (step: Step, about: string) => void;
  onRemove: () => void;
}

function Moment({ step, time, onStep }: Pick<StepFieldsProps, "step" | "time" | "onStep">) {
  const { t, word } = useLocale();
  const choose = (kind: string): void => {
    const event = EVENTS.find((it) => it === kind) ?? null;
    onStep(retimed(step, event, `${time ?? "22:00"}:00`), "kind");
  };
  return (
    <>
      <Choice name="kind" label={t("light.step_when")} value={step.sun ?? FIXED} onChange={(event) => choose(event.target.value)}>
        <option value={FIXED}>{t("light.step_at")}</option>
        {EVENTS.map((event) => (
          <option key={event} value={event}>
            {word("light.event", event)}
          </option>
        ))}
      </Choice>
      {step.sun === null ? (
        <TimeField name="at" label={t("light.step_time")} value={step.at} onTime={(at) => onStep({ ...step, at }, "at")} />
      ) : (
        <NumberField name="offset" label={t("light.step_offset")} value={step.offset_min} min={-FURTHEST_MIN} max={FURTHEST_MIN} onValue={(offset_min) => onStep({ ...step, offset_min }, "offset")} />
      )}
    </>
  );
}

function Limits({ step, onStep }: Pick<StepFieldsProps, "step" | "onStep">) {
  const { t } = useLocale();
  const limit = (which: "not_before" | "not_after") => (time: string | null): void => onStep({ ...step, [which]: time }, which);
  return (
    <>
      <TimeField name="not-before" label={t("light.step_not_before")} value={step.not_before} onTime={limit("not_before")} onNone={() => limit("not_before")(null)} />
      <TimeField name="not-after" label={t("light.step_not_after")} value={step.not_after} onTime={limit("not_after")} onNone={() => limit("not_after")(null)} />
    </>
  );
}

export function StepFields({ step, number, time, roadClass, findings, isOnly, onStep, onRemove }: StepFieldsProps) {
  const { t } = useLocale();
  const reached = roadClass === null ? [] : [t("light.class_reached", { roadClass })];
  return (
    <li>
      <fieldset className="plan-step" data-step={number - 1} data-wrong={findings.length > 0}>
        <legend>{[t("light.step_number", { n: number }), time ?? t("light.step_not_tonight"), ...reached].join(" · ")}</legend>
        <div className="step-fields">
          <Moment step={step} time={time} onStep={onStep} />
          <NumberField name="level" label={t("light.step_level")} value={step.level} min={0} max={100} step="any" onValue={(level) => onStep({ ...step, level }, "level")} />
          <NumberField name="ramp" label={t("light.step_ramp")} value={step.ramp_s} min={0} max={LONGEST_RAMP_S} onValue={(ramp_s) => onStep({ ...step, ramp_s }, "ramp")} />
          {step.sun === null ? null : <Limits step={step} onStep={onStep} />}
          <button type="button" className="step-remove" disabled={isOnly} aria-label={t("light.step_remove_one", { n: number })} onClick={onRemove}>
            {t("light.step_remove")}
          </button>
        </div>
        <FindingList findings={findings} />
      </fieldset>
    </li>
  );
}
