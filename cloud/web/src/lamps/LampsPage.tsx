/** Every lamp as a row: for searching, for screen readers, and for machines that cannot draw the map. */
import { type FormEvent, useCallback, useEffect, useRef, useState } from "react";
import { searchLuminaires } from "../api/client";
import type { Luminaire, LuminairePage } from "../api/types";
import { wardName } from "../frame/wardName";
import { useLocale } from "../i18n/locale";
import { Age } from "../shared/Age";
import { Figure } from "../shared/Figure";
import { Loading, Problem } from "../shared/Problem";
import { TableScroll } from "../shared/TableScroll";
import { LampSymbol } from "../shared/Symbols";
import { hrefOf, route } from "../shared/route";
import { useStore } from "../shared/store";
import { type Loaded, useEvery, useLoad } from "../shared/useLoad";
import { city } from "../state/city";
import { useLampState } from "./useLamp";

const ROWS = 50;
const REFRESH_MS = 10_000;

function State({ lamp }: { lamp: Luminaire }) {
  const { t } = useLocale();
  const state = useLampState(lamp);
  return (
    <>
      <LampSymbol state={state} /> {t(`lamp_state.${state}`)}
    </>
  );
}

function LampRow({ lamp }: { lamp: Luminaire }) {
  const { language } = useLocale();
  const place = useStore(city);
  const here = useStore(route);
  const { values, at } = lamp.latest;
  return (
    <tr aria-current={here.panel?.kind === "lamp" && here.panel.id === lamp.id ? true : undefined}>
      <th scope="row">
        <a href={hrefOf({ ...here, panel: { kind: "lamp", id: lamp.id } })}>{lamp.id}</a>
      </th>
      <td>
        <State lamp={lamp} />
      </td>
      <td className="figure">
        <Figure value={values["actual_level"]} unit="%" digits={1} />
      </td>
      <td className="figure">
        <Figure value={lamp.planned_level} unit="%" digits={1} />
      </td>
      <td className="figure">
        <Figure value={values["active_power"]} unit="W" />
      </td>
      <td>
        <Age at={at} />
      </td>
      <td>{lamp.street}</td>
      <td>{wardName(place, lamp.ward, language)}</td>
      <td>{lamp.cabinet}</td>
    </tr>
  );
}

const COLUMNS = ["id", "state", "actual", "planned", "power", "age", "street", "ward", "cabinet"] as const;

function LampTable({ items }: { items: readonly Luminaire[] }) {
  const { t } = useLocale();
  return (
    <TableScroll label={t("lamps.title")}>
      <table className="rows">
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <th key={column} scope="col">
                {t(`lamps.column_${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((lamp) => (
            <LampRow key={lamp.id} lamp={lamp} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

function Pager({ offset, total, onOffset }: { offset: number; total: number; onOffset: (offset: number) => void }) {
  const { t, f } = useLocale();
  const last = Math.min(offset + ROWS, total);
  return (
    <nav className="pager" aria-label={t("lamps.pages")}>
      <button type="button" disabled={offset === 0} onClick={() => onOffset(Math.max(0, offset - ROWS))}>
        {t("lamps.previous")}
      </button>
      <span role="status">
        {total === 0 ? t("lamps.none") : t("lamps.range", { first: f.number(offset + 1), last: f.number(last), total: f.number(total) })}
      </span>
      <button type="button" disabled={last >= total} onClick={() => onOffset(offset + ROWS)}>
        {t("lamps.next")}
      </button>
    </nav>
  );
}

/** "/" goes to the search field from anywhere on the page. */
function useSlash() {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key !== "/" || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return field;
}

function SearchForm({ onSearch }: { onSearch: (search: string) => void }) {
  const { t } = useLocale();
  const field = useSlash();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onSearch(field.current?.value.trim() ?? "");
  };
  return (
    <form className="search" role="search" onSubmit={submit}>
      <input ref={field} type="search" aria-label={t("lamps.search")} placeholder={t("lamps.search_what")} />
      <button type="submit">{t("lamps.search")}</button>
    </form>
  );
}

function useLamps(): { loaded: Loaded<LuminairePage>; again: () => void; offset: number; setOffset: (offset: number) => void; setSearch: (search: string) => void } {
  const [search, setSearch] = useState("");
  const [offset, setOffset] = useState(0);
  const { loaded, again } = useLoad(useCallback(() => searchLuminaires(search, offset, ROWS), [search, offset]));
  useEvery(REFRESH_MS, again);
  const searchFor = (text: string): void => {
    setOffset(0);
    setSearch(text);
  };
  return { loaded, again, offset, setOffset, setSearch: searchFor };
}

export default function LampsPage({ notice }: { notice?: string }) {
  const { t } = useLocale();
  const { loaded, again, offset, setOffset, setSearch } = useLamps();
  return (
    <section className="page" aria-labelledby="lamps-title">
      <header>
        <h2 id="lamps-title">{t("lamps.title")}</h2>
        <SearchForm onSearch={setSearch} />
      </header>
      {notice === undefined ? null : <p className="notice">{notice}</p>}
      {loaded.state === "loading" ? <Loading /> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
      {loaded.state === "here" ? (
        <>
          <LampTable items={loaded.value.items} />
          <Pager offset={offset} total={loaded.value.total} onOffset={setOffset} />
        </>
      ) : null}
    </section>
  );
}
