/** Which lamps are listed. */
export interface Filter {
  search: string;
  ward: string;
  street: string;
  cabinet: string;
}

export const EVERYTHING: Filter = { search: "", ward: "", street: "", cabinet: "" };

/** As the service is asked: what is not said is left out. */
export function asked(filter: Filter): Partial<Filter> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ""));
}
