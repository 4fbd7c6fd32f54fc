/** The drawer beside the view: same place for lamp, station and cabinet; Escape closes it. */
import { type ReactNode, useEffect, useRef } from "react";
import { useLocale } from "../i18n/locale";
import { type PanelKind, closePanel } from "../shared/route";

function focus(element: Element | null): void {
  if (element instanceof HTMLElement && element.isConnected) element.focus({ preventScroll: true });
}

/** Focus goes into the drawer when it opens, and back when it closes; who walks down the alarm list stays there. */
function useFocus() {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    if (before?.closest(".alarms")) return undefined;
    focus(heading.current);
    return () => {
      if (document.activeElement === document.body) focus(before);
    };
  }, []);
  return heading;
}

function useEscape(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key === "Escape") closePanel();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

interface PanelFrameProps {
  title: string;
  kind: PanelKind;
  children: ReactNode;
}

export function PanelFrame({ title, kind, children }: PanelFrameProps) {
  const { t } = useLocale();
  const heading = useFocus();
  useEscape();
  return (
    <aside className="panel" aria-labelledby="panel-title" data-panel={kind}>
      <header>
        <h2 id="panel-title" ref={heading} tabIndex={-1}>
          <span className="weak">{t(`panel.${kind}`)}</span> {title}
        </h2>
        <button type="button" className="close" aria-label={t("panel.close")} title={t("panel.close")} onClick={closePanel}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M3 3 13 13M13 3 3 13" />
          </svg>
        </button>
      </header>
      {children}
    </aside>
  );
}
