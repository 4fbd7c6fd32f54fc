/** What is wrong with a cell and what would be right, in the reader's language. Pure. */
import type { Values } from "../i18n/dictionary";
import type { Locale } from "../i18n/locale";
import type { RowProblem } from "./types";

const DIGITS = 7; // degrees to a centimetre

type Problem = Pick<RowProblem, "code" | "value" | "figures">;

/** Numbers that are copied into a file stay as a file has them; only counts are written for people. */
function written(figures: RowProblem["figures"]): Values {
  return Object.fromEntries(Object.entries(figures).map(([name, it]) => [name, typeof it === "number" ? Number(it.toFixed(DIGITS)) : it]));
}

/** Some codes know what may be meant; of those that always do it stands in the text itself. */
function meant({ figures }: Problem, text: string): string | null {
  const { right } = figures;
  return typeof right === "string" && right !== "" && !text.includes(right) ? right : null;
}

export function adviceOf({ t, word }: Locale, problem: Problem): string {
  const values = { value: problem.value, ...written(problem.figures) };
  const said = word("mistake", problem.code) === problem.code ? problem.code : t(`mistake.${problem.code}`, values);
  const right = meant(problem, said);
  return right === null ? said : `${said} ${t("mistake_meant", { right })}`;
}
