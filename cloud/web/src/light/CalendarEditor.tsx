/** Which programme a group has in which night. */
import { useLocale } from "../i18n/locale";
import { Choice } from "../shared/Field";
import { FindingList } from "./FindingList";
import type { Part } from "./GroupPanel";
import { RuleFields } from "./RuleFields";
import { calendarOf, changeCalendar, changeRules, copyProgramme, groupsUnder, movedItem, setGroup } from "./edit";
import { edit } from "./editor";
import { NameFields } from "./fields";
import { findingsUnder } from "./findings";
import { namedIn } from "./named";
import type { Calendar, CalendarRule, LightPlan } from "./types";

interface ProgrammeSelectProps {
  plan: LightPlan;
  label: string;
  value: string;
  onProgramme: (programme: string) => void;
}

export function ProgrammeSelect({ plan, label, value, onProgramme }: ProgrammeSelectProps) {
  const { name } = useLocale();
  return (
    <Choice name="programme" label={label} value={value} onChange={(event) => onProgramme(event.target.value)}>
      {plan.programmes.map((it) => (
        <option key={it.id} value={it.id}>
          {name(it.name)}
        </option>
      ))}
    </Choice>
  );
}

function CalendarChoice({ part }: { part: Part }) {
  const { t, name } = useLocale();
  if (part.plan.calendars.length < 2) return null;
  return (
    <Choice name="calendar" label={t("light.calendar_of_group")} value={part.group.calendar} onChange={(event) => edit((plan) => setGroup(plan, part.group.id, { calendar: event.target.value }))}>
      {part.plan.calendars.map((it) => (
        <option key={it.id} value={it.id}>
          {name(it.name)}
        </option>
      ))}
    </Choice>
  );
}

/** An exception in this night, with a programme of its own: that is what exceptions usually are. */
function addException(part: Part, calendar: Calendar, named: { vi: string; en: string }): void {
  edit((plan) => {
    const copied = copyProgramme(plan, part.programme, named);
    const rule: CalendarRule = { programme: copied.id, name: named, weekdays: null, dates: [part.sky.night, part.sky.night], yearly: null, lunar: null, days_before: 0, days_after: 0 };
    return changeRules(copied.plan, calendar.id, (rules) => [...rules, rule]);
  });
}

function Rules({ part, calendar }: { part: Part; calendar: Calendar }) {
  const index = part.plan.calendars.indexOf(calendar);
  const change = (to: (rules: CalendarRule[]) => CalendarRule[], about: string | null = null): void => edit((plan) => changeRules(plan, calendar.id, to), about);
  return (
    <ol className="rules">
      {calendar.rules.map((rule, n) => (
        <RuleFields
          // oxlint-disable-next-line react/no-array-index-key -- a rule has no other name
          key={n}
          rule={rule}
          number={n + 1}
          last={calendar.rules.length}
          plan={part.plan}
          night={part.sky.night}
          findings={findingsUnder(part.findings, "calendars", index, "rules", n)}
          onRule={(changed, about) => change((rules) => rules.with(n, changed), about === null ? null : `${about} ${calendar.id} ${n}`)}
          onMove={(by) => change((rules) => movedItem(rules, n, by))}
          onRemove={() => change((rules) => rules.toSpliced(n, 1))}
        />
      ))}
    </ol>
  );
}

export function CalendarEditor({ part }: { part: Part }) {
  const { t, name } = useLocale();
  const calendar = calendarOf(part.plan, part.group.calendar);
  if (calendar === undefined) return <p className="empty">{t("light.no_programme")}</p>;
  const others = groupsUnder(part.plan, calendar.id).filter((it) => it.id !== part.group.id);
  const itself = findingsUnder(part.findings, "calendars", part.plan.calendars.indexOf(calendar)).filter((it) => it.path[2] !== "rules");
  return (
    <div className="editor-part">
      <CalendarChoice part={part} />
      <NameFields key={calendar.id} named={calendar.name} onName={(named) => edit((plan) => changeCalendar(plan, calendar.id, (it) => ({ ...it, name: named })), `name ${calendar.id}`)} />
      {others.length === 0 ? null : <p className="notice">{t("light.calendar_shared_by", { groups: others.map((it) => name(it.name)).join(", ") })}</p>}
      <FindingList findings={itself} />
      <ProgrammeSelect plan={part.plan} label={t("light.usual_programme")} value={calendar.programme} onProgramme={(programme) => edit((plan) => changeCalendar(plan, calendar.id, (it) => ({ ...it, programme })))} />
      <p className="weak">{t("light.rules_order")}</p>
      <Rules key={calendar.id} part={part} calendar={calendar} />
      <button type="button" onClick={() => addException(part, calendar, namedIn("light.new_exception"))}>
        {t("light.add_exception")}
      </button>
    </div>
  );
}
