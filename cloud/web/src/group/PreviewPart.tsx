/** What a command would do, before anything is sent. */
import type { Preview } from "../api/types";
import { useLocale } from "../i18n/locale";
import { change } from "./targets";

const KW_DIGITS = 1;

export function usePower() {
  const { t, f } = useLocale();
  return (preview: Preview): string => {
    const more = change(preview);
    const signed = `${more > 0 ? "+" : ""}${f.number(more, KW_DIGITS)}`;
    return t("group.preview_power_value", {
      now: f.number(preview.power_kw_now, KW_DIGITS),
      after: f.number(preview.power_kw_after, KW_DIGITS),
      change: signed,
    });
  };
}

function Edges({ preview }: { preview: Preview }) {
  const { t, f } = useLocale();
  return (
    <details>
      <summary>{t("group.preview_edges")}</summary>
      <ul>
        {preview.edges.map(({ edge, lamps, unreachable }) => (
          <li key={edge}>
            {edge}: {t(unreachable === 0 ? "group.edge_lamps" : "group.edge_unreachable", { n: f.number(lamps), silent: f.number(unreachable) })}
          </li>
        ))}
      </ul>
    </details>
  );
}

export function PreviewPart({ preview }: { preview: Preview }) {
  const { t, f } = useLocale();
  const power = usePower();
  const needs = preview.needs.map((need) => t(`group.need_${need}`)).join(", ");
  return (
    <section className="panel-part group-preview" aria-label={t("group.preview")} data-testid="group-preview">
      <h3>{t("group.preview")}</h3>
      <dl>
        <dt>{t("group.preview_lamps")}</dt>
        <dd data-testid="preview-lamps">{f.number(preview.lamps)}</dd>
        <dt>{t("group.preview_unreachable")}</dt>
        <dd>{f.number(preview.unreachable)}</dd>
        <dt>{t("group.preview_power")}</dt>
        <dd>{power(preview)}</dd>
        {preview.until === null ? null : (
          <>
            <dt>{t("group.preview_until")}</dt>
            <dd>{f.time(preview.until)}</dd>
          </>
        )}
        <dt>{t("group.preview_needs")}</dt>
        <dd>{needs === "" ? t("group.need_none") : needs}</dd>
      </dl>
      <Edges preview={preview} />
    </section>
  );
}
