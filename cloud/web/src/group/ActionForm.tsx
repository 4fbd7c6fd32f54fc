/** What to do with the lamps that were chosen: a level with its end, or the way back. */
import { useLocale } from "../i18n/locale";
import { LevelSlider } from "../shared/LevelSlider";
import { useStore } from "../shared/store";
import { now } from "../state/clock";
import { type Draft, KINDS, isGrave, isLasting, minutesUntil, withKind } from "./targets";

const MINUTES = [30, 60, 120, 240] as const;
const MORNING = "05:00";

interface ActionFormProps {
  draft: Draft;
  onDraft: (draft: Draft) => void;
}

function Kinds({ draft, onDraft }: ActionFormProps) {
  const { t } = useLocale();
  return (
    <fieldset className="minutes">
      <legend>{t("group.what")}</legend>
      {KINDS.map((kind) => (
        <label key={kind}>
          <input type="radio" name="kind" checked={draft.kind === kind} onChange={() => onDraft(withKind(draft, kind))} />
          <span className={isGrave(kind) ? "grave" : undefined}>{t(`group.act_${kind}`)}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** So many minutes, or until a time of the city's clock. */
function Duration({ draft, onDraft }: ActionFormProps) {
  const { t, f } = useLocale();
  const cityNow = useStore(now);
  const until = (clock: string): void => {
    if (cityNow !== null && clock !== "") onDraft({ ...draft, minutes: minutesUntil(f.time(cityNow), clock) });
  };
  return (
    <fieldset className="minutes">
      <legend>{t("control.duration")}</legend>
      {MINUTES.map((minutes) => (
        <label key={minutes}>
          <input type="radio" name="minutes" value={minutes} checked={draft.minutes === minutes} onChange={() => onDraft({ ...draft, minutes })} />
          <span>{minutes < 60 ? t("control.minutes", { m: minutes }) : t("control.hours", { h: f.number(minutes / 60) })}</span>
        </label>
      ))}
      <label className="until-clock">
        {t("group.until_clock")}{" "}
        <input type="time" aria-label={t("group.until_label")} defaultValue={MORNING} onChange={({ target }) => until(target.value)} onFocus={({ target }) => until(target.value)} />
      </label>
    </fieldset>
  );
}

/** What an unusual act does, before it is done. */
function Meaning({ draft: { kind } }: { draft: Draft }) {
  const { t } = useLocale();
  if (kind === "override" || kind === "resume") return null;
  return <p className={isGrave(kind) ? "meaning grave" : "meaning"}>{t(`group.tells_${kind}`)}</p>;
}

export function ActionForm(props: ActionFormProps) {
  const { draft, onDraft } = props;
  return (
    <section className="panel-part control">
      <Kinds {...props} />
      <Meaning draft={draft} />
      {isLasting(draft.kind) ? (
        <>
          <LevelSlider level={draft.level} onLevel={(level) => onDraft({ ...draft, level })} />
          <Duration {...props} />
        </>
      ) : null}
    </section>
  );
}
