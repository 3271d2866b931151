"""Scores an exported detector on images with known boxes, the way TomoPilot runs it: from the file, square by square.

    python3 Scripts/training/detector_score.py Models/lamella-detector-sim FOLDER-OF-TRAINING-DATA
"""

import json
import sys
from pathlib import Path

import cpu_torchvision
import numpy as np
import torch
from PIL import Image

# Half of the network's grey value range: the border colour that the trainer uses, too.
BORDER = 114


def read_boxes(path: Path, width: int, height: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Class indices and boxes (x0, y0, x1, y1) in pixels."""
    rows = np.array([float(word) for word in path.read_text().split()]).reshape(-1, 5)
    scale = np.array([width, height])
    center, size = rows[:, 1:3] * scale, rows[:, 3:5] * scale
    corners = np.concatenate([center - size / 2, center + size / 2], axis=1)
    return torch.tensor(rows[:, 0]).long(), torch.tensor(corners).float()


def detect(network, image: np.ndarray, side: int, confidence: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Class indices and boxes after suppression over all classes, best first."""
    square = np.full((side, side), BORDER, np.float32)
    square[: image.shape[0], : image.shape[1]] = image
    with torch.no_grad():
        answer = network(torch.tensor(square / 255).expand(1, 3, side, side).contiguous())[0].T
    score, kind = answer[:, 4:].max(dim=1)
    sure = score >= confidence
    answer, score, kind = answer[sure], score[sure], kind[sure]
    boxes = torch.cat([answer[:, :2] - answer[:, 2:4] / 2, answer[:, :2] + answer[:, 2:4] / 2], dim=1)
    kept = cpu_torchvision.non_maximum_suppression(boxes, score, 0.5)
    return kind[kept], boxes[kept]


def overlaps(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Intersection over union of every box in `a` with every box in `b`."""
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    common = (high - low).clamp(min=0).prod(dim=2)
    area = [(x[:, 2:] - x[:, :2]).prod(dim=1) for x in (a, b)]
    return common / (area[0][:, None] + area[1][None, :] - common)


def score_folder(model: Path, data: Path, confidence: float = 0.25, longest: int = 10_000) -> None:
    """Prints recall and precision at an overlap of 0.5 and how often the class is right, per kind of image."""
    description = json.loads((model / "model.json").read_text())
    network = torch.jit.load(str(model / description["file"])).eval()
    sums: dict[str, np.ndarray] = {}
    for path in sorted((data / "images").glob("*.pgm"))[:longest]:
        image = np.asarray(Image.open(path), np.float32)
        truth_kind, truth = read_boxes(data / "labels" / f"{path.stem}.txt", image.shape[1], image.shape[0])
        side = description["side_length"]
        if description.get("dynamic_size"):
            side = -(-max(image.shape) // 32) * 32
        kind, boxes = detect(network, image, side, confidence)
        free, found, right = torch.ones(len(truth), dtype=torch.bool), 0, 0
        for index in range(len(boxes)):
            overlap = overlaps(boxes[index : index + 1], truth)[0] * free
            if len(truth) and overlap.max() >= 0.5:
                best = int(overlap.argmax())
                free[best] = False
                found += 1
                right += int(kind[index] == truth_kind[best])
        row = np.array([1, len(truth), len(boxes), found, right])
        for name in (path.stem.rsplit("_", 1)[-1], "all"):
            sums[name] = sums.get(name, 0) + row
    print("images     | count | lamellae | recall | precision | right class")
    for name, (count, true, predicted, found, right) in sums.items():
        recall, precision, share = found / max(true, 1), found / max(predicted, 1), right / max(found, 1)
        print(f"{name:10} | {count:5} | {true:8} | {recall:6.3f} | {precision:9.3f} | {share:11.3f}")


if __name__ == "__main__":
    torch.set_num_threads(2)
    score_folder(Path(sys.argv[1]), Path(sys.argv[2]))
