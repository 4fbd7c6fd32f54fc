"""Draws what a street camera sees: a street by day or night, with cars and people that move. Nobody is filmed."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from PIL import Image, ImageDraw

from firmware_sim.noise import noise, seed_of

WIDTH, HEIGHT = 640, 360
_HORIZON = 130
_MIDDLE = WIDTH / 2

Colour = tuple[int, int, int]
_CARS: Sequence[Colour] = ((176, 40, 38), (224, 224, 220), (40, 74, 130), (26, 26, 28), (206, 160, 40))


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment. `light` is 0 at night and 1 by day; `moved` is how many seconds the traffic has been moving."""

    camera: str
    at: datetime
    light: float
    moved: float

    def shade(self, night: Colour, day: Colour) -> Colour:
        """A colour in this light."""
        red, green, blue = (round(a + (b - a) * self.light) for a, b in zip(night, day, strict=True))
        return red, green, blue


def draw(scene: Scene) -> bytes:
    """One picture as JPEG."""
    image = Image.new("RGB", (WIDTH, HEIGHT), scene.shade((14, 18, 34), (150, 190, 225)))
    pen = ImageDraw.Draw(image)
    _draw_houses(pen, scene)
    _draw_road(pen, scene)
    _draw_lamps(pen, scene)
    _draw_cars(pen, scene)
    _draw_people(pen, scene)
    _draw_stamp(pen, scene)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


def _draw_houses(pen: ImageDraw.ImageDraw, scene: Scene) -> None:
    for n in range(11):
        left, top = n * 62 - 20, _HORIZON - 34 - 44 * abs(noise(n, 1))
        wall = scene.shade((30 + 3 * (n % 3), 34, 46), (178 + 8 * (n % 3), 166, 146))
        pen.rectangle((left, top, left + 56, _HORIZON), fill=wall)
        for floor in range(int(top) + 8, _HORIZON - 10, 14):
            lit = noise(n, floor) > 0
            window = scene.shade((190, 160, 90) if lit else (22, 24, 32), (110, 124, 136))
            pen.rectangle((left + 10, floor, left + 18, floor + 7), fill=window)
            pen.rectangle((left + 36, floor, left + 44, floor + 7), fill=window)


def _draw_road(pen: ImageDraw.ImageDraw, scene: Scene) -> None:
    pen.rectangle((0, _HORIZON, WIDTH, HEIGHT), fill=scene.shade((30, 33, 31), (138, 140, 126)))
    road = [(_MIDDLE - 26, _HORIZON), (_MIDDLE + 26, _HORIZON), (WIDTH - 40, HEIGHT), (40, HEIGHT)]
    pen.polygon(road, fill=scene.shade((44, 42, 44), (104, 104, 106)))
    for n in range(7):
        near = 0.08 * 1.55**n
        y = _HORIZON + near * 190
        pen.line((_MIDDLE, y, _MIDDLE, y + near * 50), fill=scene.shade((150, 150, 140), (235, 235, 230)), width=2)


def _draw_lamps(pen: ImageDraw.ImageDraw, scene: Scene) -> None:
    for n in range(5):
        near = 0.1 * 1.7**n
        foot = _HORIZON + near * 190
        for side in (-1, 1):
            _draw_lamp(pen, scene, _MIDDLE + side * (38 + near * 255), foot, near)


def _draw_lamp(pen: ImageDraw.ImageDraw, scene: Scene, x: float, foot: float, near: float) -> None:
    top, size = foot - 30 - near * 190, 1.5 + near * 5
    if scene.light < 0.5:
        pen.ellipse((x - 14 * size, foot - size, x + 14 * size, foot + size), fill=(84, 74, 56))
    pen.line((x, foot, x, top), fill=scene.shade((70, 70, 78), (84, 86, 90)), width=1 + round(2 * near))
    pen.ellipse((x - size, top - size, x + size, top + size), fill=scene.shade((255, 214, 150), (206, 206, 206)))


def _draw_cars(pen: ImageDraw.ImageDraw, scene: Scene) -> None:
    """The far ones first, so that the near ones stand before them."""
    seed = seed_of(scene.camera)
    cars = []
    for n, colour in enumerate(_CARS):
        share = (scene.moved / (9 + 4 * abs(noise(seed, n))) + n / len(_CARS)) % 1
        coming = n % 2 == 0
        cars.append(((share if coming else 1 - share) ** 2, coming, colour))
    for near, coming, colour in sorted(cars):
        _draw_car(pen, scene, near, coming, colour)


def _draw_car(pen: ImageDraw.ImageDraw, scene: Scene, near: float, coming: bool, colour: Colour) -> None:
    x, y, size = _MIDDLE + (-1 if coming else 1) * (12 + near * 120), _HORIZON + 4 + near * 215, 8 + near * 74
    red, green, blue = colour
    body = scene.shade((red // 3, green // 3, blue // 3), colour)
    pen.rectangle((x - size * 0.36, y - size * 0.72, x + size * 0.36, y - size * 0.4), fill=body)
    glass = scene.shade((20, 24, 30), (70, 90, 110))
    pen.rectangle((x - size * 0.3, y - size * 0.67, x + size * 0.3, y - size * 0.44), fill=glass)
    pen.rectangle((x - size / 2, y - size * 0.44, x + size / 2, y), fill=body)
    lamp = (255, 244, 200) if coming else (220, 30, 20)
    for left in (-0.45, 0.31):
        pen.rectangle((x + left * size, y - size * 0.32, x + (left + 0.14) * size, y - size * 0.18), fill=lamp)


def _draw_people(pen: ImageDraw.ImageDraw, scene: Scene) -> None:
    skin = scene.shade((70, 60, 54), (214, 170, 140))
    for n in range(3):
        way = (scene.moved * (14 + 3 * n) + n * 230) % (WIDTH + 60) - 30
        x, y = (way if n % 2 else WIDTH - way), 352 - 9 * n
        swing = 5 * math.sin(scene.moved * 7 + n)
        coat = scene.shade((40, 42, 60), _CARS[n])
        pen.line((x, y - 20, x + swing, y), fill=coat, width=3)
        pen.line((x, y - 20, x - swing, y), fill=coat, width=3)
        pen.rectangle((x - 5, y - 40, x + 5, y - 18), fill=coat)
        pen.ellipse((x - 5, y - 52, x + 5, y - 41), fill=skin)


def _draw_stamp(pen: ImageDraw.ImageDraw, scene: Scene) -> None:
    pen.rectangle((0, 0, WIDTH, 18), fill=(0, 0, 0))
    pen.text((6, 4), f"{scene.camera}  {scene.at:%Y-%m-%d %H:%M:%S}  SIMULATED", fill=(255, 255, 255))
