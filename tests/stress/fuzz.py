"""Damaged files of every kind that the course reads: a right answer or an error of our own."""

from __future__ import annotations

import hashlib
import io
import json
import multiprocessing
import os
import resource
import shutil
import signal
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from data_scripts.archives import FetchError, Member
from data_scripts.archives.unpack import unpack
from helpers.course import setup
from helpers.data import DataError, ImageError, MultilabelDataset, read_image
from helpers.data.images import inspect_image
from helpers.errors import ModelError, TrainingError
from helpers.models import TransferModel, load_backbone, load_model
from helpers.models.saving import save_model
from helpers.training import Checkpoint, Trainer

SECONDS, MEMORY = 5, 2**30  # that one file may take
Outcome = str  # "right", or the kind of error of our own

# What a file is damaged with: other numbers, other text, other kinds of values.
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 3000, 2**31, 2**63, 10**400, 1e308, -0.5, "", "x" * 5000, "é\0"),
    *([], [[]], {}, {"a": {}}, [0] * 1000, [-1], ["a"], [1e300], "../../x", "mobilenet_v2"),
]


def damage(content: bytes, rng: np.random.Generator) -> bytes:
    """The content with some bytes changed, cut out, doubled, inserted, or its end missing."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        place = int(rng.integers(max(len(data), 1)))
        if rng.random() < 0.5:
            place = min(place, int(rng.integers(200)))  # headers more often
        length = int(rng.integers(1, 40))
        how = rng.integers(6)
        if how == 0 and data:
            data[place % len(data)] ^= 1 << int(rng.integers(8))
        elif how == 1 and data:
            data[place % len(data)] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF]))
        elif how == 2:
            del data[place : place + length]
        elif how == 3:
            data[place:place] = data[place : place + length]
        elif how == 4:
            data[place:place] = rng.bytes(length)
        elif rng.random() < 0.5:
            del data[place:]
    return bytes(data)


def damage_json(content: bytes, rng: np.random.Generator) -> bytes:
    """A JSON object with a value, at any depth, that is something else, missing or doubled."""
    if rng.random() < 0.4:
        return damage(content, rng)
    value = json.loads(content)
    for _ in range(int(rng.integers(1, 4))):
        here: Any = value
        while isinstance(here, dict | list) and here:
            keys = list(here) if isinstance(here, dict) else range(len(here))
            key = keys[int(rng.integers(len(keys)))]
            if not isinstance(here[key], dict | list) or not here[key] or rng.random() < 0.5:
                if rng.random() < 0.2:
                    del here[key]
                else:
                    here[key] = VALUES[int(rng.integers(len(VALUES)))]
                break
            here = here[key]
    return json.dumps(value).encode()


def images(kind: str) -> Callable[[Path], tuple[list[bytes], Callable]]:
    """Damaged images: an ImageError, or uint8 RGB."""

    def prepare(folder: Path) -> tuple[list[bytes], Callable]:
        noise = np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8)
        picture = Image.fromarray(noise).resize((96, 72), Image.Resampling.BICUBIC)
        samples = []
        for mode in ("RGB", "L", *(["CMYK"] if kind == "JPEG" else ["RGBA"])):
            for options in SAVED[kind]:
                content = io.BytesIO()
                picture.convert(mode).save(content, kind, **options)
                samples.append(content.getvalue())
        path = folder / "x.img"

        def attempt(content: bytes) -> Outcome:
            path.write_bytes(content)
            report = inspect_image(path)
            try:
                image = read_image(path, at_least=(20, 20))
            except ImageError as error:
                assert "\n" not in str(error), error
                return "ImageError"
            assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
            if not report.problem:
                assert report.width > 0 and report.height > 0
            return "right"

        return samples, attempt

    return prepare


SAVED: dict[str, list[dict]] = {
    "JPEG": [{}, {"progressive": True}, {"subsampling": 0}],
    "PNG": [{}, {"compress_level": 0}],
    "TIFF": [{}, {"compression": "tiff_lzw"}, {"compression": "tiff_deflate"}],
    "WEBP": [{}, {"lossless": True}],
}


def tables(folder: Path) -> tuple[list[bytes], Callable]:
    """Damaged tables: a DataError, or labels of 0 and 1 for images that are there."""
    (folder / "photos").mkdir()
    for number in range(4):
        Image.new("RGB", (8, 8), (60 * number, 0, 0)).save(folder / "photos" / f"{number}.png")
    text = "file,sea,trees\n0.png,1,0\n1.png,0,1\n2.png,1,1\n3.png,0,0\n"
    samples = [text.encode(), text.replace(",", ";").encode("utf-8-sig"), text.encode("utf-16")]
    samples.append(("sep=;\n" + text.replace(",", ";").replace("0.png", '"0.png"')).encode())
    table = folder / "labels.csv"

    def attempt(content: bytes) -> Outcome:
        table.write_bytes(content)
        try:
            data = MultilabelDataset(table, folder / "photos", strict=False, log=lambda text: None)
        except DataError as error:
            assert str(error).startswith(str(table)) or "photos" in str(error), error
            return "DataError"
        assert set(np.unique(data.labels)) <= {0.0, 1.0}
        assert all(path.is_file() for path in data.paths)
        return "right"

    return samples, attempt


def saved_models(name: str) -> Callable[[Path], tuple[list[bytes], Callable]]:
    """A model's damaged config or weights: a ModelError, or the same answers."""

    def prepare(folder: Path) -> tuple[list[bytes], Callable]:
        backbone = load_backbone("test_efficientnet", pretrained=False)
        model = TransferModel(backbone, 2, "spp", levels=(2, 1), seed=0)
        config = {"classes": ["a", "b"], "size": [64, 64], "crop": True, "temperature": 1.5}
        save_model(folder / "model", model, config)
        path = folder / "model" / name
        whole, images = path.read_bytes(), torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
        expected = load_model(folder / "model")[0].predict_proba(images)

        def attempt(content: bytes) -> Outcome:
            path.write_bytes(content)
            try:
                loaded, config = load_model(folder / "model")
                answer = loaded.predict_proba(images)
            except ModelError as error:
                assert "\n" not in str(error), error
                return "ModelError"
            if name != "config.json":  # a changed config may well be another right one
                assert torch.equal(answer, expected), "other answers, and nobody was told"
            assert len(config["classes"]) == answer.shape[1] and answer.isfinite().all()
            return "right"

        return [whole], attempt

    return prepare


def checkpoints(folder: Path) -> tuple[list[bytes], Callable]:
    """Damaged checkpoints: a TrainingError, or the very weights that were saved."""

    def trainer(callbacks: tuple = ()) -> Trainer:
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
        optimizer = torch.optim.AdamW(net.parameters())
        return Trainer(net, torch.nn.CrossEntropyLoss(), optimizer, list(callbacks))

    data = torch.utils.data.TensorDataset(torch.randn(8, 3), torch.tensor([0, 1] * 4))
    loader = torch.utils.data.DataLoader(data, 4)
    first = trainer((Checkpoint(folder, "train_loss"),))
    first.fit(loader, None, 1)
    expected = first.unwrapped_model.state_dict()
    path = folder / "x.pt"

    def attempt(content: bytes) -> Outcome:
        path.write_bytes(content)
        again = trainer()
        try:
            again.fit(loader, None, 1, resume=path)
        except TrainingError as error:
            assert "\n" not in str(error) and "weights_only" not in str(error), error
            return "TrainingError"
        for key, value in again.unwrapped_model.state_dict().items():
            assert torch.equal(value, expected[key]), "other weights, and nobody was told"
        return "right"

    return [(folder / "last.pt").read_bytes()], attempt


def archives(folder: Path) -> tuple[list[bytes], Callable]:
    """Damaged zip archives: a FetchError, or the very files that the manifest lists."""
    files = {f"train/{n}.jpg": np.random.default_rng(n).bytes(300) for n in range(4)}
    samples = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", method) as bundle:
            for name, data in files.items():
                bundle.writestr(f"top/{name}", data)
        samples.append(content.getvalue())
    members = [Member(name, len(data), _digest(data)) for name, data in files.items()]
    places = {name: name for name in files}
    path = folder / "x.zip"

    def attempt(content: bytes) -> Outcome:
        path.write_bytes(content)
        target = folder / "target"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        try:
            unpack(path, members, places, target, bar=False)
        except FetchError as error:
            assert "\n" not in str(error), error
            return "FetchError"
        finally:
            assert sorted(os.listdir(folder)) == ["target", "x.zip"], "written outside"
        assert all((target / name).read_bytes() == data for name, data in files.items())
        return "right"

    return samples, attempt


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


KINDS: dict[str, tuple[Callable[[Path], tuple[list[bytes], Callable]], Callable]] = {
    "jpeg": (images("JPEG"), damage),
    "png": (images("PNG"), damage),
    "tiff": (images("TIFF"), damage),
    "webp": (images("WEBP"), damage),
    "csv": (tables, damage),
    "config.json": (saved_models("config.json"), damage_json),
    "safetensors": (saved_models("model.safetensors"), damage),
    "checkpoint": (checkpoints, damage),
    "zip": (archives, damage),
}


def run(kinds: list[str], count: int, seed: int) -> bool:
    """`count` damaged files of each kind, in a process for each; whether all went well."""
    whole = True
    for kind in kinds:
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=run_kind, args=(kind, count, seed))
        process.start()
        process.join()
        if process.exitcode:
            print(f"{kind}: failed with status {process.exitcode}", flush=True)
        whole &= process.exitcode == 0
    return whole


def run_kind(kind: str, count: int, seed: int) -> None:
    """Prints how many files ended how, and what went wrong first; exits with 1 where any did."""
    setup()
    started, outcomes, failures = time.monotonic(), Counter(), []
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        prepare, change = KINDS[kind]
        samples, attempt = prepare(Path(place))
        for sample in samples:
            assert attempt(sample) == "right"
        limit_memory()
        for number in range(count):
            rng = np.random.default_rng([seed, number])
            content = change(samples[number % len(samples)], rng)
            try:
                with at_most(SECONDS):
                    outcomes[attempt(content)] += 1
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                failures.append((number, "".join(traceback.format_exception(error)[-3:])))
    told = ", ".join(f"{name} {times:,}" for name, times in sorted(outcomes.items()))
    print(f"{kind}: {told}; failed {len(failures)}; {time.monotonic() - started:.0f} s", flush=True)
    for number, words in failures[:3]:
        print(f"  number {number}: {words}", flush=True)
    raise SystemExit(1 if failures else 0)


def limit_memory() -> None:
    """From here on the process may take MEMORY more than it has; then there is a MemoryError."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


class at_most:
    """Context that ends with a TimeoutError after some seconds."""

    def __init__(self, seconds: int):
        self.seconds = seconds

    def __enter__(self) -> None:
        def stop(number: int, frame: object) -> None:
            raise TimeoutError(f"it took longer than {self.seconds} s")

        signal.signal(signal.SIGALRM, stop)
        signal.alarm(self.seconds)

    def __exit__(self, *error: object) -> None:
        signal.alarm(0)
