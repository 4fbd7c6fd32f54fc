/** Search, rows, and what may be done with the rows that are chosen. */
import { useEffect, useMemo, useState } from "react";
import { searchLuminaires } from "../api/client";
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { useStore } from "../shared/store";
import { city } from "../state/city";
import { ChosenBar } from "./ChosenBar";
import { LampFilters } from "./LampFilters";
import { LampTable } from "./LampTable";
import { NONE, chosenLamps } from "./chosen";
import { EVERYTHING, type Filter, asked } from "./filter";
import { createParts } from "./parts";

export function LampsTab() {
  const { t, f } = useLocale();
  const [filter, setFilter] = useState(EVERYTHING);
  const parts = useMemo(() => createParts((offset, limit) => searchLuminaires(asked(filter), offset, limit)), [filter]);
  const { total, error } = useStore(parts.known);
  useEffect(() => parts.look({ first: 0, end: 1 }), [parts]);
  // Another inventory: what was looked at and chosen is void.
  useEffect(
    () =>
      city.subscribe(() => {
        parts.forget();
        chosenLamps.set(NONE);
      }),
    [parts],
  );
  const search = (wanted: Filter): void => {
    chosenLamps.set(NONE);
    setFilter(wanted);
  };
  return (
    <>
      <LampFilters filter={filter} onFilter={search} />
      {error === null ? null : <Problem error={error} again={() => parts.refresh({ first: 0, end: 1 })} />}
      {total === null ? (
        error === null ? <Loading /> : null
      ) : (
        <>
          <ChosenBar parts={parts} total={total} />
          <LampTable parts={parts} total={total} />
          <p className="weak lamp-foot" role="status">
            {total === 0 ? t("lamps.none") : t("lamps.found", { n: f.number(total) })}
          </p>
        </>
      )}
    </>
  );
}
