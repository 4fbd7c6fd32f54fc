/** What the check has found, in words. */
import type { Formats } from "../i18n/format";
import { useLocale } from "../i18n/locale";
import type { Finding } from "./types";

const DATE = /^\d{4}-(\d{2})-(\d{2})$/;

/** A figure as a text takes it: numbers and dates in the reader's way. */
function figure(f: Formats, value: number | string): string {
  return typeof value === "number" ? f.number(value, 1) : value.replace(DATE, "$2/$1");
}

function useSaid(): (finding: Finding) => string {
  const { t, f } = useLocale();
  return ({ code, figures }) => t(`finding.${code}`, Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, figure(f, value)])));
}

export function FindingList({ findings }: { findings: readonly Finding[] }) {
  const said = useSaid();
  if (findings.length === 0) return null;
  return (
    <ul className="finding-list" aria-live="polite">
      {findings.map((finding) => (
        <li key={`${finding.path.join(".")} ${finding.code} ${finding.figures["programme"]} ${finding.figures["step"]}`} data-severity={finding.severity} data-code={finding.code}>
          <svg className="symbol" viewBox="0 0 16 16" aria-hidden="true">
            {finding.severity === "refused" ? <rect className="lamp-fault" x="3" y="3" width="10" height="10" /> : <path className="lamp-warning" d="M8 2 15 14H1Z" />}
          </svg>
          {said(finding)}
        </li>
      ))}
    </ul>
  );
}
