/** Fields that change the plan only by what is right in itself; what is half typed stays in the field. */
import { useState } from "react";
import { useLocale } from "../i18n/locale";
import { Field } from "../shared/Field";
import { timeIn, written } from "./localTime";
import type { Named } from "./types";

interface NumberFieldProps {
  name: string;
  label: string;
  value: number;
  min: number;
  max: number;
  step?: number | "any";
  onValue: (value: number) => void;
}

export function NumberField({ value, onValue, min, max, step = 1, ...field }: NumberFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const type = (text: string): void => {
    setTyped(text);
    const number = Number(text);
    const whole = step === "any" || Number.isInteger(number);
    if (text.trim() !== "" && whole && number >= min && number <= max) onValue(number);
  };
  return (
    <Field
      {...field}
      type="number"
      inputMode="numeric"
      min={min}
      max={max}
      step={step}
      value={typed ?? String(value)}
      onChange={(event) => type(event.target.value)}
      onBlur={() => setTyped(null)}
    />
  );
}

interface TimeFieldProps {
  name: string;
  label: string;
  value: string | null;
  onTime: (time: string) => void;
  /** An empty field means no time; without it, it means nothing. */
  onNone?: () => void;
}

/** A local time as clocks here show it, whatever language the browser speaks. */
export function TimeField({ value, onTime, onNone, ...field }: TimeFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const type = (text: string): void => {
    setTyped(text);
    const time = timeIn(text);
    if (time !== null) onTime(written(time));
    else if (text.trim() === "") onNone?.();
  };
  return (
    <Field
      {...field}
      inputMode="numeric"
      autoComplete="off"
      placeholder="--:--"
      maxLength={5}
      aria-invalid={typed !== null && typed !== "" && timeIn(typed) === null}
      value={typed ?? value?.slice(0, 5) ?? ""}
      onChange={(event) => type(event.target.value)}
      onBlur={() => setTyped(null)}
    />
  );
}

interface WordsFieldProps {
  name: string;
  label: string;
  value: string;
  maxLength: number;
  onWords: (words: string) => void;
}

/** Words that may not be missing. */
export function WordsField({ value, onWords, ...field }: WordsFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const type = (text: string): void => {
    setTyped(text);
    if (text.trim() !== "") onWords(text.trim());
  };
  return <Field {...field} required autoComplete="off" value={typed ?? value} onChange={(event) => type(event.target.value)} onBlur={() => setTyped(null)} />;
}

const LONGEST_NAME = 80;

export function NameFields({ named, onName }: { named: Named; onName: (named: Named) => void }) {
  const { t } = useLocale();
  return (
    <div className="field-pair">
      <WordsField name="name-vi" label={t("light.name_vi")} value={named.vi} maxLength={LONGEST_NAME} onWords={(vi) => onName({ ...named, vi })} />
      <WordsField name="name-en" label={t("light.name_en")} value={named.en} maxLength={LONGEST_NAME} onWords={(en) => onName({ ...named, en })} />
    </div>
  );
}
