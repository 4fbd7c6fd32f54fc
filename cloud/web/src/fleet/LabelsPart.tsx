/** Sheets of QR labels for the poles of a cabinet. */
import { useState } from "react";
import { cabinetLabels, countSheets } from "../api/fleet";
import { useLocale } from "../i18n/locale";
import { Choice } from "../shared/Field";
import { Problem } from "../shared/Problem";
import { useStore } from "../shared/store";
import { useAct } from "../shared/useAct";
import { city } from "../state/city";
import { SheetLinks } from "./SheetLinks";

interface Made {
  cabinet: string;
  sheets: number;
}

export function LabelsPart({ site }: { site: string }) {
  const { t } = useLocale();
  const [made, setMade] = useState<Made | null>(null);
  const { problem, act } = useAct();
  const place = useStore(city);
  const wards = new Set(place?.wards.filter((ward) => ward.site === site).map((ward) => ward.id));
  const cabinets = place?.cabinets.filter((cabinet) => wards.has(cabinet.ward)) ?? [];
  const choose = (cabinet: string): void => {
    setMade(null);
    if (cabinet !== "") act(async () => setMade({ cabinet, sheets: await countSheets(site, cabinet) }));
  };
  return (
    <section className="account-part" aria-labelledby="labels-title">
      <h3 id="labels-title">{t("fleet.labels")}</h3>
      <p className="weak">{t("fleet.labels_hint")}</p>
      <Choice label={t("fleet.labels_of")} name="labels" defaultValue="" onChange={({ target }) => choose(target.value)}>
        <option value="">{t("fleet.choose_cabinet")}</option>
        {cabinets.map((cabinet) => (
          <option key={cabinet.id} value={cabinet.id}>
            {cabinet.id} · {cabinet.street}
          </option>
        ))}
      </Choice>
      {problem === null ? null : <Problem error={problem} />}
      {made === null ? null : <SheetLinks addresses={Array.from({ length: made.sheets }, (_, page) => cabinetLabels(site, made.cabinet, page + 1))} />}
    </section>
  );
}
