/** A cabinet on the map: a hollow upright box with a bolt's bar, drawn into pixels so that no sprite is fetched. */
import { type Rgb, colour, rgb } from "./palette";

const WIDTH = 24;
const HEIGHT = 28;
const OPAQUE = 255;

function isLine(x: number, y: number): boolean {
  const frame = x < 4 || x >= WIDTH - 4 || y < 4 || y >= HEIGHT - 4;
  const door = y >= 11 && y < 14;
  return x > 1 && x < WIDTH - 2 && (frame || door);
}

function paint(data: Uint8Array, at: number, [r, g, b]: Rgb): void {
  data.set([r * OPAQUE, g * OPAQUE, b * OPAQUE, OPAQUE], at * 4);
}

export function cabinetIcon(): { width: number; height: number; data: Uint8Array } {
  const data = new Uint8Array(WIDTH * HEIGHT * 4);
  const line = rgb(colour("text-weak"));
  const ground = rgb(colour("map-sea"));
  for (let at = 0; at < WIDTH * HEIGHT; at++) {
    paint(data, at, isLine(at % WIDTH, Math.floor(at / WIDTH)) ? line : ground);
  }
  return { width: WIDTH, height: HEIGHT, data };
}
