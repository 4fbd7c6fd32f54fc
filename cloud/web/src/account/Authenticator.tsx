/** The authenticator app: a picture to take, a first code that shows it was taken, and codes for paper. */
import { useState } from "react";
import { endTotp, finishTotp, renewRecovery, startTotp } from "../api/account";
import type { Account, TotpOffer } from "../api/types";
import { confirmed } from "../confirm/confirm";
import type { TextKey } from "../i18n/dictionary";
import { useLocale } from "../i18n/locale";
import { CodeField } from "../session/CodeField";
import { Problem } from "../shared/Problem";
import { sends, useAct, written } from "../shared/useAct";
import { AccountPart } from "./AccountPart";
import { RecoveryCodes } from "./RecoveryCodes";

interface OfferProps {
  offer: TotpOffer;
  onCodes: (codes: string[]) => void;
}

function Offer({ offer, onCodes }: OfferProps) {
  const { t } = useLocale();
  const { busy, problem, act } = useAct();
  const finish = async (form: FormData): Promise<void> => onCodes((await finishTotp(written(form, "code"))).recovery_codes);
  return (
    <form className="dialog-form offer" onSubmit={sends(act, finish)}>
      <p>{t("totp.take")}</p>
      <img src={offer.picture} alt={t("totp.picture")} width="200" height="200" />
      <p>
        {t("totp.by_hand")} <code className="secret">{offer.secret}</code>
      </p>
      <CodeField recovery={false} wrong={problem !== null} />
      {problem === null ? null : <Problem error={problem} />}
      <div className="acts">
        <button type="submit" className="primary" disabled={busy}>
          {t("totp.finish")}
        </button>
      </div>
    </form>
  );
}

interface State {
  offer: TotpOffer | null;
  codes: readonly string[];
}
const NOTHING: State = { offer: null, codes: [] };

/** Each act is confirmed first; who closes that question has not acted. */
function useAuthenticator(again: () => void) {
  const { t } = useLocale();
  const [state, setState] = useState<State>(NOTHING);
  const { busy, problem, act } = useAct();
  const after = (title: TextKey, work: (confirmation: string) => Promise<unknown>) => (): void => act(() => confirmed(t(title), work));
  const told = (codes: readonly string[]): void => {
    setState({ offer: null, codes });
    again();
  };
  return {
    ...state,
    busy,
    problem,
    told,
    seen: () => setState(NOTHING),
    start: after("totp.start", async (it) => setState({ offer: await startTotp(it), codes: [] })),
    renew: after("totp.renew", async (it) => told((await renewRecovery(it)).recovery_codes)),
    end: after("totp.end", async (it) => {
      await endTotp(it);
      setState(NOTHING);
      again();
    }),
  };
}

function Standing({ account }: { account: Account }) {
  const { t, f } = useLocale();
  if (account.totp_since === null) return <p className="weak">{t("totp.none")}</p>;
  return <p>{t("totp.since", { time: f.dateTime(account.totp_since), n: account.recovery_left })}</p>;
}

export function Authenticator({ account, again }: { account: Account; again: () => void }) {
  const { t } = useLocale();
  const { offer, codes, busy, problem, told, seen, start, renew, end } = useAuthenticator(again);
  const has = account.totp_since !== null;
  return (
    <AccountPart title={t("totp.title")}>
      <Standing account={account} />
      {problem === null ? null : <Problem error={problem} />}
      {offer === null ? null : <Offer offer={offer} onCodes={told} />}
      {codes.length === 0 ? null : <RecoveryCodes codes={codes} onSeen={seen} />}
      <div className="acts">
        {has || offer !== null ? null : (
          <button type="button" disabled={busy} onClick={start}>
            {t("totp.start")}
          </button>
        )}
        {has ? (
          <>
            <button type="button" disabled={busy} onClick={renew}>
              {t("totp.renew")}
            </button>
            <button type="button" disabled={busy} onClick={end}>
              {t("totp.end")}
            </button>
          </>
        ) : null}
      </div>
    </AccountPart>
  );
}
