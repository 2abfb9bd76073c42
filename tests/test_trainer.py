import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from helpers.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    LearningRateSchedule,
    Progress,
    warmup_cosine,
)
from helpers.datasets import ImageFolderDataset, make_loader
from helpers.history import History
from helpers.metrics import multiclass_metrics
from helpers.trainer import Trainer, TrainingError, blended
from helpers.transforms import eval_transform, train_transform

ROOT = Path(__file__).resolve().parents[1]


def make_data(count=40, seed=0):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(count, 6, generator=generator)
    return TensorDataset(inputs, (inputs[:, 0] > 0).long())


def make_net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 2))


def make_trainer(callbacks=(), rate=1e-2, net=None, **options):
    net = net or make_net()
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate)
    return Trainer(net, nn.CrossEntropyLoss(), optimizer, callbacks, **options)


def loaders(seed=0):
    return make_loader(make_data(), 8, shuffle=True, seed=seed), make_loader(make_data(30, 1), 8)


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
                raise KeyboardInterrupt

    cut = make_trainer([*callbacks("cut"), PowerCut()])
    with pytest.raises(KeyboardInterrupt):
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
    with pytest.raises(ValueError, match="used up its patience.*reset"):
        blocked.fit(*loaders(), max_epochs=9)
    early.reset(patience=4)
    second = make_trainer([early], metrics=multiclass_metrics(2), rate=0.0)
    second.fit(*loaders(), max_epochs=9)
    assert second.epoch == 5
    with pytest.raises(ValueError, match="patience is 0"):
        early.reset(patience=0)


def test_unknown_monitor_is_told():
    with pytest.raises(ValueError, match="cannot monitor 'val_acc'; an epoch has epoch, lr"):
        make_trainer([EarlyStopping("val_acc")]).fit(*loaders(), max_epochs=1)


def test_best_checkpoint_is_the_best_epoch(tmp_path):
    trainer = make_trainer([Checkpoint(tmp_path)], rate=0.05)
    history = trainer.fit(*loaders(), max_epochs=8).epoch_frame()
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    last = torch.load(tmp_path / "last.pt", weights_only=True)
    assert best["epochs"][-1]["epoch"] == history["val_loss"].idxmin() + 1
    assert last["epochs"][-1]["epoch"] == 8


def test_a_damaged_or_foreign_checkpoint_is_named(tmp_path):
    (tmp_path / "last.pt").write_bytes(b"half")
    for path, words in (("last.pt", "not a checkpoint"), ("none.pt", "no such checkpoint")):
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
    outputs, targets = trainer.predict(make_loader(data, 4))
    assert torch.equal(targets, data.tensors[1])
    with torch.no_grad():
        assert torch.allclose(outputs, trainer.model.eval()(data.tensors[0]), atol=1e-6)


def test_history_survives_csv_and_joins_phases(tmp_path):
    first = make_trainer(metrics=multiclass_metrics(2)).fit(*loaders(), max_epochs=2)
    first.to_csv(tmp_path)
    read = History.from_csv(tmp_path)
    assert read == first
    both = first + read
    assert [row["epoch"] for row in both.epochs] == [1, 2, 3, 4]
    assert [row["step"] for row in both.batches] == list(range(1, 21))
    assert [row["epoch"] for row in first.epochs] == [1, 2]  # the parts are left alone


TWO_PROCESSES = """
import os, sys, torch
from helpers.batching import make_bucket_loader
from helpers.callbacks import Callback
from helpers.metrics import multiclass_metrics
from test_trainer import loaders, make_data, make_trainer
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
outputs, targets = trainer.predict(loaders()[1])
odd = make_data(30, 1)
odd.shapes = [(3, 1)] * 22 + [(1, 3)] * 8
buckets = make_bucket_loader(odd, pixel_budget=15, shuffle=True)
bucketed, _ = trainer.predict(buckets)
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


def test_mixup_blends_images_and_targets_alike():
    torch.manual_seed(0)
    inputs = torch.eye(8)  # each item is known by its one
    mixed, targets = blended(inputs, inputs.clone(), alpha=0.5)
    assert torch.equal(mixed, targets) and torch.allclose(mixed.sum(dim=1), torch.ones(8))
    assert (mixed.diagonal() >= 0.5).all() and (mixed > 0).sum() > 8
    with pytest.raises(TrainingError, match="not class numbers"):
        blended(inputs, torch.arange(8), alpha=0.5)


def test_training_with_mixup_learns_and_repeats_itself():
    data = make_data()
    soft = TensorDataset(data.tensors[0], nn.functional.one_hot(data.tensors[1], 2).float())
    found = []
    for mixup in (0.4, 0.4, 0.0):
        trainer = make_trainer(mixup=mixup)
        trainer.fit(make_loader(soft, 8, shuffle=True, seed=1), make_loader(soft, 8), 12)
        found.append((weights(trainer), trainer.history.epochs[-1]))
    assert same(found[0][0], found[1][0]) and not same(found[0][0], found[2][0])
    assert found[0][1]["val_loss"] < 0.5 and found[0][1]["train_loss"] > found[2][1]["train_loss"]
