/** An override in force: what, until when, whose, and the way out. */
import { useState } from "react";
import type { Luminaire } from "../api/types";
import { useLocale } from "../i18n/locale";
import { Problem } from "../shared/Problem";
import { useStore } from "../shared/store";
import { now } from "../state/clock";
import { sendResume } from "../state/commands";
import { may, session } from "../state/session";

function Resume({ target }: { target: string }) {
  const { t } = useLocale();
  const [problem, setProblem] = useState<unknown>(null);
  if (!may(useStore(session), "lamp.command")) return null;
  return (
    <>
      <button type="button" onClick={() => sendResume(target).catch(setProblem)}>
        {t("control.resume")}
      </button>
      {problem === null ? null : <Problem error={problem} />}
    </>
  );
}

export function OverrideNotice({ lamp }: { lamp: Luminaire }) {
  const { t, f } = useLocale();
  const cityNow = useStore(now);
  const { override } = lamp;
  if (override === null) return null;
  const left = cityNow === null ? null : (Date.parse(override.until) - cityNow) / 1000;
  return (
    <section className="panel-part override" aria-label={t("override.title")}>
      <p>
        <strong>{t("override.holds", { level: f.number(override.level, 1) })}</strong>
        <br />
        {t("override.until", { time: f.time(override.until), who: override.who })}
      </p>
      <p className="countdown" role="timer">
        {left === null || left <= 0 ? t("override.ending") : t("override.left", { duration: f.duration(left) })}
      </p>
      <Resume target={lamp.id} />
    </section>
  );
}
