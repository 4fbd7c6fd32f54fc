import { useCallback, useState } from "react";
import { useStore } from "../shared/store";
import { acknowledge as send } from "../state/alarms";
import { may, session } from "../state/session";

/** The right to acknowledge, the act, and what went wrong with the last one. */
export function useAcknowledge() {
  const mayAcknowledge = may(useStore(session), "alarm.acknowledge");
  const [problem, setProblem] = useState<unknown>(null);
  const acknowledge = useCallback((id: string) => {
    setProblem(null);
    send(id).catch(setProblem);
  }, []);
  return { mayAcknowledge, acknowledge, problem };
}
