/** The light groups of a city: how many lamps each has, and how that has drifted since the plan was sent. */
import { useCallback } from "react";
import { readGroupLamps, readPlan } from "../api/light";
import { givenTargets } from "../group/given";
import { useLocale } from "../i18n/locale";
import type { GroupStanding, PlanSeen } from "../light/types";
import { Loading, Problem } from "../shared/Problem";
import { TableScroll } from "../shared/TableScroll";
import { openPanel } from "../shared/route";
import { useStore } from "../shared/store";
import { useAct } from "../shared/useAct";
import { useLoad } from "../shared/useLoad";
import { may, session } from "../state/session";

const COLUMNS = ["name", "lamps", "joined", "left", "standing"] as const;
const FIGURES: ReadonlySet<string> = new Set(["lamps", "joined", "left"]);
const LIGHT = "#/light";
const AT_ONCE = 500; // the most that the service gives

async function idsOf(site: string, group: string): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- how many there are stands in the answer
    const { items, total } = await readGroupLamps(site, group, found.length, AT_ONCE);
    found.push(...items.map((lamp) => lamp.id));
    if (items.length === 0 || found.length >= total) return found;
  }
}

function CommandGroup({ site, standing, title }: { site: string; standing: GroupStanding; title: string }) {
  const { t } = useLocale();
  const { busy, problem, act } = useAct();
  const command = async (): Promise<void> => {
    givenTargets.set({ lamps: await idsOf(site, standing.id) });
    openPanel("group", "new");
  };
  return (
    <>
      <button type="button" disabled={busy || standing.lamps === 0} aria-label={`${t("lamps.command")} ${title}`} onClick={() => act(command)}>
        {t("lamps.command")}
      </button>
      {problem === null ? null : <Problem error={problem} />}
    </>
  );
}

type Drift = "unsent" | "drift" | "same";

function driftOf(standing: GroupStanding, isSent: boolean): Drift {
  if (!isSent) return "unsent";
  return standing.joined > 0 || standing.left > 0 ? "drift" : "same";
}

interface GroupRowProps {
  site: string;
  title: string;
  standing: GroupStanding;
  isSent: boolean;
}

function GroupRow({ site, title, standing, isSent }: GroupRowProps) {
  const { t, f } = useLocale();
  const mayCommand = may(useStore(session), "lamp.command");
  return (
    <tr data-group={standing.id}>
      <th scope="row">
        <a href={LIGHT}>{title}</a>
      </th>
      <td className="figure">
        {f.number(standing.lamps)}
        {standing.lamps_claimed_earlier === 0 ? null : <small className="weak"> {t("lamps.group_earlier", { n: f.number(standing.lamps_claimed_earlier) })}</small>}
      </td>
      <td className="figure">{f.number(standing.joined)}</td>
      <td className="figure">{f.number(standing.left)}</td>
      <td>{t(`lamps.group_${driftOf(standing, isSent)}`)}</td>
      <td className="row-acts">{mayCommand ? <CommandGroup site={site} standing={standing} title={title} /> : null}</td>
    </tr>
  );
}

function GroupTable({ site, seen }: { site: string; seen: PlanSeen }) {
  const { t, name } = useLocale();
  if (seen.groups.length === 0) return <p className="empty">{t("lamps.groups_none")}</p>;
  const names = new Map(seen.plan.groups.map((group) => [group.id, name(group.name)]));
  return (
    <TableScroll label={t("lamps_tab.groups")}>
      <table className="rows cards">
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <th key={column} scope="col" className={FIGURES.has(column) ? "figure" : undefined}>
                {t(`lamps.group_${column}`)}
              </th>
            ))}
            <th scope="col">
              <span className="for-ears">{t("lamps.command")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {seen.groups.map((standing) => (
            <GroupRow key={standing.id} site={site} isSent={seen.in_force !== null} title={names.get(standing.id) ?? standing.id} standing={standing} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

export function GroupsTab({ site }: { site: string }) {
  const { t } = useLocale();
  const { loaded, again } = useLoad(useCallback(() => readPlan(site), [site]));
  return (
    <>
      <p className="weak lamp-foot">
        {t("lamps.groups_hint")} <a href={LIGHT}>{t("lamps.groups_open")}</a>
      </p>
      {loaded.state === "loading" ? <Loading /> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
      {loaded.state === "here" ? <GroupTable site={site} seen={loaded.value} /> : null}
    </>
  );
}
