import { useCallback, useEffect } from "react";
import { readLatest } from "../api/client";
import type { DeviceLatest } from "../api/types";
import { useStore } from "../shared/store";
import { type Loaded, useEvery, useLoad } from "../shared/useLoad";
import { type Latest, latest, merged, watch } from "../state/latest";

const REFRESH_MS = 30_000;

export interface DeviceView {
  loaded: Loaded<DeviceLatest>;
  again: () => void;
  values: Latest | null;
}

/** A device's newest values: read once, then live; asked again now and then for its flags. */
export function useDevice(id: string): DeviceView {
  const { loaded, again } = useLoad(useCallback(() => readLatest(id), [id]));
  useEffect(() => watch(id), [id]);
  useEvery(REFRESH_MS, again);
  const live = useStore(latest)[id];
  const read = loaded.state === "here" && loaded.value.at !== null ? { at: loaded.value.at, values: loaded.value.values } : undefined;
  if (live === undefined) return { loaded, again, values: read ?? null };
  return { loaded, again, values: read === undefined ? live : merged(read, live) };
}
