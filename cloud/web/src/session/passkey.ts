/** Passkeys by the browser's own words for them. */
import { addPasskey, askForNewPasskey, askForPasskey } from "../api/account";
import type { Assertion, Attestation, PasskeyAdded } from "../api/types";
import { Mistake } from "../shared/problemText";

/** Old browsers, and pages that came over plain HTTP from another machine, have none. */
export function passkeysThere(): boolean {
  return typeof PublicKeyCredential === "function" && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

/** Raises a Mistake when the person closed the browser's question, or had nothing to answer it with. */
async function answered(question: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  const credential = await question().catch((cause: unknown) => {
    throw new Mistake("problem.no_passkey", cause);
  });
  if (!(credential instanceof PublicKeyCredential)) throw new Mistake("problem.no_passkey");
  return credential;
}

export interface Proven {
  ticket: string;
  credential: Assertion;
}

/** A passkey of whoever sits here; with a ticket one of the person who holds it. */
export async function provePasskey(ticketBefore: string | null): Promise<Proven> {
  const { ticket, options } = await askForPasskey(ticketBefore);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as unknown as PublicKeyCredentialRequestOptionsJSON);
  const credential = await answered(() => navigator.credentials.get({ publicKey }));
  return { ticket, credential: credential.toJSON() as Assertion };
}

/** With recovery codes, when it is the first second factor of this person. */
export async function makePasskey(name: string, confirmation: string): Promise<PasskeyAdded> {
  const { ticket, options } = await askForNewPasskey(confirmation);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as unknown as PublicKeyCredentialCreationOptionsJSON);
  const credential = await answered(() => navigator.credentials.create({ publicKey }));
  return addPasskey(ticket, name, credential.toJSON() as Attestation);
}
