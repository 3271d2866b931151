"""Makes PyPI's torchvision importable beside a CPU build of PyTorch.

PyPI's torchvision is compiled for CUDA: beside a CPU build of PyTorch its library does not load, operator
`torchvision::nms` stays undefined and the import fails. Ultralytics needs that one operator only, so it is defined here
in plain PyTorch. Import this module before ultralytics. Where PyTorch has CUDA, or torchvision is a CPU build, it does
nothing.
"""

from importlib import metadata

import torch


def non_maximum_suppression(boxes: torch.Tensor, scores: torch.Tensor, threshold: float) -> torch.Tensor:
    """Indices of the boxes (x0, y0, x1, y1) that no better box overlaps by more than `threshold`, best first."""
    order = scores.argsort(descending=True)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept = []
    while order.numel() > 0:
        best = order[0]
        kept.append(best)
        rest = order[1:]
        corner = torch.maximum(boxes[best, :2], boxes[rest, :2])
        opposite = torch.minimum(boxes[best, 2:], boxes[rest, 2:])
        common = (opposite - corner).clamp(min=0).prod(dim=1)
        overlap = common / (area[best] + area[rest] - common).clamp(min=1e-9)
        order = rest[overlap <= threshold]
    return torch.stack(kept) if kept else order


# Kept alive for as long as the process runs: the operators vanish with the library object.
_library = None
if torch.version.cuda is None and not metadata.version("torchvision").endswith("+cpu"):
    _library = torch.library.Library("torchvision", "DEF")
    _library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

    import torchvision

    # The wrapper refuses to run without the compiled library, so it is replaced as well.
    torchvision.ops.nms = non_maximum_suppression
