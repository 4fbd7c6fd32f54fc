/** Everything that one row of the log says. */
import type { AuditEntry } from "../api/types";
import { useLocale } from "../i18n/locale";
import { Dialog } from "../shared/Dialog";
import { whatExactly } from "./auditWords";

/** As the log keeps it: a code is not translated here, so that it can be found again. */
function Parameters({ parameters }: { parameters: NonNullable<AuditEntry["parameters"]> }) {
  return (
    <dl className="parameters">
      {Object.entries(parameters).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{String(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

export function EntryDialog({ entry, onClose }: { entry: AuditEntry; onClose: () => void }) {
  const locale = useLocale();
  const { t, f, word } = locale;
  const rows: [string, string | null][] = [
    [t("audit.column_at"), f.dateTime(entry.at)],
    [t("audit.column_who"), entry.who],
    [t("audit.column_address"), entry.address],
    [t("audit.column_act"), [word("act", entry.act), whatExactly(locale, entry)].filter(Boolean).join(" – ")],
    [t("audit.column_target"), entry.target],
    [t("audit.column_reason"), entry.reason],
    [t("audit.column_result"), word("result", entry.result)],
    [t("audit.hash"), entry.hash],
  ];
  return (
    <Dialog title={t("audit.row", { seq: entry.seq })} onClose={onClose}>
      <dl className="entry">
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value === null || value === "" ? <span className="unknown">–</span> : value}</dd>
          </div>
        ))}
      </dl>
      {entry.parameters === null ? null : (
        <>
          <h3>{t("audit.parameters")}</h3>
          <Parameters parameters={entry.parameters} />
        </>
      )}
    </Dialog>
  );
}
