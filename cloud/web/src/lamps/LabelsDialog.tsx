import { lampLabels } from "../api/fleet";
import type { Luminaire } from "../api/types";
import { SheetLinks } from "../fleet/SheetLinks";
import { inSheets } from "../fleet/rows";
import { useLocale } from "../i18n/locale";
import { Dialog } from "../shared/Dialog";

interface LabelsDialogProps {
  site: string;
  lamps: readonly Luminaire[];
  onClose: () => void;
}

export function LabelsDialog({ site, lamps, onClose }: LabelsDialogProps) {
  const { t, f } = useLocale();
  return (
    <Dialog title={t("lamps.labels_title", { n: f.number(lamps.length) })} onClose={onClose}>
      <div className="dialog-form">
        <p className="weak">{t("fleet.labels_hint")}</p>
        <SheetLinks addresses={inSheets(lamps).map((sheet) => lampLabels(site, sheet.map((lamp) => lamp.id)))} />
      </div>
    </Dialog>
  );
}
