"""Times of whole jobs, file to sidecars, by TomoPilot and by the Python programs, in turn in one run. See Scripts/benchmark."""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "comparison"))

import models  # sets the path to cpu_torchvision; must come before ultralytics
import numpy as np
import torch
from PIL import Image

Image.MAX_IMAGE_PIXELS = None


def picture(width: int, height: int, path: Path, seed: int) -> Path:
    """Noise of several widths: something to look at everywhere."""
    if not path.exists():
        random = np.random.default_rng(seed)
        total = np.zeros((height, width), np.float32)
        for size in (4, 16, 64, 256):
            small = random.normal(0, 1, (height // size + 2, width // size + 2)).astype(np.float32)
            total += np.asarray(Image.fromarray(small).resize((width, height), Image.BILINEAR))
        low, high = np.quantile(total[::7, ::7], [0.001, 0.999])
        Image.fromarray(np.clip((total - low) / (high - low) * 254 + 1, 1, 255).astype(np.uint8)).save(path)
    return path


class Measured:
    """A program of which the time of each image is known."""

    def __init__(self, arguments: list[str], environment: dict[str, str]):
        begin = time.monotonic()
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True)
        self.whole = time.monotonic() - begin
        if done.returncode != 0:
            sys.exit(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
        self.seconds = [float(found) for found in re.findall(r"(?:^|[ ,])([0-9.]+) s: ", done.stdout)]



def python_detection(arguments) -> None:
    """Whole jobs of SPACEtomo's way with Ultralytics; the first image loads the model and is not counted."""
    from parity import spacetomo_boxes
    from ultralytics import YOLO

    torch.set_num_threads(arguments.threads)
    network = None
    for path in arguments.paths:
        begin = time.monotonic()
        network = network or YOLO(str(arguments.model))
        image = np.asarray(Image.open(path).convert("L"))
        boxes = spacetomo_boxes(network, image, 1024, 400, True)
        Path(str(path) + "_boxes.json").write_text(json.dumps({"boxes": boxes}))
        colours = np.repeat(image[:, :, None], 3, axis=2)
        for x0, y0, x1, y1, *_ in boxes:
            colours[int(y0), int(x0) : int(x1)] = colours[max(0, int(y1) - 1), int(x0) : int(x1)] = (255, 0, 0)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--blocks", type=int, default=3, help="times that each pair is measured")
    parser.add_argument("--grid", type=int, default=5000, help="side of the grid map, pixels")
    parser.add_argument("--map", default="4000x3000", help="lamella map, pixels")
    parser.add_argument("--folds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--python", choices=["detection", "segmentation"], help=argparse.SUPPRESS)
    parser.add_argument("--model", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("paths", nargs="*", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.python:
        return {"detection": python_detection, "segmentation": python_segmentation}[arguments.python](arguments)

    work = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"TOMOPILOT_MODELS": str(work / "store")}
    width, height = (int(value) for value in arguments.map.split("x"))
    grid = picture(arguments.grid, arguments.grid, work / f"grid-{arguments.grid}.png", 1)
    lamella = picture(width, height, work / f"map-{width}x{height}.png", 2)
    small = picture(256, 256, work / "small.png", 3)
    checkpoint, folder = work / "yolov8n.pt", work / f"unet-{arguments.folds}"
    if not checkpoint.exists():
        models.random_detector("yolov8n", checkpoint, [np.asarray(Image.open(grid))[:1024, :1024]])
    if not (folder / f"fold_{arguments.folds - 1}" / "checkpoint_final.pth").exists():
        models.segmenter(folder, "PlainConvUNet", [32, 64, 128, 256, 512, 512, 512, 512], (512, 512), 18, folds=arguments.folds)
    subprocess.run([arguments.program, "models", "clear", "--yes"], env=environment, check=True, capture_output=True)
    for source, more in ((checkpoint, ["--pixel-size", "400"]), (folder, [])):
        subprocess.run([arguments.program, "models", "add", source, *more], env=environment, check=True, capture_output=True)

    threads = ["--threads", str(arguments.threads)]

    def ours(command: str, model: str, pixel_size: str, path: Path, *more: str) -> Measured:
        return Measured(
            [str(arguments.program), command, str(small), str(path), "--model", model, "--pixel-size", pixel_size, "--out", str(work / "ours"), *threads, *more], environment)

    def theirs(kind: str, model: Path, path: Path) -> Measured:
        return Measured([sys.executable, "-W", "ignore", __file__, "--python", kind, "--model", str(model), *threads, str(small), str(path)], environment)

    print(f"{best_product(arguments.threads):.0f} GFLOP/s is what the machine's best matrix product gives on {arguments.threads} threads")
    rows = [
        (f"detection, {arguments.grid} px", 0.75, lambda: ours("detect", "yolov8n", "400", grid), lambda: theirs("detection", checkpoint, grid)),
        (f"segmentation, {arguments.map}, accurate", 1.0, lambda: ours("segment", folder.name, "20", lamella), lambda: theirs("segmentation", folder, lamella)),
        (f"segmentation, {arguments.map}, balanced", 0.35, lambda: ours("segment", folder.name, "20", lamella, "--profile", "balanced"), None),
        (f"segmentation, {arguments.map}, fast", 0.15, lambda: ours("segment", folder.name, "20", lamella, "--profile", "fast"), None),
    ]
    print(f"{'':44} {'ours':>9} {'Python':>9} {'ratio':>6} {'wanted':>7}")
    failed, python_seconds, starts = 0, 0.0, []
    for name, limit, mine, others in rows:
        mine_seconds, other_seconds = [], []
        for _ in range(arguments.blocks):
            measured = mine()
            mine_seconds.append(measured.seconds[-1])
            if others:
                other = others()
                other_seconds.append(other.seconds[-1])
                # From the start to the first result: all but the second image.
                starts.append((measured.whole - measured.seconds[-1], other.whole - other.seconds[-1]))
        python_seconds = statistics.median(other_seconds) if other_seconds else python_seconds
        ratio = statistics.median(mine_seconds) / python_seconds
        failed += ratio > limit
        print(f"{name:44} {statistics.median(mine_seconds):7.2f} s {python_seconds:7.2f} s {ratio:6.2f} {limit:7.2f}{'' if ratio <= limit else '  FALLS SHORT'}", flush=True)
    first, second = (statistics.median(values) for values in zip(*starts))
    failed += first > 0.2 * second
    print(f"{'start to first result, small image':44} {first:7.2f} s {second:7.2f} s {first / second:6.2f} {0.2:7.2f}{'' if first <= 0.2 * second else '  FALLS SHORT'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
