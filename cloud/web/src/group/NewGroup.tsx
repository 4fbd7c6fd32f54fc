/** A command to many lamps: choose, look at what it would do, send. */
import { useEffect, useMemo, useState } from "react";
import type { Consent, Targets } from "../api/types";
import type { Need } from "../confirm/confirm";
import { useLocale } from "../i18n/locale";
import { Problem } from "../shared/Problem";
import { openPanel } from "../shared/route";
import { useStore } from "../shared/store";
import { sends, useAct, written } from "../shared/useAct";
import { learnConsent } from "../state/consents";
import { may, session } from "../state/session";
import { ActionForm } from "./ActionForm";
import { AskedPart } from "./AskedPart";
import { ChooseLamps } from "./ChooseLamps";
import { PreviewPart, usePower } from "./PreviewPart";
import { type Issued, give } from "./give";
import { givenTargets } from "./given";
import { type Draft, actionOf, isGrave } from "./targets";
import { useMarked, usePreview } from "./useThought";

const FIRST: Draft = { kind: "override", level: 40, minutes: 120 };

/** On the button and over the question: the same words. */
function useWhat() {
  const { t, f } = useLocale();
  return ({ kind, level }: Draft, lamps: number, until: string | null): string =>
    t(`group.send_${kind}`, { n: f.number(lamps), level: f.number(level), time: f.time(until) });
}

function useSending(targets: Targets | null, draft: Draft, onAsked: (consent: Consent) => void) {
  const action = useMemo(() => actionOf(draft), [draft]);
  const { preview, problem } = usePreview(targets, action);
  const act = useAct();
  const what = useWhat();
  const power = usePower();
  const take = ({ group, consent }: Issued): void => {
    if (group) openPanel("group", group.id);
    if (consent) onAsked(consent);
  };
  const send = async (form: FormData): Promise<void> => {
    if (targets === null || preview === null) return;
    const order = { targets, action, reason: written(form, "reason") || null, second: false };
    const title = what(draft, preview.lamps, preview.until);
    const issued = await give(order, { title, lines: [power(preview)], needs: preview.needs as Need[] });
    if (issued !== null) take(issued);
  };
  return { preview, problem: problem ?? act.problem, busy: act.busy, title: preview === null ? null : what(draft, preview.lamps, preview.until), submit: sends(act.act, send) };
}

interface SendButtonProps {
  title: string;
  busy: boolean;
  grave: boolean;
  needsReason: boolean;
}

function SendButton({ title, busy, grave, needsReason }: SendButtonProps) {
  const { t } = useLocale();
  return (
    <div className="panel-part control">
      <input name="reason" className="reason" maxLength={200} required={needsReason} aria-label={t("group.reason")} placeholder={needsReason ? t("group.reason_needed") : t("control.reason")} />
      <button type="submit" className={grave ? "primary grave" : "primary"} disabled={busy}>
        {title}
      </button>
    </div>
  );
}

/** Chosen in a list; they are let go with the panel. */
function GivenLamps({ given }: { given: Targets }) {
  const { t, f } = useLocale();
  useEffect(() => () => givenTargets.set(null), []);
  return (
    <section className="panel-part choose-lamps">
      <p role="status">{t("group.given", { n: f.number("lamps" in given ? given.lamps.length : null) })}</p>
      <button type="button" onClick={() => givenTargets.set(null)}>
        {t("group.given_others")}
      </button>
    </section>
  );
}

function GroupForm({ onAsked }: { onAsked: (consent: Consent) => void }) {
  const { t } = useLocale();
  const [chosen, setChosen] = useState<Targets | null>(null);
  const given = useStore(givenTargets);
  const targets = given ?? chosen;
  const [draft, setDraft] = useState<Draft>(FIRST);
  const { preview, problem, busy, title, submit } = useSending(targets, draft, onAsked);
  useMarked(targets);
  return (
    <form onSubmit={submit} aria-label={t("group.new")}>
      {given === null ? <ChooseLamps onChosen={setChosen} /> : <GivenLamps given={given} />}
      <ActionForm draft={draft} onDraft={setDraft} />
      {preview === null ? null : <PreviewPart preview={preview} />}
      {problem === null ? null : <Problem error={problem} />}
      {title === null || preview === null ? null : <SendButton title={title} busy={busy} grave={isGrave(draft.kind)} needsReason={preview.needs.includes("reason")} />}
    </form>
  );
}

export function NewGroup() {
  const { t } = useLocale();
  const current = useStore(session);
  const [asked, setAsked] = useState<string | null>(null);
  if (current.state !== "in" || !may(current, "lamp.command")) return <p className="weak panel-part">{t("group.no_right")}</p>;
  const ask = (consent: Consent): void => {
    learnConsent(consent, current.me.username);
    setAsked(consent.id);
  };
  return asked === null ? <GroupForm onAsked={ask} /> : <AskedPart id={asked} onAnother={() => setAsked(null)} />;
}
