/** What to tell a person when the service did not do what was asked. */
import { Refused, Unreachable } from "../api/errors";
import { type TextKey, isTextKey } from "../i18n/dictionary";

/** What the page itself sees that cannot be, with the words for it. */
export class Mistake extends Error {
  override name = "Mistake";
  readonly key: TextKey;

  constructor(key: TextKey, cause?: unknown) {
    super(key, { cause });
    this.key = key;
  }
}

/** A part of the page that could not be drawn. */
export class BrokenPart extends Error {
  override name = "BrokenPart";
}

const BY_STATUS: Readonly<Record<number, TextKey>> = {
  403: "problem.forbidden",
  404: "problem.not_found",
  422: "problem.invalid",
  429: "problem.too_many_tries",
};

function refusedKey({ code, status }: Refused): TextKey {
  const key = `problem.${code}`;
  return isTextKey(key) ? key : (BY_STATUS[status] ?? "problem.refused");
}

export function problemKey(error: unknown): TextKey {
  if (error instanceof Mistake) return error.key;
  if (error instanceof BrokenPart) return "problem.broken_part";
  if (error instanceof Unreachable) return "problem.unreachable";
  return error instanceof Refused ? refusedKey(error) : "problem.refused";
}
