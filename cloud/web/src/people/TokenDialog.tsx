/** A token for a machine: what it may do where, and until when. It gives no right that its maker has not. */
import { useState } from "react";
import { makeToken } from "../api/people";
import type { Area, MadeToken, Right } from "../api/types";
import { useLocale } from "../i18n/locale";
import { Dialog } from "../shared/Dialog";
import { Field } from "../shared/Field";
import { Problem } from "../shared/Problem";
import { ToldOnce } from "../shared/ToldOnce";
import { Mistake } from "../shared/problemText";
import { useStore } from "../shared/store";
import { sends, useAct, written } from "../shared/useAct";
import { session } from "../state/session";
import { AreaSelect } from "./AreaSelect";

const DAY_MS = 86_400_000;
const USUAL_DAYS = 90;
const LONGEST_DAYS = 399;
const NOT_FOR_MACHINES: ReadonlySet<Right> = new Set(["session.own"]);

/** YYYY-MM-DD, as a field of that kind takes it. */
function dayIn(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
}

function RightsChoice({ rights }: { rights: readonly Right[] }) {
  const { t, word } = useLocale();
  return (
    <fieldset className="rights">
      <legend>{t("tokens.rights")}</legend>
      {rights.map((right) => (
        <label key={right}>
          <input type="checkbox" name="right" value={right} /> {word("right", right)}
        </label>
      ))}
    </fieldset>
  );
}

function chosenRights(form: FormData, mine: readonly Right[]): Right[] {
  const ticked = new Set(form.getAll("right"));
  const rights = mine.filter((right) => ticked.has(right));
  if (rights.length === 0) throw new Mistake("problem.no_rights");
  return rights;
}

function TokenForm({ areas, onMade }: { areas: readonly Area[]; onMade: (made: MadeToken) => void }) {
  const { t } = useLocale();
  const current = useStore(session);
  const mine = current.state === "in" ? current.me.rights.filter((right) => !NOT_FOR_MACHINES.has(right)) : [];
  const [area, setArea] = useState(areas[0]?.path ?? "/");
  const { busy, problem, act } = useAct();
  const make = async (form: FormData): Promise<void> => {
    const expires_at = new Date(`${written(form, "until")}T23:59:59Z`).toISOString();
    onMade(await makeToken({ name: written(form, "name"), grants: [{ rights: chosenRights(form, mine), area }], expires_at }));
  };
  return (
    <form className="dialog-form" onSubmit={sends(act, make)}>
      <Field name="name" label={t("tokens.name")} hint={t("tokens.name_hint")} autoComplete="off" spellCheck={false} pattern="[\p{L}\p{N}_.\-]{1,30}" maxLength={30} required />
      <RightsChoice rights={mine} />
      <div className="field-pair">
        <AreaSelect areas={areas} value={area} onChange={setArea} />
        <Field name="until" type="date" label={t("tokens.until")} defaultValue={dayIn(USUAL_DAYS)} min={dayIn(0)} max={dayIn(LONGEST_DAYS)} required />
      </div>
      {problem === null ? null : <Problem error={problem} />}
      <div className="acts">
        <button type="submit" className="primary" disabled={busy}>
          {t("tokens.make")}
        </button>
      </div>
    </form>
  );
}

interface TokenDialogProps {
  areas: readonly Area[];
  onClose: () => void;
  onDone: () => void;
}

export function TokenDialog({ areas, onClose, onDone }: TokenDialogProps) {
  const { t } = useLocale();
  const [made, setMade] = useState<MadeToken | null>(null);
  const took = (token: MadeToken): void => {
    setMade(token);
    onDone();
  };
  return (
    <Dialog title={t("tokens.make")} onClose={onClose}>
      {made === null ? <TokenForm areas={areas} onMade={took} /> : <ToldOnce label={made.name} secret={made.token} />}
    </Dialog>
  );
}
