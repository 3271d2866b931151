"""Draws what both programs chose on one map, side by side. See Scripts/benchmark."""

import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import targeting_maps as maps

COLOURS = np.array(
    [(196, 204, 212), (255, 255, 255), (40, 44, 52), (120, 70, 60), (150, 200, 235), (170, 205, 165), (225, 150, 60)], np.uint8)
WIDTH = 460  # pixels of one side
SHARP = 3  # drawn so many times larger, then made small


def draw(case: maps.Case, labels: np.ndarray, chosen: dict[str, np.ndarray], scores: dict[str, float], path: Path) -> None:
    """One half for each program, with fields of view and the beams as they lie at the largest tilt."""
    scale = WIDTH * SHARP / labels.shape[1]
    height = round(labels.shape[0] * scale)
    ground = Image.fromarray(COLOURS[labels]).resize((WIDTH * SHARP, height), Image.BOX)
    heading, gap = 26 * SHARP, 8 * SHARP
    sheet = Image.new("RGB", (2 * WIDTH * SHARP + gap, height + heading), "white")
    font = ImageFont.load_default(size=15 * SHARP)
    t = math.radians(case.axis)
    along, across = np.array([-math.sin(t), math.cos(t)]), np.array([math.cos(t), math.sin(t)])  # column, row
    radius = maps.BEAM * 500 / case.pixel * scale
    far = radius / math.cos(math.radians(case.reference_tilt))
    half = np.array(maps.CAMERA) * maps.RECORD_PIXEL / case.pixel * scale / 2
    for number, (name, points) in enumerate(chosen.items()):
        panel = ground.copy()
        pen = ImageDraw.Draw(panel)
        for row, column in points:
            centre = np.array([column, row]) * scale
            turn = np.linspace(0, 2 * math.pi, 73)
            beam = [tuple(centre + radius * math.cos(a) * along + far * math.sin(a) * across) for a in turn]
            pen.line(beam, (90, 60, 140), width=SHARP)
            pen.rectangle([*(centre - half), *(centre + half)], outline=(190, 20, 60), width=2 * SHARP)
        left = number * (WIDTH * SHARP + gap)
        sheet.paste(panel, (left, heading))
        title = f"{name}: {len(points)} targets, score {scores[name]:.1f}"
        ImageDraw.Draw(sheet).text((left + 4 * SHARP, 3 * SHARP), title, "black", font=font)
    sheet = sheet.resize((sheet.width // SHARP, sheet.height // SHARP), Image.LANCZOS)
    sheet.quantize(255, kmeans=1, dither=Image.Dither.NONE).save(path, optimize=True)
