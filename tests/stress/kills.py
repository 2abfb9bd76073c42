"""A training is killed at a random moment and resumed: it must end as if it had never stopped."""

from __future__ import annotations

import os
import signal
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from helpers.data import ImageFolderDataset, ShapeRule, make_loader, train_transform
from helpers.models import TransferModel, load_backbone
from helpers.training import Checkpoint, EarlyStopping, LearningRateSchedule, Trainer

EPOCHS = 4
SIZES = {"one size": (64, 64), "any size": ShapeRule(min_side=128, max_pixels=160 * 160)}


def run(count: int, seed: int) -> bool:
    """`count` kills, a third of them inside the writing of a checkpoint; whether all went well."""
    rng, resumed, identical = np.random.default_rng(seed), 0, 0
    torch.set_num_threads(1)  # processes are forked from this one, which must not run threads
    with tempfile.TemporaryDirectory() as place:
        photos = write_photos(Path(place) / "photos")
        settings = [(size, workers) for size in SIZES for workers in (0, 2)]
        wanted, seconds, writes = {}, {}, {}
        for size, workers in settings:
            started, folder = time.monotonic(), Path(place) / f"whole {size} {workers}"
            wait_for(start(lambda s=size, w=workers, f=folder: train(photos, f, s, w)))
            seconds[size, workers] = time.monotonic() - started
            wanted[size, workers] = folder / "result.pt"
            writes[size, workers] = len((folder / "writes").read_text())
        for number in range(count):
            size, workers = settings[number % len(settings)]
            folder = Path(place) / f"killed {number}"
            inside = number % 3 == 0
            if inside:
                at, tear = int(rng.integers(1, writes[size, workers] + 1)), bool(rng.integers(2))
                child = start(
                    lambda s=size, w=workers, f=folder, at=at, tear=tear: train(
                        photos, f, s, w, at, tear
                    )
                )
            else:
                child = start(lambda s=size, w=workers, f=folder: train(photos, f, s, w))
                time.sleep(float(rng.uniform(0, seconds[size, workers])))
                kill(child)
            wait_for(child)
            status = wait_for(start(lambda s=size, w=workers, f=folder: train(photos, f, s, w)))
            done = status == 0 and (folder / "result.pt").is_file()
            left = [path.name for path in folder.glob("*.tmp")]
            resumed += done and not left
            same = done and is_same(folder / "result.pt", wanted[size, workers])
            identical += same
            if not same or left:
                moment = "inside a write" if inside else "at a random moment"
                print(f"kill {number}, {moment}, {size}, {workers} workers: {status}, left {left}")
    print(f"{resumed} of {count} resumed, {identical} of {count} identical", flush=True)
    return resumed == identical == count


def is_same(first: Path, second: Path) -> bool:
    """Whether two results hold the same weights and the same history, to the bit."""
    one, other = (torch.load(path, weights_only=True) for path in (first, second))
    weights = zip(one["weights"].items(), other["weights"].items(), strict=True)
    return one["rows"] == other["rows"] and all(
        name == key and torch.equal(value, wanted) for (name, value), (key, wanted) in weights
    )


def write_photos(folder: Path) -> Path:
    """Two classes of small images of several shapes."""
    rng = np.random.default_rng(0)
    for split, count in (("train", 12), ("val", 4)):
        for label in ("one", "other"):
            (folder / split / label).mkdir(parents=True)
            for number in range(count):
                shape = (*rng.integers(60, 140, 2), 3)
                image = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
                image.save(folder / split / label / f"{number}.png")
    return folder


def train(
    photos: Path,
    folder: Path,
    size: str,
    workers: int,
    kill_at: int | None = None,
    tear: bool = False,
) -> None:
    """Train from the last checkpoint, if there is one; leaves result.pt.

    kill_at: the number of the flush to disk, in this process, inside which it kills itself; tear:
    with the file cut off.
    """
    folder.mkdir(exist_ok=True)
    count_writes(folder / "writes", kill_at, tear)
    transform = train_transform(SIZES[size])
    train_set, val_set = (
        ImageFolderDataset(photos / split, transform, seed=1) for split in ("train", "val")
    )
    backbone = load_backbone("test_efficientnet", pretrained=False)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for parameter in backbone.features.parameters():
            torch.nn.init.normal_(parameter, 0.1, 0.2)
    model = TransferModel(backbone, 2, seed=0).unfreeze()
    callbacks = [LearningRateSchedule(), EarlyStopping(patience=9), Checkpoint(folder)]
    optimizer = torch.optim.AdamW(model.parameter_groups(1e-3))
    trainer = Trainer(model, torch.nn.CrossEntropyLoss(), optimizer, callbacks, seed=2)
    last = folder / "last.pt"
    loaders = (
        make_loader(part, 8, shuffle=shuffle, seed=3, workers=workers)
        for part, shuffle in ((train_set, True), (val_set, False))
    )
    history = trainer.fit(*loaders, EPOCHS, resume=last if last.exists() else None)
    for row in history.epochs:
        row.pop("seconds")
    state = {"weights": model.state_dict(), "rows": history.batches + history.epochs}
    torch.save(state, folder / "result.pt")


def count_writes(log: Path, kill_at: int | None, tear: bool) -> None:
    """Note each flush to the disk in a file; die in the one with this number.

    The flush is of a file before it is renamed, or of its folder afterwards.
    """
    flush, flushed = os.fsync, 0

    def counted(handle: int) -> None:
        nonlocal flushed
        flushed += 1
        if flushed == kill_at:
            if (
                tear
                and os.fstat(handle).st_size > 100
                and not stat.S_ISDIR(os.fstat(handle).st_mode)
            ):
                os.ftruncate(handle, 100)  # half-written; else whole, but not yet renamed
            os.kill(os.getpid(), signal.SIGKILL)
        with log.open("a") as file:
            file.write("x")
        flush(handle)

    os.fsync = counted


def start(work: Callable[[], None]) -> int:
    """A process of its own group that does the work; its number."""
    child = os.fork()
    if child:
        return child
    os.setsid()
    try:
        work()
        os._exit(0)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", flush=True)
        os._exit(1)


def kill(child: int) -> None:
    """Kill the process and its workers, unless it has ended."""
    try:
        os.killpg(child, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        os.kill(child, signal.SIGKILL)


def wait_for(child: int) -> int:
    """The status with which the process ends; its workers end too."""
    _, status = os.waitpid(child, 0)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    return status
