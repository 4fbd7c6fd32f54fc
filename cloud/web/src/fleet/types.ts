/** What the service says of an inventory's files. */
import type { importAreas, importLamps, readTypes } from "../api/fleet";

export type Imported = Awaited<ReturnType<typeof importLamps>>;
export type Outlined = Awaited<ReturnType<typeof importAreas>>;
export type RowProblem = Imported["problems"][number];
export type LampType = Awaited<ReturnType<typeof readTypes>>[number];

// As the service knows them (protocols/inventory.py).
export const ROAD_CLASSES = ["M1", "M2", "M3", "M4", "M5", "M6", "A", "B1", "B2", "C1", "C2", "D1", "D2", "E"] as const;
export const USES = ["road", "crossing", "tunnel", "bridge", "park", "square", "monument", "facade"] as const;
