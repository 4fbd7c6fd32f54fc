/** Shows the question that `askConfirmation` has put. */
import { Suspense, lazy } from "react";
import { useStore } from "../shared/store";
import { asked } from "./confirm";

const ConfirmDialog = lazy(() => import("./ConfirmDialog"));

export function Confirmations() {
  const question = useStore(asked);
  return question === null ? null : (
    <Suspense fallback={null}>
      <ConfirmDialog asked={question} />
    </Suspense>
  );
}
