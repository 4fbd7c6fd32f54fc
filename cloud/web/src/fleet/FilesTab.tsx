/** A city's lamps as files: out, in, wards' outlines, labels for the poles. */
import { tableAddress } from "../api/fleet";
import { useLocale } from "../i18n/locale";
import { AreasPart } from "./AreasPart";
import { ImportPart } from "./ImportPart";
import { LabelsPart } from "./LabelsPart";

const KINDS = ["csv", "geojson"] as const;

function ExportPart({ site }: { site: string }) {
  const { t } = useLocale();
  return (
    <section className="account-part" aria-labelledby="export-title">
      <h3 id="export-title">{t("fleet.export")}</h3>
      <p className="weak">{t("fleet.export_hint")}</p>
      <p className="acts">
        {KINDS.map((kind) => (
          <a key={kind} className="button file-button" href={tableAddress(site, kind)} download>
            {t(`fleet.export_${kind}`)}
          </a>
        ))}
      </p>
    </section>
  );
}

export function FilesTab({ site }: { site: string }) {
  return (
    <div className="fleet-files" key={site}>
      <div>
        <ImportPart site={site} />
      </div>
      <div>
        <ExportPart site={site} />
        <LabelsPart site={site} />
        <AreasPart site={site} />
      </div>
    </div>
  );
}
