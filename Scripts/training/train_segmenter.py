"""Trains the lamella segmenter (a small 2D U-Net) with nnU-Net v2 on simulated maps and exports it as TorchScript."""

import argparse
import json
import os
import shutil
import time
from pathlib import Path

DATASET = "Dataset101_SimulatedLamellae"
PIXEL_SIZE = 20  # nm, of every image the network sees


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="folder written by serialem-sim training-data")
    parser.add_argument("--held-out", type=Path, required=True, help="the same, of seeds that are not trained on")
    parser.add_argument("--work", type=Path, required=True, help="folder for nnU-Net's own files")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--seeds", required=True, help="seeds of --train and --held-out, for the description")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=120, help="wall clock; the learning rate ends then")
    parser.add_argument("--patch", type=int, default=256)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--applied-patch", type=int, default=384, help="patch of the exported network: it normalises "
                        "each patch by itself, so one that shows a hole and nothing else could be anything")
    parser.add_argument("--features", type=int, nargs="+", default=[16, 32, 64, 128, 128])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bfloat16", action="store_true", help="train faster where the processor has AVX-512 BF16")
    parser.add_argument("--start", type=Path, help="nnU-Net checkpoint whose weights to begin with")
    parser.add_argument("--export-only", type=Path, help="export this checkpoint and train nothing")
    return parser.parse_args()


def plan(arguments: argparse.Namespace, preprocessed: Path) -> None:
    """Lets nnU-Net plan and preprocess, with its plan made small enough to be trained without a GPU."""
    from nnunetv2.experiment_planning.plan_and_preprocess_api import (
        extract_fingerprints, plan_experiments, preprocess)

    number = int(DATASET[7:10])
    extract_fingerprints([number], num_processes=arguments.threads, check_dataset_integrity=False)
    plan_experiments([number])
    path = preprocessed / DATASET / "nnUNetPlans.json"
    plans = json.loads(path.read_text())
    configuration = plans["configurations"]["2d"]
    configuration["patch_size"] = [arguments.patch, arguments.patch]
    configuration["batch_size"] = arguments.batch
    stages = len(arguments.features)
    configuration["architecture"]["arch_kwargs"] |= {
        "n_stages": stages,
        "features_per_stage": arguments.features,
        "kernel_sizes": [[3, 3]] * stages,
        "strides": [[1, 1]] + [[2, 2]] * (stages - 1),
        "n_conv_per_stage": [2] * stages,
        "n_conv_per_stage_decoder": [2] * (stages - 1),
    }
    plans["configurations"] = {"2d": configuration}
    path.write_text(json.dumps(plans, indent=2))
    preprocess([number], configurations=("2d",), num_processes=[arguments.threads])


def make_trainer(arguments: argparse.Namespace, preprocessed: Path):
    """nnU-Net's trainer for few short epochs, with a learning rate that follows the clock."""
    import torch
    from nnunetv2.training.lr_scheduler.polylr import PolyLRScheduler
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

    class ShortTrainer(nnUNetTrainer):
        # nnU-Net reads the names of these parameters.
        def __init__(self, plans, configuration, fold, dataset_json, device):
            super().__init__(plans, configuration, fold, dataset_json, device)
            self.num_epochs = arguments.epochs
            self.num_iterations_per_epoch = 40
            self.num_val_iterations_per_epoch = 5
            self.save_every = 5
            self.initial_lr = 2e-3
            self.started = time.monotonic()

        def configure_optimizers(self):
            # AdamW gets further than nnU-Net's SGD in so few steps. The scheduler only satisfies the base class.
            optimizer = torch.optim.AdamW(self.network.parameters(), lr=self.initial_lr, weight_decay=1e-3)
            return optimizer, PolyLRScheduler(optimizer, self.initial_lr, self.num_epochs)

        def share_done(self) -> float:
            by_clock = (time.monotonic() - self.started) / (60 * arguments.minutes)
            return max(by_clock, self.current_epoch / self.num_epochs)

        def on_train_epoch_start(self):
            torch.set_num_threads(arguments.threads)
            super().on_train_epoch_start()
            # The scheduler knows epochs only; on a busy machine their number in a given time is unknown.
            rate = self.initial_lr * max(1 - self.share_done(), 0.002) ** 0.9
            for group in self.optimizer.param_groups:
                group["lr"] = rate

        def train_step(self, batch):
            # Mean and deviation of a map depend on how much bar and hole it shows, so the network must bear other ones.
            size = (batch["data"].shape[0], 1, 1, 1)
            factor = torch.empty(size).uniform_(0.75, 1.3)
            batch["data"] = batch["data"] * factor + torch.empty(size).uniform_(-0.4, 0.4)
            # bfloat16 more than doubles the speed of processors that have it (AVX-512 BF16, AMX); the loss stays exact.
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arguments.bfloat16):
                return super().train_step(batch)

        def initialize(self):
            super().initialize()
            loss = self.loss

            def exact_loss(outputs, target):
                with torch.autocast("cpu", enabled=False):
                    return loss([output.float() for output in outputs], target)

            self.loss = exact_loss

        def on_epoch_end(self):
            super().on_epoch_end()
            if self.share_done() >= 1:
                self.num_epochs = self.current_epoch

        def run_training(self):
            self.on_train_start()
            while self.current_epoch < self.num_epochs:
                self.on_epoch_start()
                self.on_train_epoch_start()
                steps = range(self.num_iterations_per_epoch)
                self.on_train_epoch_end([self.train_step(next(self.dataloader_train)) for _ in steps])
                with torch.no_grad():
                    self.on_validation_epoch_start()
                    steps = range(self.num_val_iterations_per_epoch)
                    self.on_validation_epoch_end([self.validation_step(next(self.dataloader_val)) for _ in steps])
                self.on_epoch_end()
            self.current_epoch -= 1
            self.save_checkpoint(os.path.join(self.output_folder, "checkpoint_final.pth"))

    folder = preprocessed / DATASET
    plans = json.loads((folder / "nnUNetPlans.json").read_text()) | {"continue_training": False}
    dataset = json.loads((folder / "dataset.json").read_text())
    trainer = ShortTrainer(plans=plans, configuration="2d", fold=0, dataset_json=dataset, device=torch.device("cpu"))
    trainer.initialize()
    return trainer


def load(trainer, checkpoint: Path) -> None:
    import torch

    trainer.network.load_state_dict(torch.load(checkpoint, weights_only=False, map_location="cpu")["network_weights"])


def export(trainer, folder: Path, patch: int) -> None:
    """Writes `folder`/model.torchscript: 1 x 1 x patch x patch, normalised, to the logits of every class."""
    import torch

    trainer.set_deep_supervision_enabled(False)
    network = trainer.network.eval()
    example = torch.randn(1, 1, patch, patch, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        traced = torch.jit.trace(network, example)
        folder.mkdir(parents=True, exist_ok=True)
        traced.save(str(folder / "model.torchscript"))
        other = torch.randn(1, 1, patch, patch, generator=torch.Generator().manual_seed(2))
        difference = (torch.jit.load(str(folder / "model.torchscript"))(other) - network(other)).abs().max().item()
    print(f"largest difference between the exported and the trained network: {difference:.2e}")
    if difference > 1e-3:
        raise SystemExit("the exported network does not answer like the trained one")


def main() -> None:
    arguments = read_arguments()
    raw, preprocessed, results = (arguments.work / name for name in ("raw", "preprocessed", "results"))
    # nnU-Net reads these when it is imported, which is why the imports stand in the functions.
    os.environ |= {
        "nnUNet_raw": str(raw), "nnUNet_preprocessed": str(preprocessed), "nnUNet_results": str(results),
        "nnUNet_n_proc_DA": "1", "nnUNet_compile": "f",
    }
    from description import write_description
    from segmenter_data import CLASSES, prepare
    from segmenter_score import score_folder

    split_file = preprocessed / DATASET / "splits_final.json"
    if split_file.exists():
        print(f"{preprocessed} exists and is used as it is; delete {arguments.work} after a change of data or plan")
    else:
        train, held_out = prepare(arguments.train, arguments.held_out, raw / DATASET)
        plan(arguments, preprocessed)
        split = [{"train": train, "val": held_out}]
        split_file.write_text(json.dumps(split))
    trainer = make_trainer(arguments, preprocessed)
    if arguments.export_only:
        load(trainer, arguments.export_only)
    else:
        if arguments.start:
            load(trainer, arguments.start)
        trainer.run_training()
    export(trainer, arguments.out, arguments.applied_patch)
    shutil.copyfile(preprocessed / DATASET / "nnUNetPlans.json", arguments.out / "plans.json")
    shutil.copyfile(preprocessed / DATASET / "dataset.json", arguments.out / "dataset.json")
    write_description(arguments.out, {
        "name": arguments.out.name, "kind": "lamella-segmenter", "pixel_size": PIXEL_SIZE,
        "patch_size": [arguments.applied_patch, arguments.applied_patch], "classes": CLASSES, "normalisation": "zscore", "channels": 1,
        "mirroring": False, "step": 0.5, "licence": "as TomoPilot",
        "trained_on": f"simulated lamella maps, {arguments.seeds}",
    })
    score_folder(arguments.out, arguments.held_out)


if __name__ == "__main__":
    main()
