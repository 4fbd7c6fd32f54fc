/** Tens of thousands of rows of which only those are drawn that are seen. A table for screen readers, a grid for keys. */
import { type KeyboardEvent, type MouseEvent, type RefObject, useEffect, useRef, useState } from "react";
import type { Luminaire } from "../api/types";
import { wardName } from "../frame/wardName";
import { useLocale } from "../i18n/locale";
import { Age } from "../shared/Age";
import { Figure } from "../shared/Figure";
import { LampSymbol } from "../shared/Symbols";
import { hrefOf, openPanel, route } from "../shared/route";
import { useStore } from "../shared/store";
import { useEvery } from "../shared/useLoad";
import { city } from "../state/city";
import { chosenLamps, toggled, withThese } from "./chosen";
import { type Parts, rowOf } from "./parts";
import { useLampState } from "./useLamp";
import { type Rows, type View, between, moved, rowsIn, scrolledTo } from "./window";

const ROW_PX = 36; // as .lamp-rows in fleet.css
const HEAD_PX = 36;
const SPARE = 8;
const REFRESH_MS = 10_000;

const COLUMNS = ["chosen", "id", "state", "actual", "planned", "power", "age", "street", "ward", "cabinet", "road_class", "use"] as const;

function State({ lamp }: { lamp: Luminaire }) {
  const { t } = useLocale();
  const state = useLampState(lamp);
  return (
    <>
      <LampSymbol state={state} /> {t(`lamp_state.${state}`)}
    </>
  );
}

function Cells({ lamp }: { lamp: Luminaire }) {
  const { language, word } = useLocale();
  const place = useStore(city);
  const here = useStore(route);
  const { values, at } = lamp.latest;
  return (
    <>
      <th scope="row">
        <a tabIndex={-1} href={hrefOf({ ...here, panel: { kind: "lamp", id: lamp.id } })}>
          {lamp.id}
        </a>
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
      <td>{lamp.road_class ?? "–"}</td>
      <td>{word("light.use", lamp.use ?? "road")}</td>
    </>
  );
}

interface RowProps {
  lamp: Luminaire | null;
  row: number;
  active: boolean;
  onPress: (row: number, range: boolean) => void;
}

const rowId = (row: number): string => `lamp-row-${row}`;

/** On its way. The head is row 1 for screen readers. */
function Unread({ row }: { row: number }) {
  const { t } = useLocale();
  return (
    <tr id={rowId(row)} aria-rowindex={row + 2} aria-busy="true">
      <td colSpan={COLUMNS.length} className="weak">
        {t("loading")}
      </td>
    </tr>
  );
}

function LampRow({ lamp, row, active, onPress }: RowProps) {
  const { t } = useLocale();
  const isChosen = useStore(chosenLamps).has(lamp?.id ?? "");
  const open = useStore(route).panel;
  if (lamp === null) return <Unread row={row} />;
  const press = (event: MouseEvent): void => {
    if (event.target instanceof HTMLAnchorElement) return;
    if (event.shiftKey) getSelection()?.removeAllRanges();
    onPress(row, event.shiftKey);
  };
  return (
    <tr
      id={rowId(row)}
      aria-rowindex={row + 2}
      aria-selected={isChosen}
      aria-current={open?.kind === "lamp" && open.id === lamp.id ? true : undefined}
      data-active={active}
      onClick={press}
    >
      <td className="choose">
        <input type="checkbox" tabIndex={-1} aria-label={t("lamps.choose_one", { id: lamp.id })} checked={isChosen} readOnly />
      </td>
      <Cells lamp={lamp} />
    </tr>
  );
}

/** What is seen of the rows, kept as the table is scrolled or its place changes. */
function useView(place: RefObject<HTMLDivElement | null>): View {
  const [view, setView] = useState<View>({ top: 0, height: 600, rowHeight: ROW_PX });
  useEffect(() => {
    const it = place.current;
    if (it === null) return undefined;
    const look = (): void => setView({ top: it.scrollTop, height: Math.max(ROW_PX, it.clientHeight - HEAD_PX), rowHeight: ROW_PX });
    const watch = new ResizeObserver(look);
    watch.observe(it);
    it.addEventListener("scroll", look, { passive: true });
    look();
    return () => {
      watch.disconnect();
      it.removeEventListener("scroll", look);
    };
  }, [place]);
  return view;
}

async function chooseRange(parts: Parts, rows: Rows): Promise<void> {
  const lamps = await parts.all(rows);
  chosenLamps.update((chosen) => withThese(chosen, lamps));
}

/** The row that keys act on, and the one that a range begins at. */
function useRows(parts: Parts) {
  const [active, setActive] = useState(0);
  const anchor = useRef(0);
  const choose = (row: number, range: boolean): void => {
    setActive(row);
    if (range) return void chooseRange(parts, between(anchor.current, row));
    anchor.current = row;
    const lamp = rowOf(parts.known.get(), row);
    if (lamp !== null) chosenLamps.update((chosen) => toggled(chosen, lamp));
  };
  const go = (row: number, range: boolean): void => {
    setActive(row);
    if (range) void chooseRange(parts, between(anchor.current, row));
    else anchor.current = row;
  };
  return { active, choose, go };
}

function Head() {
  const { t } = useLocale();
  return (
    <thead>
      <tr aria-rowindex={1}>
        {COLUMNS.map((column) => (
          <th key={column} scope="col" data-column={column}>
            {column === "chosen" ? <span className="for-ears">{t("lamps.column_chosen")}</span> : t(`lamps.column_${column}`)}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Gap({ rows }: { rows: number }) {
  return rows === 0 ? null : <tr className="gap" aria-hidden="true" style={{ height: rows * ROW_PX }} />;
}

export function LampTable({ parts, total }: { parts: Parts; total: number }) {
  const { t } = useLocale();
  const place = useRef<HTMLDivElement>(null);
  const view = useView(place);
  const known = useStore(parts.known);
  const { first, end } = rowsIn(view, total, SPARE);
  const { active, choose, go } = useRows(parts);
  useEffect(() => parts.look({ first, end }), [parts, first, end]);
  useEvery(REFRESH_MS, () => parts.refresh({ first, end }));
  const page = Math.max(1, Math.floor(view.height / ROW_PX) - 1);
  const press = (event: KeyboardEvent): void => {
    const lamp = rowOf(known, active);
    const to = moved(active, event.key, page, total);
    if (to !== null) {
      go(to, event.shiftKey);
      place.current?.scrollTo({ top: scrolledTo(to, view) });
    } else if (event.key === " ") choose(active, event.shiftKey);
    else if (event.key === "Enter" && lamp !== null && !(event.target instanceof HTMLAnchorElement)) openPanel("lamp", lamp.id);
    else return;
    event.preventDefault();
  };
  const drawn = Array.from({ length: end - first }, (_, n) => first + n);
  return (
    <div ref={place} className="table-scroll lamp-scroll">
      <p id="lamp-keys" className="for-ears">
        {t("lamps.keys")}
      </p>
      <table
        className="rows lamp-rows"
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-to-interactive-role -- a table that keys walk through is a grid
        role="grid"
        tabIndex={0}
        aria-label={t("lamps.title")}
        aria-describedby="lamp-keys"
        aria-multiselectable="true"
        aria-rowcount={total + 1}
        aria-activedescendant={active >= first && active < end ? rowId(active) : undefined}
        onKeyDown={press}
      >
        <Head />
        <tbody>
          <Gap rows={first} />
          {drawn.map((row) => (
            <LampRow key={row} row={row} lamp={rowOf(known, row)} active={row === active} onPress={choose} />
          ))}
          <Gap rows={total - end} />
        </tbody>
      </table>
    </div>
  );
}
