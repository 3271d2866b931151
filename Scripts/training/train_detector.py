"""Trains the lamella detector (YOLOv8n) with Ultralytics on simulated images and exports it as TorchScript."""

import argparse
import shutil
from pathlib import Path

import cpu_torchvision  # noqa: F401  must come before ultralytics
import torch
from description import write_description
from detector_data import CLASSES, SIDE, prepare
from detector_score import score_folder
from ultralytics import YOLO

PIXEL_SIZE = 400  # nm, of every image the network sees


def train(data: Path, work: Path, minutes: float, rate: float, threads: int, start: Path | None) -> Path:
    """Returns the last checkpoint: by then the learning rate has fallen to almost nothing."""
    network = YOLO(str(start) if start else "yolov8n.yaml")
    # Ultralytics sets the number of threads itself, from the number of processors.
    network.add_callback("on_train_epoch_start", lambda trainer: torch.set_num_threads(threads))
    # Pixel size and magnification are known, so scale varies little; a lamella upside down is still a lamella.
    network.train(
        data=str(data), imgsz=SIDE, time=minutes / 60, batch=16, workers=1, device="cpu", cache="ram", seed=1,
        project=str(work.resolve()), name="detector", exist_ok=True, pretrained=start is not None,
        optimizer="AdamW", lr0=rate, lrf=0.02, warmup_epochs=0.5, warmup_bias_lr=0, cls=1.0, patience=10_000,
        mosaic=0, scale=0.1, translate=0.1, degrees=0, fliplr=0.5, flipud=0.5, hsv_h=0, hsv_s=0, hsv_v=0.3, erasing=0,
        plots=False, amp=False, val=False,
    )
    return work / "detector" / "weights" / "last.pt"


def export(checkpoint: Path, folder: Path, side: int) -> None:
    """Writes `folder`/model.torchscript: 1 x 3 x side x side (0...1) to 1 x (4 + classes) x anchors, in input pixels.

    Rows and columns may be other multiples of 32, which makes small images fast.
    """
    written = YOLO(str(checkpoint)).export(format="torchscript", imgsz=side, device="cpu", dynamic=True)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(written, folder / "model.torchscript")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="folder written by serialem-sim training-data")
    parser.add_argument("--held-out", type=Path, required=True, help="the same, of seeds that are not trained on")
    parser.add_argument("--work", type=Path, required=True, help="folder for the data set and the checkpoints")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--seeds", required=True, help="seeds of --train and --held-out, for the description")
    parser.add_argument("--minutes", type=float, default=60, help="wall clock; the learning rate ends then")
    parser.add_argument("--rate", type=float, default=0.002, help="first learning rate; less to go on from a checkpoint")
    parser.add_argument("--side", type=int, default=512, help="side of the square that the exported network takes")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--start", type=Path, help="checkpoint to go on from")
    parser.add_argument("--export-only", type=Path, help="export this checkpoint and train nothing")
    arguments = parser.parse_args()

    checkpoint = arguments.export_only
    if checkpoint is None:
        data = prepare(arguments.train, arguments.held_out, arguments.work / "data")
        checkpoint = train(
            data, arguments.work, arguments.minutes, arguments.rate, arguments.threads, arguments.start)
    export(checkpoint, arguments.out, arguments.side)
    write_description(arguments.out, {
        "name": arguments.out.name, "kind": "lamella-detector", "pixel_size": PIXEL_SIZE,
        "side_length": arguments.side, "classes": CLASSES, "normalisation": "unit", "channels": 3, "dynamic_size": True,
        "licence": "AGPL-3.0", "trained_on": f"simulated grids, {arguments.seeds}",
    })
    score_folder(arguments.out, arguments.held_out)


if __name__ == "__main__":
    main()
