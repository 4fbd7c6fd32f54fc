/** Is anybody at this console? What it asks by itself while nobody is there must not keep a session open. */
const LONG_GONE = 60_000; // ms without a touch
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;

let touched = performance.now();

export function touch(): void {
  touched = performance.now();
}

export function attend(): void {
  for (const sign of SIGNS) addEventListener(sign, touch, { capture: true, passive: true });
}

export function isUnattended(now: number = performance.now()): boolean {
  return now - touched > LONG_GONE;
}
