/** The door. Plain form fields with their standard names, so that password managers know them. */
import { type FormEvent, useEffect, useRef, useState } from "react";
import { logIn } from "../api/client";
import type { TextKey } from "../i18n/dictionary";
import { useLocale } from "../i18n/locale";
import { LanguageSwitch } from "../frame/LanguageSwitch";
import { problemKey } from "../shared/problemText";
import { enter } from "./enter";

async function knock(form: FormData): Promise<void> {
  enter(await logIn(String(form.get("username")), String(form.get("password"))));
}

interface FieldProps {
  name: "username" | "password";
  label: string;
  wrong: boolean;
}

function Field({ name, label, wrong }: FieldProps) {
  const isPassword = name === "password";
  return (
    <label className="field">
      <span>{label}</span>
      <input
        name={name}
        type={isPassword ? "password" : "text"}
        autoComplete={isPassword ? "current-password" : "username"}
        autoCapitalize="none"
        spellCheck={false}
        required
        aria-invalid={wrong}
        aria-describedby={wrong ? "log-in-problem" : undefined}
      />
    </label>
  );
}

/** A wrong password is a 401 like a lost session; at the door it means the former. */
function doorProblem(error: unknown): TextKey {
  const key = problemKey(error);
  return key === "problem.unreachable" || key === "problem.too_many_tries" ? key : "log_in.wrong";
}

function useLogIn() {
  const [problem, setProblem] = useState<TextKey | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    knock(new FormData(event.currentTarget)).catch((error: unknown) => {
      setProblem(doorProblem(error));
      setBusy(false);
    });
  };
  return { problem, busy, submit };
}

export function LogInPage() {
  const { t } = useLocale();
  const { problem, busy, submit } = useLogIn();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  return (
    <main className="door">
      <form ref={form} className="door-form" method="post" onSubmit={submit}>
        <img src="/favicon.svg" alt="" />
        <h1>{t("log_in.title")}</h1>
        <p className="weak">{t("log_in.subtitle")}</p>
        <Field name="username" label={t("log_in.username")} wrong={problem !== null} />
        <Field name="password" label={t("log_in.password")} wrong={problem !== null} />
        <p id="log-in-problem" className="problem" role="alert">
          {problem === null ? "" : t(problem)}
        </p>
        <button type="submit" className="primary" disabled={busy}>
          {t(busy ? "log_in.busy" : "log_in.enter")}
        </button>
        <LanguageSwitch />
      </form>
    </main>
  );
}
