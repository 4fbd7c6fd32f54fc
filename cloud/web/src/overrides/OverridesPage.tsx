/** What stands above the programme now: the list that one shift hands to the next. */
import { useState } from "react";
import { readHeld } from "../api/group";
import type { OverrideLine, Overrides } from "../api/types";
import { wardName } from "../frame/wardName";
import { takeBack } from "../group/give";
import { useWhatWas } from "../group/what";
import "../i18n/group";
import "../i18n/people";
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { TableScroll } from "../shared/TableScroll";
import { go, openPanel } from "../shared/route";
import { useStore } from "../shared/store";
import { useAct } from "../shared/useAct";
import { mark } from "../state/choice";
import { city } from "../state/city";
import { now } from "../state/clock";
import { may, session } from "../state/session";
import { chosenSite, narrowed } from "../state/site";
import "../styles/group.css";
import "../styles/people.css";
import { ConsentList } from "./ConsentList";
import { HandOverDialog } from "./HandOverDialog";
import { useOverrides } from "./useOverrides";

const COLUMNS = ["what", "left", "count", "where", "who", "why", "acts"] as const;
const HEADS = { what: "what", left: "left", count: "confirmed", where: "where", who: "who", why: "why", acts: "acts" } as const;

async function show(line: OverrideLine): Promise<void> {
  const { numbers } = await readHeld(line.made_by);
  mark(numbers, true);
  go({ view: "overview", panel: null });
}

async function undo(line: OverrideLine, title: string): Promise<void> {
  const made = await takeBack(line, title);
  if (made !== null) openPanel("group", made);
}

function Left({ until }: { until: string | null }) {
  const { t, f } = useLocale();
  const cityNow = useStore(now);
  if (until === null || cityNow === null) return null;
  const left = (Date.parse(until) - cityNow) / 1000;
  return <span role="timer">{left <= 0 ? t("override.ending") : f.duration(left)}</span>;
}

function Acts({ line }: { line: OverrideLine }) {
  const { t } = useLocale();
  const what = useWhatWas();
  const { busy, problem, act } = useAct();
  const { group } = line;
  const words = { what: what({ type: line.kind, level: line.level, until: line.until }), who: line.who };
  return (
    <>
      <div className="acts">
        <button type="button" disabled={busy} aria-label={t("overrides.show_one", words)} onClick={() => act(() => show(line))}>
          {t("overrides.show")}
        </button>
        {group === null ? null : (
          <button type="button" aria-label={t("overrides.follow_one", words)} onClick={() => openPanel("group", group)}>
            {t("overrides.follow")}
          </button>
        )}
        {may(useStore(session), "lamp.command") ? (
          <button type="button" className="undo" disabled={busy} aria-label={t("overrides.undo_one", words)} onClick={() => act(() => undo(line, t("overrides.undo_one", words)))}>
            {t("overrides.undo")}
          </button>
        ) : null}
      </div>
      {problem === null ? null : <Problem error={problem} />}
    </>
  );
}

function Row({ line }: { line: OverrideLine }) {
  const { t, f, word, language } = useLocale();
  const place = useStore(city);
  const where = line.wards.map((ward) => wardName(place, ward, language)).join(", ");
  return (
    <tr data-made-by={line.made_by}>
      <th scope="row">
        {line.kind === "override" ? null : <strong className="grave-word">{word("what", `${line.kind}_word`)}</strong>}
        {line.level === null ? null : <> {t("overrides.level", { level: f.number(line.level, 1) })}</>}
      </th>
      <td className="countdown">
        <Left until={line.until} />
        <br />
        <span className="weak">{line.until === null ? t("overrides.no_end") : t("overrides.until", { time: f.time(line.until) })}</span>
      </td>
      <td>
        {f.number(line.confirmed)} / {line.lamps === 1 ? t("overrides.one", { lamp: line.first_lamp }) : t("overrides.count", { n: f.number(line.lamps) })}
      </td>
      <td>{where}</td>
      <td>{line.who}</td>
      <td>{line.reason ?? "–"}</td>
      <td className="no-print">
        <Acts line={line} />
      </td>
    </tr>
  );
}

function Lines({ list }: { list: Overrides }) {
  const { t } = useLocale();
  if (list.items.length === 0) return <p>{t("overrides.none")}</p>;
  return (
    <TableScroll label={t("overrides.title")}>
      <table className="rows cards overrides">
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <th key={column} scope="col" className={column === "acts" ? "no-print" : undefined}>
                {t(`overrides.${HEADS[column]}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {list.items.map((line) => (
            <Row key={line.made_by} line={line} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

function Tools({ list }: { list: Overrides }) {
  const { t, f } = useLocale();
  const [open, setOpen] = useState(false);
  return (
    <div className="acts no-print">
      <span role="status">{t("overrides.lamps", { n: f.number(list.lamps) })}</span>
      <a className="button" href={narrowed("/api/v1/overrides.csv", chosenSite())} download>
        {t("overrides.file")}
      </a>
      <button type="button" onClick={() => print()}>
        {t("overrides.print")}
      </button>
      {may(useStore(session), "lamp.command") ? (
        <button type="button" onClick={() => setOpen(true)}>
          {t("overrides.hand_over")}
        </button>
      ) : null}
      {open ? <HandOverDialog list={list} onClose={() => setOpen(false)} /> : null}
    </div>
  );
}

/** A sheet of paper has to say of where and when it speaks. */
function Printed() {
  const { t, f, name } = useLocale();
  const place = useStore(city);
  return <p className="print-only">{t("overrides.printed", { city: place === null ? "–" : name(place.name), time: f.dateTime(useStore(now)) })}</p>;
}

export default function OverridesPage() {
  const { t } = useLocale();
  const { loaded, again } = useOverrides();
  return (
    <section className="page" aria-labelledby="overrides-title">
      <header>
        <h2 id="overrides-title">{t("overrides.title")}</h2>
        {loaded.state === "here" ? <Tools list={loaded.value} /> : null}
      </header>
      <Printed />
      <ConsentList />
      {loaded.state === "loading" ? <Loading /> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
      {loaded.state === "here" ? <Lines list={loaded.value} /> : null}
    </section>
  );
}
