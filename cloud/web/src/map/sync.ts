/** Keeps the lamp store level with the service: a snapshot, then frames without a hole, else the snapshot again. */
import type { LampStore } from "./lampStore";
import { type Frame, type Snapshot, decodeFrame, decodeSnapshot } from "./wire";

export type Sequel = "next" | "old" | "gap";

export function sequel(last: number, seq: number): Sequel {
  if (seq <= last) return "old";
  return seq === last + 1 ? "next" : "gap";
}

/** `{"inventory_version": n}`, the only text message of the feed. */
export function inventoryVersionIn(text: string): number | null {
  const version = (JSON.parse(text) as { inventory_version?: unknown }).inventory_version;
  return typeof version === "number" ? version : null;
}

// A service that falls behind must not be asked for the whole city every second.
const RELOAD_AT_MOST_EVERY = 5000;

export class LampSync {
  private waiting: Frame[] = [];
  private loading = false;
  private reload: ReturnType<typeof setTimeout> | undefined;
  private askedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly store: LampStore,
    private readonly fetchSnapshot: () => Promise<ArrayBuffer>,
    private readonly onNewInventory: () => void = () => undefined,
    private readonly atMostEvery = RELOAD_AT_MOST_EVERY,
  ) {}

  /** Fetches the snapshot; frames that come meanwhile wait for it. */
  async load(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    this.askedAt = performance.now();
    try {
      this.start(decodeSnapshot(await this.fetchSnapshot()));
    } catch {
      this.reloadSoon(); // the connection's owner shows that the map is not live
    } finally {
      this.loading = false;
    }
  }

  receive(data: string | ArrayBuffer): void {
    if (typeof data === "string") return this.receiveText(data);
    const frame = decodeFrame(data);
    if (this.loading) this.waiting.push(frame);
    else this.take(frame);
  }

  stop(): void {
    clearTimeout(this.reload);
  }

  private start(snapshot: Snapshot): void {
    const changed = this.store.picture.n > 0 && snapshot.inventoryVersion !== this.store.picture.inventoryVersion;
    this.store.load(snapshot);
    this.waiting.splice(0).forEach((frame) => this.take(frame));
    if (changed) this.onNewInventory();
  }

  /** A frame past a hole is still the newest word about its lamps; what the hole hid comes with the snapshot. */
  private take(frame: Frame): void {
    const place = sequel(this.store.seq, frame.seq);
    if (place === "old") return;
    this.store.apply(frame);
    if (place === "gap") this.reloadSoon();
  }

  private receiveText(text: string): void {
    const version = inventoryVersionIn(text);
    if (version !== null && version !== this.store.picture.inventoryVersion) this.reloadSoon();
  }

  private reloadSoon(): void {
    clearTimeout(this.reload);
    const wait = Math.max(0, this.askedAt + this.atMostEvery - performance.now());
    this.reload = setTimeout(() => void this.load(), wait);
  }
}
