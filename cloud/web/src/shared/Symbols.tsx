/** The shapes that stand beside the colours: one for every lamp state, and the priority marks of alarms. */
import type { ReactNode } from "react";
import type { LampState } from "../map/states";

const LAMP_SHAPES: Record<LampState, ReactNode> = {
  unknown: <circle cx="8" cy="8" r="5" className="ring" />,
  off: <circle cx="8" cy="8" r="5" />,
  on: <circle cx="8" cy="8" r="6" />,
  dimmed: <circle cx="8" cy="8" r="6" />,
  fault: <rect x="2" y="2" width="12" height="12" />,
  no_contact: <path d="M8 1 15 8 8 15 1 8z" />,
  warning: <path d="M8 1.5 15.2 14H.8z" />,
};

/** Always stands beside the state's word. */
export function LampSymbol({ state }: { state: LampState }) {
  return (
    <svg className={`symbol lamp-${state}`} viewBox="0 0 16 16" aria-hidden="true">
      {LAMP_SHAPES[state]}
    </svg>
  );
}

const PRIORITY_SHAPES: Record<number, ReactNode> = {
  1: <rect x="2" y="2" width="20" height="20" />,
  2: <path d="M12 1 23 21.5H1z" />,
  3: <path d="M12 0 24 12 12 24 0 12z" />,
};

export function PrioritySymbol({ priority, label }: { priority: number; label: string }) {
  return (
    <svg className={`priority priority-${priority}`} viewBox="0 0 24 24" role="img" aria-label={label}>
      {PRIORITY_SHAPES[priority] ?? <circle cx="12" cy="12" r="10.5" className="ring" />}
      <text x="12" y={priority === 2 ? 18.5 : 16.5} textAnchor="middle">
        {priority}
      </text>
    </svg>
  );
}

const STEP_SHAPES = {
  done: <path d="M4 8.5 7 11.5 12.5 5" className="stroke" />,
  next: <circle cx="8" cy="8" r="2.5" />,
  waiting: null,
  failed: <path d="M5 5 11 11M11 5 5 11" className="stroke" />,
} as const;

export type StepLook = keyof typeof STEP_SHAPES;

export function StepSymbol({ look }: { look: StepLook }) {
  return (
    <svg className={`step-symbol step-${look}`} viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="7" className="rim" />
      {STEP_SHAPES[look]}
    </svg>
  );
}
