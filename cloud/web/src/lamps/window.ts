/** Which rows of a long table are drawn, and where keys lead. Rows have one height. Pure. */

/** Rows from `first` up to, not with, `end`. */
export interface Rows {
  first: number;
  end: number;
}

export interface View {
  /** px above the first row that is seen. */
  top: number;
  height: number;
  rowHeight: number;
}

/** What is seen and `spare` rows on either side, so that scrolling shows no gap. */
export function rowsIn({ top, height, rowHeight }: View, total: number, spare: number): Rows {
  const first = Math.max(0, Math.min(total, Math.floor(top / rowHeight) - spare));
  const end = Math.min(total, Math.ceil((top + height) / rowHeight) + spare);
  return { first, end: Math.max(first, end) };
}

/** The numbers of the parts of `size` rows that hold these rows. */
export function partsOf({ first, end }: Rows, size: number): number[] {
  if (end <= first) return [];
  const begin = Math.floor(first / size);
  const last = Math.floor((end - 1) / size);
  return Array.from({ length: last - begin + 1 }, (_, n) => begin + n);
}

/** Where a key leads from a row; `null` for keys that lead nowhere. A page is as many rows as are seen. */
export function moved(row: number, key: string, page: number, total: number): number | null {
  const ways: Record<string, number> = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    PageDown: row + page,
    PageUp: row - page,
    Home: 0,
    End: total - 1,
  };
  const to = ways[key];
  return to === undefined || total === 0 ? null : Math.max(0, Math.min(total - 1, to));
}

/** How far to scroll so that a row is seen whole; `top` itself when it is. */
export function scrolledTo(row: number, { top, height, rowHeight }: View): number {
  const above = row * rowHeight;
  if (above < top) return above;
  return above + rowHeight > top + height ? above + rowHeight - height : top;
}

/** Both rows and all between them, whichever comes first. */
export function between(one: number, other: number): Rows {
  return { first: Math.min(one, other), end: Math.max(one, other) + 1 };
}
