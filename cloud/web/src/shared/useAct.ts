/** One act at a time: whether it is under way, and why it was not done. */
import { type FormEvent, useState } from "react";

export interface Act {
  busy: boolean;
  problem: unknown;
  act(work: () => Promise<unknown>): void;
  forget(): void;
}

export function useAct(): Act {
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const act = (work: () => Promise<unknown>): void => {
    setBusy(true);
    setProblem(null);
    work()
      .catch(setProblem)
      .finally(() => setBusy(false));
  };
  return { busy, problem, act, forget: () => setProblem(null) };
}

/** What stands in a text field of a form that is being sent. */
export function written(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}

/** Sends a form with `work` instead of leaving the page. */
export function sends(act: Act["act"], work: (form: FormData) => Promise<unknown>) {
  return (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    act(() => work(form));
  };
}
