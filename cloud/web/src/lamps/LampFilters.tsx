/** Words, ward, street, cabinet: together, and each alone. */
import { type FormEvent, useEffect, useRef } from "react";
import { useStreets } from "../group/useStreets";
import { useLocale } from "../i18n/locale";
import { Choice } from "../shared/Field";
import { useStore } from "../shared/store";
import { city } from "../state/city";
import type { Filter } from "./filter";

/** "/" goes to the search field from anywhere on the page. */
function useSlash() {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key !== "/" || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return field;
}

interface OneOfProps {
  name: "ward" | "street" | "cabinet";
  value: string;
  all: readonly { value: string; word: string }[];
  onValue: (value: string) => void;
}

function OneOf({ name, value, all, onValue }: OneOfProps) {
  const { t } = useLocale();
  return (
    <Choice name={name} label={t(`lamps.${name}`)} value={value} onChange={({ target }) => onValue(target.value)}>
      <option value="">{t("lamps.all")}</option>
      {all.map((it) => (
        <option key={it.value} value={it.value}>
          {it.word}
        </option>
      ))}
    </Choice>
  );
}

export function LampFilters({ filter, onFilter }: { filter: Filter; onFilter: (filter: Filter) => void }) {
  const { t, name } = useLocale();
  const field = useSlash();
  const place = useStore(city);
  const streets = useStreets();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onFilter({ ...filter, search: field.current?.value.trim() ?? "" });
  };
  return (
    <form className="lamp-filters" role="search" onSubmit={submit}>
      <div className="search">
        <input ref={field} type="search" name="search" aria-label={t("lamps.search")} placeholder={t("lamps.search_what")} />
        <button type="submit">{t("lamps.search")}</button>
      </div>
      <OneOf name="ward" value={filter.ward} all={place?.wards.map((it) => ({ value: it.id, word: name(it.name) })) ?? []} onValue={(ward) => onFilter({ ...filter, ward })} />
      <OneOf name="street" value={filter.street} all={streets.map((it) => ({ value: it, word: it }))} onValue={(street) => onFilter({ ...filter, street })} />
      <OneOf name="cabinet" value={filter.cabinet} all={place?.cabinets.map((it) => ({ value: it.id, word: it.id })) ?? []} onValue={(cabinet) => onFilter({ ...filter, cabinet })} />
    </form>
  );
}
