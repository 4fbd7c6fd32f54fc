/** From a draft to lit streets: proposed, approved by another person, sent, held by every edge; and the way back. */
import { type ReactNode, useCallback, useState } from "react";
import type { Right } from "../api/types";
import { decideRelease, proposeRelease, readRelease, readReleases, sendRelease } from "../api/light";
import { askConfirmation, confirmed } from "../confirm/confirm";
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { useStore } from "../shared/store";
import { type Act, useAct } from "../shared/useAct";
import { type Loaded, useEvery, useLoad } from "../shared/useLoad";
import { may, session } from "../state/session";
import { Differences } from "./Differences";
import { EdgeStandings } from "./EdgeStandings";
import { Refusal, ReleaseRefusal } from "./Refusal";
import { SIDE_TITLE, SideHead } from "./SideHead";
import { type Difference, differences } from "./differences";
import type { LightPlan, Release, ReleaseWithPlan } from "./types";

const LOOK_AGAIN_MS = 3000;

interface OneReleaseProps {
  site: string;
  release: Release;
  act: Act;
  onDone: () => Promise<void>;
}

function useReleaseActs({ site, release, onDone }: OneReleaseProps) {
  const { t, f } = useLocale();
  const { number } = release;
  const title = (key: "light.release_agree" | "light.release_refuse" | "light.release_send" | "light.release_back"): string => `${t(key)}: ${t("light.release_number", { n: number })}`;
  const agree = async (): Promise<void> => {
    await decideRelease(site, number, true, null);
    await onDone();
  };
  const refuse = async (): Promise<void> => {
    const given = await askConfirmation({ title: title("light.release_refuse"), needs: ["reason"] });
    if (given === null) return;
    await decideRelease(site, number, false, given.reason);
    await onDone();
  };
  const send = (): Promise<void> =>
    confirmed(`${title("light.release_send")} · ${t("light.lamps", { n: f.number(release.lamps) })}`, async (confirmation) => {
      await sendRelease(site, number, confirmation);
      await onDone();
    });
  const goBack = async (): Promise<void> => {
    const given = await askConfirmation({ title: title("light.release_back"), lines: [t("light.release_back_note")], needs: ["reason"] });
    if (given === null) return;
    await proposeRelease(site, given.reason, number);
    await onDone();
  };
  return { agree, refuse, send, goBack };
}

function ReleaseActs(props: OneReleaseProps) {
  const { t } = useLocale();
  const { release, act } = props;
  const current = useStore(session);
  const acts = useReleaseActs(props);
  const mine = current.state === "in" && current.me.username === release.proposed_by;
  const press = (key: Parameters<typeof t>[0], work: () => Promise<void>, primary = false) => (
    <button key={key} type="button" className={primary ? "primary" : undefined} disabled={act.busy} onClick={() => act.act(work)}>
      {t(key)}
    </button>
  );
  const offered: Partial<Record<Release["state"], [Right, () => ReactNode]>> = {
    proposed: ["light.approve", () => [press("light.release_agree", acts.agree, true), press("light.release_refuse", acts.refuse)]],
    approved: ["light.send", () => press("light.release_send", acts.send, true)],
    replaced: ["light.plan", () => press("light.release_back", acts.goBack)],
  };
  if (release.state === "proposed" && mine) return <p className="weak">{t("light.needs_another")}</p>;
  const [right, buttons] = offered[release.state] ?? [];
  return right !== undefined && buttons !== undefined && may(current, right) ? <div className="acts">{buttons()}</div> : null;
}

function ReleaseCard({ site, release, onDone }: Omit<OneReleaseProps, "act">) {
  const { t, f, word } = useLocale();
  const act = useAct();
  const line = (key: "light.proposed_line" | "light.decided_line" | "light.sent_line", who: string | null, at: string | null) =>
    who === null ? null : <p className="weak">{t(key, { who, at: f.dateTime(at) })}</p>;
  return (
    <li className="release" data-release={release.number} data-state={release.state}>
      <h4>
        {t("light.release_number", { n: release.number })} · {word("light.release_state", release.state)}
      </h4>
      <p className="any-text">{release.reason}</p>
      {line("light.proposed_line", release.proposed_by, release.proposed_at)}
      {line("light.decided_line", release.decided_by, release.decided_at)}
      {line("light.sent_line", release.sent_by, release.sent_at)}
      {release.decided_because === null ? null : <p className="any-text">{release.decided_because}</p>}
      <EdgeStandings edges={release.edges} />
      <ReleaseActs site={site} release={release} act={act} onDone={onDone} />
      {act.problem === null ? null : <ReleaseRefusal error={act.problem} site={site} number={release.number} />}
    </li>
  );
}

interface ProposeProps {
  site: string;
  draft: LightPlan;
  inForce: Release | null;
  unsaved: boolean;
  act: Act;
  onDone: () => Promise<void>;
}

function differencesFrom(loaded: Loaded<ReleaseWithPlan | null>, draft: LightPlan): Difference[] | null {
  return loaded.state === "here" && loaded.value !== null ? differences(loaded.value.plan, draft) : null;
}

function useDifferences(site: string, inForce: Release | null, draft: LightPlan): Difference[] | null {
  const number = inForce?.number ?? null;
  const ask = useCallback(() => (number === null ? Promise.resolve(null) : readRelease(site, number)), [site, number]);
  return differencesFrom(useLoad(ask).loaded, draft);
}

function ProposeButton({ site, isNothing, act, onDone }: Pick<ProposeProps, "site" | "act" | "onDone"> & { isNothing: boolean }) {
  const { t } = useLocale();
  const propose = async (): Promise<void> => {
    const given = await askConfirmation({ title: t("light.propose"), needs: ["reason"] });
    if (given === null) return;
    await proposeRelease(site, given.reason, null);
    await onDone();
  };
  return (
    <button type="button" disabled={act.busy || isNothing} onClick={() => act.act(propose)}>
      {t("light.propose")}
    </button>
  );
}

/** What would change in the streets, and the button for it. */
function Propose({ site, draft, inForce, unsaved, act, onDone }: ProposeProps) {
  const { t } = useLocale();
  const found = useDifferences(site, inForce, draft);
  const mayPlan = may(useStore(session), "light.plan");
  const isNothing = unsaved || found?.length === 0 || draft.groups.length === 0;
  return (
    <div className="editor-part">
      <h4>{t("light.draft_against_force")}</h4>
      {inForce === null ? <p className="weak">{t("light.nothing_in_force")}</p> : null}
      {found === null ? null : <Differences found={found} />}
      {mayPlan ? <ProposeButton site={site} isNothing={isNothing} act={act} onDone={onDone} /> : null}
      {unsaved ? <p className="weak">{t("light.save_first")}</p> : null}
    </div>
  );
}

interface ReleasesPanelProps {
  site: string;
  draft: LightPlan;
  inForce: Release | null;
  unsaved: boolean;
  /** The draft and what is in force are asked for again. */
  onChanged: () => Promise<void>;
  onClose: () => void;
}

export function ReleasesPanel({ site, draft, inForce, unsaved, onChanged, onClose }: ReleasesPanelProps) {
  const { t } = useLocale();
  const { loaded, again } = useLoad(useCallback(() => readReleases(site), [site]));
  const [all, setAll] = useState(false);
  const act = useAct();
  useEvery(LOOK_AGAIN_MS, again);
  const done = async (): Promise<void> => {
    again();
    await onChanged();
  };
  const releases = loaded.state === "here" ? loaded.value : [];
  const shown = all ? releases : releases.slice(0, 4);
  return (
    <aside className="light-side" aria-labelledby={SIDE_TITLE} data-side="releases">
      <SideHead title={t("light.releases")} onClose={onClose} />
      <div className="editor">
        <Propose site={site} draft={draft} inForce={inForce} unsaved={unsaved} act={act} onDone={done} />
        {act.problem === null ? null : <Refusal error={act.problem} plan={draft} />}
        {loaded.state === "loading" ? <Loading /> : null}
        {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
        <ol className="releases">
          {shown.map((release) => (
            <ReleaseCard key={release.number} site={site} release={release} onDone={done} />
          ))}
        </ol>
        {releases.length > shown.length ? (
          <button type="button" onClick={() => setAll(true)}>
            {t("light.releases_all")}
          </button>
        ) : null}
      </div>
    </aside>
  );
}
