"""Whole jobs, file to sidecars, by TomoPilot and by the Python programs, in turn in one run. See Scripts/benchmark."""

import argparse
import importlib
import json
import math
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "comparison"))

import models  # sets the path to cpu_torchvision; must come before ultralytics
import numpy as np
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

Image.MAX_IMAGE_PIXELS = None
DETECTOR_SIDE = 1024


def grid_picture(side: int, path: Path) -> Path:
    """Noise of several widths: something to look at everywhere."""
    if not path.exists():
        random = np.random.default_rng(1)
        total = np.zeros((side, side), np.float32)
        for size in (4, 16, 64, 256):
            small = random.normal(0, 1, (side // size + 2, side // size + 2)).astype(np.float32)
            total += np.asarray(Image.fromarray(small).resize((side, side), Image.BILINEAR))
        low, high = np.quantile(total[::7, ::7], [0.001, 0.999])
        Image.fromarray(np.clip((total - low) / (high - low) * 254 + 1, 1, 255).astype(np.uint8)).save(path)
    return path


def lamella_picture(maps: Path, width: int, height: int, path: Path) -> tuple[Path, np.ndarray]:
    """Simulated lamella maps that the network was not trained on, side by side, and their truth."""
    image, truth = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    files = sorted((maps / "images").glob("*.pgm"))[12:]
    y = number = 0
    while y < height:
        x, tallest = 0, 0
        while x < width:
            file = files[number % len(files)]
            number += 1
            piece, labels = (np.asarray(Image.open(maps / kind / file.name)) for kind in ("images", "labels"))
            piece, labels = piece[: height - y, : width - x], labels[: height - y, : width - x]
            image[y : y + piece.shape[0], x : x + piece.shape[1]] = np.maximum(piece, 1)
            truth[y : y + piece.shape[0], x : x + piece.shape[1]] = labels
            x, tallest = x + piece.shape[1], max(tallest, piece.shape[0])
        y += tallest
    image[image == 0] = 1
    Image.fromarray(image).save(path)
    return path, truth


class Measured:
    """A program of which the time of each image and the largest memory, of all its processes together, are known."""

    def __init__(self, arguments: list[str], environment: dict[str, str]):
        begin = time.monotonic()
        running = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.memory = 0
        watcher = threading.Thread(target=self._watch, args=(running,))
        watcher.start()
        output, errors = running.communicate()
        self.whole = time.monotonic() - begin
        watcher.join()
        if running.returncode != 0:
            sys.exit(f"{' '.join(arguments)}: {errors[-2000:]}")
        self.seconds = [float(found) for found in re.findall(r"(?:^|[ ,])([0-9.]+) s: ", output)]

    def _watch(self, running: subprocess.Popen) -> None:
        while running.poll() is None:
            self.memory = max(self.memory, sum(resident(number) for number in family(running.pid)))
            time.sleep(0.02)


def family(root: int) -> list[int]:
    """A process and all that it has started."""
    found = [root]
    for number in found:
        try:
            for thread in os.listdir(f"/proc/{number}/task"):
                found += [int(child) for child in Path(f"/proc/{number}/task/{thread}/children").read_text().split()]
        except OSError:
            continue
    return found


def resident(number: int) -> int:
    try:
        return int(Path(f"/proc/{number}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def python_detection(arguments) -> None:
    """Whole jobs of SPACEtomo's way with Ultralytics; the first image loads the model."""
    from parity import spacetomo_boxes, spacetomo_merged, spacetomo_tiles
    from ultralytics import YOLO

    torch.set_num_threads(arguments.threads)
    network = None
    for path in arguments.paths:
        begin = time.monotonic()
        network = network or YOLO(str(arguments.model))
        image = np.asarray(Image.open(path).convert("L"))
        boxes = spacetomo_merged(spacetomo_boxes(network, image, spacetomo_tiles(image, DETECTOR_SIDE, 400)))
        Path(str(path) + "_boxes.json").write_text(json.dumps({"boxes": boxes}))
        colours = np.repeat(image[:, :, None], 3, axis=2)
        for x0, y0, x1, y1, *_ in boxes:
            for y in (y0, y1 - 1):
                colours[max(0, min(int(y), image.shape[0] - 1)), int(x0) : int(x1)] = (255, 0, 0)
        small = Image.fromarray(colours).resize((min(2000, image.shape[1]), min(2000, image.shape[0])))
        small.save(str(path) + "_overview.png")
        print(f"{path} {time.monotonic() - begin:.2f} s: done", flush=True)


def python_segmentation(arguments) -> None:
    """Whole jobs of nnU-Net v2, with its own reader and writer."""
    from nnunetv2.imageio.natural_image_reader_writer import NaturalImage2DIO
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    torch.set_num_threads(arguments.threads)
    predictor = None
    for path in arguments.paths:
        begin = time.monotonic()
        if predictor is None:
            predictor = nnUNetPredictor(
                tile_step_size=0.5, use_gaussian=True, use_mirroring=True, perform_everything_on_device=False, device=torch.device("cpu"), allow_tqdm=False)
            predictor.initialize_from_trained_model_folder(str(arguments.model), None)
        image, properties = NaturalImage2DIO().read_images([str(path)])
        labels = predictor.predict_single_npy_array(image, properties)
        NaturalImage2DIO().write_seg(labels, str(path) + "_seg.png", properties)
        print(f"{path} {time.monotonic() - begin:.2f} s: done", flush=True)


def best_product(threads: int) -> float:
    """GFLOP/s of a large matrix product."""
    torch.set_num_threads(threads)
    a = torch.randn(2048, 2048)
    times = []
    for _ in range(5):
        begin = time.monotonic()
        a @ a
        times.append(time.monotonic() - begin)
    return 2 * 2048**3 / min(times) / 1e9


def operations(network: torch.nn.Module, channels: int, rows: int, columns: int) -> float:
    """Floating-point operations of one run, 10^9."""
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), counter:
        network.eval()(torch.zeros(1, channels, rows, columns))
    return counter.get_total_flops() / 1e9


def looked_at(length: int, side: int, overlap: int = 100) -> int:
    """Pixels along one side of a map that our detector looks at, some of them in two tiles."""
    sides = {count: math.ceil((length + (count - 1) * overlap) / count / 32) * 32 for count in range(1, 100)}
    return min(count * tile for count, tile in sides.items() if tile <= side)


def windows(length: int, window: int, step: float) -> int:
    return 1 if length <= window else math.ceil((length - window) / (window * step)) + 1


def dice(labels: np.ndarray, truth: np.ndarray, classes: int) -> float:
    """Mean over the classes that the truth has."""
    found = [
        2 * int(((labels == k) & (truth == k)).sum()) / max(1, int((labels == k).sum()) + int((truth == k).sum()))
        for k in range(1, classes) if (truth == k).any()]
    return statistics.mean(found) if found else 1.0


class Table:
    def __init__(self):
        self.failed: list[str] = []
        print(f"{'':46} {'ours':>11} {'Python':>11} {'ratio':>6} {'at most':>8}  {'GFLOP/s, ours and Python':>24}")

    def row(self, name: str, ours: float, python: float, limit: float, unit: str, speeds: str = "") -> None:
        ratio = ours / python
        self.failed += [name] if ratio > limit else []
        print(f"{name:46} {ours:8.2f} {unit:>2} {python:8.2f} {unit:>2} {ratio:6.2f} {limit:8.2f}  {speeds:>24}{'' if ratio <= limit else '  FALLS SHORT'}", flush=True)

    def difference(self, name: str, ours: float, python: float, limit: float) -> None:
        missing = python - ours
        self.failed += [name] if missing > limit else []
        print(f"{name:46} {ours:11.4f} {python:11.4f} {missing:6.4f} {limit:8.4f}  {'':>24}{'' if missing <= limit else '  FALLS SHORT'}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--maps", type=Path, help="simulated lamella maps with their truth")
    parser.add_argument("--blocks", type=int, default=3, help="times that each pair is measured")
    parser.add_argument("--grid", type=int, default=5000, help="side of the grid map, pixels")
    parser.add_argument("--map", default="4000x3000", help="lamella map, pixels")
    parser.add_argument("--folds", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10, help="training of each fold")
    parser.add_argument("--small", action="store_true", help="small images and a small network: to see that it works; its ratios mean little")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--python", choices=["detection", "segmentation"], help=argparse.SUPPRESS)
    parser.add_argument("--model", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("paths", nargs="*", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.python:
        return {"detection": python_detection, "segmentation": python_segmentation}[arguments.python](arguments)

    # What it lacks is told now and not after the training.
    importlib.import_module("nnunetv2.training.nnUNetTrainer.nnUNetTrainer")
    if arguments.small:
        arguments.grid, arguments.map, arguments.blocks, arguments.minutes = 1100, "700x500", 1, min(arguments.minutes, 0.3)
    features = [8, 16, 32, 64] if arguments.small else [32, 64, 128, 256, 512, 512, 512, 512]
    patch, classes = ((192, 256) if arguments.small else (512, 512)), 18
    work = arguments.work / ("small" if arguments.small else "whole")
    work.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"TOMOPILOT_MODELS": str(work / "store")}
    width, height = (int(value) for value in arguments.map.split("x"))
    torch.set_num_threads(arguments.threads)
    grid = grid_picture(arguments.grid, work / f"grid-{arguments.grid}.png")
    lamella, truth = lamella_picture(arguments.maps, width, height, work / f"map-{width}x{height}.png")
    little = grid_picture(256, work / "little.png")
    checkpoint, folder = work / "yolov8n.pt", work / f"unet-{arguments.folds}"
    if not checkpoint.exists():
        models.random_detector("yolov8n", checkpoint, [np.asarray(Image.open(grid))[:1024, :1024]])
    if not (folder / f"fold_{arguments.folds - 1}" / "checkpoint_final.pth").exists():
        print(f"training a segmenter of {arguments.folds} folds for {arguments.folds * arguments.minutes:g} min", flush=True)
        models.segmenter(folder, "PlainConvUNet", features, patch, classes, folds=arguments.folds, data=arguments.maps, minutes=arguments.minutes)
    subprocess.run([arguments.program, "models", "clear", "--yes"], env=environment, check=True, capture_output=True)
    for source, more in ((checkpoint, ["--pixel-size", "400"]), (folder, [])):
        subprocess.run([arguments.program, "models", "add", source, *more], env=environment, check=True, capture_output=True)
    threads = ["--threads", str(arguments.threads)]
    jobs = {"detect": (checkpoint.stem, "400", "detection", checkpoint), "segment": (folder.name, "20", "segmentation", folder)}

    def ours(command: str, paths: list[Path], *more: str) -> Measured:
        model, pixel_size = jobs[command][:2]
        return Measured(
            [str(arguments.program), command, *map(str, paths), "--model", model, "--pixel-size", pixel_size, "--out", str(work / "ours"), *threads, *more], environment)

    def theirs(command: str, paths: list[Path]) -> Measured:
        kind, model = jobs[command][2:]
        return Measured([sys.executable, "-W", "ignore", __file__, "--python", kind, "--model", str(model), *threads, *map(str, paths)], environment)

    def labels(path: Path) -> np.ndarray:
        return np.asarray(Image.open(path))

    middle = statistics.median
    detector_work = operations(models.DetectionModel("yolov8n.yaml", ch=3, nc=6, verbose=False), 3, DETECTOR_SIDE, DETECTOR_SIDE)
    segmenter_work = operations(models.network_of(models.architecture("PlainConvUNet", features), 1, classes), 1, *patch)
    best = best_product(arguments.threads)
    print(f"{best:.0f} GFLOP/s is what the machine's best matrix product gives on {arguments.threads} threads")
    table = Table()

    # The little image loads the model.
    pairs = [(ours("detect", [little, grid]), theirs("detect", [little, grid])) for _ in range(arguments.blocks)]
    mine, python = (middle(side.seconds[-1] for side in both) for both in zip(*pairs))
    tiles = (looked_at(arguments.grid, DETECTOR_SIDE) / DETECTOR_SIDE) ** 2
    table.row(f"detection, {arguments.grid} x {arguments.grid} px", mine, python, 0.75, "s", f"{tiles * detector_work / mine:.0f}")
    memory = {"detection": [middle(side.memory for side in both) for both in zip(*pairs)]}

    def runs(step: float, mirrors: int, folds: int) -> int:
        return windows(height, patch[0], step) * windows(width, patch[1], step) * mirrors * folds

    pairs, fewer, seen = [], {"balanced": [], "fast": []}, {}
    for _ in range(arguments.blocks):
        mine = ours("segment", [little, lamella])
        seen["accurate"] = labels(work / "ours" / f"{lamella.stem}_seg.png")
        pairs.append((mine, theirs("segment", [little, lamella])))
        for profile, found in fewer.items():
            found.append(ours("segment", [little, lamella], "--profile", profile))
            seen[profile] = labels(work / "ours" / f"{lamella.stem}_seg.png")
    mine, python = (middle(side.seconds[-1] for side in both) for both in zip(*pairs))
    memory["segmentation"] = [middle(side.memory for side in both) for both in zip(*pairs)]
    everything = runs(0.5, 4, arguments.folds) * segmenter_work
    table.row(f"segmentation, {arguments.map}, accurate", mine, python, 1.0, "s", f"{everything / mine:.0f}, {everything / python:.0f}")
    expected = labels(Path(str(lamella) + "_seg.png"))
    for profile, limit, step, folds in (("balanced", 0.35, 0.5, arguments.folds), ("fast", 0.15, 0.75, 1)):
        mine = middle(found.seconds[-1] for found in fewer[profile])
        table.row(f"segmentation, {arguments.map}, {profile}", mine, python, limit, "s", f"{runs(step, 1, folds) * segmenter_work / mine:.0f}")
    for profile, limit in (("accurate", 0.005), ("balanced", 0.005)):
        table.difference(f"mean Dice, {profile}", dice(seen[profile], truth, classes), dice(expected, truth, classes), limit)
    for profile in ("accurate", "balanced", "fast"):
        print(f"{f'mean Dice, {profile}, Python as the truth':46} {dice(seen[profile], expected, classes):11.4f}")
    print(f"{'mean Dice, fast':46} {dice(seen['fast'], truth, classes):11.4f} {dice(expected, truth, classes):11.4f}")

    for command, kind in (("detect", "detection"), ("segment", "segmentation")):
        pairs = [(ours(command, [little]), theirs(command, [little])) for _ in range(arguments.blocks)]
        table.row(f"start to first result, {kind}, 256 x 256 px", *(middle(side.whole for side in both) for both in zip(*pairs)), 0.2, "s")
    for kind, (mine, python) in memory.items():
        table.row(f"peak memory, {kind}", mine / 2**30, python / 2**30, 0.6, "GB")
    print("INFERENCE FALLS SHORT: " + "; ".join(table.failed) if table.failed else "INFERENCE HOLDS: every ratio is as wanted")
    sys.exit(1 if table.failed else 0)


if __name__ == "__main__":
    main()
