import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import TensorDataset
from toys import loaders, make_data, make_net, make_trainer

from helpers.data.datasets import ImageFolderDataset
from helpers.data.loaders import make_loader
from helpers.data.transforms import eval_transform, train_transform
from helpers.errors import TrainingError
from helpers.evaluation.metrics import evaluate, multiclass_metrics, multilabel_metrics
from helpers.files import WriteError
from helpers.models.inference import batches_on, predict
from helpers.training.callbacks import (
    Callback,
    EarlyStopping,
    LearningRateSchedule,
    Mixup,
    Monitor,
    Predictions,
    Progress,
    warmup_cosine,
)
from helpers.training.checkpoints import Checkpoint
from helpers.training.history import History
from helpers.training.trainer import Trainer

ROOT = Path(__file__).resolve().parents[2]


def weights(trainer):
    return {k: v.clone() for k, v in trainer.unwrapped_model.state_dict().items()}


def same(first, second):
    return all(torch.equal(first[k], second[k]) for k in first)


def test_it_learns_and_history_tells(capsys):
    trainer = make_trainer([Progress()], metrics=multiclass_metrics(2))
    history = trainer.fit(*loaders(), max_epochs=12)
    epochs, batches = history.epoch_frame(), history.batch_frame()
    assert len(epochs) == 12 and len(batches) == 12 * 5
    assert epochs["val_accuracy"].iloc[-1] > 0.85 > epochs["val_accuracy"].iloc[0]
    assert epochs["train_loss"].iloc[-1] < 0.7 * epochs["train_loss"].iloc[0]
    assert batches["step"].tolist() == list(range(1, 61))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 12 and lines[0].startswith("epoch  1/12 | train loss")
    assert "val loss" in lines[0] and len(lines[0]) < 101  # no wider than a notebook's page


def test_epoch_loss_is_the_mean_over_items_not_batches():
    """40 items in batches of 32 and 8: the small batch must not weigh as much as the large one."""
    trainer = make_trainer(rate=0.0, net=nn.Linear(6, 2))
    history = trainer.fit(make_loader(make_data(), 32), make_loader(make_data(), 32), 1)
    data = make_data()
    with torch.no_grad():
        whole = nn.functional.cross_entropy(trainer.model(data.tensors[0]), data.tensors[1]).item()
    assert history.epochs[0]["train_loss"] == pytest.approx(whole, abs=1e-5)
    assert history.epochs[0]["val_loss"] == pytest.approx(whole, abs=1e-5)


def test_same_seed_same_weights_other_seed_others():
    def run(seed):
        trainer = make_trainer(seed=seed)
        trainer.fit(*loaders(seed), max_epochs=3)
        return weights(trainer)

    assert same(run(0), run(0)) and not same(run(0), run(1))


def test_resumed_equals_uninterrupted(tmp_path):
    def callbacks(folder):
        return [
            LearningRateSchedule(),
            EarlyStopping(patience=4),
            Checkpoint(tmp_path / folder),
        ]

    whole = make_trainer(callbacks("whole"))
    history = whole.fit(*loaders(), max_epochs=6)

    class PowerCut(Callback):
        def on_epoch_end(self, trainer, row):
            if trainer.epoch == 3:
                raise SystemExit

    cut = make_trainer([*callbacks("cut"), PowerCut()])
    with pytest.raises(SystemExit):
        cut.fit(*loaders(), max_epochs=6)
    torch.manual_seed(99)
    resumed = make_trainer(callbacks("cut"), net=nn.Sequential(*make_net()))
    later = resumed.fit(*loaders(), max_epochs=6, resume=tmp_path / "cut" / "last.pt")
    assert same(weights(whole), weights(resumed))
    drop = {"seconds"}
    assert [{k: v for k, v in row.items() if k not in drop} for row in later.epochs] == [
        {k: v for k, v in row.items() if k not in drop} for row in history.epochs
    ]
    assert later.batches == history.batches


def test_resumed_equals_uninterrupted_with_augmented_photos(make_model, photo_folder, tmp_path):
    def run(folder, max_epochs, resume=None):
        model = make_model().unfreeze(last_n_blocks=1)
        train = ImageFolderDataset(photo_folder / "train", train_transform((64, 64)), seed=1)
        val = ImageFolderDataset(photo_folder / "val", eval_transform((64, 64)))
        trainer = Trainer(
            model,
            nn.CrossEntropyLoss(),
            torch.optim.AdamW(model.parameter_groups(1e-3, head_factor=10)),
            [Checkpoint(tmp_path / folder)],
            seed=1,
        )
        train_loader = make_loader(train, 8, shuffle=True, seed=1)
        trainer.fit(train_loader, make_loader(val, 8), max_epochs, resume)
        return weights(trainer)

    whole = run("a", 2)
    run("b", 1)
    assert same(whole, run("b", 2, resume=tmp_path / "b" / "last.pt"))


def test_early_stopping_stops_and_restores_the_best(capsys):
    class Script(Callback):
        """Dictates the validation loss, to test the decision and not the training."""

        losses = (1.0, 0.5, 0.8, 0.49, 0.7, 0.6, 0.1)

        def on_epoch_end(self, trainer, row):
            row["val_loss"] = self.losses[trainer.epoch - 1]
            self.seen.append(weights(trainer))

    script = Script()
    script.seen = []
    early = EarlyStopping(patience=2, min_delta=0.05)
    trainer = make_trainer([script, early, Progress()])
    trainer.fit(*loaders(), max_epochs=7)
    assert trainer.epoch == 4  # 0.49 is within min_delta of 0.5
    assert early.best_epoch == 2 and same(weights(trainer), script.seen[1])
    assert "stopped after epoch 4" in capsys.readouterr().out


def test_reset_makes_early_stopping_ready_for_phase_2():
    early = EarlyStopping("val_accuracy", patience=2)
    trainer = make_trainer([early], metrics=multiclass_metrics(2), rate=0.0)
    trainer.fit(*loaders(), max_epochs=9)
    assert trainer.epoch == 3
    blocked = make_trainer([early], metrics=multiclass_metrics(2), rate=0.0)
    with pytest.raises(ValueError, match="best value of an earlier training.*reset"):
        blocked.fit(*loaders(), max_epochs=9)
    early.reset(patience=4)
    second = make_trainer([early], metrics=multiclass_metrics(2), rate=0.0)
    second.fit(*loaders(), max_epochs=9)
    assert second.epoch == 5
    with pytest.raises(ValueError, match="patience is 0"):
        early.reset(patience=0)


def test_unknown_monitor_is_told():
    with pytest.raises(ValueError, match="cannot monitor 'val_acc'; an epoch has epoch, lr"):
        make_trainer([EarlyStopping("val_acc", mode="max")]).fit(*loaders(), max_epochs=1)


def test_best_checkpoint_is_the_best_epoch(tmp_path):
    trainer = make_trainer([Checkpoint(tmp_path)], rate=0.05)
    history = trainer.fit(*loaders(), max_epochs=8).epoch_frame()
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    last = torch.load(tmp_path / "last.pt", weights_only=True)
    assert best["epochs"][-1]["epoch"] == history["val_loss"].idxmin() + 1
    assert last["epochs"][-1]["epoch"] == 8


def test_a_damaged_or_foreign_checkpoint_is_named(tmp_path):
    (tmp_path / "last.pt").write_bytes(b"half")
    for path, words in (
        ("last.pt", "not a checkpoint of this course"),
        ("none.pt", "no such checkpoint"),
    ):
        with pytest.raises(TrainingError, match=f"{path}: .*{words}"):
            make_trainer().fit(*loaders(), max_epochs=1, resume=tmp_path / path)


def test_schedule_scales_every_group_and_starts_gently():
    net = make_net()
    groups = [{"params": net[0].parameters(), "lr": 1e-3}, {"params": net[3].parameters()}]
    optimizer = torch.optim.SGD(groups, lr=1e-2)
    seen = []

    class Watch(Callback):
        def on_batch_start(self, trainer):
            seen.append([g["lr"] for g in trainer.optimizer.param_groups])

    callbacks = [LearningRateSchedule(warmup_cosine(warmup=0.25, floor=0.01)), Watch()]
    Trainer(net, nn.CrossEntropyLoss(), optimizer, callbacks).fit(loaders()[0], None, 4)
    first, second = zip(*seen, strict=True)
    assert [b / a for a, b in seen] == pytest.approx([10] * 20)
    assert first[0] == pytest.approx(1e-5) and max(first) == first[5] == pytest.approx(1e-3)
    assert first[5:] == tuple(sorted(first[5:], reverse=True)) and first[-1] < 5e-5
    assert second[5] == pytest.approx(1e-2)


def test_a_loss_that_is_not_finite_stops_with_advice():
    data = TensorDataset(torch.full((8, 6), torch.nan), torch.zeros(8).long())
    with pytest.raises(TrainingError, match="the loss became nan in epoch 1.*learning rate"):
        make_trainer().fit(make_loader(data, 4), None, max_epochs=1)


def test_empty_training_data_is_told():
    with pytest.raises(TrainingError, match="no batches"):
        make_trainer().fit(make_loader(make_data(0), 4), None, max_epochs=1)


def test_predictions_come_in_the_loaders_order():
    trainer, data = make_trainer(), make_data(11)
    outputs, targets = predict(trainer.model, make_loader(data, 4))
    assert torch.equal(targets, data.tensors[1])
    with torch.no_grad():
        assert torch.allclose(outputs, trainer.model.eval()(data.tensors[0]), atol=1e-6)


def test_history_survives_csv_and_joins_phases(tmp_path):
    first = make_trainer(metrics=multiclass_metrics(2)).fit(*loaders(), max_epochs=2)
    first.to_csv(tmp_path)
    read = History.from_csv(tmp_path)
    assert read == first and repr(first) == "History(2 epochs, 10 batches)"
    both = first + read
    assert [row["epoch"] for row in both.epochs] == [1, 2, 3, 4]
    assert [row["step"] for row in both.batches] == list(range(1, 21))
    assert [row["epoch"] for row in first.epochs] == [1, 2]  # the parts are left alone


TWO_PROCESSES = """
import os, sys, torch
from helpers.training.callbacks import Callback
from helpers.models.inference import predict
from helpers.data.loaders import make_loader
from helpers.evaluation.metrics import multiclass_metrics
from toys import loaders, make_data, make_trainer
trainer = make_trainer(metrics=multiclass_metrics(2))
train_loader, val_loader = loaders()
orders = []
class Note(Callback):
    def on_epoch_end(self, trainer, row):
        orders.append([i for batch in trainer.train_loader.batch_sampler for i in batch])
trainer.callbacks.append(Note())
history = trainer.fit(train_loader, val_loader, max_epochs=2)
seen = len(history.batches), history.epochs[-1]["val_accuracy"]
flat = torch.cat([p.detach().flatten() for p in trainer.unwrapped_model.parameters()])
both = trainer.accelerator.gather(flat[None])
orders = trainer.accelerator.gather(torch.tensor(orders)[None])
outputs, targets = predict(trainer.model, loaders()[1])
odd = make_data(30, 1)
odd.any_size, odd.shapes = True, [(3, 1)] * 22 + [(1, 3)] * 8
buckets = make_loader(odd, pixel_budget=15, shuffle=True)
bucketed, _ = predict(trainer.model, buckets)
trainer.callbacks.clear()
trainer.fit(buckets, buckets, max_epochs=3)
mine = torch.tensor([len(buckets), sum(len(batch) for batch in buckets.batch_sampler)])
shares = trainer.accelerator.gather(mine[None])
if trainer.accelerator.is_main_process:
    torch.save((*seen, outputs, targets, both, orders, bucketed, shares), sys.argv[1])
trainer.accelerator.wait_for_everyone()
trainer.accelerator.end_training()
sys.stdout.flush()
os._exit(0)  # torch's threads now and then abort a process that ends by itself; not ours to test
"""


def test_two_processes_share_the_work(tmp_path):
    (tmp_path / "run.py").write_text(TWO_PROCESSES)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    done = subprocess.run(
        [*launch, tmp_path / "run.py", tmp_path / "out.pt"],
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
            "ACCELERATE_USE_CPU": "true",
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    batches, accuracy, outputs, targets, both, orders, bucketed, shares = torch.load(
        tmp_path / "out.pt", weights_only=True
    )
    assert torch.equal(both[0], both[1])  # the two processes end with one model
    assert set(orders[:, 0].flatten().tolist()) == set(range(40))  # all data, whoever sees it
    assert not torch.equal(orders[0, 0], orders[0, 1])  # in a new order each epoch
    assert batches == 2 * 3  # five batches an epoch, shared by two
    assert torch.equal(targets, make_data(30, 1).tensors[1])  # all of them, once, in order
    assert accuracy == pytest.approx((outputs.argmax(1) == targets).float().mean().item())
    assert torch.allclose(bucketed, outputs, atol=1e-6)  # size buckets: also all, once, in order
    assert shares[:, 0].tolist() == [4, 4] and shares[:, 1].sum() == 30  # as many steps for each


class Photos(nn.Module):
    """A net that reads the first number of each image (N, 1, 1, 2): it separates two classes."""

    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(float(scale)))

    def forward(self, images):
        return self.scale * images[:, 0, 0]


def photo_data(targets, count=32):
    labels = torch.arange(count) % 2
    images = 20.0 * nn.functional.one_hot(labels, 2).float().view(-1, 1, 1, 2) - 10
    return TensorDataset(images, targets(labels))


def hot(labels):
    return nn.functional.one_hot(labels, 2).float()


def test_mixup_blends_images_and_targets_by_the_same_shares():
    torch.manual_seed(0)
    images = torch.eye(8).view(8, 1, 1, 8)  # each is known by its one
    mixed, targets = Mixup(alpha=2.0).change_batch(None, images, images.view(8, 8).clone())
    assert torch.allclose(mixed.view(8, 8), targets)
    assert torch.allclose(targets.sum(dim=1), torch.ones(8)) and (mixed > 0).sum() > 8
    _, targets = Mixup(alpha=2.0, num_classes=8).change_batch(None, images, torch.arange(8))
    assert targets.shape == (8, 8) and torch.allclose(targets.sum(dim=1), torch.ones(8))


@pytest.mark.parametrize("several_labels", [True, False])
def test_metrics_are_never_taken_on_blended_labels(several_labels):
    """A perfect model's F1 would read far below 1 there, and class numbers would crash."""
    net = Photos()
    if several_labels:
        data, criterion = photo_data(hot), nn.BCEWithLogitsLoss()
        metrics, mixup = multilabel_metrics(2), Mixup(alpha=5.0)
    else:
        data, criterion = photo_data(lambda labels: labels), nn.CrossEntropyLoss()
        metrics, mixup = multiclass_metrics(2), Mixup(alpha=5.0, num_classes=2)
    loader = make_loader(data, 8)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.0)
    blended = Trainer(net, criterion, optimizer, [mixup], metrics).fit(loader, loader, 1)
    plain = Trainer(net, criterion, optimizer, [], metrics).fit(loader, loader, 1)
    scores = {name for name in plain.epochs[0] if name.startswith("train_")} - {"train_loss"}
    assert all(plain.epochs[0][name] in (0.0, 1.0) for name in scores) and scores
    assert not scores & set(blended.epochs[0])
    assert blended.epochs[0]["train_loss"] > plain.epochs[0]["train_loss"] + 0.1
    assert blended.epochs[0]["val_macro_f1"] == 1


def test_training_with_mixup_repeats_itself():
    def run(callbacks):
        net = Photos(0.1)
        trainer = Trainer(
            net, nn.BCEWithLogitsLoss(), torch.optim.SGD(net.parameters(), lr=0.1), callbacks
        )
        return trainer.fit(make_loader(photo_data(hot), 8, shuffle=True), None, 3).batches

    assert run([Mixup(0.4)]) == run([Mixup(0.4)]) != run([])


class InterruptAt(Callback):
    """Presses Ctrl-C before the given step, once."""

    def __init__(self, step):
        self.step = step

    def on_batch_start(self, trainer):
        if trainer.step == self.step:
            self.step = None
            raise KeyboardInterrupt


def test_an_interrupted_fit_keeps_the_best_and_goes_on(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("helpers.training.trainer.READ_EVERY", 1)

    class Worse(Callback):
        """From epoch 3 on validation only gets worse; keeps the weights of each epoch."""

        def on_epoch_end(self, trainer, row):
            row["val_loss"] = abs(trainer.epoch - 2)
            seen.append(weights(trainer))

    seen, early = [], EarlyStopping(patience=9)
    callbacks = [Worse(), early, Checkpoint(tmp_path), InterruptAt(18), LearningRateSchedule()]
    trainer = make_trainer(callbacks, rate=0.05, metrics=multiclass_metrics(2))
    history = trainer.fit(*loaders(), max_epochs=6)
    (line,) = capsys.readouterr().out.splitlines()
    assert "interrupted in epoch 4" in line and "the best, of epoch 2, are back" in line
    assert [row["epoch"] for row in history.epochs] == [1, 2, 3]  # five steps each
    assert [row["step"] for row in history.batches] == list(range(1, 16))
    assert same(weights(trainer), seen[1])
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["best.pt", "last.pt"]
    assert len(torch.load(tmp_path / "last.pt", weights_only=True)["epochs"]) == 3
    assert trainer.train_metrics["accuracy"].update_called  # of the epoch that does not count
    history = trainer.fit(*loaders(), max_epochs=6)
    assert not trainer.train_metrics["accuracy"].update_called
    assert [row["epoch"] for row in history.epochs] == [1, 2, 3, 4, 5, 6]
    assert [row["step"] for row in history.batches] == list(range(1, 31))


def test_an_interrupt_while_a_checkpoint_is_written_leaves_the_last_one_whole(
    tmp_path, monkeypatch
):
    def interrupt(handle):
        raise KeyboardInterrupt

    trainer = make_trainer([Checkpoint(tmp_path)])
    trainer.fit(*loaders(), max_epochs=1)
    before = (tmp_path / "last.pt").read_bytes()
    monkeypatch.setattr(os, "fsync", interrupt)
    trainer.fit(*loaders(), max_epochs=2)
    assert (tmp_path / "last.pt").read_bytes() == before
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["best.pt", "last.pt"]


@pytest.mark.parametrize("name", ["val_loss", "val_bce", "train_loss", "val_hamming_loss"])
def test_monitors_know_what_falls(name):
    monitor = Monitor(name)
    assert monitor.improved({name: 0.5})
    assert monitor.improved({name: 0.4}) and not monitor.improved({name: 0.45})


def test_monitors_know_what_rises_and_never_guess():
    assert Monitor("val_map").mode == "max" and Monitor("val_accuracy").mode == "max"
    for make in (Monitor, EarlyStopping, lambda name: Checkpoint("folder", name)):
        with pytest.raises(ValueError, match="is lower or higher 'val_error' better"):
            make("val_error")
    with pytest.raises(ValueError, match="mode is 'lowest'"):
        Monitor("val_loss", mode="lowest")
    monitor = EarlyStopping("val_error", mode="min").monitor
    assert monitor.improved({"val_error": 0.5}) and not monitor.improved({"val_error": 0.6})


def test_the_device_is_not_made_to_wait_in_every_step(monkeypatch):
    """Numbers are read from it as often in an epoch of many steps as in one of few."""

    def readings(batch_size):
        count = 0

        def counted(tensor, name, original):
            nonlocal count
            count += 1
            return original(tensor)

        with monkeypatch.context() as patch:
            for name in ("item", "tolist", "__bool__", "__float__"):
                original = getattr(torch.Tensor, name)
                patch.setattr(torch.Tensor, name, lambda t, n=name, o=original: counted(t, n, o))
            trainer = make_trainer(metrics=multiclass_metrics(2))
            trainer.fit(make_loader(make_data(), batch_size), None, max_epochs=1)
        return count

    # Adam keeps its step as a tensor on the CPU, and reads it there.
    assert readings(2) - readings(20) <= (20 - 2) * len(list(make_net().parameters()))


def test_metrics_are_not_computed_in_every_step():
    """Counting classes makes a GPU wait, whatever Python reads of it."""

    class Count(TorchDispatchMode):
        calls = 0

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            self.calls += "bincount" in str(function)
            return function(*args, **(kwargs or {}))

    counts = []
    for batch_size in (2, 20):
        trainer = make_trainer(metrics=multiclass_metrics(2))
        with Count() as mode:
            trainer.fit(make_loader(make_data(), batch_size), None, max_epochs=1)
        counts.append(mode.calls)
    assert counts[0] == counts[1] > 0


def test_modes_and_gradients_do_not_outlive_a_training():
    net = make_net().eval()
    trainer = make_trainer(net=net)
    trainer.fit(*loaders(), max_epochs=1)
    assert not any(module.training for module in net.modules())

    def interrupted(*arguments):
        hook.remove()
        raise KeyboardInterrupt

    weights_of = []
    for interrupt in (False, True):
        trainer = make_trainer()
        trainer.fit(make_loader(make_data(), 8), None, max_epochs=1)
        if interrupt:  # after backward, before the step
            hook = trainer.optimizer.register_step_pre_hook(interrupted)
            trainer.fit(make_loader(make_data(), 8), None, max_epochs=2)
        trainer.fit(make_loader(make_data(), 8), None, max_epochs=2)
        weights_of.append(weights(trainer))
    assert same(*weights_of)


def test_an_interrupt_in_one_callback_waits_for_the_others():
    class Interrupted(Callback):
        def on_epoch_end(self, trainer, row):
            row["val_loss"] = 9 - trainer.epoch
            if trainer.epoch == 3:
                raise KeyboardInterrupt

    early = EarlyStopping(patience=2)
    trainer = make_trainer([Interrupted(), early])
    trainer.fit(*loaders(), max_epochs=6)
    assert trainer.epoch == 3 and early.best_epoch == 3


def test_a_callback_of_an_earlier_training_does_not_bring_its_weights_back(tmp_path):
    early, checkpoint = EarlyStopping(patience=9), Checkpoint(tmp_path)
    make_trainer([early, checkpoint], rate=0.05).fit(*loaders(), max_epochs=4)
    with pytest.raises(ValueError, match="earlier training.*reset"):
        make_trainer([early]).fit(*loaders(), max_epochs=1)
    before = (tmp_path / "best.pt").read_bytes()
    make_trainer([checkpoint], rate=0.0).fit(*loaders(), max_epochs=1)
    assert (tmp_path / "best.pt").read_bytes() != before


def test_after_ctrl_c_workers_go_on(photo_folder):
    """A terminal sends it to all of its processes."""
    data = ImageFolderDataset(photo_folder / "train", eval_transform((32, 32)))
    loader = make_loader(data, 8, workers=2)
    first = [labels for _, labels in loader]
    workers = multiprocessing.active_children()
    assert len(workers) == 2
    for worker in workers:
        os.kill(worker.pid, signal.SIGINT)
    time.sleep(0.2)
    assert [labels.tolist() for _, labels in loader] == [labels.tolist() for labels in first]
    assert all(worker.is_alive() for worker in workers)


def test_batches_that_processes_cannot_share_are_told():
    loader = make_loader(make_data(5), 1)
    loader.batch_sampler.share(2, 0)
    assert not loader.batch_sampler.is_even and make_loader(make_data(4), 1).batch_sampler.is_even
    trainer = make_trainer()
    trainer.accelerator = SimpleNamespace(num_processes=2, process_index=0)
    with pytest.raises(TrainingError, match="2 processes cannot share the batches evenly"):
        trainer.fit(loader, None, max_epochs=1)


@pytest.mark.parametrize(("device", "at_once"), [("cuda", True), ("mps", False), ("cpu", False)])
def test_only_pinned_memory_is_copied_at_once(device, at_once):
    """Elsewhere the source may be gone before the copy has arrived."""
    copies = []
    batch = SimpleNamespace(to=lambda *where, non_blocking: copies.append(non_blocking))
    list(batches_on(SimpleNamespace(type=device), [(batch, batch)]))
    assert copies == [at_once] * 2


def test_a_loss_that_turns_bad_is_noticed_within_the_epoch_and_named(monkeypatch):
    monkeypatch.setattr("helpers.training.trainer.READ_EVERY", 4)
    inputs = torch.zeros(40, 6)
    inputs[12] = torch.nan  # the seventh batch of two
    data = TensorDataset(inputs, torch.zeros(40).long())
    trainer = make_trainer()
    with pytest.raises(TrainingError, match="the loss became nan in epoch 1, step 7;"):
        trainer.fit(make_loader(data, 2), None, max_epochs=1)
    assert trainer.step == 8


def test_random_generators_are_left_as_they_were():
    def draw():
        return random.random(), np.random.random(), torch.rand(1).item()

    trainer = make_trainer()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = draw()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    trainer.fit(*loaders(), max_epochs=2)
    assert draw() == expected


def test_evaluating_leaves_every_part_in_its_mode():
    trainer = make_trainer(metrics=multiclass_metrics(2))
    trainer.model.train()
    trainer.model[2].eval()  # a frozen part
    modes = [module.training for module in trainer.model.modules()]
    scores = evaluate(trainer.model, loaders()[1], nn.CrossEntropyLoss(), trainer.metrics)
    assert set(scores) == {"loss", "accuracy", "macro_f1"}
    assert [module.training for module in trainer.model.modules()] == modes
    assert evaluate(trainer.model, loaders()[1]) == {}


def test_early_stopping_that_watched_a_history_knows_its_best_and_wants_a_reset():
    first = make_trainer([Predictions(loaders()[1])])
    history = first.fit(*loaders(), max_epochs=4)
    early = EarlyStopping(patience=9)
    early.watch(history)
    losses = [row["val_loss"] for row in history.epochs]
    assert early.monitor.best == min(losses)
    assert early.best_epoch == 1 + int(np.argmin(losses))
    with pytest.raises(ValueError, match="call reset"):
        make_trainer([early]).fit(*loaders(), max_epochs=1)
    early.reset(patience=2)
    make_trainer([early]).fit(*loaders(), max_epochs=1)
    assert early.best_epoch == 1


def test_predictions_are_kept_after_each_epoch():
    watch = Predictions(loaders()[1])
    trainer = make_trainer([watch])
    trainer.fit(*loaders(), max_epochs=3)
    assert [tuple(outputs.shape) for outputs in watch.outputs] == [(30, 2)] * 3
    assert torch.equal(watch.outputs[-1], predict(trainer.unwrapped_model, loaders()[1])[0])
    assert not torch.equal(watch.outputs[0], watch.outputs[-1])


@pytest.mark.parametrize("errno", [28, 30, 13])
def test_a_full_disk_or_a_read_only_folder_leaves_the_last_checkpoint_whole(
    tmp_path, monkeypatch, errno
):
    trainer = make_trainer([Checkpoint(tmp_path)])
    trainer.fit(*loaders(), max_epochs=1)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(handle):
        raise OSError(errno, os.strerror(errno))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(WriteError, match=r"best\.pt: cannot be written \(.*\); .*choose another"):
        trainer.fit(*loaders(), max_epochs=2)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    monkeypatch.undo()
    make_trainer([Checkpoint(tmp_path)]).fit(*loaders(), max_epochs=2, resume=tmp_path / "last.pt")


def test_every_flipped_byte_of_a_checkpoint_is_noticed_or_harmless(tmp_path):
    make_trainer([Checkpoint(tmp_path)]).fit(*loaders(), max_epochs=1)
    path, rng = tmp_path / "last.pt", np.random.default_rng(0)
    content = path.read_bytes()
    whole = make_trainer()
    whole.fit(*loaders(), max_epochs=1, resume=path)
    told = []
    for place in rng.integers(len(content), size=60):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        trainer = make_trainer()
        try:
            trainer.fit(*loaders(), max_epochs=1, resume=path)
        except TrainingError as error:
            told.append(str(error))
        else:
            assert same(weights(trainer), weights(whole))
    assert len(told) > 20 and not any("weights_only" in words or "\n" in words for words in told)


class Code:
    def __reduce__(self):
        return os.system, ("true",)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Code(), "it is damaged"),
        ([1, 2], "it lacks model, optimizer, callbacks, batches, epochs, step"),
        ({"model": {}, "optimizer": {}, "callbacks": {}}, "it lacks batches, epochs, step"),
    ],
)
def test_what_is_no_checkpoint_is_told_without_advice_to_run_its_code(tmp_path, state, words):
    torch.save(state, tmp_path / "x.pt")
    with pytest.raises(TrainingError, match=words) as caught:
        make_trainer().fit(*loaders(), max_epochs=1, resume=tmp_path / "x.pt")
    assert "weights_only" not in str(caught.value)


def test_a_checkpoint_of_another_model_leaves_this_one_as_it_was(tmp_path):
    make_trainer([Checkpoint(tmp_path)]).fit(*loaders(), max_epochs=1)
    net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
    trainer = make_trainer(net=net)
    before = weights(trainer)
    with pytest.raises(TrainingError, match=r"3\.weight is \(2, 16\) there, \(3, 16\) here"):
        trainer.fit(*loaders(), max_epochs=1, resume=tmp_path / "last.pt")
    assert same(weights(trainer), before)


def test_a_resumed_run_with_other_settings_says_so(tmp_path, capsys):
    make_trainer([Checkpoint(tmp_path)], seed=3).fit(*loaders(), max_epochs=1)
    make_trainer(seed=3).fit(*loaders(), max_epochs=2, resume=tmp_path / "last.pt")
    assert capsys.readouterr().out == ""
    other = make_loader(make_data(44), 4, shuffle=True)
    make_trainer(seed=4).fit(other, None, max_epochs=2, resume=tmp_path / "last.pt")
    line = capsys.readouterr().out
    for part in ("seed 4, not 3", "training items 44, not 40", "batches an epoch 11, not 5"):
        assert part in line


def test_labels_without_an_output_are_told(photo_folder, make_model):
    inputs = torch.randn(8, 6)
    for label in (2, -1):
        data = TensorDataset(inputs, torch.full((8,), label))
        with pytest.raises(TrainingError, match="a label is no number of an output"):
            make_trainer().fit(make_loader(data, 4), None, max_epochs=1)
    data = ImageFolderDataset(photo_folder / "train", eval_transform((64, 64)))
    trainer = make_trainer(net=make_model(num_classes=1))
    with pytest.raises(TrainingError, match=r"cross_00\.png: its label is 1, but the model has 1"):
        trainer.fit(make_loader(data, 8), None, max_epochs=1)


def test_a_single_image_in_a_batch_and_a_frozen_model_are_told():
    net = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    with pytest.raises(TrainingError, match="a batch holds one image, and batch norm"):
        make_trainer(net=net).fit(make_loader(make_data(9), 8), None, max_epochs=1)
    net = make_net().requires_grad_(False)
    with pytest.raises(TrainingError, match="every parameter of the optimizer is frozen"):
        make_trainer(net=net).fit(*loaders(), max_epochs=1)


def test_a_run_killed_between_its_two_checkpoints_has_the_best_in_the_end(tmp_path, monkeypatch):
    def fit(folder, **options):
        trainer = make_trainer([Checkpoint(folder, "train_loss")], rate=0.05)
        return trainer.fit(*loaders(), max_epochs=3, **options)

    fit(tmp_path / "whole")
    flush, flushed = os.fsync, []

    def stop(handle):  # the second file of the second epoch; each file is flushed with its folder
        flushed.append(handle)
        if len(flushed) == 7:
            raise KeyboardInterrupt
        flush(handle)

    monkeypatch.setattr(os, "fsync", stop)
    fit(tmp_path / "cut")
    monkeypatch.undo()
    fit(tmp_path / "cut", resume=tmp_path / "cut" / "last.pt")
    best, wanted = (
        torch.load(tmp_path / name / "best.pt", weights_only=True) for name in ("cut", "whole")
    )
    assert best["epochs"][-1]["epoch"] == wanted["epochs"][-1]["epoch"]
    assert same(best["model"], wanted["model"])
