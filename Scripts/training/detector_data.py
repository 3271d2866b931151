"""Turns the simulator's detector images into a data set for Ultralytics."""

from pathlib import Path
from random import Random

import yaml
from PIL import Image

# Index order is the class index of the network.
CLASSES = ["broken", "contaminated", "good", "thick", "wedge", "gone"]


# px: images are cut or framed to this side. Small images train fast, and Ultralytics would enlarge smaller ones and so
# change their pixel size.
SIDE = 192
BORDER = 114


def square(image: Image.Image, boxes: str, random: Random) -> tuple[Image.Image, str]:
    """A square of the image with one of its lamellae somewhere in it, and the boxes in it, as shares of the square.

    Boxes are "class x y width height", one a line. Those that the border of the square cuts in half are left out.
    """
    pixels = []
    for line in boxes.splitlines():
        kind, *shares = line.split()
        x, y, width, height = (float(share) for share in shares)
        pixels.append((kind, x * image.width, y * image.height, width * image.width, height * image.height))
    focus = random.choice(pixels)[1:3] if pixels else (image.width * random.random(), image.height * random.random())

    def origin(length: int, center: float) -> int:
        if length <= SIDE:
            return (length - SIDE) // 2
        return round(min(max(center - SIDE * random.uniform(0.25, 0.75), 0), length - SIDE))

    left, top = origin(image.width, focus[0]), origin(image.height, focus[1])
    cut = Image.new("L", (SIDE, SIDE), BORDER)
    cut.paste(image, (-left, -top))
    lines = []
    for kind, x, y, width, height in pixels:
        x0, x1 = (min(max(x + side * width / 2 - left, 0), SIDE) for side in (-1, 1))
        y0, y1 = (min(max(y + side * height / 2 - top, 0), SIDE) for side in (-1, 1))
        if (x1 - x0) * (y1 - y0) >= 0.5 * width * height:
            values = [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]
            lines.append(" ".join([kind] + [f"{value / SIDE:.6f}" for value in values]) + "\n")
    return cut, "".join(lines)


def convert(source: Path, destination: Path, part: str) -> int:
    """Writes images as PNG (Ultralytics reads no PGM) with their boxes. Returns the number of images."""
    images, labels = destination / "images" / part, destination / "labels" / part
    for folder in (images, labels):
        folder.mkdir(parents=True, exist_ok=True)
    count = 0
    random = Random(1)
    for path in sorted((source / "images").glob("*.pgm")):
        image, boxes = Image.open(path), (source / "labels" / f"{path.stem}.txt").read_text()
        image, boxes = square(image, boxes, random)
        image.save(images / f"{path.stem}.png")
        (labels / f"{path.stem}.txt").write_text(boxes)
        count += 1
    return count


def prepare(train: Path, held_out: Path, destination: Path) -> Path:
    """Writes the data set and returns its description file."""
    counts = [convert(train, destination, "train"), convert(held_out, destination, "val")]
    print(f"detector data: {counts[0]} images for training, {counts[1]} held out")
    description = destination / "data.yaml"
    content = {"path": str(destination.resolve()), "train": "images/train", "val": "images/val"}
    description.write_text(yaml.safe_dump(content | {"names": dict(enumerate(CLASSES))}))
    return description
