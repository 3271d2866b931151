"""Makes finds-nothing, a lamella detector that loads at once and finds nothing: python make_golden.py (needs torch)."""
import hashlib
import json
from pathlib import Path

import torch


class FindsNothing(torch.nn.Module):
    def forward(self, image):
        return torch.zeros([1, 10, 8])


folder = Path(__file__).parent / "finds-nothing"
folder.mkdir(exist_ok=True)
torch.jit.script(FindsNothing()).save(str(folder / "model.torchscript"))
description = {
    "name": "finds-nothing", "kind": "lamella-detector", "file": "model.torchscript",
    "sha256": hashlib.sha256((folder / "model.torchscript").read_bytes()).hexdigest(),
    "pixel_size": 400, "side_length": 512,
    "classes": ["broken", "contaminated", "good", "thick", "wedge", "gone"],
    "normalisation": "unit", "channels": 3, "dynamic_size": True, "licence": "as TomoPilot",
}
(folder / "model.json").write_text(json.dumps(description, indent=2) + "\n")
