/** The one city that is looked at; `null` is everything that one may see. It belongs to this tab. */
import type { Me } from "../api/types";

const KEY = "site";

export function chosenSite(): string | null {
  return sessionStorage.getItem(KEY);
}

/** What somebody else chose in this tab, or a city that has gone, would show nothing at all. */
export function keepSiteOf(me: Me): void {
  if (!me.sites.some((site) => site.id === chosenSite())) sessionStorage.removeItem(KEY);
}

/** A fresh page forgets everything that was seen of the other cities, and numbers the lamps anew as the service does. */
export function chooseSite(id: string | null): void {
  if (id === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, id);
  location.assign("/");
}

/** An address that asks of one city alone. */
export function narrowed(address: string, site: string | null): string {
  return site === null ? address : `${address}${address.includes("?") ? "&" : "?"}site=${encodeURIComponent(site)}`;
}
