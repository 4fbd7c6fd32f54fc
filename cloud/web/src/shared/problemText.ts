/** What to tell a person when the service did not do what was asked. */
import { Refused, Unreachable } from "../api/errors";
import { type TextKey, isTextKey } from "../i18n/dictionary";

/** A part of the page that could not be drawn. */
export class BrokenPart extends Error {
  override name = "BrokenPart";
}

export function problemKey(error: unknown): TextKey {
  if (error instanceof BrokenPart) return "problem.broken_part";
  if (error instanceof Unreachable) return "problem.unreachable";
  if (error instanceof Refused) {
    const key = `problem.${error.code}`;
    if (isTextKey(key)) return key;
    if (error.status === 403) return "problem.forbidden";
    if (error.status === 404) return "problem.not_found";
  }
  return "problem.refused";
}
