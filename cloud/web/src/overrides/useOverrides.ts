/** The hand-over list, kept fresh: asked for again when a command comes a step further. */
import { useEffect } from "react";
import { readOverrides } from "../api/group";
import { useStore } from "../shared/store";
import { useEvery, useLoad } from "../shared/useLoad";
import { lastCommands } from "../state/commands";
import { groupStates } from "../state/groups";

const REFRESH_MS = 5000;

export function useOverrides() {
  const { loaded, again } = useLoad(readOverrides);
  const groups = useStore(groupStates);
  const commands = useStore(lastCommands);
  useEffect(again, [again, groups, commands]);
  useEvery(REFRESH_MS, again);
  return { loaded, again };
}
