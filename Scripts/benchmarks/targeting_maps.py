"""Fixed-seed maps of segmented lamellae, and the settings each is tried with. See Scripts/benchmark."""

import math
from dataclasses import dataclass

import numpy as np

CLASSES = ["background", "white", "black", "crack", "ice", "cell", "mitos"]
BACKGROUND, WHITE, BLACK, CRACK, ICE, CELL, MITOS = range(7)
CAMERA = (5760, 4092)
RECORD_PIXEL = 0.15  # nm
BEAM = 1.2  # um
WIDTH, HEIGHT = 16.0, 13.7  # um; 7008 x 6001 px at 2.283 nm


@dataclass(frozen=True)
class Case:
    kind: str
    seed: int
    axis: float  # degrees
    pixel: float  # nm
    pretilt: float  # degrees
    max_tilt: float  # degrees, of the stage to either side

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.seed}"

    @property
    def settings(self) -> dict:
        common = {"avoid_list": ["black", "white", "ice", "crack"], "penalty_weight": 0.3, "max_tilt": self.max_tilt}
        own = {
            "lamella": {"target_list": ["lamella"], "sparse_targets": False, "target_edge": False, "target_score_threshold": 0.5},
            "cells": {"target_list": ["cell", "mitos"], "sparse_targets": False, "target_edge": False, "target_score_threshold": 0.3},
            "sparse": {"target_list": ["mitos"], "sparse_targets": True, "target_edge": False, "target_score_threshold": 0.01},
            "edge": {"target_list": ["cell", "mitos"], "sparse_targets": False, "target_edge": True, "target_score_threshold": 0.3},
        }[self.kind]
        return common | own

    @property
    def reference_tilt(self) -> float:
        """The reference knows no pretilt: the largest tilt under which its spacing is ours."""
        across = math.cos(math.radians(self.pretilt)) / math.cos(math.radians(self.max_tilt + self.pretilt))
        return math.degrees(math.acos(1 / across))


def cases(repetitions: int) -> list[Case]:
    found = []
    for repetition in range(repetitions):
        for axis in (85.0, 12.0, -40.0):
            for pixel in (10.0, 5.0, 2.283):
                for pretilt, tilt in ((0.0, 60.0), (10.0, 50.0)):
                    for kind in ("lamella", "cells", "sparse", "edge"):
                        found.append(Case(kind, 100 + len(found), axis, pixel, pretilt, tilt))
    return found


def labels(case: Case) -> np.ndarray:
    """A lamella with cells, mitochondria, ice and a crack in a black frame. Places are drawn in micrometres: the same map at every pixel size."""
    random = np.random.default_rng(case.seed)
    width, height = (int(side * 1000 / case.pixel) for side in (WIDTH, HEIGHT))
    x = (np.arange(width, dtype=np.float32) + 0.5) * (case.pixel / 1000)
    y = ((np.arange(height, dtype=np.float32) + 0.5) * (case.pixel / 1000))[:, None]
    map_ = np.full((height, width), BLACK, np.uint8)
    left, right = 0.9 + 0.25 * np.sin(y * 0.9 + random.uniform(0, 6)), WIDTH - 0.9 + 0.25 * np.sin(y * 0.7 + random.uniform(0, 6))
    top, bottom = 0.9 + 0.2 * np.sin(x * 0.8 + random.uniform(0, 6)), HEIGHT - 0.9 + 0.2 * np.sin(x * 0.6 + random.uniform(0, 6))
    inside = (x > left) & (x < right) & (y > top) & (y < bottom)
    map_[inside] = BACKGROUND

    def blobs(count: int, label: int, low: float, high: float, on: tuple[int, ...]) -> None:
        for _ in range(count):
            cx, cy = random.uniform(0.5, WIDTH - 0.5), random.uniform(0.5, HEIGHT - 0.5)
            a, b, turn = random.uniform(low, high), random.uniform(low, high), random.uniform(0, math.pi)
            phase, lobes, depth = random.uniform(0, 6), random.integers(2, 5), random.uniform(0, 0.2)
            reach = 1.3 * max(a, b) * 1000 / case.pixel
            px, py = cx * 1000 / case.pixel, cy * 1000 / case.pixel
            rows = slice(max(0, int(py - reach)), max(0, int(py + reach)))
            columns = slice(max(0, int(px - reach)), max(0, int(px + reach)))
            dx, dy = x[columns] - cx, y[rows] - cy
            u = (math.cos(turn) * dx + math.sin(turn) * dy) / a
            v = (math.cos(turn) * dy - math.sin(turn) * dx) / b
            part = map_[rows, columns]
            part[(np.hypot(u, v) < 1 + depth * np.sin(lobes * np.arctan2(v, u) + phase)) & np.isin(part, on)] = label

    if case.kind in ("cells", "edge"):
        blobs(7, CELL, 1.0, 2.6, (BACKGROUND,))
    else:
        map_[inside] = CELL
    blobs(14, MITOS, 0.2, 0.7, (CELL, BACKGROUND) if case.kind == "sparse" else (CELL,))
    blobs(8, ICE, 0.1, 0.6, (BACKGROUND, CELL, MITOS))
    if random.uniform() < 0.5:
        middle = random.uniform(4, WIDTH - 4) + 0.4 * np.sin(y * random.uniform(0.3, 0.8))
        map_[(abs(x - middle) < 0.06) & inside] = CRACK
    return map_
