/** What is wrong with a file, a line for each cell: where, what stands there, what would be right. */
import { useLocale } from "../i18n/locale";
import { TableScroll } from "../shared/TableScroll";
import { adviceOf } from "./advice";
import type { RowProblem } from "./types";

const COLUMNS = ["row", "column", "value", "advice"] as const;

interface ProblemTableProps {
  problems: readonly RowProblem[];
  total: number;
  /** What a row is about, where it says more than its number. */
  named?: (row: number) => string | null;
}

export function ProblemTable({ problems, total, named }: ProblemTableProps) {
  const locale = useLocale();
  const { t, f } = locale;
  if (total === 0) return null;
  return (
    <>
      <p className="problem" role="alert">
        {t("fleet.problems", { n: f.number(total) })}
        {total > problems.length ? ` ${t("fleet.problems_shown", { n: f.number(problems.length) })}` : null}
      </p>
      <TableScroll label={t("fleet.problem_table")}>
        <table className="rows cards problems">
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <th key={column} scope="col">
                  {t(`fleet.problem_${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {problems.map((problem) => (
              <tr key={`${problem.row} ${problem.column} ${problem.code}`} data-row={problem.row} data-column={problem.column}>
                <th scope="row">{named?.(problem.row) ?? f.number(problem.row)}</th>
                <td>
                  <code>{problem.column}</code>
                </td>
                <td className="any-text">{problem.value}</td>
                <td>{adviceOf(locale, problem)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </>
  );
}
