/** Ask the service for something and follow how that goes; a later question makes an earlier answer void. */
import { useCallback, useEffect, useRef, useState } from "react";

export type Loaded<T> = { state: "loading" } | { state: "failed"; error: unknown } | { state: "here"; value: T };

export interface Load<T> {
  loaded: Loaded<T>;
  again(): void;
}

type Ask<T> = () => Promise<T>;

/** An answer belongs to the question it was given to. */
interface Answered<T> {
  ask: Ask<T>;
  loaded: Loaded<T>;
}

/** `ask` must be stable (useCallback): a new one is a new question. While it is asked again the old answer stays. */
export function useLoad<T>(ask: Ask<T>): Load<T> {
  const [answered, setAnswered] = useState<Answered<T> | null>(null);
  const rounds = useRef(0);
  const again = useCallback(() => {
    const round = ++rounds.current;
    const take = (loaded: Loaded<T>): void => {
      if (round === rounds.current) setAnswered({ ask, loaded });
    };
    ask().then(
      (value) => take({ state: "here", value }),
      (error: unknown) => take({ state: "failed", error }),
    );
  }, [ask]);
  useEffect(() => {
    const counter = rounds;
    again();
    return () => {
      counter.current += 1; // an answer on its way is nobody's any more
    };
  }, [again]);
  return { loaded: answered?.ask === ask ? answered.loaded : { state: "loading" }, again };
}

export function useEvery(milliseconds: number, act: () => void): void {
  useEffect(() => {
    const timer = setInterval(act, milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds, act]);
}
