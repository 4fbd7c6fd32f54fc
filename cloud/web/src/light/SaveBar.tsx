/** Undo, redo, save; and what to do when somebody else has saved meanwhile. */
import { useEffect } from "react";
import { useLocale } from "../i18n/locale";
import { Problem } from "../shared/Problem";
import { type Act, useAct } from "../shared/useAct";
import { Differences } from "./Differences";
import { differences } from "./differences";
import { type Editing, isChanged, keepMine, redo, save, takeTheirs, undo } from "./editor";
import type { Checked } from "./types";
import type { Answer } from "./useAnswers";
import { stillOpen } from "./findings";

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, dialog") !== null;
}

const ACTS: Readonly<Record<string, () => void>> = { z: undo, y: redo, "shift z": redo };

/** Ctrl+Z and Ctrl+Y, except in a field, which has its own. */
function useUndoKeys(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || isTyping(event.target)) return;
      const act = ACTS[`${event.shiftKey ? "shift " : ""}${event.key.toLowerCase()}`];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

/** The browser asks before a page with text that is not saved is left. */
function useLeaveGuard(unsaved: boolean): void {
  useEffect(() => {
    if (!unsaved) return undefined;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [unsaved]);
}

function Conflict({ now }: { now: Editing }) {
  const { t, f } = useLocale();
  if (now.theirs === null) return null;
  return (
    <section className="notice conflict" role="alert" aria-label={t("light.conflict")}>
      <p>{t("light.conflict_by", { who: now.theirs.changed_by ?? "–", at: f.dateTime(now.theirs.changed_at) })}</p>
      <details>
        <summary>{t("light.conflict_compare")}</summary>
        <Differences found={differences(now.theirs.plan, now.history.present)} />
      </details>
      <div className="acts">
        <button type="button" onClick={takeTheirs}>
          {t("light.take_theirs")}
        </button>
        <button type="button" onClick={keepMine}>
          {t("light.keep_mine")}
        </button>
      </div>
    </section>
  );
}

/** Why the plan cannot be saved now; `null` when it can. */
function useObstacle(now: Editing, checked: Answer<Checked>): string | null {
  const { t, f } = useLocale();
  const wrong = stillOpen(checked.value?.findings ?? [], now.history.present).length;
  if (!isChanged(now)) return t("light.nothing_to_save");
  if (!checked.isCurrent) return t("light.checking");
  return wrong > 0 ? t("light.save_blocked", { n: f.number(wrong) }) : null;
}

function Saving({ now, checked, saving }: { now: Editing; checked: Answer<Checked>; saving: Act }) {
  const { t, f } = useLocale();
  const obstacle = useObstacle(now, checked);
  const state = obstacle ?? t("light.not_saved");
  const last = now.base.changed_by === null ? null : t("light.saved_by", { who: now.base.changed_by, at: f.dateTime(now.base.changed_at) });
  return (
    <>
      <button type="button" className="primary" disabled={saving.busy || obstacle !== null || now.theirs !== null} onClick={() => saving.act(save)}>
        {t("light.save")}
      </button>
      <span className="weak save-state" role="status">
        {isChanged(now) ? state : (last ?? state)}
      </span>
    </>
  );
}

export function SaveBar({ now, checked }: { now: Editing; checked: Answer<Checked> }) {
  const { t } = useLocale();
  const saving = useAct();
  useUndoKeys();
  useLeaveGuard(isChanged(now));
  const problem = saving.problem ?? checked.problem;
  return (
    <div className="save-bar">
      <div className="acts">
        <button type="button" disabled={now.history.past.length === 0} onClick={undo}>
          {t("light.undo")}
        </button>
        <button type="button" disabled={now.history.future.length === 0} onClick={redo}>
          {t("light.redo")}
        </button>
        <Saving now={now} checked={checked} saving={saving} />
      </div>
      {problem === null ? null : <Problem error={problem} />}
      <Conflict now={now} />
    </div>
  );
}
