/**
 * The lamp's look. A lamp that obeys is grey, brighter with its level; what is wrong has a colour and a shape:
 * square fault, diamond no contact, triangle warning; a hollow ring is a lamp of which nothing is known.
 */

export const VERTEX = `#version 300 es
precision highp float;
layout(location = 0) in vec2 place;
layout(location = 1) in uint state;
layout(location = 2) in uint level;
uniform mat4 matrix;
uniform float size;          // CSS pixels
uniform float density;       // device pixels for one of them
uniform int turn;            // 0 lamps that obey, 1 abnormal ones, 2 the chosen one, 3 those that are marked
uniform vec3 colours[7];     // unknown, off, dim, bright, fault, no contact, warning
uniform vec3 chosen;
flat out int shape;
flat out vec3 colour;
flat out float pixels;

const int UNKNOWN = 0, OFF = 1, ABNORMAL = 4, RING = 99;
const vec4 NOWHERE = vec4(2.0, 2.0, 2.0, 1.0);

vec3 grey(int s) {
  if (s == UNKNOWN) return colours[0];
  if (s == OFF) return colours[1];
  float light = level == 255u ? 1.0 : float(level) / 200.0;
  return mix(colours[2], colours[3], light);
}

float diameter(int s) {
  if (turn == 2) return size * 1.9 + 16.0;
  if (turn == 3) return size * 1.4 + 7.0;
  if (s >= ABNORMAL) return max(11.0, size * 1.8 + 4.0);
  if (s == UNKNOWN) return max(5.0, size * 1.3);
  return s == OFF ? size * 0.9 : size;
}

void main() {
  int s = int(state);
  gl_Position = turn == 0 && s >= ABNORMAL ? NOWHERE : matrix * vec4(place, 0.0, 1.0);
  pixels = diameter(s) * density;
  gl_PointSize = pixels;
  shape = turn >= 2 ? RING : s;
  colour = turn >= 2 ? chosen : s >= ABNORMAL ? colours[s] : grey(s);
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
flat in int shape;
flat in vec3 colour;
flat in float pixels;
uniform vec3 rim;
uniform float density;
out vec4 fragment;

const int UNKNOWN = 0, FAULT = 4, NO_CONTACT = 5, WARNING = 6, RING = 99;

// Distance to the edge of the shape; negative inside. The point is one unit wide, y grows downwards.
float outside(vec2 d) {
  if (shape == FAULT) return max(abs(d.x), abs(d.y)) - 0.42;
  if (shape == NO_CONTACT) return (abs(d.x) + abs(d.y) - 0.5) * 0.707;
  if (shape == WARNING) return max((abs(d.x) * 1.7 - d.y - 0.47) * 0.507, d.y - 0.4);
  return length(d) - 0.5;
}

void main() {
  float edge = outside(gl_PointCoord - 0.5) * pixels / density;
  float cover = 1.0 - smoothstep(-1.0, 0.0, edge);
  if (shape == UNKNOWN) cover *= smoothstep(-2.6, -1.6, edge);
  if (shape == RING) cover *= smoothstep(-3.6, -2.6, edge);
  if (cover < 0.02) discard;
  // A dark rim keeps the shape apart from the street behind it and from its neighbours.
  float border = shape >= FAULT && shape != RING ? smoothstep(-2.2, -1.2, edge) : 0.0;
  fragment = vec4(mix(colour, rim, border) * cover, cover);
}`;
