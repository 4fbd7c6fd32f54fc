/** The light groups of a city: how many lamps each has, and how that has drifted since the plan was sent. */
import { useCallback } from "react";
import { readPlan } from "../api/light";
import { useLocale } from "../i18n/locale";
import type { GroupStanding, PlanSeen } from "../light/types";
import { Loading, Problem } from "../shared/Problem";
import { TableScroll } from "../shared/TableScroll";
import { useLoad } from "../shared/useLoad";

const COLUMNS = ["name", "lamps", "joined", "left", "standing"] as const;
const LIGHT = "#/light";

function GroupRow({ title, standing }: { title: string; standing: GroupStanding }) {
  const { t, f } = useLocale();
  const drifted = standing.joined > 0 || standing.left > 0;
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
      <td>{t(drifted ? "lamps.group_drift" : "lamps.group_same")}</td>
    </tr>
  );
}

function GroupTable({ seen }: { seen: PlanSeen }) {
  const { t, name } = useLocale();
  if (seen.groups.length === 0) return <p className="empty">{t("lamps.groups_none")}</p>;
  const names = new Map(seen.plan.groups.map((group) => [group.id, name(group.name)]));
  return (
    <TableScroll label={t("lamps_tab.groups")}>
      <table className="rows">
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <th key={column} scope="col">
                {t(`lamps.group_${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {seen.groups.map((standing) => (
            <GroupRow key={standing.id} title={names.get(standing.id) ?? standing.id} standing={standing} />
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
      {loaded.state === "here" ? <GroupTable seen={loaded.value} /> : null}
    </>
  );
}
