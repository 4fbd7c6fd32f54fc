/** What the address says at the door: a link to a new password, or why a sign-on was refused. Read once and wiped. */
export interface DoorAddress {
  reset: string | null;
  refused: string | null;
}

export function parseDoor(search: string): DoorAddress {
  const asked = new URLSearchParams(search);
  return { reset: asked.get("reset"), refused: asked.get("refused") };
}

/** A token must not stay where the history, or a picture of the screen, keeps it. */
function wiped(): void {
  if (location.search !== "") history.replaceState(null, "", location.pathname + location.hash);
}

export const doorAddress: DoorAddress = parseDoor(location.search);
wiped();
