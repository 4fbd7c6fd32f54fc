/** Everything about one lamp, and the hand on its switch. */
import type { Luminaire } from "../api/types";
import { AlarmRow } from "../alarms/AlarmRow";
import { PanelFrame } from "../frame/PanelFrame";
import { wardName } from "../frame/wardName";
import { useLocale } from "../i18n/locale";
import { LUMINAIRE_UNITS } from "../i18n/units";
import { Loading, Problem } from "../shared/Problem";
import { LampSymbol } from "../shared/Symbols";
import { hrefOf, route } from "../shared/route";
import { useStore } from "../shared/store";
import { city } from "../state/city";
import type { Latest } from "../state/latest";
import { DayChart } from "../devices/DayChart";
import { ValueTable } from "../devices/ValueTable";
import { CommandSteps } from "./CommandSteps";
import { DimControl } from "./DimControl";
import { Light } from "./Light";
import { OverrideNotice } from "./OverrideNotice";
import { type LampView, useLamp, useLampState } from "./useLamp";

function Where({ lamp }: { lamp: Luminaire }) {
  const { t, f, language } = useLocale();
  const place = useStore(city);
  const here = useStore(route);
  const cabinet = hrefOf({ ...here, panel: { kind: "cabinet", id: lamp.cabinet } });
  return (
    <p className="where">
      {lamp.street} · {wardName(place, lamp.ward, language)}
      <br />
      <span className="weak">
        <a href={cabinet}>{lamp.cabinet}</a> ·{" "}
        {t("lamp.where", { phase: lamp.phase, pole: lamp.pole, type: lamp.type.id, power: f.number(lamp.type.rated_power_w, 1) })}
      </span>
    </p>
  );
}

function StateWord({ lamp }: { lamp: Luminaire }) {
  const { t } = useLocale();
  const state = useLampState(lamp);
  return (
    <p className={`state-word is-${state}`} data-testid="lamp-state">
      <LampSymbol state={state} /> {t(`lamp_state.${state}`)}
    </p>
  );
}

function OpenAlarms({ lamp }: { lamp: Luminaire }) {
  const { t } = useLocale();
  if (lamp.open_alarms.length === 0) return null;
  return (
    <section className="panel-part" aria-label={t("lamp.alarms")}>
      <ul className="alarm-rows">
        {lamp.open_alarms.map((alarm) => (
          <AlarmRow key={alarm.id} alarm={alarm} chosen />
        ))}
      </ul>
    </section>
  );
}

const CHARTED = ["active_power", "actual_level"] as const;

/** The slider begins where the lamp is; for a dark one, where it should be. */
function firstLevel(lamp: Luminaire, values: Latest | null): number {
  return Math.round(values?.values["actual_level"] || (lamp.planned_level ?? 100));
}

function LampBody({ lamp, view }: { lamp: Luminaire; view: LampView }) {
  const { values, command } = view;
  return (
    <>
      <Where lamp={lamp} />
      <StateWord lamp={lamp} />
      <OpenAlarms lamp={lamp} />
      <Light lamp={lamp} values={values} />
      <OverrideNotice lamp={lamp} />
      <DimControl key={lamp.id} target={lamp.id} startLevel={firstLevel(lamp, values)} />
      {command === null ? null : <CommandSteps command={command} />}
      <DayChart key={`day ${lamp.id}`} device={lamp.id} quantities={CHARTED} />
      <ValueTable latest={values} units={LUMINAIRE_UNITS} />
    </>
  );
}

export default function LampPanel({ id }: { id: string }) {
  const view = useLamp(id);
  const { loaded, again } = view;
  return (
    <PanelFrame title={id} kind="lamp">
      {loaded.state === "loading" ? <Loading /> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
      {loaded.state === "here" ? <LampBody lamp={loaded.value} view={view} /> : null}
    </PanelFrame>
  );
}
