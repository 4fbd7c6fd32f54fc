import { useLocale } from "../i18n/locale";
import type { Taken } from "./useTaking";

/** What becomes of a file that was taken. */
export function TakenNote({ taken }: { taken: Taken | null }) {
  const { t, f } = useLocale();
  if (taken === null) return null;
  const { version, inForce } = taken;
  const said = version === null ? t("fleet.nothing_new") : t(inForce ? "fleet.in_force" : "fleet.taken_up", { version: f.number(version) });
  return (
    <p className="notice" role="status" data-in-force={inForce}>
      {said}
    </p>
  );
}
