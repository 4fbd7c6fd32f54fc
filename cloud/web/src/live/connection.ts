/** A WebSocket that comes back: growing, random pause, and silence counts as a broken line. */
import { whoAmI } from "../api/client";

export interface Listener {
  opened(send: (text: string) => void): void;
  received(data: string | ArrayBuffer): void;
  /** `heard` is performance.now() of the last word. */
  lost(heard: number): void;
}

export interface Connection {
  send(text: string): void;
  close(): void;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 20_000;
// Both feeds speak at least every two seconds.
const SILENCE = 8000;
const LOOK_EVERY = 1000;

/** ms to wait before the attempt after `failures` failed ones; `chance` in 0..1 spreads the consoles of a control room. */
export function pause(failures: number, chance: number): number {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures) * (0.5 + chance / 2);
}

/** A handshake refused for a dead session looks like a network fault here; asking over HTTP tells them apart. */
function askWhetherLoggedIn(): void {
  whoAmI().catch(() => undefined);
}

function address(path: string): string {
  return `${location.origin.replace(/^http/, "ws")}${path}`;
}

export function stayConnected(path: string, listener: Listener): Connection {
  let socket: WebSocket | null = null;
  let failures = 0;
  let heard = 0;
  let again: ReturnType<typeof setTimeout> | undefined;

  const lost = (it: WebSocket): void => {
    if (it !== socket) return;
    socket = null;
    it.close();
    listener.lost(heard);
    askWhetherLoggedIn();
    again = setTimeout(open, pause(failures, Math.random()));
    failures += 1;
  };
  const receive = (data: string | ArrayBuffer): void => {
    heard = performance.now();
    failures = 0;
    listener.received(data);
  };
  function open(): void {
    const it = new WebSocket(address(path));
    it.binaryType = "arraybuffer";
    socket = it;
    heard = performance.now();
    it.addEventListener("open", () => listener.opened((text) => it.send(text)));
    it.addEventListener("message", (event: MessageEvent<string | ArrayBuffer>) => it === socket && receive(event.data));
    it.addEventListener("close", () => lost(it));
  }
  const watch = setInterval(() => {
    if (socket !== null && performance.now() - heard > SILENCE) lost(socket);
  }, LOOK_EVERY);

  open();
  return {
    send: (text) => socket?.readyState === WebSocket.OPEN && socket.send(text),
    close() {
      clearInterval(watch);
      clearTimeout(again);
      const it = socket;
      socket = null;
      it?.close();
    },
  };
}
