/** Why something was not done with a plan: what is wrong with it, under the names of its parts. */
import { useCallback } from "react";
import { readRelease } from "../api/light";
import { useLocale } from "../i18n/locale";
import { Problem } from "../shared/Problem";
import { useLoad } from "../shared/useLoad";
import { FindingList } from "./FindingList";
import { findingsOf, namesOf } from "./findings";
import type { Finding, LightPlan } from "./types";

function byPart(findings: readonly Finding[], titleOf: (finding: Finding) => string): Map<string, Finding[]> {
  const found = new Map<string, Finding[]>();
  for (const finding of findings) found.set(titleOf(finding), [...(found.get(titleOf(finding)) ?? []), finding]);
  return found;
}

export function Refusal({ error, plan }: { error: unknown; plan: LightPlan | null }) {
  const { name } = useLocale();
  const titleOf = (finding: Finding): string => (plan === null ? "" : namesOf(plan, finding).map(name).join(" · "));
  return (
    <div role="group">
      <Problem error={error} />
      {[...byPart(findingsOf(error), titleOf)].map(([title, findings]) => (
        <div key={title}>
          <p className="any-text">{title}</p>
          <FindingList findings={findings} />
        </div>
      ))}
    </div>
  );
}

/** The same of a release, whose plan is asked for. */
export function ReleaseRefusal({ error, site, number }: { error: unknown; site: string; number: number }) {
  const { loaded } = useLoad(useCallback(() => readRelease(site, number), [site, number]));
  return <Refusal error={error} plan={loaded.state === "here" ? loaded.value.plan : null} />;
}
