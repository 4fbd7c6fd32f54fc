/** What somebody may prove himself with. */
import type { Account } from "../api/types";

export type ProofKind = "password" | "code" | "recovery" | "passkey";

/** Who has a second factor gives one of that; the first is offered first. */
export function proofKinds(account: Pick<Account, "totp_since" | "recovery_left" | "passkeys">, browserHasPasskeys: boolean): ProofKind[] {
  const kinds: ProofKind[] = [];
  if (account.totp_since !== null) kinds.push("code");
  if (account.passkeys.length > 0 && browserHasPasskeys) kinds.push("passkey");
  const hasFactor = account.totp_since !== null || account.passkeys.length > 0;
  if (hasFactor && account.recovery_left > 0) kinds.push("recovery");
  return hasFactor ? kinds : ["password"];
}
