"""Turns the simulator's segmenter images into a raw data set for nnU-Net."""

import json
from pathlib import Path

from PIL import Image

# Index order is the label value.
CLASSES = ["background", "white", "black", "crack", "ice", "cell", "nucleus", "mitos", "lipiddroplets"]


def convert(source: Path, images: Path, labels: Path) -> list[str]:
    """Writes images and labels as PNG under nnU-Net's names. Returns the cases."""
    images.mkdir(parents=True, exist_ok=True)
    labels.mkdir(parents=True, exist_ok=True)
    cases = []
    for path in sorted((source / "images").glob("*.pgm")):
        Image.open(path).save(images / f"{path.stem}_0000.png")
        Image.open(source / "labels" / path.name).save(labels / f"{path.stem}.png")
        cases.append(path.stem)
    return cases


def prepare(train: Path, held_out: Path, dataset: Path) -> tuple[list[str], list[str]]:
    """Writes the raw data set with both parts in it (nnU-Net splits by name) and returns the cases of each."""
    parts = tuple(convert(source, dataset / "imagesTr", dataset / "labelsTr") for source in (train, held_out))
    description = {
        # The channel's name makes nnU-Net choose z-score normalisation.
        "channel_names": {"0": "map"},
        "labels": {name: index for index, name in enumerate(CLASSES)},
        "numTraining": len(parts[0]) + len(parts[1]),
        "file_ending": ".png",
        "overwrite_image_reader_writer": "NaturalImage2DIO",
    }
    (dataset / "dataset.json").write_text(json.dumps(description, indent=2))
    print(f"segmenter data: {len(parts[0])} images for training, {len(parts[1])} held out")
    return parts
