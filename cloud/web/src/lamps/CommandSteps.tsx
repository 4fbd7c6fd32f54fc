import type { Command } from "../api/types";
import { useLocale } from "../i18n/locale";
import { Figure } from "../shared/Figure";
import { StepSymbol } from "../shared/Symbols";
import { commandSteps, endedAt, endedBadly } from "./commandSteps";
import { whyItFailed } from "./failure";

function Wanted({ command }: { command: Command }) {
  const { t, f } = useLocale();
  const { action } = command;
  const what =
    action.type === "override" || action.type === "emergency"
      ? t(`command.${action.type}`, { level: f.number(action.level, 1), time: f.time(action.until) })
      : t(`command.${action.type}`);
  return (
    <p className="command-wanted">
      {what} <span className="weak">{t("command.by", { who: command.who })}</span>
    </p>
  );
}

/** The proof: what the device itself said after the command, not the echo of what we wrote. */
function ReadBack({ command }: { command: Command }) {
  const { t } = useLocale();
  if (command.state !== "confirmed") return null;
  return (
    <p className="command-proof" data-testid="command-proof">
      {t("command.read_back")} <Figure value={command.actual_level} unit="%" digits={1} />
      {" · "}
      <Figure value={command.active_power} unit="W" />
    </p>
  );
}

/** A lamp that sleeps: nobody has to do anything, and nobody should think that the command is lost. */
function Waiting({ command }: { command: Command }) {
  const { t, f } = useLocale();
  if (command.state !== "waiting") return null;
  return <p className="weak" data-testid="command-waiting">{t("command.waiting", { time: f.time(command.expires_at) })}</p>;
}

/** What a technician can look up in the maker's manual. */
function Detail({ command }: { command: Command }) {
  return command.detail === null ? null : <small className="weak"> {command.detail}</small>;
}

function Failure({ command }: { command: Command }) {
  const locale = useLocale();
  const { f, word } = locale;
  if (!endedBadly(command.state)) return null;
  return (
    <p className="command-failure" role="alert">
      <strong>{word("command.state", command.state)}</strong> {f.clock(endedAt(command))}
      <br />
      {whyItFailed(locale, command)}
      <Detail command={command} />
    </p>
  );
}

export function CommandSteps({ command }: { command: Command }) {
  const { t, f, word } = useLocale();
  return (
    <section className="panel-part command" aria-labelledby="command-title" data-state={command.state}>
      <h3 id="command-title">{t("command.title")}</h3>
      <Wanted command={command} />
      <ol className="steps" aria-live="polite">
        {commandSteps(command).map(({ name, at, look }) => (
          <li key={name} data-step={name} data-look={look}>
            <StepSymbol look={look} />
            <span>{word("command.step", name)}</span>
            <time dateTime={at ?? undefined}>{at === null ? t(`command.look_${look}`) : f.clock(at)}</time>
          </li>
        ))}
      </ol>
      <Waiting command={command} />
      <ReadBack command={command} />
      <Failure command={command} />
    </section>
  );
}
