/** The two dictionaries and how a text is found in them. Vietnamese is the one that names the keys.
 *
 * Texts of some pages come with those pages (`people.ts`, `light.ts`, `group.ts`, `fleet.ts`): the first load does not carry them.
 */
import en from "./en.json";
import type fleet from "./fleet.vi.json";
import type group from "./group.vi.json";
import type light from "./light.vi.json";
import type people from "./people.vi.json";
import vi from "./vi.json";

export type Language = "vi" | "en";
type FirstKey = keyof typeof vi;
export type LaterKey = keyof typeof people | keyof typeof light | keyof typeof group | keyof typeof fleet;
export type TextKey = FirstKey | LaterKey;
export type Dictionary = Record<TextKey, string>;
export type Values = Record<string, string | number>;

// The annotation is the check: a key that one file lacks does not compile.
const FIRST: Record<Language, Record<FirstKey, string>> = { vi, en };
const dictionaries: Record<Language, Partial<Dictionary>> = { vi: { ...FIRST.vi }, en: { ...FIRST.en } };

export function addTexts<Key extends LaterKey>(texts: Record<Language, Record<Key, string>>): void {
  Object.assign(dictionaries.vi, texts.vi);
  Object.assign(dictionaries.en, texts.en);
}

const PLACEHOLDER = /\{(\w+)\}/g;

/** Of the texts that are here from the first load on, in their order. */
export const DICTIONARY_KEYS: readonly string[] = Object.keys(vi);

export function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(dictionaries.vi, key);
}

export function placeholders(text: string): string[] {
  return Array.from(text.matchAll(PLACEHOLDER), (match) => match[1] ?? "").toSorted();
}

export function fill(text: string, values: Values = {}): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => String(values[name] ?? whole));
}

export function translate(language: Language, key: TextKey, values?: Values): string {
  return fill(dictionaries[language][key] ?? key, values);
}

/** The word for a code of the service (a state, a quantity, a reason); the code itself where we have no word for it. */
export function wordFor(language: Language, family: string, code: string): string {
  const key = `${family}.${code}`;
  return isTextKey(key) ? translate(language, key) : code;
}
