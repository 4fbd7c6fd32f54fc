/** The language chosen on this account, and everything a component needs to speak it. */
import { useMemo } from "react";
import { city } from "../state/city";
import { createStore, useStore } from "../shared/store";
import { type Language, type TextKey, type Values, translate, wordFor } from "./dictionary";
import { type Formats, formats } from "./format";

const KEPT = "haidang.language";
const LANGUAGES: ReadonlySet<string> = new Set(["vi", "en"]);

function isLanguage(value: string | null): value is Language {
  return value !== null && LANGUAGES.has(value);
}

function kept(account: string): Language | null {
  const value = localStorage.getItem(`${KEPT}.${account}`);
  return isLanguage(value) ? value : null;
}

function ofBrowser(): Language {
  return navigator.language.startsWith("en") ? "en" : "vi";
}

let account = "";
export const language = createStore<Language>(kept("") ?? ofBrowser());

function speak(chosen: Language): void {
  document.documentElement.lang = chosen;
  language.set(chosen);
}
speak(language.get());

/** Speak the account's language: what was last chosen on this account here, else what the account says. */
export function speakAccountLanguage(username: string, preferred: Language): void {
  account = username;
  speak(kept(username) ?? preferred);
}

export function chooseLanguage(chosen: Language): void {
  localStorage.setItem(`${KEPT}.${account}`, chosen);
  localStorage.setItem(`${KEPT}.`, chosen);
  speak(chosen);
}

interface Named {
  vi: string;
  en: string;
}

export interface Locale {
  language: Language;
  t(key: TextKey, values?: Values): string;
  word(family: string, code: string): string;
  name(named: Named): string;
  f: Formats;
}

const BEFORE_THE_CITY_IS_KNOWN = "Asia/Ho_Chi_Minh";

export function locale(chosen: Language, timeZone: string): Locale {
  return {
    language: chosen,
    t: (key, values) => translate(chosen, key, values),
    word: (family, code) => wordFor(chosen, family, code),
    name: (named) => named[chosen],
    f: formats(chosen, timeZone),
  };
}

export function useLocale(): Locale {
  const chosen = useStore(language);
  const timeZone = useStore(city)?.timezone ?? BEFORE_THE_CITY_IS_KNOWN;
  return useMemo(() => locale(chosen, timeZone), [chosen, timeZone]);
}
