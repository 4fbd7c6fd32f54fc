/** A command that waits for a second person, for who has asked. */
import { decideConsent } from "../api/group";
import type { Consent } from "../api/types";
import { useLocale } from "../i18n/locale";
import { Problem } from "../shared/Problem";
import { openPanel } from "../shared/route";
import { useStore } from "../shared/store";
import { useAct } from "../shared/useAct";
import { consents } from "../state/consents";

function Words({ consent }: { consent: Consent }) {
  const { t, f } = useLocale();
  if (consent.state === "waiting") return t("group.asked", { time: f.time(consent.expires_at) });
  return t(`group.asked_${consent.state}`, { who: consent.second ?? "–" });
}

export function AskedPart({ id, onAnother }: { id: string; onAnother: () => void }) {
  const { t } = useLocale();
  const { busy, problem, act } = useAct();
  const consent = useStore(consents).find((it) => it.id === id);
  if (consent === undefined) return null;
  const { group } = consent;
  return (
    <section className="panel-part asked" data-state={consent.state}>
      <p role="status">
        <Words consent={consent} />
      </p>
      <div className="acts">
        {group === null ? null : (
          <button type="button" className="primary" onClick={() => openPanel("group", group)}>
            {t("group.follow")}
          </button>
        )}
        {consent.state === "waiting" ? (
          <button type="button" disabled={busy} onClick={() => act(() => decideConsent(id, false))}>
            {t("group.take_back")}
          </button>
        ) : (
          <button type="button" onClick={onAnother}>
            {t("group.another")}
          </button>
        )}
      </div>
      {problem === null ? null : <Problem error={problem} />}
    </section>
  );
}
