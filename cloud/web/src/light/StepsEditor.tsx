/** The programme that a group runs in this night, step by step. */
import { useLocale } from "../i18n/locale";
import { Choice } from "../shared/Field";
import type { Part } from "./GroupPanel";
import { FindingList } from "./FindingList";
import { ReasonField } from "./ReasonField";
import { StepFields } from "./StepFields";
import { resolved } from "./curve";
import { split } from "./drag";
import { calendarOf, changeProgramme, groupsWith, ownProgramme, programmeOf, programmesIn, removeStep, setStep } from "./edit";
import { edit } from "./editor";
import { NameFields } from "./fields";
import { findingsUnder, ofProgrammeItself, ofStep } from "./findings";
import { minutesAt, timeOf } from "./localTime";
import type { Programme } from "./types";

const HOUR_MS = 3_600_000;
const MOST_STEPS = 24;

/** Which of the calendar's programmes is shown: usually the night's. */
function ProgrammeChoice({ part, programme }: { part: Part; programme: Programme }) {
  const { t, name } = useLocale();
  const calendar = calendarOf(part.plan, part.group.calendar);
  const known = calendar === undefined ? [] : programmesIn(calendar);
  if (known.length < 2) return null;
  return (
    <Choice name="programme" label={t("light.programme")} value={programme.id} onChange={(event) => part.onProgramme(event.target.value)}>
      {known.map((id) => (
        <option key={id} value={id}>
          {name(programmeOf(part.plan, id)?.name ?? { vi: id, en: id })}
        </option>
      ))}
    </Choice>
  );
}

/** Who changes a programme changes it for everybody who has it. */
function SharedBy({ part, programme }: { part: Part; programme: Programme }) {
  const { t, name } = useLocale();
  const others = groupsWith(part.plan, programme.id).filter((it) => it.id !== part.group.id);
  if (others.length === 0) return null;
  const separate = (): void => {
    const own = { vi: `${programme.name.vi} – ${part.group.name.vi}`, en: `${programme.name.en} – ${part.group.name.en}` };
    edit((plan) => ownProgramme(plan, part.group.id, programme.id, own));
  };
  return (
    <p className="notice shared-by">
      {t("light.shared_by", { groups: others.map((it) => name(it.name)).join(", ") })}{" "}
      {part.mayEdit ? (
        <button type="button" className="link" onClick={separate}>
          {t("light.make_own")}
        </button>
      ) : null}
    </p>
  );
}

/** A step leaves the road of this very group too dark: asked for where it is seen. */
function asksForReason({ plan, group, findings }: Part): boolean {
  return findingsUnder(findings, "groups", plan.groups.indexOf(group)).some((it) => it.severity === "needs_reason");
}

/** Where a new step goes from the keyboard: an hour after the last but one. */
function addStep(part: Part, programme: Programme): void {
  const points = resolved(programme, part.sky);
  const from = points.at(-2) ?? points.at(-1);
  if (from === undefined) return;
  edit((plan) => changeProgramme(plan, programme.id, (it) => split(it, from.at + HOUR_MS, part.sky)));
}

function Steps({ part, programme }: { part: Part; programme: Programme }) {
  const points = resolved(programme, part.sky);
  const index = part.plan.programmes.indexOf(programme);
  const answered = part.night?.programme === programme.id && part.night.points.length === points.length ? part.night.points : [];
  return (
    <ol className="plan-steps">
      {programme.steps.map((step, n) => (
        <StepFields
          // oxlint-disable-next-line react/no-array-index-key -- a step has no other name
          key={n}
          step={step}
          number={n + 1}
          time={points[n] === undefined ? null : timeOf(minutesAt(points[n].at, part.sky.zone))}
          roadClass={answered[n]?.road_class_reached ?? null}
          findings={ofStep(part.findings, part.plan, index, n)}
          isOnly={programme.steps.length === 1}
          onStep={(changed, about) => edit((plan) => setStep(plan, programme.id, n, changed), `${about} ${programme.id} ${n}`)}
          onRemove={() => edit((plan) => removeStep(plan, programme.id, n))}
        />
      ))}
    </ol>
  );
}

export function StepsEditor({ part }: { part: Part }) {
  const { t } = useLocale();
  const programme = programmeOf(part.plan, part.programme);
  if (programme === undefined) return <p className="empty">{t("light.no_programme")}</p>;
  return (
    <div className="editor-part">
      <ProgrammeChoice part={part} programme={programme} />
      <NameFields key={programme.id} named={programme.name} onName={(named) => edit((plan) => changeProgramme(plan, programme.id, (it) => ({ ...it, name: named })), `name ${programme.id}`)} />
      <SharedBy part={part} programme={programme} />
      <FindingList findings={ofProgrammeItself(part.findings, part.plan.programmes.indexOf(programme))} />
      {asksForReason(part) ? <ReasonField group={part.group} /> : null}
      <Steps key={programme.id} part={part} programme={programme} />
      <button type="button" disabled={programme.steps.length >= MOST_STEPS || part.sky.sun.sunset === null} onClick={() => addStep(part, programme)}>
        {t("light.step_add")}
      </button>
    </div>
  );
}
