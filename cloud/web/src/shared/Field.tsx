/** A named field of a form, with its name above it. */
import type { ComponentProps, ReactNode } from "react";

interface FieldProps extends ComponentProps<"input"> {
  name: string;
  label: string;
  hint?: string;
}

export function Field({ label, hint, ...input }: FieldProps) {
  return (
    <label className="field">
      <span>{label}</span>
      <input {...input} />
      {hint === undefined ? null : <small className="weak">{hint}</small>}
    </label>
  );
}

interface ChoiceProps extends ComponentProps<"select"> {
  label: string;
  children: ReactNode;
}

export function Choice({ label, children, ...select }: ChoiceProps) {
  return (
    <label className="field">
      <span>{label}</span>
      <select {...select}>{children}</select>
    </label>
  );
}
