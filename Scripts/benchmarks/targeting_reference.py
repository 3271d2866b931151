"""Runs SPACEtomo's own choice of targets on one map, and its own score on given positions. See Scripts/benchmark."""

import contextlib
import io
import json
import math
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

Image.MAX_IMAGE_PIXELS = None
with contextlib.redirect_stdout(io.StringIO()):
    from SPACEtomo.modules import ext

import targeting_maps as maps


class Reference:
    """SPACEtomo's functions, set up for one case."""

    def __init__(self, case: maps.Case, labels: np.ndarray, folder: Path):
        self.case, self.folder = case, folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "dataset.json").write_text(
            json.dumps({"labels": {name: i for i, name in enumerate(maps.CLASSES)}, "pixel_size": case.pixel}))
        Image.fromarray(labels).save(folder / "map.png", compress_level=1)
        Image.fromarray(labels).save(folder / "map_seg.png", compress_level=1)
        t = math.radians(case.axis)
        turn = np.array([[math.cos(t), math.sin(t)], [-math.sin(t), math.cos(t)]])
        self.microscope = SimpleNamespace(
            rec_beam_diameter=maps.BEAM, cam_dims=np.array(maps.CAMERA), rec_pix_size=maps.RECORD_PIXEL, view_rotM=turn,
            view_ta_rotation=case.axis, IS_limit=30)
        settings = case.settings
        with contextlib.redirect_stdout(io.StringIO()):
            self.model = ext.MMModel(str(folder))
            self.model.setDimensions(self.microscope)
            self.parameters = ext.TgtParams(
                target_list=list(settings["target_list"]), penalty_list=list(settings["avoid_list"]), MM_model=self.model,
                sparse_targets=settings["sparse_targets"], edge_targets=settings["target_edge"],
                penalty_weight=settings["penalty_weight"], score_threshold=settings["target_score_threshold"],
                max_tilt=case.reference_tilt, mic_params=self.microscope)

    def choose(self) -> tuple[np.ndarray, float]:
        """Positions as (row, column), and the processor seconds that finding them took, files and geo points left out."""
        with contextlib.redirect_stdout(io.StringIO()):
            lamella = ext.Lamella("map", str(self.folder), self.model, self.microscope, self.parameters)
            begin = time.process_time()
            lamella.findPoints()
            seconds = time.process_time() - begin
        return np.array(lamella.points, float).reshape(-1, 2), seconds

    def scores(self, labels: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """The reference's own score, with its penalty, and with its edge kernels in edge mode."""
        parameters = self.parameters
        target, avoided = (
            np.isin(labels, [maps.CLASSES.index(name) for name in names]).astype(np.float32)
            for names in (parameters.target_list, parameters.penalty_list))
        return np.array([
            ext.calcScore_point(point, target, avoided, parameters.penalty, parameters.weight, parameters.edge_weights)
            for point in positions])


def covered(labels: np.ndarray, positions: np.ndarray, field: tuple[int, int], target: list[int]) -> float:
    """The share of wanted pixels that lie in some field of view."""
    seen = np.zeros(labels.shape, bool)
    for row, column in positions:
        top, left = int(round(row - field[0] / 2)), int(round(column - field[1] / 2))
        seen[max(0, top) : max(0, top + field[0]), max(0, left) : max(0, left + field[1])] = True
    wanted = np.isin(labels, target)
    return float((seen & wanted).sum() / max(1, wanted.sum()))
