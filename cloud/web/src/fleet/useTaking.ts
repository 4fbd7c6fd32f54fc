/** A file on its way in: looked through by the service, taken, and in force once the service runs with it. */
import { useCallback, useEffect, useState } from "react";
import { readCity } from "../api/client";
import { seeCity } from "../state/city";

const ASK_MS = 1000;

interface Told {
  version?: number | null | undefined;
  problems_total: number;
}

export interface Taking<T extends Told> {
  told: T | null;
  busy: boolean;
  problem: unknown;
  taken: Taken | null;
  /** Asks what it would change; a later question makes an earlier answer void. */
  look: (ask: () => Promise<T>) => void;
  take: (ask: () => Promise<T>) => void;
  forget: () => void;
}

export interface Taken {
  /** `null` when nothing was other than before. */
  version: number | null;
  inForce: boolean;
}

function isThere(told: Told): Taken {
  const version = told.version ?? null;
  return { version, inForce: version === null };
}

/** The service ends its parts and begins anew meanwhile: no answer is no news. */
function useArrival(taken: Taken | null, arrived: () => void): void {
  const wanted = taken === null || taken.inForce ? null : taken.version;
  useEffect(() => {
    if (wanted === null) return undefined;
    const ask = (): void =>
      void readCity().then(
        (city) => {
          if (city.inventory_version < wanted) return false;
          seeCity(city);
          arrived();
          return true;
        },
        () => false,
      );
    const timer = setInterval(ask, ASK_MS);
    return () => clearInterval(timer);
  }, [wanted, arrived]);
}

interface Standing<T> {
  told: T | null;
  problem: unknown;
  taken: Taken | null;
}

const NOTHING = { told: null, problem: null, taken: null };

export function useTaking<T extends Told>(): Taking<T> {
  const [asked, setAsked] = useState<object | null>(null);
  const [standing, setStanding] = useState<Standing<T>>(NOTHING);
  const [round, setRound] = useState<{ ask: () => Promise<T>; keeps: boolean } | null>(null);
  useEffect(() => {
    if (round === null) return undefined;
    let current = true;
    const take = (change: (before: Standing<T>) => Standing<T>): void => {
      if (!current) return;
      setStanding(change);
      setAsked(round);
    };
    round.ask().then(
      (told) => take(() => ({ told, problem: null, taken: round.keeps ? isThere(told) : null })),
      (problem: unknown) => take((before) => ({ ...before, problem })),
    );
    return () => {
      current = false;
    };
  }, [round]);
  useArrival(
    standing.taken,
    useCallback(() => setStanding((before) => (before.taken === null ? before : { ...before, taken: { ...before.taken, inForce: true } })), []),
  );
  const forget = useCallback(() => {
    setRound(null);
    setStanding(NOTHING);
  }, []);
  const look = useCallback((ask: () => Promise<T>) => setRound({ ask, keeps: false }), []);
  const take = useCallback((ask: () => Promise<T>) => setRound({ ask, keeps: true }), []);
  return { ...standing, busy: round !== null && asked !== round, look, take, forget };
}
