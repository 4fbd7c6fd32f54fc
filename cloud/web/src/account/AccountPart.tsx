import { type ReactNode, useId } from "react";

export function AccountPart({ title, children }: { title: string; children: ReactNode }) {
  const heading = useId();
  return (
    <section className="account-part" aria-labelledby={heading}>
      <h3 id={heading}>{title}</h3>
      {children}
    </section>
  );
}
