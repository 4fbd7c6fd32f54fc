/** The two dictionaries and how a text is found in them. Vietnamese is the one that names the keys. */
import en from "./en.json";
import vi from "./vi.json";

export type Language = "vi" | "en";
export type TextKey = keyof typeof vi;
export type Dictionary = Record<TextKey, string>;
export type Values = Record<string, string | number>;

// The annotation is the check: a key that one file lacks does not compile.
export const DICTIONARIES: Record<Language, Dictionary> = { vi, en };

const PLACEHOLDER = /\{(\w+)\}/g;

export function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(vi, key);
}

export function placeholders(text: string): string[] {
  return Array.from(text.matchAll(PLACEHOLDER), (match) => match[1] ?? "").toSorted();
}

export function fill(text: string, values: Values = {}): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => String(values[name] ?? whole));
}

export function translate(language: Language, key: TextKey, values?: Values): string {
  return fill(DICTIONARIES[language][key], values);
}

/** The word for a code of the service (a state, a quantity, a reason); the code itself where we have no word for it. */
export function wordFor(language: Language, family: string, code: string): string {
  const key = `${family}.${code}`;
  return isTextKey(key) ? translate(language, key) : code;
}
