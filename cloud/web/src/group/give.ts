/** Gives a command to many lamps: what it takes is asked for first, and asked for again when it takes more by now. */
import { giveGroup } from "../api/group";
import { Refused } from "../api/errors";
import type { GroupOrder } from "../api/types";
import { type Need, askConfirmation } from "../confirm/confirm";
import { wayBack } from "./targets";

export type Issued = Awaited<ReturnType<typeof giveGroup>>;

export interface Ask {
  title: string;
  lines: readonly string[];
  needs: readonly Need[];
}

function lacking(error: unknown): readonly Need[] | null {
  if (!(error instanceof Refused) || error.code !== "consent") return null;
  return (error.facts as { needs: readonly Need[] }).needs;
}

/** `null` when the person thinks better of it. A reason that was given is not asked for again. */
async function asked(order: GroupOrder, { title, lines, needs }: Ask): Promise<GroupOrder | null> {
  const given = await askConfirmation({ title, lines, needs: needs.filter((need) => need !== "reason" || !order.reason) });
  if (given === null) return null;
  return {
    ...order,
    reason: order.reason || given.reason || null,
    confirmation: given.confirmation || null,
    second: needs.includes("second_person"),
  };
}

export async function give(order: GroupOrder, ask: Ask): Promise<Issued | null> {
  const sure = await asked(order, ask);
  if (sure === null) return null;
  try {
    return await giveGroup(sure);
  } catch (error) {
    const needs = lacking(error);
    if (needs === null) throw error;
    const again = await asked({ ...sure, confirmation: null }, { ...ask, needs });
    return again === null ? null : giveGroup(again);
  }
}

export interface Holder {
  made_by: string;
  kind: string;
}

/** Back to the programme at once: nothing holds up more light. The end of a lock-out needs a reason. */
export async function takeBack({ made_by, kind }: Holder, title: string): Promise<string | null> {
  const action = wayBack(kind);
  if (action === null) return null;
  const order = { targets: { held_by: made_by }, action, second: false };
  const issued = kind === "lock_out" ? await give(order, { title, lines: [], needs: ["reason"] }) : await giveGroup(order);
  return issued?.group?.id ?? null;
}
