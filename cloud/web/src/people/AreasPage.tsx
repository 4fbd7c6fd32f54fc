/** The areas as a tree, and who has what in the one that is chosen. */
import { useState } from "react";
import { readAreas, readPeople } from "../api/people";
import type { Area, Person } from "../api/types";
import "../i18n/people";
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { TableScroll } from "../shared/TableScroll";
import { useLoad } from "../shared/useLoad";
import "../styles/people.css";
import { PeopleTabs } from "./PeopleTabs";
import { asTree, countAt, depth, holders } from "./areas";
import { useAreaName } from "./useAreas";

interface TreeProps {
  areas: readonly Area[];
  people: readonly Person[];
  chosen: string;
  onChoose: (path: string) => void;
}

function AreaTree({ areas, people, chosen, onChoose }: TreeProps) {
  const { t, f, name } = useLocale();
  return (
    <TableScroll label={t("areas.tree")}>
      <table className="rows area-tree">
        <thead>
          <tr>
            <th scope="col">{t("areas.column_area")}</th>
            <th scope="col" className="figure">
              {t("areas.column_lamps")}
            </th>
            <th scope="col" className="figure">
              {t("areas.column_people")}
            </th>
          </tr>
        </thead>
        <tbody>
          {areas.map((area) => (
            <tr key={area.path} aria-current={area.path === chosen ? true : undefined}>
              <th scope="row" data-depth={depth(area.path)}>
                <button type="button" className="link" aria-pressed={area.path === chosen} onClick={() => onChoose(area.path)}>
                  {name(area.name)}
                </button>{" "}
                <small className="weak">{t(`area_kind.${area.kind}`)}</small>
              </th>
              <td className="figure">{f.number(area.lamps)}</td>
              <td className="figure">{f.number(countAt(people, area.path))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

function Holders({ areas, people, chosen }: Omit<TreeProps, "onChoose">) {
  const { t, word } = useLocale();
  const named = useAreaName(areas);
  const here = holders(people, chosen);
  return (
    <section className="holders" aria-labelledby="holders-title">
      <h3 id="holders-title">{t("areas.holders", { area: named(chosen) })}</h3>
      {here.length === 0 ? <p className="empty">{t("areas.nobody")}</p> : null}
      <ul>
        {here.map(({ person, grant, inherited }) => (
          <li key={`${person.username} ${grant.role} ${grant.area}`}>
            <strong>{person.display_name}</strong> {word("role", grant.role)}
            {inherited ? <small className="weak"> {t("areas.inherited", { area: named(grant.area) })}</small> : null}
            {person.disabled ? <small className="weak"> · {t("people.is_disabled")}</small> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Both({ areas, people }: { areas: readonly Area[]; people: readonly Person[] }) {
  const [chosen, setChosen] = useState(areas[0]?.path ?? "/");
  return (
    <div className="two-sides">
      <AreaTree areas={areas} people={people} chosen={chosen} onChoose={setChosen} />
      <Holders areas={areas} people={people} chosen={chosen} />
    </div>
  );
}

const ask = () => Promise.all([readAreas().then(asTree), readPeople()]);

export default function AreasPage() {
  const { t } = useLocale();
  const { loaded, again } = useLoad(ask);
  return (
    <section className="page" aria-labelledby="areas-title">
      <header>
        <h2 id="areas-title">{t("areas.title")}</h2>
        <PeopleTabs />
      </header>
      {loaded.state === "loading" ? <Loading /> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
      {loaded.state === "here" ? <Both areas={loaded.value[0]} people={loaded.value[1]} /> : null}
    </section>
  );
}
