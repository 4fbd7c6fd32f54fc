/** What somebody thinks of doing: asked of the service a moment after the last change, so that a slider asks once. */
import { useEffect, useState } from "react";
import { readChosen, readPreview } from "../api/group";
import type { Action, Preview, Targets } from "../api/types";
import { mark, unmark } from "../state/choice";

const PAUSE_MS = 300;
const AGAIN_MS = 10_000; // lamps come and go while somebody thinks

export interface Thought {
  preview: Preview | null;
  problem: unknown;
}

const NOTHING: Thought = { preview: null, problem: null };

/** `null` while nothing is chosen. Both must be stable. While another level is asked for the last answer stays. */
export function usePreview(targets: Targets | null, action: Action): Thought {
  const [answered, setAnswered] = useState<{ targets: Targets; thought: Thought } | null>(null);
  useEffect(() => {
    if (targets === null) return undefined;
    let current = true;
    const take = (thought: Thought): void => void (current && setAnswered({ targets, thought }));
    const ask = (): void =>
      void readPreview({ targets, action }).then(
        (preview) => take({ preview, problem: null }),
        (problem: unknown) => take({ preview: null, problem }),
      );
    const soon = setTimeout(ask, PAUSE_MS);
    const again = setInterval(ask, AGAIN_MS);
    return () => {
      current = false;
      clearTimeout(soon);
      clearInterval(again);
    };
  }, [targets, action]);
  return answered !== null && answered.targets === targets ? answered.thought : NOTHING;
}

/** Rings the lamps that are chosen for as long as somebody thinks about them. */
export function useMarked(targets: Targets | null): void {
  useEffect(() => {
    if (targets === null) return undefined;
    let current = true;
    readChosen(targets).then(({ numbers }) => current && mark(numbers, !("polygon" in targets)), () => current && unmark());
    return () => {
      current = false;
      unmark();
    };
  }, [targets]);
}
