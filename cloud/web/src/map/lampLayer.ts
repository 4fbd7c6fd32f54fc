/** A MapLibre layer of our own: where the lamps stand is uploaded once, how they are is two bytes each. */
import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapView } from "maplibre-gl";
import type { LampStore } from "./lampStore";
import { type Point, foldCentre, nearest, relativePlaces } from "./mercator";
import { colour, rgb } from "./palette";
import { FRAGMENT, VERTEX } from "./shaders";
import type { Snapshot } from "./wire";

type Gl = WebGL2RenderingContext;

const COLOURS = ["unknown", "off", "dim", "bright", "fault", "no-contact", "warning"];
const UNIFORMS = ["matrix", "size", "density", "turn", "colours", "chosen", "rim"] as const;
type Uniforms = Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>;

const OBEYING = 0;
const ABNORMAL = 1;
const CHOSEN = 2;
const MARKED = 3;

/** Diameter of a lamp in CSS pixels at a zoom: a street of dots from afar, a disc when close. */
export function lampSize(zoom: number): number {
  return zoom < 13 ? Math.max(1.8, 2.4 + (zoom - 12) * 0.7) : 3.1 + (zoom - 13) * 2;
}

function compiled(gl: Gl, type: number, source: string): WebGLShader {
  const shader = gl.createShader(type);
  if (shader === null) throw new Error("WebGL context lost");
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? "shader");
  return shader;
}

function linked(gl: Gl): WebGLProgram {
  const program = gl.createProgram();
  gl.attachShader(program, compiled(gl, gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(program, compiled(gl, gl.FRAGMENT_SHADER, FRAGMENT));
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "program");
  return program;
}

class Drawing {
  readonly program: WebGLProgram;
  readonly uniforms: Uniforms;
  readonly vertices: WebGLVertexArrayObject;
  private readonly place: WebGLBuffer;
  private readonly state: WebGLBuffer;
  private readonly level: WebGLBuffer;
  private readonly abnormal: WebGLBuffer;
  private readonly marked: WebGLBuffer;

  constructor(private readonly gl: Gl) {
    this.program = linked(gl);
    this.uniforms = Object.fromEntries(
      UNIFORMS.map((name) => [name, gl.getUniformLocation(this.program, name)]),
    ) as Uniforms;
    this.vertices = gl.createVertexArray();
    gl.bindVertexArray(this.vertices);
    this.place = this.attribute(0, () => gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0));
    this.state = this.attribute(1, () => gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_BYTE, 0, 0));
    this.level = this.attribute(2, () => gl.vertexAttribIPointer(2, 1, gl.UNSIGNED_BYTE, 0, 0));
    this.abnormal = gl.createBuffer();
    this.marked = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.abnormal);
    gl.bindVertexArray(null);
  }

  private attribute(location: number, describe: () => void): WebGLBuffer {
    const buffer = this.gl.createBuffer();
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
    this.gl.enableVertexAttribArray(location);
    describe();
    return buffer;
  }

  uploadPlaces(places: Float32Array): void {
    this.fill(this.place, places, this.gl.STATIC_DRAW);
  }

  uploadStates({ state, level }: Snapshot, abnormal: Uint32Array): void {
    const { gl } = this;
    this.fill(this.state, state, gl.DYNAMIC_DRAW);
    this.fill(this.level, level, gl.DYNAMIC_DRAW);
    gl.bindVertexArray(this.vertices); // the element buffer belongs to it
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, abnormal, gl.DYNAMIC_DRAW);
    gl.bindVertexArray(null);
  }

  uploadMarked(numbers: Uint32Array): void {
    const { gl } = this;
    gl.bindVertexArray(this.vertices);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.marked);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, numbers, gl.DYNAMIC_DRAW);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.abnormal);
    gl.bindVertexArray(null);
  }

  /** With the vertices bound. */
  drawMarked(count: number): void {
    const { gl } = this;
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.marked);
    gl.drawElements(gl.POINTS, count, gl.UNSIGNED_INT, 0);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.abnormal);
  }

  private fill(buffer: WebGLBuffer, data: ArrayBufferView, usage: number): void {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, data, usage);
  }
}

export class LampLayer implements CustomLayerInterface {
  readonly id = "lamps";
  readonly type = "custom" as const;
  readonly renderingMode = "2d" as const;
  chosen: number | null = null;
  private marked = new Uint32Array();
  private isMarkedNew = true;
  private map: MapView | null = null;
  private drawing: Drawing | null = null;
  private placed: Snapshot | null = null;
  private places: Float32Array = new Float32Array();
  private abnormalCount = 0;
  private stale = true;
  private forget: () => void = () => undefined;
  private readonly colours = Float32Array.from(COLOURS.flatMap((name) => rgb(colour(`lamp-${name}`))));
  private readonly ring = rgb(colour("focus"));
  private readonly rim = rgb(colour("map-land"));

  constructor(
    private readonly store: LampStore,
    private readonly centre: Point,
  ) {}

  onAdd(map: MapView, gl: WebGLRenderingContext | WebGL2RenderingContext): void {
    this.map = map;
    this.drawing = new Drawing(gl as Gl);
    this.placed = null;
    this.forget = this.store.subscribe(() => this.redraw());
    this.redraw();
  }

  onRemove(): void {
    this.forget();
    this.map = null;
    this.drawing = null;
  }

  choose(index: number | null): void {
    this.chosen = index;
    this.map?.triggerRepaint();
  }

  /** Rings all of these; numbers past the end belong to another inventory. */
  mark(numbers: readonly number[]): void {
    this.marked = Uint32Array.from(numbers.filter((number) => number < this.store.lamps.state.length));
    this.isMarkedNew = true;
    this.map?.triggerRepaint();
  }

  /** The lamp under a place (relative to the centre, in world units). */
  under(x: number, y: number, reach: number): number | null {
    return nearest(this.places, x, y, reach);
  }

  render(gl: WebGLRenderingContext | WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    if (this.drawing === null || this.map === null) return;
    this.upload(this.drawing);
    this.prepare(gl as Gl, this.drawing, this.map, input);
    this.draw(gl as Gl, this.drawing);
  }

  private redraw(): void {
    this.stale = true;
    this.map?.triggerRepaint();
  }

  private upload(drawing: Drawing): void {
    const { lamps } = this.store;
    if (lamps !== this.placed) {
      this.places = relativePlaces(lamps.longitude, lamps.latitude, this.centre);
      drawing.uploadPlaces(this.places);
      this.placed = lamps;
    }
    if (this.isMarkedNew) drawing.uploadMarked(this.marked);
    this.isMarkedNew = false;
    if (!this.stale) return;
    const abnormal = this.store.abnormal();
    drawing.uploadStates(lamps, abnormal);
    this.abnormalCount = abnormal.length;
    this.stale = false;
  }

  private prepare(gl: Gl, { program, uniforms, vertices }: Drawing, map: MapView, input: CustomRenderMethodInput): void {
    gl.useProgram(program);
    gl.bindVertexArray(vertices);
    const matrix = input.defaultProjectionData.mainMatrix as unknown as ArrayLike<number>;
    gl.uniformMatrix4fv(uniforms.matrix, false, foldCentre(matrix, this.centre));
    gl.uniform1f(uniforms.size, lampSize(map.getZoom()));
    gl.uniform1f(uniforms.density, map.getPixelRatio());
    gl.uniform3fv(uniforms.colours, this.colours);
    gl.uniform3fv(uniforms.chosen, this.ring);
    gl.uniform3fv(uniforms.rim, this.rim);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
  }

  private draw(gl: Gl, drawing: Drawing): void {
    const { uniforms } = drawing;
    const n = this.store.lamps.state.length;
    gl.uniform1i(uniforms.turn, OBEYING);
    gl.drawArrays(gl.POINTS, 0, n);
    gl.uniform1i(uniforms.turn, ABNORMAL);
    gl.drawElements(gl.POINTS, this.abnormalCount, gl.UNSIGNED_INT, 0);
    gl.uniform1i(uniforms.turn, MARKED);
    drawing.drawMarked(this.marked.length);
    if (this.chosen !== null && this.chosen < n) {
      gl.uniform1i(uniforms.turn, CHOSEN);
      gl.drawArrays(gl.POINTS, this.chosen, 1);
    }
    gl.bindVertexArray(null);
  }
}
