/** A secret that the service tells this once: large enough to be read out, and one press to copy it. */
import { useState } from "react";
import { useLocale } from "../i18n/locale";

function CopyButton({ text }: { text: string }) {
  const { t } = useLocale();
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <button type="button" onClick={copy}>
      <span aria-live="polite">{t(copied ? "once.copied" : "once.copy")}</span>
    </button>
  );
}

interface ToldOnceProps {
  label: string;
  secret: string;
  children?: React.ReactNode;
}

export function ToldOnce({ label, secret, children }: ToldOnceProps) {
  const { t } = useLocale();
  return (
    <section className="told-once" aria-label={label}>
      <h3>{label}</h3>
      <output className="secret">{secret}</output>
      {navigator.clipboard === undefined ? null : <CopyButton text={secret} />}
      <p className="weak">{t("once.note")}</p>
      {children}
    </section>
  );
}
