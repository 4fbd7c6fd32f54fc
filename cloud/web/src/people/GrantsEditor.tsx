/** What somebody may do where: a line for each role over an area. */
import type { Area, Grant, Role } from "../api/types";
import { useLocale } from "../i18n/locale";
import { Choice } from "../shared/Field";
import { AreaSelect } from "./AreaSelect";

const ROLES: readonly Role[] = ["viewer", "operator", "shift_lead", "planner", "technician", "administrator", "auditor"];

interface GrantRowProps {
  grant: Grant;
  areas: readonly Area[];
  isOnly: boolean;
  onChange: (grant: Grant) => void;
  onRemove: () => void;
}

function GrantRow({ grant, areas, isOnly, onChange, onRemove }: GrantRowProps) {
  const { t, word } = useLocale();
  return (
    <li className="grant-row">
      <Choice label={t("grants.role")} value={grant.role} onChange={(event) => onChange({ ...grant, role: event.target.value as Role })}>
        {ROLES.map((role) => (
          <option key={role} value={role}>
            {word("role", role)}
          </option>
        ))}
      </Choice>
      <AreaSelect areas={areas} value={grant.area} onChange={(area) => onChange({ ...grant, area })} />
      <button type="button" disabled={isOnly} onClick={onRemove}>
        {t("grants.remove")}
      </button>
    </li>
  );
}

interface GrantsEditorProps {
  grants: readonly Grant[];
  areas: readonly Area[];
  onGrants: (grants: Grant[]) => void;
}

export function GrantsEditor({ grants, areas, onGrants }: GrantsEditorProps) {
  const { t } = useLocale();
  const another: Grant = { role: "viewer", area: areas[0]?.path ?? "/" };
  return (
    <fieldset className="grants">
      <legend>{t("grants.title")}</legend>
      <ul>
        {grants.map((grant, index) => (
          <GrantRow
            // oxlint-disable-next-line react/no-array-index-key -- a line has no other name, and none moves
            key={index}
            grant={grant}
            areas={areas}
            isOnly={grants.length === 1}
            onChange={(changed) => onGrants(grants.with(index, changed))}
            onRemove={() => onGrants(grants.toSpliced(index, 1))}
          />
        ))}
      </ul>
      <button type="button" onClick={() => onGrants([...grants, another])}>
        {t("grants.add")}
      </button>
    </fieldset>
  );
}
