import { type ReactNode, useLayoutEffect, useRef } from "react";

interface TableScrollProps {
  label: string;
  children: ReactNode;
}

/** Each cell of a table of cards has the name of its column: a phone shows rows without their head. */
export function nameCells(place: HTMLElement): void {
  for (const table of place.querySelectorAll<HTMLTableElement>("table.cards")) {
    const heads = Array.from(table.querySelectorAll("thead th"), (head) => head.textContent);
    for (const row of table.querySelectorAll("tbody tr")) {
      Array.from(row.children).forEach((cell, column) => cell.setAttribute("data-head", heads[column] ?? ""));
    }
  }
}

/** A table that scrolls in its place, also for people who scroll with the keyboard. */
export function TableScroll({ label, children }: TableScrollProps) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (place.current !== null) nameCells(place.current);
  });
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={place} className="table-scroll" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
