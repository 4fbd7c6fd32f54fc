/** Every value a device has given, with its unit, what we think of it, and its age. */
import { DICTIONARY_KEYS } from "../i18n/dictionary";
import { useLocale } from "../i18n/locale";
import { Age, useAge } from "../shared/Age";
import { Figure } from "../shared/Figure";
import type { Latest } from "../state/latest";

const NO_FLAGS: Record<string, number> = {};
const GOOD = 1; // QARTOD: 1 pass, 2 not evaluated, 3 suspect, 4 fail, 9 missing

/** Bit fields and enumerations are shown as words elsewhere; as a decimal number they say nothing to anybody. */
const CODED: ReadonlySet<string> = new Set(["status_bits", "fault_bits", "command_reason", "override_expiry"]);

/** The dictionary's order, which is that of the system's quantities: the same thing stands in the same place everywhere. */
const ORDER = new Map(DICTIONARY_KEYS.map((key, place) => [key, place]));

function placeOf(name: string): number {
  return ORDER.get(`quantity.${name}`) ?? ORDER.size;
}

function inOrder(names: string[]): string[] {
  return names.toSorted((a, b) => placeOf(a) - placeOf(b));
}

interface ValueTableProps {
  latest: Latest | null;
  units: Record<string, string>;
  flags?: Record<string, number>;
}

function Flag({ flag }: { flag: number | undefined }) {
  const { word } = useLocale();
  if (flag === undefined || flag === GOOD) return null;
  return <span className={`flag flag-${flag}`}>{word("flag", String(flag))}</span>;
}

function ValueRow({ name, value, unit, flag }: { name: string; value: number | null; unit: string | undefined; flag: number | undefined }) {
  const { word } = useLocale();
  return (
    <tr data-quantity={name}>
      <th scope="row">{word("quantity", name)}</th>
      <td>
        <Flag flag={flag} />
      </td>
      <td>
        <Figure value={value} unit={unit} quantity={name} />
      </td>
    </tr>
  );
}

export function ValueTable({ latest, units, flags = NO_FLAGS }: ValueTableProps) {
  const { t } = useLocale();
  const { stale } = useAge(latest?.at);
  if (latest === null) return <p className="panel-part empty">{t("values.none")}</p>;
  const names = inOrder(Object.keys(latest.values).filter((name) => !CODED.has(name)));
  return (
    <section className="panel-part values">
      <h3>
        {t("values.title")} <Age at={latest.at} />
      </h3>
      <table className={stale ? "stale" : ""}>
        <tbody>
          {names.map((name) => (
            <ValueRow key={name} name={name} value={latest.values[name] ?? null} unit={units[name]} flag={flags[name]} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
