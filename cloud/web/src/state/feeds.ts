/** Whether the two live feeds speak, and since when they do not. */
import { createStore } from "../shared/store";

export type Feed = "map" | "events";

export interface FeedState {
  live: boolean;
  /** performance.now(): live since then, or silent since then. */
  since: number;
}

const waiting = (): FeedState => ({ live: false, since: performance.now() });

export const feeds = createStore<Readonly<Record<Feed, FeedState>>>({ map: waiting(), events: waiting() });

export function setFeed(feed: Feed, live: boolean, since = performance.now()): void {
  if (feeds.get()[feed].live === live) return;
  feeds.update((all) => ({ ...all, [feed]: { live, since } }));
}
