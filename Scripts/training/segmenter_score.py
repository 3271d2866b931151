"""Scores an exported segmenter on maps with known labels: Dice per class over all pixels of all maps.

    python3 Scripts/training/segmenter_score.py Models/lamella-segmenter-sim FOLDER-OF-TRAINING-DATA
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image


def starts(length: int, patch: int, step: float) -> list[int]:
    """Where the patches begin along one axis: evenly, and no further apart than `step` patches."""
    count = int(np.ceil((length - patch) / (patch * step))) + 1
    return [round(x) for x in np.linspace(0, length - patch, count)]


def weights(patch: int) -> torch.Tensor:
    """How much each pixel of a patch counts: a Gaussian, since the border sees less of its surroundings."""
    distance = torch.arange(patch) - patch // 2
    line = torch.exp(-0.5 * (distance / (patch / 8)) ** 2)
    return (line[:, None] * line[None, :]).clamp(min=1e-6)


def segment(network, image: np.ndarray, patch: int, step: float) -> np.ndarray:
    """The label of every pixel of an image that is at least as large as a patch."""
    normal = torch.tensor((image - image.mean()) / max(image.std(), 1e-8)).float()
    importance = weights(patch)
    total = None
    with torch.no_grad():
        for top in starts(image.shape[0], patch, step):
            for left in starts(image.shape[1], patch, step):
                part = normal[top : top + patch, left : left + patch][None, None].contiguous()
                logits = network(part)[0] * importance
                if total is None:
                    total = torch.zeros(logits.shape[0], *image.shape)
                total[:, top : top + patch, left : left + patch] += logits
    # The sum of the weights is the same for every class, so it does not change which one wins.
    return total.argmax(dim=0).numpy()


def score_folder(model: Path, data: Path, longest: int = 10_000) -> dict[str, float]:
    """Prints and returns the Dice of every class."""
    description = json.loads((model / "model.json").read_text())
    network = torch.jit.load(str(model / description["file"])).eval()
    count = len(description["classes"])
    confusion = np.zeros((count, count))
    images = sorted((data / "images").glob("*.pgm"))[:longest]
    for path in images:
        truth = np.asarray(Image.open(data / "labels" / path.name)).astype(int)
        image = np.asarray(Image.open(path), np.float32)
        found = segment(network, image, description["patch_size"][0], description["step"])
        confusion += np.bincount((truth * count + found).ravel(), minlength=count * count).reshape(count, count)
    both = np.diag(confusion)
    dice = 2 * both / np.maximum(confusion.sum(axis=0) + confusion.sum(axis=1), 1)
    print(f"Dice over {len(images)} maps")
    for name, value in zip(description["classes"], dice):
        print(f"{name:14} | {value:.3f}")
    print(f"{'mean':14} | {dice.mean():.3f}")
    return dict(zip(description["classes"], dice.tolist()))


if __name__ == "__main__":
    torch.set_num_threads(2)
    score_folder(Path(sys.argv[1]), Path(sys.argv[2]))
