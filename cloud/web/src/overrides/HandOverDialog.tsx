/** One shift hands over to the next what it has looked at. */
import { useState } from "react";
import { handOver } from "../api/group";
import { Refused } from "../api/errors";
import type { Overrides } from "../api/types";
import { useLocale } from "../i18n/locale";
import { Dialog } from "../shared/Dialog";
import { Field } from "../shared/Field";
import { Problem } from "../shared/Problem";
import { Mistake } from "../shared/problemText";
import { sends, useAct, written } from "../shared/useAct";

type Done = Awaited<ReturnType<typeof handOver>>;

async function given(form: FormData, digest: string): Promise<Done> {
  try {
    return await handOver({ to: written(form, "to"), note: written(form, "note"), digest });
  } catch (error) {
    if (error instanceof Refused && error.status === 404) throw new Mistake("overrides.nobody", error);
    throw error;
  }
}

interface HandOverDialogProps {
  list: Overrides;
  onClose: () => void;
}

export function HandOverDialog({ list, onClose }: HandOverDialogProps) {
  const { t, f } = useLocale();
  const { busy, problem, act } = useAct();
  const [done, setDone] = useState<Done | null>(null);
  const send = async (form: FormData): Promise<void> => setDone(await given(form, list.digest));
  return (
    <Dialog title={t("overrides.hand_over")} onClose={onClose}>
      {done === null ? (
        <form className="dialog-form" onSubmit={sends(act, send)}>
          <p>{t("overrides.hand_over_what", { commands: f.number(list.items.length), lamps: f.number(list.lamps) })}</p>
          <Field name="to" label={t("overrides.to")} autoComplete="off" maxLength={200} required />
          <Field name="note" label={t("overrides.note")} autoComplete="off" maxLength={500} />
          {problem === null ? null : <Problem error={problem} />}
          <div className="acts">
            <button type="submit" className="primary" disabled={busy}>
              {t("overrides.hand_over")}
            </button>
          </div>
        </form>
      ) : (
        <p role="status">{t("overrides.handed_over", { to: done.to, time: f.clock(done.at) })}</p>
      )}
    </Dialog>
  );
}
