"""Writes `model.json`, the description that TomoPilot reads beside the weights."""

import hashlib
import json
from pathlib import Path


def write_description(folder: Path, values: dict) -> None:
    """Adds the file name and its SHA-256 to `values` and writes them to `folder`/model.json."""
    weights = folder / "model.torchscript"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    content = values | {"file": weights.name, "sha256": digest}
    (folder / "model.json").write_text(json.dumps(content, indent=2) + "\n")
