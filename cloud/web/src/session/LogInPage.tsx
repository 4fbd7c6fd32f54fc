/** The door. Plain form fields with their standard names, so that password managers know them. */
import { type ComponentProps, Suspense, lazy, useState } from "react";
import { givePasskey, logIn, readWays } from "../api/account";
import { Refused } from "../api/errors";
import type { Ticket, Ways } from "../api/types";
import type { TextKey } from "../i18n/dictionary";
import { useLocale } from "../i18n/locale";
import { Field } from "../shared/Field";
import { problemKey } from "../shared/problemText";
import { sends, useAct } from "../shared/useAct";
import { useLoad } from "../shared/useLoad";
import { Door, DoorProblem, focusFirst } from "./Door";
import { doorAddress } from "./address";
import { enter } from "./enter";
import { passkeysThere, provePasskey } from "./passkey";

const SecondStep = lazy(() => import("./SecondStep"));
const Forgotten = lazy(() => import("./Forgotten"));

type Step = { at: "password" } | { at: "second"; ticket: Ticket } | { at: "forgotten" };

/** At the door nobody is told which of the two was wrong. */
function doorProblem(error: unknown): TextKey {
  return error instanceof Refused && error.code === "wrong_password" ? "log_in.wrong" : problemKey(error);
}

/** Why a sign-on elsewhere opened nothing here. */
const REFUSALS: Readonly<Record<string, TextKey>> = {
  away: "log_in.refused_away",
  unknown: "log_in.refused_unknown",
  slowed: "problem.too_many_tries",
};

function refusal(reason: string | null): TextKey | null {
  return reason === null ? null : (REFUSALS[reason] ?? "log_in.refused_failed");
}

async function byPasskey(): Promise<void> {
  const { ticket, credential } = await provePasskey(null);
  enter(await givePasskey(ticket, credential));
}

function useWays(): Ways | null {
  const { loaded } = useLoad(readWays);
  return loaded.state === "here" ? loaded.value : null;
}

function Names({ wrong }: { wrong: boolean }) {
  const { t } = useLocale();
  const common: Partial<ComponentProps<"input">> = {
    autoCapitalize: "none",
    spellCheck: false,
    required: true,
    "aria-invalid": wrong,
    "aria-describedby": wrong ? "door-problem" : undefined,
  };
  return (
    <>
      <Field name="username" type="text" label={t("log_in.username")} autoComplete="username webauthn" maxLength={64} {...common} />
      <Field name="password" type="password" label={t("log_in.password")} autoComplete="current-password" maxLength={200} {...common} />
    </>
  );
}

interface OtherWaysProps {
  ways: Ways;
  busy: boolean;
  onPasskey: () => void;
  onForgotten: () => void;
}

function OtherWays({ ways, busy, onPasskey, onForgotten }: OtherWaysProps) {
  const { t, name } = useLocale();
  return (
    <div className="other-ways">
      {ways.passkey && passkeysThere() ? (
        <button type="button" disabled={busy} onClick={onPasskey}>
          {t("log_in.by_passkey")}
        </button>
      ) : null}
      {ways.sign_on.map((way) => (
        <a key={way.id} className="button" href={`/api/v1/session/sign-on/${encodeURIComponent(way.id)}`}>
          {t("log_in.by_sign_on", { name: name(way.name) })}
        </a>
      ))}
      {ways.reset ? (
        <button type="button" className="link" onClick={onForgotten}>
          {t("log_in.forgotten")}
        </button>
      ) : null}
    </div>
  );
}

function PasswordStep({ onStep }: { onStep: (step: Step) => void }) {
  const { t } = useLocale();
  const ways = useWays();
  const { busy, problem, act } = useAct();
  const knock = async (given: FormData): Promise<void> => {
    const found = await logIn(String(given.get("username")), String(given.get("password")));
    if ("ticket" in found) onStep({ at: "second", ticket: found });
    else enter(found);
  };
  const said = problem === null ? refusal(doorAddress.refused) : doorProblem(problem);
  return (
    <Door subtitle={t("log_in.subtitle")}>
      <form ref={focusFirst} method="post" onSubmit={sends(act, knock)}>
        <Names wrong={problem !== null} />
        <DoorProblem text={said === null ? "" : t(said)} />
        <button type="submit" className="primary" disabled={busy}>
          {t(busy ? "log_in.busy" : "log_in.enter")}
        </button>
      </form>
      {ways === null ? null : (
        <OtherWays ways={ways} busy={busy} onPasskey={() => act(byPasskey)} onForgotten={() => onStep({ at: "forgotten" })} />
      )}
    </Door>
  );
}

export function LogInPage() {
  const [step, setStep] = useState<Step>({ at: "password" });
  const back = (): void => setStep({ at: "password" });
  if (step.at === "password") return <PasswordStep onStep={setStep} />;
  return <Suspense fallback={null}>{step.at === "second" ? <SecondStep ticket={step.ticket} back={back} /> : <Forgotten back={back} />}</Suspense>;
}
