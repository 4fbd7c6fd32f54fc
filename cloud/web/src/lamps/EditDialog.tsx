/** One field of many lamps: as a table that the service looks through first, like any other import. */
import { useCallback, useEffect, useState } from "react";
import { type Sheet, importLamps, readTypes } from "../api/fleet";
import type { City, Luminaire } from "../api/types";
import { Counts } from "../fleet/Counts";
import { ProblemTable } from "../fleet/ProblemTable";
import { TakenNote } from "../fleet/TakenNote";
import { EDITED, type Edited, csvOf, lampAt } from "../fleet/rows";
import { type Imported, type LampType, ROAD_CLASSES, USES } from "../fleet/types";
import { type Taking, useTaking } from "../fleet/useTaking";
import { useLocale } from "../i18n/locale";
import { Dialog } from "../shared/Dialog";
import { Choice, Field } from "../shared/Field";
import { Loading, Problem } from "../shared/Problem";
import { useStore } from "../shared/store";
import { useLoad } from "../shared/useLoad";
import { city } from "../state/city";

interface Option {
  value: string;
  word: string;
}

const same = (value: string): Option => ({ value, word: value });

/** What may be chosen; a street is written. */
function useOptions(site: string): Record<Exclude<Edited, "street">, readonly Option[]> {
  const { t, name, word } = useLocale();
  const place: City | null = useStore(city);
  const { loaded } = useLoad(useCallback(() => readTypes(site), [site]));
  const types: readonly LampType[] = loaded.state === "here" ? loaded.value : [];
  return {
    type: types.map(({ id }) => same(id)),
    road_class: [{ value: "", word: t("lamps.not_given") }, ...ROAD_CLASSES.map(same)],
    use: USES.map((value) => ({ value, word: word("light.use", value) })),
    ward: (place?.wards ?? []).filter((ward) => ward.site === site).map((ward) => ({ value: ward.id, word: name(ward.name) })),
  };
}

interface ValueFieldProps {
  column: Edited;
  value: string | null;
  options: Record<Exclude<Edited, "street">, readonly Option[]>;
  onValue: (value: string | null) => void;
}

const UNCHOSEN = "\u0000";

function ValueField({ column, value, options, onValue }: ValueFieldProps) {
  const { t } = useLocale();
  if (column === "street") {
    return <Field name="value" label={t("lamps.edit_value")} maxLength={120} autoComplete="off" value={value ?? ""} onChange={({ target }) => onValue(target.value || null)} />;
  }
  return (
    <Choice name="value" label={t("lamps.edit_value")} value={value ?? UNCHOSEN} onChange={({ target }) => onValue(target.value === UNCHOSEN ? null : target.value)}>
      <option value={UNCHOSEN}>–</option>
      {options[column].map((it) => (
        <option key={it.value} value={it.value}>
          {it.word}
        </option>
      ))}
    </Choice>
  );
}

const PAUSE_MS = 400; // a street is written letter by letter

interface EditDialogProps {
  site: string;
  lamps: readonly Luminaire[];
  onClose: () => void;
}

function useEdit(site: string, lamps: readonly Luminaire[]) {
  const [column, setColumn] = useState<Edited>("road_class");
  const [value, setValue] = useState<string | null>(null);
  const taking = useTaking<Imported>();
  const { look, take, forget } = taking;
  const ask = useCallback(
    (dry_run: boolean): Promise<Imported> => {
      const body = new Blob([csvOf(lamps, { column, value: value ?? "" })]);
      const sheet: Sheet = { name: "edit.csv", kind: "csv", body };
      return importLamps(site, sheet, { dry_run, retire: false, new_segments: false });
    },
    [site, lamps, column, value],
  );
  useEffect(() => {
    forget();
    if (value === null) return undefined;
    const soon = setTimeout(() => look(() => ask(true)), PAUSE_MS);
    return () => clearTimeout(soon);
  }, [ask, value, look, forget]);
  const change = (to: Edited): void => {
    setColumn(to);
    setValue(null);
  };
  return { column, change, value, setValue, taking, take: () => take(() => ask(false)) };
}

interface ToldProps {
  taking: Taking<Imported>;
  these: readonly Luminaire[];
  take: () => void;
}

function TakeEdit({ told, busy, take }: { told: Imported; busy: boolean; take: () => void }) {
  const { t, f } = useLocale();
  if (told.problems_total > 0) return null;
  if (told.changed === 0) return <p role="status">{t("lamps.edit_none")}</p>;
  return (
    <button type="button" className="primary" disabled={busy} onClick={take}>
      {t("lamps.edit_go", { n: f.number(told.changed) })}
    </button>
  );
}

function Told({ taking, these, take }: ToldProps) {
  const { told, busy, problem, taken } = taking;
  return (
    <>
      {busy ? <Loading /> : null}
      {problem === null ? null : <Problem error={problem} />}
      {told === null ? null : (
        <>
          <Counts told={told} />
          <ProblemTable problems={told.problems} total={told.problems_total} named={(row) => lampAt(these, row)?.id ?? null} />
        </>
      )}
      {told === null || taken !== null ? null : <TakeEdit told={told} busy={busy} take={take} />}
      <TakenNote taken={taken} />
    </>
  );
}

export function EditDialog({ site, lamps, onClose }: EditDialogProps) {
  const { t, f } = useLocale();
  const { column, change, value, setValue, taking, take } = useEdit(site, lamps);
  return (
    <Dialog title={t("lamps.edit_title", { n: f.number(lamps.length) })} onClose={onClose}>
      <div className="dialog-form">
        <div className="field-pair">
          <Choice name="column" label={t("lamps.edit_column")} value={column} onChange={({ target }) => change(target.value as Edited)}>
            {EDITED.map((it) => (
              <option key={it} value={it}>
                {t(`lamps.edit_${it}`)}
              </option>
            ))}
          </Choice>
          <ValueField column={column} value={value} options={useOptions(site)} onValue={setValue} />
        </div>
        <Told taking={taking} these={lamps} take={take} />
      </div>
    </Dialog>
  );
}
