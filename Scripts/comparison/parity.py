"""Holds TomoPilot's answers against those of Ultralytics and nnU-Net v2: same weights, same images, one run. See Scripts/parity."""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import models  # sets the path to cpu_torchvision; must come before ultralytics
import numpy as np
import torch
from PIL import Image

BOXES_ABOVE = 0.1
LEAST_IOU = 0.99
MOST_SCORE = 0.002
LEAST_AGREEMENT = 0.999
MOST_PROBABILITY = 0.005
Image.MAX_IMAGE_PIXELS = None


class Table:
    """Rows of measurements against their limits."""

    def __init__(self):
        self.failed = 0
        self.rows = 0

    def row(self, model: str, image: str, said: str, holds: bool) -> None:
        self.rows += 1
        self.failed += not holds
        print(f"{'ok  ' if holds else 'FAIL'}  {model:44} {image:34} {said}", flush=True)


class TomoPilot:
    """The program, with a store of its own."""

    def __init__(self, program: Path, folder: Path):
        self.program = program
        self.environment = os.environ | {"TOMOPILOT_MODELS": str(folder / "store")}

    def run(self, *arguments: str) -> float:
        begin = time.monotonic()
        done = subprocess.run([self.program, *arguments], env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"tomopilot {' '.join(arguments)}: {done.stderr}")
        return time.monotonic() - begin


def tiles(height: int, width: int, side: int, overlap: int):
    """SPACEtomo's tiles: row, column, height, width."""
    step = side - overlap
    for i in range(math.ceil(height / step)):
        for j in range(math.ceil(width / step)):
            y, x = i * step, j * step
            yield y, x, min(side, height - y), min(side, width - x)


def reduced(image: np.ndarray, factor: float) -> np.ndarray:
    """Lanczos-2 over the pixels that become one, as SerialEM reduces an image."""
    height, width = int(image.shape[0] / factor), 2 * int(0.5 * image.shape[1] / factor)

    def weights(source: int, target: int) -> np.ndarray:
        start = (source - target * factor) / 2
        matrix = np.zeros((target, source))
        for i in range(target):
            centre = start + (i + 0.5) * factor
            for k in range(math.floor(centre - 2 * factor), math.ceil(centre + 2 * factor) + 1):
                x = (k + 0.5 - centre) / factor
                if abs(x) < 2:
                    matrix[i, min(max(k, 0), source - 1)] += np.sinc(x) * np.sinc(x / 2)
        return matrix / matrix.sum(axis=1, keepdims=True)

    made = weights(image.shape[0], height) @ image.astype(float) @ weights(image.shape[1], width).T
    return np.clip(np.round(made), 0, 255).astype(np.uint8)


def spacetomo_boxes(network, image: np.ndarray, side: int, pixel_size: float, merges: bool) -> list[list[float]]:
    """Boxes as SPACEtomo takes them from Ultralytics: per tile, moved to the map and merged from left to right."""
    if image.max() <= 200:
        low, high = int(image.min()), int(image.max())
        image = ((image.astype(float) - low) * 255 / (high - low)).astype(np.uint8)
    height, width = image.shape
    overlap = int(10_000 / pixel_size)
    found = []
    if max(height, width) <= side:
        canvas = np.zeros((side, side), np.uint8)
        y, x = (side - height) // 2, (side - width) // 2
        canvas[y : y + height, x : x + width] = image
        places = [(-y, -x, canvas)]
    else:
        places = [(y, x, image[y : y + h, x : x + w]) for y, x, h, w in tiles(height, width, side, overlap)]
    for y, x, tile in places:
        colours = np.ascontiguousarray(np.repeat(tile[:, :, None], 3, axis=2))
        answer = network.predict(colours, conf=BOXES_ABOVE, verbose=False, device="cpu")[0].boxes
        for (x0, y0, x1, y1), kind, score in zip(answer.xyxy.tolist(), answer.cls.tolist(), answer.conf.tolist()):
            clip = lambda value, limit: min(max(value, 0.0), float(limit))
            found.append([clip(x0 + x, width), clip(y0 + y, height), clip(x1 + x, width), clip(y1 + y, height), int(kind), score])
    if not merges:
        return found
    merged: list[list[float]] = []
    for box in sorted(found, key=lambda box: box[0]):
        if merged:
            last = merged[-1]
            w, h = 0.1 * (box[2] - box[0]), 0.1 * (box[3] - box[1])
            if box[0] <= last[2] + w and box[1] <= last[3] + h and box[3] >= last[1] - h:
                takes_over = box[5] > last[5] or models.CLASSES[last[4]] in ("broken", "gone")
                last[1], last[2], last[3] = min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3])
                if takes_over:
                    last[4], last[5] = box[4], box[5]
                continue
        merged.append(list(box))
    return merged


def overlap(a, b) -> float:
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    area = lambda box: (box[2] - box[0]) * (box[3] - box[1])
    return w * h / (area(a) + area(b) - w * h)


def compare_boxes(theirs, ours) -> tuple[str, bool]:
    left = list(ours)
    worst_overlap, worst_score, missing = 1.0, 0.0, 0
    for box in theirs:
        best = max((other for other in left if other[4] == box[4]), key=lambda other: overlap(box, other) - abs(box[5] - other[5]), default=None)
        if best is None or overlap(box, best) < LEAST_IOU:
            missing += 1
            continue
        left.remove(best)
        worst_overlap = min(worst_overlap, overlap(box, best))
        worst_score = max(worst_score, abs(box[5] - best[5]))
    said = f"{len(theirs)} boxes, {missing} missing, {len(left)} more, least IoU {worst_overlap:.4f}, score within {worst_score:.5f}"
    return said, missing == 0 and not left and worst_score <= MOST_SCORE


def detection(table: Table, program: TomoPilot, work: Path, images: dict[str, Path], detectors: dict[str, Path]) -> None:
    from ultralytics import YOLO

    for name, checkpoint in detectors.items():
        program.run("models", "add", str(checkpoint), "--name", name, "--pixel-size", "400")
        network = YOLO(str(checkpoint))
        side = (int(network.overrides["imgsz"]) + 31) // 32 * 32
        boxes = 0
        for image_name, path in images.items():
            image = np.asarray(Image.open(path).convert("L"))
            for pixel_size in (400, 310):
                shown = image if pixel_size == 400 else reduced(image, 400 / pixel_size)
                if max(shown.shape) > side > min(shown.shape):
                    continue  # SPACEtomo fails on these
                if name.endswith("-random") and min(shown.shape) < side:
                    continue  # The black about a small image gives an untrained network hundreds of equal scores.
                for merges in (False, True):
                    program.run(
                        "detect", str(path), "--model", name, "--reference", *([] if merges else ["--unmerged"]), "--confidence", str(BOXES_ABOVE),
                        "--pixel-size", str(pixel_size), "--out", str(work / "ours"))
                    ours = json.loads((work / "ours" / f"{path.stem}_boxes.json").read_text())["boxes"]
                    factor = (shown.shape[1] / image.shape[1], shown.shape[0] / image.shape[0])
                    ours = [[box[0] * factor[0], box[1] * factor[1], box[2] * factor[0], box[3] * factor[1], int(box[4]), box[5]] for box in ours]
                    theirs = spacetomo_boxes(network, shown, side, 400, merges)
                    what = f"{image_name} at {pixel_size} nm{', merged' if merges else ''}"
                    boxes += len(theirs)
                    table.row(name, what, *compare_boxes(theirs, ours))
        table.row(name, "all", f"{boxes} boxes to compare", boxes > 0)
        program.run("models", "remove", name)


def read_sections(path: Path) -> np.ndarray:
    header = np.fromfile(path, dtype="<i4", count=3)
    width, height, sections = (int(value) for value in header)
    return np.memmap(path, dtype="<f4", offset=1024, shape=(sections, height, width))[:, ::-1]


def segmentation(table: Table, program: TomoPilot, work: Path, images: dict[str, Path], cases: dict[str, Path]) -> None:
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    for name, folder in cases.items():
        program.run("models", "add", str(folder), "--name", name)
        predictor = nnUNetPredictor(
            tile_step_size=0.5, use_gaussian=True, use_mirroring=True, perform_everything_on_device=False, device=torch.device("cpu"), verbose=False,
            allow_tqdm=False)
        predictor.initialize_from_trained_model_folder(str(folder), None)
        channels = len(json.loads((folder / "dataset.json").read_text())["channel_names"])
        for image_name, path in images.items():
            for pixel_size in (20, 27):
                files = [path]
                image = np.asarray(Image.open(path).convert("L"))
                if channels > 1:
                    files = [work / f"{path.stem}_{number:04}.png" for number in range(channels)]
                    stack = np.stack([np.roll(image, 7 * number, axis=1) // (number + 1) for number in range(channels)])
                    for channel, file in zip(stack, files):
                        Image.fromarray(channel).save(file)
                else:
                    stack = image[None]
                spacing = pixel_size / 20
                theirs, probabilities = predictor.predict_single_npy_array(
                    stack[:, None].astype(np.float32), {"spacing": [999.0, spacing, spacing]}, None, None, True)
                # The corners of nnU-Net's windows lose a tenth of a logit in its 16-bit sums; ours keep it unless they are asked not to.
                for profile in ("reference", "accurate"):
                    program.run(
                        "segment", str(files[0]), "--model", name, "--profile", profile, "--probabilities", "--pixel-size", str(pixel_size), "--out", str(work / "ours"))
                    ours = np.asarray(Image.open(work / "ours" / f"{files[0].stem}_seg.png"))
                    file = work / "ours" / f"{files[0].stem}_probabilities.mrc"
                    differences = np.abs(read_sections(file) - probabilities[:, 0]).max(axis=0)
                    file.unlink()
                    agreement = float((ours == theirs[0]).mean())
                    largest, most = float(differences.max()), float(np.quantile(differences, 0.999))
                    said = f"{100 * agreement:.3f} % of the pixels, {len(np.unique(theirs))} classes, probabilities within {largest:.5f}, 99.9 % within {most:.5f}"
                    within = (largest if profile == "reference" else most) <= MOST_PROBABILITY
                    table.row(name, f"{image_name} at {pixel_size} nm, {profile}", said, agreement >= LEAST_AGREEMENT and within)
        program.run("models", "remove", name)


def grey_pictures(folder: Path, out: Path, side: int) -> dict[str, Path]:
    """Images as grey PNG, cut to a size that can be waited for."""
    out.mkdir(parents=True, exist_ok=True)
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in (".png", ".jpg", ".pgm", ".tif"):
            continue
        image = Image.open(path).convert("L")
        image = image.crop((0, 0, min(side, image.width), min(side, image.height)))
        # Where a picture has one grey level, places have equal scores, and which of them comes first is a matter of chance.
        noise = np.random.default_rng(7).normal(0, 3, (image.height, image.width))
        Image.fromarray(np.clip(np.asarray(image) + noise, 1, 255).astype(np.uint8)).save(out / f"{path.stem}.png")
        found[path.stem[:22]] = out / f"{path.stem}.png"
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, required=True, help="tomopilot")
    parser.add_argument("--work", type=Path, required=True, help="folder for models and results")
    parser.add_argument("--grids", type=Path, required=True, help="simulated grids with their truth")
    parser.add_argument("--maps", type=Path, required=True, help="simulated lamella maps with their truth")
    parser.add_argument("--images", type=Path, help="a folder with further images")
    parser.add_argument("--checkpoints", type=Path, nargs="*", default=[], help="further Ultralytics checkpoints of the same classes")
    parser.add_argument("--minutes", type=float, default=1.0, help="training of each detector")
    parser.add_argument("--steps", type=int, default=150, help="training of each segmenter")
    parser.add_argument("--side", type=int, default=600, help="pixels that lamella maps are cut to")
    parser.add_argument("--most", type=int, default=4, help="lamella maps from --images")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--only", choices=["detection", "segmentation"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    work = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    program = TomoPilot(arguments.program, work)
    (work / "ours").mkdir(exist_ok=True)
    table = Table()

    if arguments.only != "segmentation":
        side = 320
        images = dict(list(grey_pictures(arguments.grids / "images", work / "grids", 1300).items())[:2])
        if arguments.images:
            images |= grey_pictures(arguments.images, work / "real-grids", 1300)
        pictures = [np.asarray(Image.open(path)) for path in images.values()]
        tiles = [picture[y : y + side, x : x + side] for picture in pictures for y in range(0, 1000, side) for x in range(0, 1000, side)]
        tiles = [tile for tile in tiles if tile.shape == (side, side)][:24]
        detectors = {}
        for kind in ("yolov8n", "yolov8s", "yolo11n"):
            detectors[f"{kind}-random"] = work / f"{kind}-random.pt"
            if not detectors[f"{kind}-random"].exists():
                models.random_detector(kind, detectors[f"{kind}-random"], tiles, side)
        if arguments.minutes > 0:
            from detector_data import prepare

            data = prepare(arguments.grids, arguments.grids, work / "detector-data")
            for kind in ("yolov8n", "yolov8s", "yolo11n"):
                checkpoint = work / "trained" / kind / "weights" / "last.pt"
                if not checkpoint.exists():
                    models.trained_detector(kind, work / "trained", data, arguments.minutes, arguments.threads)
                detectors[f"{kind}-trained"] = checkpoint
        detectors |= {f"given-{path.stem}": path for path in arguments.checkpoints}
        detection(table, program, work, images, detectors)

    if arguments.only != "detection":
        images = dict(list(grey_pictures(arguments.maps / "images", work / "maps", arguments.side).items())[:1])
        if arguments.images:
            images |= dict(list(grey_pictures(arguments.images, work / "real-maps", arguments.side).items())[: arguments.most])
        plain, residual = "PlainConvUNet", "ResidualEncoderUNet"
        small, patch = [8, 16, 32, 64], (192, 256)
        cases = {
            "plain-random-1-fold-mirrors": dict(kind=plain),
            "plain-random-1-fold-no-mirrors": dict(kind=plain, mirroring=False),
            "plain-random-5-folds-mirrors": dict(kind=plain, folds=5),
            "plain-trained-1-fold-mirrors": dict(kind=plain, data=arguments.maps, steps=arguments.steps),
            "plain-trained-5-folds-no-mirrors": dict(kind=plain, folds=5, mirroring=False, data=arguments.maps, steps=arguments.steps // 3),
            "residual-random-1-fold-mirrors": dict(kind=residual),
            "residual-random-5-folds-no-mirrors": dict(kind=residual, folds=5, mirroring=False),
            "residual-trained-1-fold-no-mirrors": dict(kind=residual, mirroring=False, data=arguments.maps, steps=arguments.steps),
            "plain-spacing-1.5-0.8": dict(kind=plain, mirroring=False, spacing=(1.5, 0.8), data=arguments.maps, steps=arguments.steps // 3),
            "plain-CT-rescaled-zscore-masked": dict(
                kind=plain, mirroring=False, schemes=("CTNormalization", "RescaleTo01Normalization", "ZScoreNormalization"), masked=True),
            "plain-RGB-none": dict(kind=plain, mirroring=False, schemes=("RGBTo01Normalization", "NoNormalization")),
        }
        made = {}
        for name, case in cases.items():
            made[name] = work / "segmenters" / name
            if not (made[name] / f"fold_{case.get('folds', 1) - 1}" / "checkpoint_final.pth").exists():
                models.segmenter(made[name], features=small, patch=patch, classes=9, **case)
        segmentation(table, program, work, images, made)

    print(f"{table.rows - table.failed} of {table.rows} rows hold")
    sys.exit(1 if table.failed or table.rows == 0 else 0)


if __name__ == "__main__":
    main()
