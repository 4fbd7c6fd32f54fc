/** The outlines of wards, from polygons. */
import { useState } from "react";
import { type Sheet, importAreas } from "../api/fleet";
import { wardName } from "../frame/wardName";
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { useStore } from "../shared/store";
import { city } from "../state/city";
import { FileField } from "./FileField";
import { ProblemTable } from "./ProblemTable";
import { TakenNote } from "./TakenNote";
import type { Outlined } from "./types";
import { useTaking } from "./useTaking";

const STRAYS_SHOWN = 20;

function Told({ told }: { told: Outlined | null }) {
  if (told === null) return null;
  return (
    <>
      <Found told={told} />
      <ProblemTable problems={told.problems} total={told.problems_total} />
    </>
  );
}

function Found({ told }: { told: Outlined }) {
  const { t, f, language } = useLocale();
  const place = useStore(city);
  return (
    <>
      <ul className="outlines">
        {told.wards.map((ward) => (
          <li key={ward.ward}>
            {wardName(place, ward.ward, language)} <span className="weak">{t("fleet.outline", { polygons: f.number(ward.polygons), corners: f.number(ward.corners) })}</span>
          </li>
        ))}
      </ul>
      {told.strays_total === 0 ? null : (
        <details>
          <summary>{t("fleet.strays", { n: f.number(told.strays_total) })}</summary>
          <ul className="outlines">
            {told.strays.slice(0, STRAYS_SHOWN).map((stray) => (
              <li key={stray.lamp}>
                {stray.lamp}{" "}
                <span className="weak">
                  {t("fleet.stray", { ward: wardName(place, stray.ward, language), right: stray.right === null ? "–" : wardName(place, stray.right, language) })}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

export function AreasPart({ site }: { site: string }) {
  const { t, f } = useLocale();
  const [sheet, setSheet] = useState<Sheet | null>(null);
  const { told, busy, problem, taken, look, take } = useTaking<Outlined>();
  const open = (chosen: Sheet): void => {
    setSheet(chosen);
    look(() => importAreas(site, chosen, true));
  };
  const isReady = sheet !== null && told !== null && told.problems_total === 0 && taken === null;
  return (
    <section className="account-part" aria-labelledby="outlines-title">
      <h3 id="outlines-title">{t("fleet.areas")}</h3>
      <p className="weak">{t("fleet.areas_hint")}</p>
      <FileField label={t("fleet.choose_areas")} accept=".json,.geojson,application/geo+json" chosen={sheet} onSheet={open} />
      {busy ? <Loading /> : null}
      {problem === null ? null : <Problem error={problem} />}
      <Told told={told} />
      {isReady ? (
        <button type="button" className="primary" disabled={busy} onClick={() => take(() => importAreas(site, sheet, false))}>
          {t("fleet.areas_go", { n: f.number(told.wards.length) })}
        </button>
      ) : null}
      <TakenNote taken={taken} />
    </section>
  );
}
