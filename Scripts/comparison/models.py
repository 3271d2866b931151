"""Makes the models that Scripts/parity and Scripts/benchmark compare the programs on: checkpoints as Ultralytics and nnU-Net v2 save them."""

import datetime
import itertools
import json
import pydoc
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "training"))

import cpu_torchvision  # noqa: F401  must come before ultralytics
import numpy as np
import torch
import ultralytics
from PIL import Image
from ultralytics.cfg import DEFAULT_CFG, get_cfg
from ultralytics.nn.tasks import DetectionModel

CLASSES = ["broken", "contaminated", "good", "thick", "wedge", "gone"]


def random_detector(kind: str, path: Path, tiles: list[np.ndarray], side: int = 1024, seed: int = 1) -> None:
    """An untrained detector whose scores are spread so that it finds some boxes on each of some images of one size."""
    torch.manual_seed(seed)
    network = DetectionModel(f"{kind}.yaml", ch=3, nc=len(CLASSES), verbose=False)
    random = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
            module.weight.data.uniform_(0.7, 1.3, generator=random)
            module.bias.data.normal_(0, 0.2, generator=random)
    # Norms that do not fit the image leave hardly a difference between its places, and what little there is would be rounding.
    network.train()
    with torch.no_grad():
        batch = torch.from_numpy(np.stack(tiles).astype(np.float32) / 255)[:, None].expand(-1, 3, -1, -1)
        # Norms want two images at least.
        network(batch if len(tiles) > 1 else batch.expand(2, -1, -1, -1))
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.03
    network.eval()
    # The scores of an untrained network are all alike; those of a hundredth of the places are brought above a tenth.
    head = network.model[-1]
    # The same for its boxes, which would all have one size.
    spreads = {}
    hooks = [branch[-1].register_forward_hook(lambda module, _, output: spreads.__setitem__(module, float(output.std()))) for branch in head.cv2]
    with torch.inference_mode():
        network(batch)
    for module, spread in spreads.items():
        module.weight.data *= 2.5 / max(spread, 1e-6)
    for hook in hooks:
        hook.remove()
    with torch.inference_mode():
        scores = network(batch)[0][:, 4:].double().clamp(1e-15, 1 - 1e-9)
    logits = torch.log(scores / (1 - scores))
    best = logits.max(dim=1).values.flatten().float()
    middle, high = (float(value) for value in torch.quantile(best, torch.tensor([0.97, 0.9998])))
    spread = min(1e3, 5 / max(high - middle, 1e-6))
    for branch in head.cv3:
        branch[-1].weight.data *= spread
        branch[-1].bias.data = (branch[-1].bias.data - middle) * spread - 1.5
    network.names = dict(enumerate(CLASSES))
    arguments = dict(get_cfg(DEFAULT_CFG)) | {"imgsz": side, "model": path.name, "task": "detect"}
    network.args = arguments
    torch.save(
        {"date": datetime.datetime.now().isoformat(), "version": ultralytics.__version__, "epoch": -1, "best_fitness": None, "model": None,
         "ema": network.half(), "updates": 10, "optimizer": None, "train_args": arguments, "license": "AGPL-3.0"}, path)


def trained_detector(kind: str, folder: Path, data: Path, minutes: float, threads: int) -> Path:
    """A detector that Ultralytics has trained for some minutes on simulated grids."""
    from ultralytics import YOLO

    torch.manual_seed(2)
    network = YOLO(f"{kind}.yaml")
    network.add_callback("on_train_epoch_start", lambda trainer: torch.set_num_threads(threads))
    network.train(
        data=str(data), imgsz=192, time=minutes / 60, batch=16, workers=1, device="cpu", cache="ram", seed=1, project=str(folder.resolve()),
        name=kind, exist_ok=True, pretrained=False, optimizer="AdamW", lr0=0.002, lrf=0.1, warmup_epochs=0.1, cls=1.0, mosaic=0, plots=False,
        amp=False, val=False, verbose=False)
    return folder / kind / "weights" / "last.pt"


def architecture(kind: str, features: list[int], bias: bool = True) -> dict:
    """The network's description in plans.json."""
    stages = len(features)
    arguments = {
        "n_stages": stages, "features_per_stage": features, "conv_op": "torch.nn.modules.conv.Conv2d", "kernel_sizes": [[3, 3]] * stages,
        "strides": [[1, 1]] + [[2, 2]] * (stages - 1), "conv_bias": bias, "norm_op": "torch.nn.modules.instancenorm.InstanceNorm2d",
        "norm_op_kwargs": {"eps": 1e-5, "affine": True}, "dropout_op": None, "dropout_op_kwargs": None, "nonlin": "torch.nn.LeakyReLU",
        "nonlin_kwargs": {"inplace": True},
    }
    if kind == "PlainConvUNet":
        arguments |= {"n_conv_per_stage": [2] * stages, "n_conv_per_stage_decoder": [2] * (stages - 1)}
    else:
        arguments |= {"n_blocks_per_stage": [1, 3, 4, 6, 6, 6, 6, 6][:stages], "n_conv_per_stage_decoder": [1] * (stages - 1)}
    return {
        "network_class_name": f"dynamic_network_architectures.architectures.unet.{kind}", "arch_kwargs": arguments,
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }


def network_of(description: dict, channels: int, classes: int) -> torch.nn.Module:
    arguments = dict(description["arch_kwargs"])
    for key in ("conv_op", "norm_op", "nonlin"):
        arguments[key] = pydoc.locate(arguments[key])
    kind = pydoc.locate(description["network_class_name"])
    return kind(input_channels=channels, num_classes=classes, deep_supervision=False, **arguments)


def segmenter(
    folder: Path, kind: str, features: list[int], patch: tuple[int, int], classes: int, folds: int = 1, mirroring: bool = True,
    schemes: tuple[str, ...] = ("ZScoreNormalization",), masked: bool = False, spacing: tuple[float, float] = (1.0, 1.0),
    data: Path | None = None, steps: int = 0, regions: bool = False, turned: bool = False, minutes: float | None = None,
) -> None:
    """A folder as nnU-Net v2 writes it, with random weights, or weights that were trained for some steps on simulated maps."""
    description = architecture(kind, features)
    configuration = {
        "data_identifier": "nnUNetPlans_2d", "preprocessor_name": "DefaultPreprocessor", "batch_size": 2, "patch_size": list(patch),
        "median_image_size_in_voxels": [512.0, 512.0], "spacing": list(spacing), "normalization_schemes": list(schemes),
        "use_mask_for_norm": [masked] * len(schemes), "resampling_fn_data": "resample_data_or_seg_to_shape",
        "resampling_fn_seg": "resample_data_or_seg_to_shape",
        "resampling_fn_data_kwargs": {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None},
        "resampling_fn_seg_kwargs": {"is_seg": True, "order": 1, "order_z": 0, "force_separate_z": None},
        "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
        "resampling_fn_probabilities_kwargs": {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None},
        "architecture": description, "batch_dice": True,
    }
    levels = {"max": 255.0, "mean": 120.0, "median": 118.0, "min": 0.0, "percentile_00_5": 12.0, "percentile_99_5": 240.0, "std": 47.0}
    plans = {
        "dataset_name": "Dataset001_made", "plans_name": "nnUNetPlans", "original_median_spacing_after_transp": [999.0, 1.0, 1.0],
        "original_median_shape_after_transp": [1, 512, 512], "image_reader_writer": "NaturalImage2DIO",
        "transpose_forward": [0, 2, 1] if turned else [0, 1, 2], "transpose_backward": [0, 2, 1] if turned else [0, 1, 2], "configurations": {"2d": configuration}, "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager", "foreground_intensity_properties_per_channel": {str(i): levels for i in range(len(schemes))},
    }
    # As of SPACEtomo's models one class is what was not acquired.
    names = {"background": 0} | {"black" if i == 2 else f"class{i}": i for i in range(1, classes)}
    dataset = {
        "channel_names": {str(i): "map" for i in range(len(schemes))}, "labels": names, "numTraining": 1, "file_ending": ".png", "pixel_size": 20.0,
    }
    outputs = classes
    if regions:
        # Each lies in the one before; the order of the file is that of the outputs.
        outputs = classes - 1
        dataset["labels"] = {"background": 0} | {f"region{i}": list(range(i, classes)) for i in range(1, classes - 1)} | {"innermost": classes - 1}
        dataset["regions_class_order"] = [*range(2, classes), 1]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plans.json").write_text(json.dumps(plans, indent=1))
    (folder / "dataset.json").write_text(json.dumps(dataset, indent=1))
    for fold in range(folds):
        torch.manual_seed(100 + fold)
        network = network_of(description, len(schemes), outputs)
        if data is None:
            for name, value in network.named_parameters():
                value.data.normal_(0, 0.12 if value.dim() > 1 else 0.3)
            # The classes of an untrained network are all alike, or one wins everywhere.
            network.eval()
            with torch.inference_mode():
                noise = torch.nn.functional.interpolate(torch.randn(1, len(schemes), patch[0] // 8, patch[1] // 8), scale_factor=8.0, mode="bilinear")
                logits = network(noise)[0]
            head = network.decoder.seg_layers[-1]
            for k in range(outputs):
                factor = 2 / max(float(logits[k].std()), 1e-6)
                head.weight.data[k] *= factor
                head.bias.data[k] = (head.bias.data[k] - float(logits[k].mean())) * factor
        else:
            train(network, data, classes, patch, steps, minutes)
        network.eval()
        (folder / f"fold_{fold}").mkdir(exist_ok=True)
        torch.save(
            {"network_weights": network.state_dict(), "optimizer_state": None, "grad_scaler_state": None, "logging": {"losses": [np.float64(1.0)]},
             "_best_ema": np.float64(0.5), "current_epoch": 1, "init_args": {"configuration": "2d", "fold": fold, "plans": plans, "dataset_json": dataset},
             "trainer_name": "nnUNetTrainer", "inference_allowed_mirroring_axes": (0, 1) if mirroring else None},
            folder / f"fold_{fold}" / "checkpoint_final.pth")


def train(network: torch.nn.Module, data: Path, classes: int, patch: tuple[int, int], steps: int, minutes: float | None = None) -> None:
    """Some steps, or minutes, on pieces of simulated maps: enough for a network that knows what it says."""
    end = None if minutes is None else time.monotonic() + 60 * minutes
    # Half the patch in each direction is enough to learn from and takes a quarter of the time.
    patch = patch if end is None else tuple(max(64, side // 2) for side in patch)
    random = np.random.default_rng(5)
    maps = []
    for image in sorted((data / "images").glob("*.pgm"))[:12]:
        grey = np.asarray(Image.open(image), dtype=np.float32)
        labels = np.asarray(Image.open(data / "labels" / image.name)).astype(np.int64)
        maps.append(((grey - grey.mean()) / max(grey.std(), 1e-8), np.minimum(labels, classes - 1)))
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    network.train()
    for _ in itertools.takewhile(lambda step: time.monotonic() < end, itertools.count()) if end else range(steps):
        images, labels = [], []
        for _ in range(4):
            grey, truth = maps[random.integers(len(maps))]
            y = random.integers(max(1, grey.shape[0] - patch[0] + 1))
            x = random.integers(max(1, grey.shape[1] - patch[1] + 1))
            piece, part = grey[y : y + patch[0], x : x + patch[1]], truth[y : y + patch[0], x : x + patch[1]]
            room = ((0, patch[0] - piece.shape[0]), (0, patch[1] - piece.shape[1]))
            images.append(np.pad(piece, room))
            labels.append(np.pad(part, room))
        answer = network(torch.from_numpy(np.stack(images))[:, None])
        loss = torch.nn.functional.cross_entropy(answer, torch.from_numpy(np.stack(labels)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
