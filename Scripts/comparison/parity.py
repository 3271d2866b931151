"""Holds TomoPilot's answers against those of Ultralytics and nnU-Net v2: same weights, same images, one run. See Scripts/parity."""

import argparse
import contextlib
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
from skimage import exposure, transform
from ultralytics.utils import ops

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
        # What a run that was stopped has left.
        self.run("models", "clear", "--yes")

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


def at_pixel_size(image: np.ndarray, factor: float) -> np.ndarray:
    """As SPACEtomo saves a map at another pixel size: reduced by SerialEM, or enlarged by scikit-image."""
    if factor == 1:
        return image
    return reduced(image, factor) if factor > 1 else (transform.rescale(image, 1 / factor) * 255).astype(np.uint8)


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


def spacetomo_tiles(image: np.ndarray, side: int, pixel_size: float) -> list[tuple[int, int, np.ndarray]]:
    """What SPACEtomo shows the network: row, column, pixels."""
    if image.max() <= 200:
        image = exposure.rescale_intensity(image, out_range=(0, 255)).astype(np.uint8)
    height, width = image.shape
    overlap = int(10_000 / pixel_size)
    if max(height, width) <= side:
        canvas = np.zeros((side, side), np.uint8)
        y, x = (side - height) // 2, (side - width) // 2
        canvas[y : y + height, x : x + width] = image
        return [(-y, -x, canvas)]
    return [(y, x, image[y : y + h, x : x + w]) for y, x, h, w in tiles(height, width, side, overlap)]


def spacetomo_boxes(network, image: np.ndarray, places: list[tuple[int, int, np.ndarray]]) -> list[list[float]]:
    """Boxes as SPACEtomo takes them from Ultralytics: per tile, moved to the map."""
    height, width = image.shape
    found = []
    for y, x, tile in places:
        colours = np.ascontiguousarray(np.repeat(tile[:, :, None], 3, axis=2))
        answer = network.predict(colours, conf=BOXES_ABOVE, verbose=False, device="cpu")[0].boxes
        for (x0, y0, x1, y1), kind, score in zip(answer.xyxy.tolist(), answer.cls.tolist(), answer.conf.tolist()):
            clip = lambda value, limit: min(max(value, 0.0), float(limit))
            found.append([clip(x0 + x, width), clip(y0 + y, height), clip(x1 + x, width), clip(y1 + y, height), int(kind), score])
    return found


class Rounding:
    """Decisions that the last digits of the network's numbers take, by the numbers that Ultralytics itself has before it suppresses boxes."""

    def __init__(self, network, places: list):
        self.network, self.places = network, {(y, x): tile for y, x, tile in places}
        self.known = {}

    def candidates(self, place: tuple[int, int]):
        """Boxes of a tile on the map, the scores of their classes, and the least scores that are kept, from and to."""
        if place not in self.known:
            tile, predictor = self.places[place], self.network.predictor
            image = predictor.preprocess([np.ascontiguousarray(np.repeat(tile[:, :, None], 3, axis=2))])
            with torch.inference_mode():
                answer = predictor.model(image)
            answer = (answer[0] if isinstance(answer, (list, tuple)) else answer)[0].T
            answer = answer[answer[:, 4:].amax(1) > BOXES_ABOVE - MOST_SCORE]
            y, x = place
            boxes = ops.scale_boxes(image.shape[2:], ops.xywh2xyxy(answer[:, :4]), tile.shape) + torch.tensor([x, y, x, y])
            kept = self.network.predict(np.ascontiguousarray(np.repeat(tile[:, :, None], 3, axis=2)), conf=BOXES_ABOVE, verbose=False, device="cpu")[0].boxes.conf
            # Ultralytics keeps 300 boxes of a tile: which ones come last may be a matter of rounding, too, as each box before them moves them by a place.
            last = sorted(kept.tolist())[:5]
            least = (last[0], last[-1]) if len(kept) == 300 else (BOXES_ABOVE, BOXES_ABOVE)
            self.known[place] = boxes.tolist(), answer[:, 4:].tolist(), least
        return self.known[place]

    def decides(self, box: list) -> bool:
        """Whether a box that one program alone has is among the candidates, and a tie, or what is nearly one, takes it away: of the scores of two of its
        classes, of its score with the least one, with that of a box that shares much with it, or of what they share with 0.7."""
        for y, x in self.places:
            height, width = self.places[y, x].shape
            if not (x - 1 <= box[0] and box[2] <= x + width + 1 and y - 1 <= box[1] and box[3] <= y + height + 1):
                continue
            boxes, scores, least = self.candidates((y, x))
            for i, (own, classes) in enumerate(zip(boxes, scores)):
                if abs(classes[box[4]] - box[5]) > MOST_SCORE or overlap(box, own) < LEAST_IOU:
                    continue
                if least[0] - MOST_SCORE <= box[5] <= least[1] + MOST_SCORE or max(classes[:box[4]] + classes[box[4] + 1 :]) >= box[5] - MOST_SCORE:
                    return True
                for k, other in enumerate(boxes):
                    shared = overlap(own, other) if k != i and scores[k][box[4]] >= box[5] - MOST_SCORE else 0
                    if abs(shared - 0.7) < 1 - LEAST_IOU or shared > 0.7 and scores[k][box[4]] <= box[5] + MOST_SCORE:
                        return True
        return False


def spacetomo_merged(found: list[list[float]]) -> list[list[float]]:
    """Boxes merged from left to right, as SPACEtomo does it."""
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


def thick(box) -> list[float]:
    sides = list(box[:4])
    for low, high in ((0, 2), (1, 3)):
        if sides[high] - sides[low] < 0.1:
            middle = (sides[low] + sides[high]) / 2
            sides[low], sides[high] = middle - 0.5, middle + 0.5
    return sides


def overlap(a, b) -> float:
    """Intersection over union. What is thinner than a tenth of a pixel, as a border may leave it, has none; it is compared as if it were a pixel thick."""
    a, b = (thick(box) for box in (a, b))
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    area = lambda box: (box[2] - box[0]) * (box[3] - box[1])
    return w * h / (area(a) + area(b) - w * h)


def compare_boxes(theirs, ours, rounding: Rounding | None = None) -> tuple[str, bool]:
    left = list(ours)
    worst_overlap, worst_score, missing = 1.0, 0.0, []
    for box in theirs:
        same = [other for other in left if other[4] == box[4] and overlap(box, other) >= LEAST_IOU]
        best = min(same, key=lambda other: abs(box[5] - other[5]), default=None)
        if best is None or abs(box[5] - best[5]) > MOST_SCORE:
            missing.append(box)
            continue
        left.remove(best)
        worst_overlap = min(worst_overlap, overlap(box, best))
        worst_score = max(worst_score, abs(box[5] - best[5]))
    ties = 0
    if rounding:
        decided = [box for box in missing + left if rounding.decides(box)]
        # What such a box takes away, or lets stay, is decided with it.
        for box in decided:
            decided += [
                other for other in missing + left
                if other not in decided and other[4] == box[4] and overlap(box, other) > 0.7 - (1 - LEAST_IOU)]
        missing, left = ([box for box in boxes if box not in decided] for boxes in (missing, left))
        ties = len(decided)
    said = f"{len(theirs)} boxes, {len(missing)} missing, {len(left)} more, least IoU {worst_overlap:.4f}, score within {worst_score:.5f}"
    if ties:
        said += f", {ties} decided by rounding"
    # One in a hundred at most: more of them would be no rounding.
    return said, not missing and not left and ties <= 2 + len(theirs) // 100


def detection(table: Table, program: TomoPilot, work: Path, images: dict[str, Path], detectors: dict[str, Path]) -> None:
    from ultralytics import YOLO

    grey = {name: np.asarray(Image.open(path)) for name, path in images.items()}
    for name, checkpoint in detectors.items():
        program.run("models", "add", str(checkpoint), "--name", name, "--pixel-size", "400")
        network = YOLO(str(checkpoint))
        side = (int(network.overrides["imgsz"]) + 31) // 32 * 32
        boxes = 0
        for pixel_size in (400, 310, 460):
            shown = {image: at_pixel_size(pixels, 400 / pixel_size) for image, pixels in grey.items()}
            # SPACEtomo fails on an image of which one side only is a tile's; and the black about a small one gives an untrained network hundreds of equal scores.
            usable = [
                image for image, pixels in shown.items()
                if not (max(pixels.shape) > side > min(pixels.shape)) and not (name.endswith("-random") and min(pixels.shape) < side)]
            if not usable:
                continue
            places = {image: spacetomo_tiles(shown[image], side, 400) for image in usable}
            theirs = {image: spacetomo_boxes(network, shown[image], places[image]) for image in usable}
            unmerged = {}
            for merges in (False, True):
                program.run(
                    "detect", *(str(images[image]) for image in usable), "--model", name, "--reference", *([] if merges else ["--unmerged"]),
                    "--confidence", str(BOXES_ABOVE), "--pixel-size", str(pixel_size), "--out", str(work / "ours"))
                for image in usable:
                    ours = json.loads((work / "ours" / f"{images[image].stem}_boxes.json").read_text())["boxes"]
                    y, x = (new / old for new, old in zip(shown[image].shape, grey[image].shape))
                    ours = [[box[0] * x, box[1] * y, box[2] * x, box[3] * y, int(box[4]), box[5]] for box in ours]
                    expected = theirs[image]
                    if merges:
                        # Which of an untrained network's thousands of boxes come one after the other, a ten-thousandth of a pixel decides: theirs are made of ours.
                        expected = spacetomo_merged(unmerged[image] if name.endswith("-random") else expected)
                    else:
                        unmerged[image] = ours
                    boxes += len(expected)
                    table.row(
                        name, f"{image} at {pixel_size} nm{', merged' if merges else ''}",
                        *compare_boxes(expected, ours, None if merges else Rounding(network, places[image])))
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
        # Several channels that are all of one grey level are no image to TomoPilot.
        stacks = {image: channels_of(path, channels, work) for image, path in images.items() if channels == 1 or image != "nothing"}
        for pixel_size in (20, 27):
            for profile in ("reference", "accurate"):
                program.run(
                    "segment", *(str(files[0]) for files, _ in stacks.values()), "--model", name, "--profile", profile, "--probabilities",
                    "--pixel-size", str(pixel_size), "--out", str(work / profile))
            for image, (files, stack) in stacks.items():
                spacing = pixel_size / 20
                theirs, probabilities = predictor.predict_single_npy_array(
                    stack[:, None].astype(np.float32), {"spacing": [999.0, spacing, spacing]}, None, None, True)
                # The corners of nnU-Net's windows lose a tenth of a logit in its 16-bit sums; ours keep it unless they are asked not to.
                # What is 0 at the edges is background to nnU-Net, and black to all profiles but the one that compares.
                for profile in ("reference",) if image in BLACK_AT_EDGES else ("reference", "accurate"):
                    ours = np.asarray(Image.open(work / profile / f"{files[0].stem}_seg.png"))
                    file = work / profile / f"{files[0].stem}_probabilities.mrc"
                    differences = np.abs(read_sections(file) - probabilities[:, 0]).max(axis=0)
                    file.unlink()
                    agreement = float((ours == theirs[0]).mean())
                    largest, most = float(differences.max()), float(np.quantile(differences, 0.999))
                    said = f"{100 * agreement:.3f} % of the pixels, {len(np.unique(theirs))} classes, probabilities within {largest:.5f}, 99.9 % within {most:.5f}"
                    within = (largest if profile == "reference" else most) <= MOST_PROBABILITY
                    table.row(name, f"{image} at {pixel_size} nm, {profile}", said, agreement >= LEAST_AGREEMENT and within)
        program.run("models", "remove", name)


# Maps of which a part, or all, is 0.
BLACK_AT_EDGES = ("margin", "nothing")


def black_at_edges(path: Path, out: Path) -> dict[str, Path]:
    """A map with uneven margins of 0 and a hole, and one on which nothing is."""
    out.mkdir(parents=True, exist_ok=True)
    image = np.asarray(Image.open(path)).copy()
    image[:23] = image[:, :9] = image[-41:] = image[:, -60:] = 0
    image[100:130, 120:160] = 0
    pictures = {"margin": image, "nothing": np.zeros_like(image)}
    for name, picture in pictures.items():
        Image.fromarray(picture).save(out / f"{name}.png")
    return {name: out / f"{name}.png" for name in pictures}


def channels_of(path: Path, channels: int, work: Path) -> tuple[list[Path], np.ndarray]:
    """The files of a map with as many channels as a model takes, made from one, and what is in them."""
    image = np.asarray(Image.open(path))
    if channels == 1:
        return [path], image[None]
    files = [work / f"{path.stem}_{number:04}.png" for number in range(channels)]
    stack = np.stack([np.roll(image, 7 * number, axis=1) // (number + 1) for number in range(channels)])
    for channel, file in zip(stack, files):
        Image.fromarray(channel).save(file)
    return files, stack


def grey_picture(path: Path) -> Image.Image | None:
    """An image file, or the image of an MRC file with one, in eight bits; None for other files."""
    if path.suffix.lower() in (".png", ".jpg", ".pgm", ".tif"):
        return Image.open(path).convert("L")
    if path.suffix.lower() not in (".mrc", ".map", ".st"):
        return None
    header = np.fromfile(path, dtype="<i4", count=256)
    width, height, sections, mode = (int(value) for value in header[:4])
    kind = {0: "<i1", 1: "<i2", 2: "<f4", 6: "<u2"}.get(mode)
    if sections != 1 or kind is None:
        return None
    grey = np.fromfile(path, dtype=kind, offset=1024 + int(header[23]), count=width * height).reshape(height, width)[::-1].astype(float)
    low, high = np.quantile(grey, [0.001, 0.999])
    return Image.fromarray(np.clip((grey - low) / max(high - low, 1e-9) * 255, 0, 255).astype(np.uint8))


def grey_pictures(folder: Path, out: Path, side: int) -> dict[str, Path]:
    """Images as grey PNG, cut to a size that can be waited for."""
    out.mkdir(parents=True, exist_ok=True)
    found = {}
    for path in sorted(folder.iterdir()):
        image = grey_picture(path)
        # What is smaller than this is no map.
        if image is None or min(image.size) < 128:
            continue
        # The middle: maps are often empty at their corners.
        x, y = max(0, (image.width - side) // 2), max(0, (image.height - side) // 2)
        image = image.crop((x, y, x + min(side, image.width), y + min(side, image.height)))
        # Where a picture has one grey level, places have equal scores, and which of them comes first is a matter of chance.
        noise = np.random.default_rng(7).normal(0, 3, (image.height, image.width))
        Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)).save(out / f"{path.stem}.png")
        found[path.stem[:22]] = out / f"{path.stem}.png"
    return found


@contextlib.contextmanager
def quietly(file: Path):
    """What is said meanwhile, also by child processes, goes to a file."""
    sys.stdout.flush()
    kept = os.dup(1), os.dup(2)
    with file.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, old in enumerate(kept, start=1):
                os.dup2(old, number)
                os.close(old)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, required=True, help="tomopilot")
    parser.add_argument("--work", type=Path, required=True, help="folder for models and results")
    parser.add_argument("--grids", type=Path, required=True, help="simulated grids with their truth")
    parser.add_argument("--maps", type=Path, required=True, help="simulated lamella maps with their truth")
    parser.add_argument("--images", type=Path, nargs="*", default=[], help="folders with further images")
    parser.add_argument("--checkpoints", type=Path, nargs="*", default=[], help="further Ultralytics checkpoints of the same classes")
    parser.add_argument("--minutes", type=float, default=1.0, help="training of each detector")
    parser.add_argument("--steps", type=int, default=150, help="training of each segmenter")
    parser.add_argument("--side", type=int, default=300, help="pixels that lamella maps are cut to")
    parser.add_argument("--grid-side", type=int, default=900, help="pixels that grid maps are cut to")
    parser.add_argument("--most", type=int, default=100, help="images from each of --images")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--case", nargs="*", help="the models that are compared; all if not given")
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
        images = dict(list(grey_pictures(arguments.grids / "images", work / "grids", arguments.grid_side).items())[:2])
        for folder in arguments.images:
            images |= dict(list(grey_pictures(folder, work / "real-grids", arguments.grid_side).items())[: arguments.most])
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
                    # The larger one learns more slowly, and finds nothing at all before it has learnt something.
                    minutes = arguments.minutes * (3 if kind == "yolov8s" else 1)
                    print(f"training {kind} for {minutes:g} min", flush=True)
                    with quietly(work / "training.log"):
                        models.trained_detector(kind, work / "trained", data, minutes, arguments.threads)
                detectors[f"{kind}-trained"] = checkpoint
        detectors |= {f"given-{path.stem}": path for path in arguments.checkpoints}
        if arguments.case:
            detectors = {name: path for name, path in detectors.items() if name in arguments.case}
        detection(table, program, work, images, detectors)

    if arguments.only != "detection":
        images = dict(list(grey_pictures(arguments.maps / "images", work / "maps", arguments.side).items())[:1])
        for folder in arguments.images:
            images |= dict(list(grey_pictures(folder, work / "real-maps", arguments.side).items())[: arguments.most])
        images |= black_at_edges(next(iter(images.values())), work / "edges")
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
            "plain-regions": dict(kind=plain, regions=True),
            "residual-turned-spacing-1.5-0.8": dict(kind=residual, turned=True, spacing=(1.5, 0.8), folds=2),
            "plain-RGB-none": dict(kind=plain, mirroring=False, schemes=("RGBTo01Normalization", "NoNormalization")),
        }
        made = {}
        for name, case in cases.items():
            if arguments.case and name not in arguments.case:
                continue
            made[name] = work / "segmenters" / name
            if not (made[name] / f"fold_{case.get('folds', 1) - 1}" / "checkpoint_final.pth").exists():
                models.segmenter(made[name], features=small, patch=patch, classes=9, **case)
        segmentation(table, program, work, images, made)

    print(f"PARITY {'HOLDS' if table.failed == 0 else 'DOES NOT HOLD'}: {table.rows - table.failed} of {table.rows} rows")
    sys.exit(1 if table.failed or table.rows == 0 else 0)


if __name__ == "__main__":
    main()
