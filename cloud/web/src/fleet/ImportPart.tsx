/** A table of lamps: looked through as soon as it is chosen, taken only when nothing is wrong with it. */
import { useState } from "react";
import { type Sheet, importLamps } from "../api/fleet";
import { askConfirmation } from "../confirm/confirm";
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { useStore } from "../shared/store";
import { city } from "../state/city";
import { Counts } from "./Counts";
import { FileField } from "./FileField";
import { ProblemTable } from "./ProblemTable";
import { TakenNote } from "./TakenNote";
import type { Imported } from "./types";
import { type Taking, useTaking } from "./useTaking";

interface Choices {
  retire: boolean;
  new_segments: boolean;
}

const CAREFUL: Choices = { retire: false, new_segments: false };

function useImport(site: string) {
  const [sheet, setSheet] = useState<Sheet | null>(null);
  const [choices, setChoices] = useState<Choices>(CAREFUL);
  const taking = useTaking<Imported>();
  const look = (chosen: Sheet, wish: Choices): void => {
    setSheet(chosen);
    setChoices(wish);
    taking.look(() => importLamps(site, chosen, { ...wish, dry_run: true }));
  };
  const take = (): void => {
    if (sheet !== null) taking.take(() => importLamps(site, sheet, { ...choices, dry_run: false }));
  };
  const choose = (wish: Choices): void => {
    if (sheet !== null) look(sheet, wish);
  };
  return { sheet, choices, taking, choose, take, open: (chosen: Sheet) => look(chosen, CAREFUL) };
}

/** Lamps of the city that the file does not name. */
function leftOut(told: Imported, lamps: number): number {
  return told.retired > 0 ? told.retired : Math.max(0, lamps - told.changed - told.unchanged);
}

interface ChoicesProps {
  told: Imported;
  lamps: number;
  choices: Choices;
  onChoices: (choices: Choices) => void;
}

function ImportChoices({ told, lamps, choices, onChoices }: ChoicesProps) {
  const { t, f } = useLocale();
  const left = leftOut(told, lamps);
  const newSegments = choices.new_segments || told.problems.some((it) => it.code === "unknown_segment");
  return (
    <div className="import-choices">
      {left === 0 || told.problems_total > 0 ? null : (
        <label>
          <input type="checkbox" name="retire" checked={choices.retire} onChange={({ target }) => onChoices({ ...choices, retire: target.checked })} />
          {t("fleet.retire", { n: f.number(left) })}
        </label>
      )}
      {newSegments ? (
        <label>
          <input type="checkbox" name="new_segments" checked={choices.new_segments} onChange={({ target }) => onChoices({ ...choices, new_segments: target.checked })} />
          {t("fleet.new_segments")}
        </label>
      ) : null}
    </div>
  );
}

function TakeButton({ told, taking, take }: { told: Imported; taking: Taking<Imported>; take: () => void }) {
  const { t, f } = useLocale();
  const n = told.added + told.changed + told.retired;
  if (told.problems_total > 0 || taking.taken !== null) return null;
  if (n === 0) return <p role="status">{t("fleet.nothing_to_take")}</p>;
  const press = async (): Promise<void> => {
    const title = t("fleet.import_go", { n: f.number(n) });
    const lines = [t("fleet.retire_sure", { n: f.number(told.retired) })];
    if (told.retired === 0 || (await askConfirmation({ title, lines, needs: [] })) !== null) take();
  };
  return (
    <button type="button" className="primary" disabled={taking.busy} onClick={() => void press()}>
      {t("fleet.import_go", { n: f.number(n) })}
    </button>
  );
}

export function ImportPart({ site }: { site: string }) {
  const { t } = useLocale();
  const { sheet, choices, taking, choose, take, open } = useImport(site);
  const lamps = useStore(city)?.sites.find((it) => it.id === site)?.lamps ?? 0;
  const { told, busy, problem, taken } = taking;
  return (
    <section className="account-part" aria-labelledby="import-title">
      <h3 id="import-title">{t("fleet.import")}</h3>
      <p className="weak">{t("fleet.import_hint")}</p>
      <FileField label={t("fleet.choose_table")} accept=".csv,.json,.geojson,text/csv,application/geo+json" chosen={sheet} onSheet={open} />
      {busy ? <Loading /> : null}
      {problem === null ? null : <Problem error={problem} />}
      {told === null ? null : (
        <>
          <Counts told={told} />
          <ImportChoices told={told} lamps={lamps} choices={choices} onChoices={choose} />
          <ProblemTable problems={told.problems} total={told.problems_total} />
          <TakeButton told={told} taking={taking} take={take} />
        </>
      )}
      <TakenNote taken={taken} />
    </section>
  );
}
