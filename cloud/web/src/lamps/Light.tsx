/** Actual against planned: the bar is what the lamp gives, the mark what it should give. */
import type { Luminaire } from "../api/types";
import { useLocale } from "../i18n/locale";
import { useAge } from "../shared/Age";
import { Age } from "../shared/Age";
import { Figure } from "../shared/Figure";
import type { Latest } from "../state/latest";

interface BarProps {
  actual: number | null;
  planned: number | null;
  stale: boolean;
}

function Bar({ actual, planned, stale }: BarProps) {
  return (
    <svg className={stale ? "light-bar stale-bar" : "light-bar"} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect className="ground" width="100" height="10" />
      {actual === null ? null : <rect className="actual" width={actual} height="10" />}
      {planned === null ? null : <rect className="planned" x={Math.max(0, Math.min(99, planned - 0.5))} width="1" height="10" />}
    </svg>
  );
}

function PlannedReason({ lamp }: { lamp: Luminaire }) {
  const { word } = useLocale();
  return lamp.planned_reason === null ? null : <small> {word("planned_reason", lamp.planned_reason)}</small>;
}

/** What the lamp itself says drives it: the word of the device, beside the plan of the cloud. */
function DeviceReason({ values }: { values: Latest | null }) {
  const { t, word } = useLocale();
  const reason = values?.values["command_reason"];
  if (reason === null || reason === undefined) return null;
  return <small> {t("lamp.driven_by", { reason: word("command_reason", String(reason)) })}</small>;
}

export function Light({ lamp, values }: { lamp: Luminaire; values: Latest | null }) {
  const { t } = useLocale();
  const { stale } = useAge(values?.at);
  const actual = values?.values["actual_level"] ?? null;
  return (
    <section className="panel-part light" aria-label={t("lamp.light")}>
      <dl className={stale ? "stale" : ""}>
        <dt>{t("lamp.actual")}</dt>
        <dd className="large" data-testid="actual-level">
          <Figure value={actual} unit="%" digits={1} />
          <DeviceReason values={values} />
        </dd>
        <dt>{t("lamp.planned")}</dt>
        <dd data-testid="planned-level">
          <Figure value={lamp.planned_level} unit="%" digits={1} />
          <PlannedReason lamp={lamp} />
        </dd>
        <dt>{t("quantity.active_power")}</dt>
        <dd data-testid="active-power">
          <Figure value={values?.values["active_power"]} unit="W" />
        </dd>
      </dl>
      <Bar actual={actual} planned={lamp.planned_level} stale={stale} />
      <p className="weak">
        {t("lamp.read")} <Age at={values?.at} />
      </p>
    </section>
  );
}
