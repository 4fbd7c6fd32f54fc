/** What waits for a second person: agree with what it would do, or refuse. */
import { useCallback } from "react";
import { decideConsent, readPreview } from "../api/group";
import type { Action, Consent, Targets } from "../api/types";
import { usePower } from "../group/PreviewPart";
import { useWhatWouldBe } from "../group/what";
import { useLocale } from "../i18n/locale";
import { Problem } from "../shared/Problem";
import { openPanel } from "../shared/route";
import { useStore } from "../shared/store";
import { useAct } from "../shared/useAct";
import { useLoad } from "../shared/useLoad";
import { now } from "../state/clock";
import { consents, learnConsent, waitsForMe } from "../state/consents";
import { session } from "../state/session";

function Would({ consent }: { consent: Consent }) {
  const { t, f } = useLocale();
  const power = usePower();
  const { targets, action } = consent;
  const { loaded } = useLoad(useCallback(() => readPreview({ targets: targets as Targets, action: action as Action }), [targets, action]));
  if (loaded.state !== "here") return null;
  return <p>{t("consents.would", { power: power(loaded.value), unreachable: f.number(loaded.value.unreachable) })}</p>;
}

function useDecide(consent: Consent) {
  const act = useAct();
  const current = useStore(session);
  const decide = async (agree: boolean): Promise<void> => {
    const decided = await decideConsent(consent.id, agree);
    if (current.state === "in") learnConsent(decided, current.me.username);
    if (decided.group !== null) openPanel("group", decided.group);
  };
  return { ...act, decide: (agree: boolean) => act.act(() => decide(agree)) };
}

function Waiting({ consent, mine }: { consent: Consent; mine: boolean }) {
  const { t, f } = useLocale();
  const what = useWhatWouldBe();
  const cityNow = useStore(now);
  const { busy, problem, decide } = useDecide(consent);
  const left = cityNow === null ? null : (Date.parse(consent.expires_at) - cityNow) / 1000;
  const words = { who: consent.who, what: what(consent.action as { type: string }), n: f.number(consent.lamps) };
  return (
    <li className="consent" data-testid="consent">
      <p>
        <strong>{t(mine ? "consents.mine" : "consents.asks", words)}</strong>
        <br />
        {consent.reason}
      </p>
      <Would consent={consent} />
      <p className="weak">{t("consents.until", { time: f.time(consent.expires_at), duration: left === null ? "–" : f.duration(left) })}</p>
      <div className="acts">
        {mine ? null : (
          <button type="button" className="primary" disabled={busy} onClick={() => decide(true)}>
            {t("consents.agree")}
          </button>
        )}
        <button type="button" disabled={busy} onClick={() => decide(false)}>
          {t(mine ? "group.take_back" : "consents.refuse")}
        </button>
      </div>
      {problem === null ? null : <Problem error={problem} />}
    </li>
  );
}

export function ConsentList() {
  const { t } = useLocale();
  const cityNow = useStore(now);
  const open = useStore(consents).filter((it) => waitsForMe({ ...it, is_mine: false }, cityNow));
  if (open.length === 0) return null;
  return (
    <section className="consents" aria-labelledby="consents-title">
      <h3 id="consents-title">{t("consents.title")}</h3>
      <ul>
        {open.map((consent) => (
          <Waiting key={consent.id} consent={consent} mine={consent.is_mine} />
        ))}
      </ul>
    </section>
  );
}
