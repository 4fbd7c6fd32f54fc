/** How far each edge is with what was sent. */
import { useLocale } from "../i18n/locale";
import type { EdgeStanding } from "./types";

const MOST = 12;
const WORST_FIRST: Record<EdgeStanding["state"], number> = { refused: 0, waiting: 1, held: 2 };

export function EdgeStandings({ edges }: { edges: readonly EdgeStanding[] }) {
  const { t, f, word } = useLocale();
  if (edges.length === 0) return null;
  const held = edges.filter((it) => it.state === "held").length;
  const open = edges.filter((it) => it.state !== "held").toSorted((a, b) => WORST_FIRST[a.state] - WORST_FIRST[b.state]);
  return (
    <div className="edge-standings" data-held={held === edges.length}>
      <p>{t("light.edges_held", { held: f.number(held), all: f.number(edges.length) })}</p>
      <ul>
        {open.slice(0, MOST).map((it) => (
          <li key={it.edge} data-state={it.state}>
            <strong>{it.edge}</strong> {word("light.edge_state", it.state)}
            {it.reason === null ? null : <span className="weak"> {it.reason}</span>}
          </li>
        ))}
        {open.length > MOST ? <li className="weak">{t("light.edges_more", { n: f.number(open.length - MOST) })}</li> : null}
      </ul>
    </div>
  );
}
