/** The frame of everything that is asked before somebody is in. */
import type { ReactNode } from "react";
import { LanguageSwitch } from "../frame/LanguageSwitch";
import { useLocale } from "../i18n/locale";

export function Door({ subtitle, children }: { subtitle: string; children: ReactNode }) {
  const { t } = useLocale();
  return (
    <main className="door">
      <div className="door-form">
        <img src="/favicon.svg" alt="" />
        <h1>{t("log_in.title")}</h1>
        <p className="weak">{subtitle}</p>
        {children}
        <LanguageSwitch />
      </div>
    </main>
  );
}

/** Stands empty beforehand, so that a screen reader hears what comes into it. */
export function DoorProblem({ text }: { text: string }) {
  return (
    <p id="door-problem" className="problem" role="alert">
      {text}
    </p>
  );
}

/** For a form that has just come: whoever knocks can write at once. */
export function focusFirst(form: HTMLFormElement | null): void {
  form?.querySelector("input")?.focus();
}
