/** What can go wrong when the service is asked. */

/** The service answered, with an error of its own. `code` is for programs, the message is not translated. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  /** What else stands in the error's `detail`. */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, facts: Readonly<Record<string, unknown>> = {}) {
    super(`${status} ${code}`);
    this.name = "Refused";
    this.status = status;
    this.code = code;
    this.facts = facts;
  }
}

/** No answer at all: the network or the service is away. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super("no answer", { cause });
    this.name = "Unreachable";
  }
}

/** `detail` of an error, where it is one of ours. */
export function factsOf(body: unknown): Readonly<Record<string, unknown>> {
  const detail = (body as { detail?: unknown } | null)?.detail;
  return typeof detail === "object" && detail !== null ? (detail as Record<string, unknown>) : {};
}

/** The code of `{"detail": {"code": …}}`; FastAPI's own 422 carries a list there. */
export function codeOf(body: unknown): string {
  const detail = (body as { detail?: { code?: unknown } } | null)?.detail;
  return typeof detail?.code === "string" ? detail.code : "refused";
}
