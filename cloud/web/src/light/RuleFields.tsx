/** One rule of a calendar: which nights, and what they have instead. */
import { useLocale } from "../i18n/locale";
import { Choice, Field } from "../shared/Field";
import { ProgrammeSelect } from "./CalendarEditor";
import { FindingList } from "./FindingList";
import { RULE_KINDS, kindOf, rekinded } from "./edit";
import { NameFields, NumberField } from "./fields";
import { namedIn } from "./named";
import type { CalendarRule, Finding, LightPlan, YearDay } from "./types";

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const;
const MOST_DAYS_AROUND = 30;

interface ChangeProps {
  rule: CalendarRule;
  onRule: (rule: CalendarRule, about: string | null) => void;
}

function Weekdays({ rule, days, onRule }: ChangeProps & { days: readonly number[] }) {
  const { t, word } = useLocale();
  const toggle = (day: number): void => {
    const chosen = days.includes(day) ? days.filter((it) => it !== day) : [...days, day].toSorted((a, b) => a - b);
    if (chosen.length > 0) onRule({ ...rule, weekdays: chosen }, null);
  };
  return (
    <fieldset className="weekdays">
      <legend>{t("light.rule_weekdays")}</legend>
      {WEEKDAYS.map((day) => (
        <label key={day}>
          <input type="checkbox" checked={days.includes(day)} onChange={() => toggle(day)} /> {word("light.short_weekday", String(day))}
        </label>
      ))}
    </fieldset>
  );
}

function Dates({ rule, dates: [first, last], onRule }: ChangeProps & { dates: [string, string] }) {
  const { t } = useLocale();
  const set = (from: string, until: string): void => {
    if (from !== "" && until !== "") onRule({ ...rule, dates: [from, until < from ? from : until] }, "dates");
  };
  return (
    <div className="field-pair">
      <Field name="first" type="date" label={t("light.rule_first")} value={first} required onChange={(event) => set(event.target.value, last)} />
      <Field name="last" type="date" label={t("light.rule_last")} value={last} min={first} required onChange={(event) => set(first, event.target.value)} />
    </div>
  );
}

interface DayOfYearProps {
  name: string;
  day: YearDay;
  lastDay: number;
  labels: { day: string; month: string };
  onDay: (day: YearDay) => void;
}

function DayOfYear({ name, day, lastDay, labels, onDay }: DayOfYearProps) {
  return (
    <>
      <NumberField name={`${name}-day`} label={labels.day} value={day.day} min={1} max={lastDay} onValue={(it) => onDay({ ...day, day: it })} />
      <NumberField name={`${name}-month`} label={labels.month} value={day.month} min={1} max={12} onValue={(it) => onDay({ ...day, month: it })} />
    </>
  );
}

function Yearly({ rule, days: [first, last], onRule }: ChangeProps & { days: [YearDay, YearDay] }) {
  const { t } = useLocale();
  return (
    <div className="step-fields">
      <DayOfYear name="first" day={first} lastDay={31} labels={{ day: t("light.rule_first_day"), month: t("light.rule_month") }} onDay={(day) => onRule({ ...rule, yearly: [day, last] }, "yearly")} />
      <DayOfYear name="last" day={last} lastDay={31} labels={{ day: t("light.rule_last_day"), month: t("light.rule_month") }} onDay={(day) => onRule({ ...rule, yearly: [first, day] }, "yearly")} />
    </div>
  );
}

function Lunar({ rule, day, onRule }: ChangeProps & { day: YearDay }) {
  const { t } = useLocale();
  const around = { min: 0, max: MOST_DAYS_AROUND };
  return (
    <div className="step-fields">
      <DayOfYear name="lunar" day={day} lastDay={30} labels={{ day: t("light.rule_lunar_day"), month: t("light.rule_lunar_month") }} onDay={(it) => onRule({ ...rule, lunar: it }, "lunar")} />
      <NumberField name="before" label={t("light.rule_before")} value={rule.days_before} {...around} onValue={(days_before) => onRule({ ...rule, days_before }, "before")} />
      <NumberField name="after" label={t("light.rule_after")} value={rule.days_after} {...around} onValue={(days_after) => onRule({ ...rule, days_after }, "after")} />
    </div>
  );
}

function When({ rule, onRule }: ChangeProps) {
  if (rule.weekdays !== null) return <Weekdays rule={rule} days={rule.weekdays} onRule={onRule} />;
  if (rule.dates !== null) return <Dates rule={rule} dates={rule.dates} onRule={onRule} />;
  if (rule.yearly !== null) return <Yearly rule={rule} days={rule.yearly} onRule={onRule} />;
  return rule.lunar === null ? null : <Lunar rule={rule} day={rule.lunar} onRule={onRule} />;
}

interface RuleFieldsProps extends ChangeProps {
  number: number;
  last: number;
  plan: LightPlan;
  night: string;
  findings: readonly Finding[];
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}

function RuleActs({ number, last, onMove, onRemove }: Pick<RuleFieldsProps, "number" | "last" | "onMove" | "onRemove">) {
  const { t } = useLocale();
  return (
    <div className="acts">
      <button type="button" disabled={number === 1} aria-label={t("light.rule_up_one", { n: number })} onClick={() => onMove(-1)}>
        {t("light.up")}
      </button>
      <button type="button" disabled={number === last} aria-label={t("light.rule_down_one", { n: number })} onClick={() => onMove(1)}>
        {t("light.down")}
      </button>
      <button type="button" aria-label={t("light.rule_remove_one", { n: number })} onClick={onRemove}>
        {t("light.step_remove")}
      </button>
    </div>
  );
}

export function RuleFields({ rule, number, last, plan, night, findings, onRule, onMove, onRemove }: RuleFieldsProps) {
  const { t, word, name } = useLocale();
  return (
    <li>
      <fieldset className="plan-step" data-rule={number - 1} data-wrong={findings.length > 0}>
        <legend>{rule.name === null ? t("light.rule_number", { n: number }) : name(rule.name)}</legend>
        <Choice name="kind" label={t("light.rule_kind")} value={kindOf(rule)} onChange={(event) => onRule(rekinded(rule, RULE_KINDS.find((it) => it === event.target.value) ?? "dates", night), null)}>
          {RULE_KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {word("light.rule_kind", kind)}
            </option>
          ))}
        </Choice>
        <When rule={rule} onRule={onRule} />
        <NameFields named={rule.name ?? namedIn("light.new_exception")} onName={(named) => onRule({ ...rule, name: named }, "rule name")} />
        <ProgrammeSelect plan={plan} label={t("light.programme")} value={rule.programme} onProgramme={(programme) => onRule({ ...rule, programme }, null)} />
        <RuleActs number={number} last={last} onMove={onMove} onRemove={onRemove} />
        <FindingList findings={findings} />
      </fieldset>
    </li>
  );
}
