import type { Sheet } from "../api/fleet";
import { useLocale } from "../i18n/locale";
import { sheetOf } from "./files";

interface FileFieldProps {
  label: string;
  accept: string;
  chosen: Sheet | null;
  onSheet: (sheet: Sheet) => void;
}

/** The same file may be chosen again after it was mended. */
export function FileField({ label, accept, chosen, onSheet }: FileFieldProps) {
  const { t } = useLocale();
  return (
    <p className="file-field">
      <label className="button file-button">
        <input
          type="file"
          className="for-ears"
          accept={accept}
          onChange={({ target }) => {
            const file = target.files?.[0];
            if (file !== undefined) onSheet(sheetOf(file));
            target.value = "";
          }}
        />
        {label}
      </label>{" "}
      <span className="weak">{chosen?.name ?? t("fleet.no_file")}</span>
    </p>
  );
}
