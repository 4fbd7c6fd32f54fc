/** Where we are: the address after `#` holds the view and the open panel, so that a link shows the same to a colleague. */
import { createStore } from "./store";

export const VIEWS = ["overview", "lamps", "light", "alarms", "overrides", "people", "sessions", "areas", "tokens", "audit", "account"] as const;
export type View = (typeof VIEWS)[number];

export const PANELS = ["lamp", "station", "cabinet", "group"] as const;
export type PanelKind = (typeof PANELS)[number];

export interface Panel {
  kind: PanelKind;
  id: string;
}

export interface Route {
  view: View;
  panel: Panel | null;
}

const isView = (word: string | undefined): word is View => VIEWS.some((view) => view === word);
const isPanel = (word: string | undefined): word is PanelKind => PANELS.some((kind) => kind === word);

/** A mistyped address is a wrong address, not an error. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

export function parseRoute(hash: string): Route {
  const [view, kind, id] = hash.replace(/^#\/?/, "").split("/").map(decoded);
  return {
    view: isView(view) ? view : "overview",
    panel: isPanel(kind) && id !== undefined && id !== "" ? { kind, id } : null,
  };
}

export function hrefOf({ view, panel }: Route): string {
  return panel === null ? `#/${view}` : `#/${view}/${panel.kind}/${encodeURIComponent(panel.id)}`;
}

export const route = createStore<Route>(parseRoute(location.hash));

function readAddress(): void {
  route.set(parseRoute(location.hash));
}

export function followAddress(): () => void {
  addEventListener("hashchange", readAddress);
  readAddress();
  return () => removeEventListener("hashchange", readAddress);
}

export function go(to: Route): void {
  location.hash = hrefOf(to);
}

export function openPanel(kind: PanelKind, id: string): void {
  go({ ...route.get(), panel: { kind, id } });
}

export function closePanel(): void {
  go({ ...route.get(), panel: null });
}
