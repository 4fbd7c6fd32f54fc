/** The second half of a log-in: a code of the authenticator, one from paper, or a passkey. */
import { useState } from "react";
import { giveCode, givePasskey } from "../api/account";
import { Refused } from "../api/errors";
import type { Ticket } from "../api/types";
import "../i18n/people";
import { useLocale } from "../i18n/locale";
import { problemKey } from "../shared/problemText";
import { sends, useAct, written } from "../shared/useAct";
import { CodeField } from "./CodeField";
import { Door, DoorProblem, focusFirst } from "./Door";
import { enter } from "./enter";
import { passkeysThere, provePasskey } from "./passkey";

interface StepProps {
  ticket: Ticket;
  back: () => void;
}

async function prove(ticket: string): Promise<void> {
  const proven = await provePasskey(ticket);
  enter(await givePasskey(proven.ticket, proven.credential));
}

/** What is asked for first: the phone in the hand; paper only when somebody says so. */
function useKind(factors: Ticket["factors"]) {
  const [recovery, setRecovery] = useState(!factors.includes("totp"));
  return { recovery, other: () => setRecovery((it) => !it), both: factors.includes("totp") && factors.includes("recovery") };
}

function CodeForm({ ticket, back }: StepProps) {
  const { t } = useLocale();
  const { recovery, other, both } = useKind(ticket.factors);
  const { busy, problem, act } = useAct();
  const send = async (given: FormData): Promise<void> => enter(await giveCode(ticket.ticket, written(given, "code")));
  const isOver = problem instanceof Refused && problem.code === "ticket_gone";
  return (
    <form key={String(recovery)} ref={focusFirst} onSubmit={sends(act, send)}>
      <CodeField recovery={recovery} wrong={problem !== null} />
      <DoorProblem text={problem === null ? "" : t(problemKey(problem))} />
      <button type="submit" className="primary" disabled={busy || isOver}>
        {t(busy ? "log_in.busy" : "log_in.enter")}
      </button>
      {both ? (
        <button type="button" className="link" onClick={other}>
          {t(recovery ? "second.use_app" : "second.use_recovery")}
        </button>
      ) : null}
      <button type="button" className="link" onClick={back}>
        {t("second.back")}
      </button>
    </form>
  );
}

function PasskeyStep({ ticket }: { ticket: Ticket }) {
  const { t } = useLocale();
  const { busy, problem, act } = useAct();
  return (
    <div className="other-ways first">
      <button type="button" className="primary" disabled={busy} onClick={() => act(() => prove(ticket.ticket))}>
        {t("second.use_passkey")}
      </button>
      <DoorProblem text={problem === null ? "" : t(problemKey(problem))} />
    </div>
  );
}

export default function SecondStep({ ticket, back }: StepProps) {
  const { t } = useLocale();
  const byCode = ticket.factors.includes("totp") || ticket.factors.includes("recovery");
  return (
    <Door subtitle={t("second.title")}>
      {ticket.factors.includes("passkey") && passkeysThere() ? <PasskeyStep ticket={ticket} /> : null}
      {byCode ? (
        <CodeForm ticket={ticket} back={back} />
      ) : (
        <button type="button" className="link" onClick={back}>
          {t("second.back")}
        </button>
      )}
    </Door>
  );
}
