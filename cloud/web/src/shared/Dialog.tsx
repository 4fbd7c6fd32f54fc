/** A question over the page: the browser's own dialog holds the focus, and Escape closes it. */
import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { useLocale } from "../i18n/locale";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

function useOpen() {
  const dialog = useRef<HTMLDialogElement>(null);
  // Closed before it leaves the page, so that the focus goes back to where it came from.
  useLayoutEffect(() => {
    const it = dialog.current;
    it?.showModal();
    return () => it?.close();
  }, []);
  return dialog;
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const { t } = useLocale();
  const dialog = useOpen();
  const heading = useId();
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header>
        <h2 id={heading}>{title}</h2>
        <button type="button" className="close" aria-label={t("panel.close")} title={t("panel.close")} onClick={onClose}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M3 3 13 13M13 3 3 13" />
          </svg>
        </button>
      </header>
      {children}
    </dialog>
  );
}
