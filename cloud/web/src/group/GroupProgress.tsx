/** How far a command to many lamps has come: totals by state, live; who has not confirmed and why; the way back. */
import { useCallback, useEffect } from "react";
import { readGroup } from "../api/group";
import type { GroupDetail, NotConfirmed } from "../api/types";
import { useLocale } from "../i18n/locale";
import { whyItFailed } from "../lamps/failure";
import { Loading, Problem } from "../shared/Problem";
import { hrefOf, openPanel, route } from "../shared/route";
import { useStore } from "../shared/store";
import { useAct } from "../shared/useAct";
import { useEvery, useLoad } from "../shared/useLoad";
import { now } from "../state/clock";
import { type States, groupStates } from "../state/groups";
import { may, session } from "../state/session";
import { takeBack } from "./give";
import { STATES, wayBack } from "./targets";
import { useWhatWas } from "./what";

const ASK_MS = 3000;
const OPEN: ReadonlySet<string> = new Set(["requested", "sent", "acknowledged", "waiting"]);
const BAD: ReadonlySet<string> = new Set(["failed", "expired", "unknown"]);

function lookOf(state: string): string {
  if (state === "confirmed") return "good";
  return BAD.has(state) ? "bad" : "open";
}

function Totals({ states, lamps }: { states: States; lamps: number }) {
  const { t, f } = useLocale();
  const confirmed = states["confirmed"] ?? 0;
  const isOpen = STATES.some((state) => OPEN.has(state) && (states[state] ?? 0) > 0);
  return (
    <>
      <p role="status" data-testid="group-done" data-open={isOpen}>
        {t(isOpen ? "group.under_way" : "group.done", { confirmed: f.number(confirmed), lamps: f.number(lamps) })}
      </p>
      <progress max={lamps} value={confirmed} aria-label={t("group.progress")} />
      <ul className="group-states">
        {STATES.filter((state) => (states[state] ?? 0) > 0).map((state) => (
          <li key={state} data-state={state} data-look={lookOf(state)}>
            <span>{t(`group.state_${state}`)}</span> <strong>{f.number(states[state])}</strong>
          </li>
        ))}
      </ul>
    </>
  );
}

function Row({ lamp }: { lamp: NotConfirmed }) {
  const locale = useLocale();
  const here = useStore(route);
  const why = OPEN.has(lamp.state) ? locale.t("group.open_still") : whyItFailed(locale, lamp);
  return (
    <li>
      <a href={hrefOf({ ...here, panel: { kind: "lamp", id: lamp.target } })}>{lamp.target}</a> {locale.t(`group.state_${lamp.state}`)}: {why}
      {lamp.detail === null ? null : <small className="weak"> {lamp.detail}</small>}
    </li>
  );
}

function Missing({ group }: { group: GroupDetail }) {
  const { t, f } = useLocale();
  const shown = group.not_confirmed;
  const all = group.lamps - (group.states.confirmed ?? 0);
  if (shown.length === 0) return null;
  const key = shown.length < all ? "group.not_confirmed_some" : "group.not_confirmed";
  return (
    <section className="panel-part" aria-labelledby="missing-title">
      <h3 id="missing-title">{t(key, { n: f.number(all), shown: f.number(shown.length) })}</h3>
      <ul className="missing">
        {shown.map((lamp) => (
          <Row key={lamp.id} lamp={lamp} />
        ))}
      </ul>
    </section>
  );
}

function useIsOver({ action: { until } }: GroupDetail): boolean {
  const cityNow = useStore(now);
  return typeof until === "string" && cityNow !== null && Date.parse(until) <= cityNow;
}

function Undo({ group }: { group: GroupDetail }) {
  const { t, f } = useLocale();
  const { busy, problem, act } = useAct();
  const isOver = useIsOver(group);
  const kind: string = group.action.type;
  if (!may(useStore(session), "lamp.command") || wayBack(kind) === null || isOver) return null;
  const title = t(kind === "lock_out" ? "group.undo_lock_out" : "group.undo", { n: f.number(group.lamps) });
  const back = async (): Promise<void> => {
    const made = await takeBack({ made_by: group.id, kind }, title);
    if (made !== null) openPanel("group", made);
  };
  return (
    <section className="panel-part control">
      <button type="button" className="undo" disabled={busy} onClick={() => act(back)}>
        {title}
      </button>
      <p className="weak">{t("group.undo_hint")}</p>
      {problem === null ? null : <Problem error={problem} />}
    </section>
  );
}

function Head({ group }: { group: GroupDetail }) {
  const { t, f } = useLocale();
  const what = useWhatWas();
  const { who, second } = group;
  const by = second === null ? t("group.by_who", { who, time: f.clock(group.issued_at) }) : t("group.by_two", { who, second, time: f.clock(group.issued_at) });
  return (
    <p className="where">
      <strong>{what(group.action)}</strong>
      <br />
      <span className="weak">{by}</span>
      {group.reason === null ? null : <><br />{group.reason}</>}
    </p>
  );
}

function useGroup(id: string) {
  const { loaded, again } = useLoad(useCallback(() => readGroup(id), [id]));
  const live = useStore(groupStates)[id];
  const isOpen = loaded.state === "here" && loaded.value.is_open;
  useEffect(again, [again, live]);
  useEvery(ASK_MS, useCallback(() => isOpen && again(), [isOpen, again]));
  return { loaded, again, live };
}

export function GroupProgress({ id }: { id: string }) {
  const { loaded, again, live } = useGroup(id);
  if (loaded.state === "loading") return <Loading />;
  if (loaded.state === "failed") return <Problem error={loaded.error} again={again} />;
  const group = loaded.value;
  return (
    <>
      <Head group={group} />
      <section className="panel-part group-progress">
        <Totals states={live ?? group.states} lamps={group.lamps} />
      </section>
      <Undo group={group} />
      <Missing group={group} />
    </>
  );
}
