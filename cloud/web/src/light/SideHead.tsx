import { useEffect, useRef } from "react";
import { useLocale } from "../i18n/locale";

export const SIDE_TITLE = "light-side-title";

/** Focus goes into the panel when it opens, and back when it closes; on a phone the panel is scrolled to. */
function useFocus() {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    heading.current?.focus();
    return () => {
      if (document.activeElement === document.body && before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return heading;
}

export function SideHead({ title, onClose }: { title: string; onClose: () => void }) {
  const { t } = useLocale();
  const heading = useFocus();
  return (
    <header>
      <h3 id={SIDE_TITLE} ref={heading} tabIndex={-1}>{title}</h3>
      <button type="button" className="close" aria-label={t("panel.close")} title={t("panel.close")} onClick={onClose}>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M3 3 13 13M13 3 3 13" />
        </svg>
      </button>
    </header>
  );
}
