import type { ReactNode } from "react";

interface TableScrollProps {
  label: string;
  children: ReactNode;
}

/** A table that scrolls in its place, also for people who scroll with the keyboard. */
export function TableScroll({ label, children }: TableScrollProps) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table-scroll" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
