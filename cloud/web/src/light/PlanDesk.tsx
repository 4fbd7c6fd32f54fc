/** The calendar of one city with everything that is done to it. */
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { useStore } from "../shared/store";
import { now as cityNow } from "../state/clock";
import { Calendar } from "./Calendar";
import { SaveBar } from "./SaveBar";
import { Side } from "./Side";
import { addGroup } from "./edit";
import { edit, editing } from "./editor";
import { ofGroup, stillOpen } from "./findings";
import { nightOf } from "./localTime";
import { namedIn } from "./named";
import type { Finding, LightPlan } from "./types";
import { type Desk, type DeskProps, type View, useDesk } from "./useDesk";

const VIEWS = ["draft", "in_force"] as const satisfies readonly View[];

function ViewChoice({ desk }: { desk: Desk }) {
  const { t } = useLocale();
  return (
    <div className="tabs" role="group" aria-label={t("light.which_plan")}>
      {VIEWS.map((it) => (
        <button key={it} type="button" aria-pressed={it === desk.view} onClick={() => desk.setView(it)}>
          {t(`light.view_${it}`)}
        </button>
      ))}
      <button type="button" aria-pressed={desk.compare} disabled={desk.view === "in_force"} onClick={() => desk.setCompare(!desk.compare)}>
        {t("light.compare")}
      </button>
    </div>
  );
}

function Legend({ desk }: { desk: Desk }) {
  const { t } = useLocale();
  return (
    <p className="weak light-legend">
      {t("light.legend")} {desk.before === null ? null : t("light.legend_compare")}{" "}
      {desk.mayEdit ? <span className="by-mouse">{t("light.legend_edit")}</span> : null}
    </p>
  );
}

function AddGroup({ site, onAdded }: { site: string; onAdded: (group: string) => void }) {
  const { t } = useLocale();
  const add = (): void => {
    const plan = editing.get()?.history.present;
    if (plan === undefined) return;
    const added = addGroup(plan, namedIn("light.new_group"), `/${site}`);
    edit(() => added.plan);
    onAdded(added.id);
  };
  return (
    <button type="button" className="add-group" onClick={add}>
      {t("light.add_group")}
    </button>
  );
}

/** Now, when the night that is shown is this one. */
function usePresent(night: string, zone: string): number | null {
  const at = useStore(cityNow);
  return at !== null && nightOf(at, zone) === night ? at : null;
}

function useOpenFindings({ view, checked }: Desk, plan: LightPlan): Finding[] {
  return view === "draft" ? stillOpen(checked.value?.findings ?? [], plan) : [];
}

function Nights({ desk, plan, present }: { desk: Desk; plan: LightPlan; present: number | null }) {
  const { t } = useLocale();
  const findings = useOpenFindings(desk, plan);
  if (desk.sky === null) return desk.problem === null ? <Loading /> : null;
  return (
    <>
      <Calendar rows={desk.rows} before={desk.before} sky={desk.sky} now={present} chosen={desk.chosen} isDraft={desk.view === "draft"} mayEdit={desk.mayEdit} wrong={(group) => ofGroup(findings, plan, group).length} onChoose={desk.choose} />
      {desk.rows.length === 0 ? <p className="empty">{t(desk.mayEdit ? "light.no_groups_yet" : "light.no_groups")}</p> : null}
      {desk.sky.sun.sunset === null ? <p className="notice">{t("light.no_sunset")}</p> : null}
    </>
  );
}

export function PlanDesk(props: DeskProps & { refresh: () => Promise<void> }) {
  const { now, night, zone, refresh } = props;
  const { t } = useLocale();
  const desk = useDesk(props);
  const present = usePresent(night, zone);
  return (
    <>
      <Legend desk={desk} />
      <div className="plan-bar">
        {desk.mayEdit ? <SaveBar now={now} checked={desk.checked} /> : null}
        <div className="acts light-views">
          {now.base.in_force === null ? null : <ViewChoice desk={desk} />}
          <button type="button" aria-expanded={desk.releases} onClick={() => desk.showReleases(!desk.releases)}>
            {t("light.releases")}
          </button>
        </div>
      </div>
      {desk.problem === null ? null : <Problem error={desk.problem} />}
      <div className="light-desk">
        {/* It scrolls, also for people who scroll with the keyboard where no row is a button. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <div className="light-scroll" role="group" aria-label={t("light.title")} tabIndex={0}>
          <Nights desk={desk} plan={now.history.present} present={present} />
          {desk.mayEdit ? <AddGroup site={now.site} onAdded={desk.choose} /> : null}
        </div>
        <Side now={now} desk={desk} refresh={refresh} />
      </div>
    </>
  );
}
