"""Makes the golden files of these tests with PyTorch, NumPy and SciPy; written from nnU-Net's published description.

python make_golden.py, in this folder. The networks have fixed or seeded weights and learnt nothing.
"""
import math

import numpy as np
import torch
from scipy.ndimage import gaussian_filter


class TwoChannels(torch.nn.Module):
    """Channel 0: sum of 3 x 3 pixels plus a half; channel 1: the pixel negated."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 2, 3, padding=1)
        with torch.no_grad():
            self.conv.weight.zero_()
            self.conv.weight[0] = 1
            self.conv.weight[1, 0, 1, 1] = -1
            self.conv.bias[0] = 0.5
            self.conv.bias[1] = 0

    def forward(self, x):
        return self.conv(x)


class WritesAFile(torch.nn.Module):
    """A program in the guise of a network; what it calls is hidden in a part of it."""

    class Part(torch.nn.Module):
        def forward(self, x):
            torch.save(x, "written_by_a_network")
            return x

    def __init__(self):
        super().__init__()
        self.part = WritesAFile.Part()

    def forward(self, x):
        return self.part(x) + 1


class ReadsAFile(torch.nn.Module):
    """The same, behind a condition."""

    def forward(self, x):
        if x.sum() < 1e9:
            x = x + torch.from_file("make_golden.py", True, 4)
        return x


class RunsWhileItIsLoaded(torch.nn.Module):
    @torch.jit.export
    def __getstate__(self):
        return (1, self.training)

    @torch.jit.export
    def __setstate__(self, state: tuple[int, bool]):
        self.training = state[1]

    def forward(self, x):
        return x


class ThreeChannels(torch.nn.Module):
    """x0 + 2 x1 + 3 x2 after a batch normalisation that does nothing: what a detector's first layer looks like."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 1, 3, padding=1, bias=False)
        self.norm = torch.nn.BatchNorm2d(1, eps=0)
        with torch.no_grad():
            self.conv.weight.zero_()
            for channel in range(3):
                self.conv.weight[0, channel, 1, 1] = channel + 1

    def forward(self, x):
        return self.norm(self.conv(x))


class Tuple(torch.nn.Module):
    def forward(self, x):
        return (x * 2, x)


class Segmenter(torch.nn.Module):
    """Five classes with context of 13 pixels, so that windows matter."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(11)
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(1, 6, 7, padding=3), torch.nn.LeakyReLU(), torch.nn.Conv2d(6, 5, 7, padding=3))

    def forward(self, x):
        return self.layers(x)


def save(module, name, *shape):
    torch.jit.trace(module.eval(), torch.zeros(*shape)).save(name)


def positions(length, patch):
    if length <= patch:
        return [0]
    count = math.ceil((length - patch) / (patch * 0.5)) + 1
    step = (length - patch) / (count - 1)
    return [int(np.round(step * i)) for i in range(count)]


def segment(network, image, patch, classes):
    image = image.astype(np.float64)
    image = (image - image.mean()) / max(image.std(), 1e-8)
    rows, columns = image.shape
    pad = [max(0, p - n) for p, n in zip(patch, image.shape)]
    low = [d // 2 for d in pad]
    image = np.pad(image, [(l, d - l) for l, d in zip(low, pad)])
    weight = np.zeros(patch)
    weight[patch[0] // 2, patch[1] // 2] = 1
    weight = gaussian_filter(weight, [p / 8 for p in patch], mode="constant", cval=0)
    weight *= 10 / weight.max()
    weight[weight == 0] = weight[weight > 0].min()
    sums = np.zeros((classes, *image.shape))
    weights = np.zeros(image.shape)
    for y in positions(image.shape[0], patch[0]):
        for x in positions(image.shape[1], patch[1]):
            window = torch.tensor(image[y : y + patch[0], x : x + patch[1]], dtype=torch.float32)[None, None]
            logits = 0
            for axes in ([], [2], [3], [2, 3]):
                logits = logits + torch.flip(network(torch.flip(window, axes)), axes)
            sums[:, y : y + patch[0], x : x + patch[1]] += weight * (logits[0] / 4).detach().numpy()
            weights[y : y + patch[0], x : x + patch[1]] += weight
    labels = (sums / weights).argmax(0).astype(np.uint8)
    return labels[low[0] : low[0] + rows, low[1] : low[1] + columns]


if __name__ == "__main__":
    save(TwoChannels(), "two_channels.torchscript", 1, 1, 8, 8)
    save(ThreeChannels(), "three_channels.torchscript", 1, 3, 8, 8)
    save(Tuple(), "tuple_output.torchscript", 1, 1, 8, 8)
    for name, program in (("writes_a_file", WritesAFile()), ("reads_a_file", ReadsAFile()), ("runs_while_it_is_loaded", RunsWhileItIsLoaded())):
        torch.jit.script(program).save(f"{name}.torchscript")
    network = Segmenter()
    save(network, "segmenter.torchscript", 1, 1, 48, 64)
    # The map is a formula, so that the test can make it itself: x, y in pixels, grey 1 to 255.
    for width, height in [(150, 110), (50, 90)]:
        y, x = np.mgrid[:height, :width]
        image = 1 + (x * x * 3 + y * 7 + x * y * 5) % 255
        labels = segment(network, image, (48, 64), 5)
        labels.tofile(f"segmenter_{width}x{height}.labels")
        print(width, height, np.bincount(labels.ravel(), minlength=5))
