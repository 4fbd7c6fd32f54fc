/** Why a group's road may be darker than its class allows. */
import { useLocale } from "../i18n/locale";
import { Field } from "../shared/Field";
import { setGroup } from "./edit";
import { edit } from "./editor";
import type { LampGroup } from "./types";

export function ReasonField({ group }: { group: LampGroup }) {
  const { t } = useLocale();
  const change = (text: string): void => edit((plan) => setGroup(plan, group.id, { below_class_reason: text.trimStart() || null }), `reason ${group.id}`);
  return (
    <Field
      name="below-class-reason"
      label={t("light.below_class_reason")}
      hint={t("light.below_class_hint")}
      value={group.below_class_reason ?? ""}
      maxLength={500}
      autoComplete="off"
      onChange={(event) => change(event.target.value)}
    />
  );
}
