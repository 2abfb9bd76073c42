# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/transfer-learning-course/transfer-learning-course/blob/main/notebooks/03_phase2_finetuning.ipynb)
#
# # 3 · What does fine-tuning add?
#
# Phase 1 taught a new head to read ImageNet's features. **Phase 2, fine-tuning**, lets the
# features themselves move, carefully: at a tenth of the learning rate. How much is gained on
# images that no training has seen, and what happens to somebody who is not careful?
#
# *Four to six minutes on a CPU, a minute on a Colab GPU.*

# %% cellView="form"
# @title On Colab, run this first: it fetches and installs the course. Elsewhere it does nothing.
if "google.colab" in str(ip := get_ipython()):
    url = "https://github.com/transfer-learning-course/transfer-learning-course"
    ip.run_cell_magic("sh", "", f"cd /content; [ -d course ] || git clone --depth 1 {url} course")
    __import__("runpy").run_path("/content/course/tools/colab.py", run_name="__main__")

# %%
from helpers import course

course.setup()

import copy

import numpy as np
import pandas as pd
import torch

from data_scripts import domain_shift
from data_scripts.tasks import data_folder
from helpers import evaluation, models, plots, training
from helpers.data import eval_transform, load_splits, make_loader, train_transform
from helpers.training import EarlyStopping, LearningRateSchedule, Progress, Trainer, warmup_cosine

SEED, SIZE, BATCH = 0, (224, 224), 16
splits = load_splits(data_folder("drones"), seed=SEED)
classes = splits["train"].classes
runs = course.run_folder("drones")
name = models.resolve_backbone(course.backbone_name())

# %% [markdown]
# ## Where phase 1 left off

# %%
phase1, config, phase1_history = training.phase1_model(
    runs / f"phase1_{name}", name, splits["train"], splits["val"], SIZE, seed=SEED
)
train = splits["train"].with_transform(train_transform(SIZE))
val = splits["val"].with_transform(eval_transform(SIZE))
test = splits["test"].with_transform(eval_transform(SIZE))
print(f"{name}: phase 1 trained the head at a rate of {config['learning_rate']:.1e}")

# %% [markdown]
# ## Unfreeze, at a tenth of the rate
#
# All layers may learn now. The backbone already holds something worth keeping, so its steps must
# be small: a tenth of phase 1's rate, which again rises gently and falls to almost nothing. The
# head may go three times as fast. Batch norm keeps ImageNet's running statistics, since batches of
# 16 would give poor ones; its scale and shift do learn.
#
# **Early stopping begins anew**: the best loss of phase 1 does not count any more. Phase 2 gets
# more patience, since it may get worse before it gets better. (Where one notebook runs both phases,
# as number 5 does, `early.reset(patience=5)` makes the same object ready for the second.)

# %%
rate = config["learning_rate"] / 10
model = copy.deepcopy(phase1).unfreeze()  # phase 1 stays, to be compared with at the end
groups = model.parameter_groups(rate, head_factor=training.HEAD_FACTOR)
optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
criterion = torch.nn.CrossEntropyLoss(label_smoothing=training.LABEL_SMOOTHING)
metrics = evaluation.multiclass_metrics(len(classes))
callbacks = [LearningRateSchedule(), EarlyStopping("val_loss", patience=5), Progress()]
trainer = Trainer(model, criterion, optimizer, callbacks, metrics, seed=SEED)
learning = sum(p.numel() for p in model.parameters() if p.requires_grad)
print(f"{learning:,} parameters learn, the backbone's at a rate of {rate:.1e}")

# %%
EPOCHS = int(np.clip(round(5500 / len(train)), 4, 20))  # about 5,500 images, minutes on a CPU
train_loader = make_loader(train, BATCH, shuffle=True, seed=SEED)
val_loader = make_loader(val, BATCH)
phase2_history = trainer.fit(train_loader, val_loader, EPOCHS)

# %%
scores = pd.DataFrame(
    {
        phase: evaluation.evaluate(candidate, val_loader, criterion, metrics)
        for phase, candidate in (("phase 1", phase1), ("phase 2", model))
    }
).T
scores.rename_axis("validation").round(3)

# %% [markdown]
# ## Both phases, batch by batch

# %%
history = phase1_history + phase2_history
boundary = phase1_history.epochs[-1]["epoch"]
plots.loss_curves(
    history,
    "Loss in phase 1 and phase 2",
    boundary,
    path=runs / "Batch_Train_Val_Loss_Curve.jpg",
)

# %%
gained = 100 * (scores.loc["phase 2", "accuracy"] - scores.loc["phase 1", "accuracy"])
plots.accuracy_curves(
    history,
    f"Validation accuracy: {gained:+.0f} points in phase 2",
    boundary,
    path=runs / "Accuracy_Curve.jpg",
)

# %% [markdown]
# Training accuracy is measured on augmented images with dropout on, so it may lie *below* the
# validation accuracy without anything being wrong.

# %%
plots.learning_rate_curve(history, boundary, path=runs / "Learning_Rate_Curve.jpg")

# %% [markdown]
# ## The same with a rate ten times too high
#
# What if we had kept phase 1's rate? A head that starts at random can stand it. Features that
# took a data centre to learn can't. Same start, same images, same order, fewer epochs:

# %%
SHORT, schedule = max(2, round(EPOCHS / 4)), warmup_cosine()
reckless = copy.deepcopy(phase1).unfreeze()
groups = reckless.parameter_groups(10 * rate, head_factor=training.HEAD_FACTOR)
optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
callbacks = [LearningRateSchedule(lambda progress: schedule(progress * SHORT / EPOCHS)), Progress()]
hot = Trainer(reckless, criterion, optimizer, callbacks, metrics, seed=SEED)
hot_history = hot.fit(train_loader, val_loader, SHORT)

# %%
plots.epoch_curves(
    {f"rate {rate:.0e}": phase2_history, f"rate {10 * rate:.0e}": hot_history},
    "val_accuracy",
    "Phase 2 at the right rate and at ten times that",
    "validation accuracy",
    reference=("after phase 1", scores.loc["phase 1", "accuracy"]),
    path=runs / "Validation_Curve.jpg",
)

# %% [markdown]
# What was destroyed? A head is soon trained again, features are not. So we ask the features alone:
# how well does the best linear classifier on them (logistic regression) tell validation images
# apart?

# %%
candidates = {
    "ImageNet's, as phase 1 left them": phase1,
    f"fine-tuned at {rate:.0e}": model,
    f"fine-tuned at {10 * rate:.0e}": reckless,
}
plain = splits["train"].with_transform(val.transform)
rows, val_rows = (
    {name: models.compute_features(each, part).features[0] for name, each in candidates.items()}
    for part in (plain, val)
)
probe, _ = evaluation.compare_features(rows, plain.labels, val_rows, val.labels)
probe[["accuracy"]].rename_axis("linear classifier on features").round(3)

# %%
distances = pd.DataFrame(
    {
        f"rate {rate:.0e}": phase1.block_distances(model),
        f"rate {10 * rate:.0e}": phase1.block_distances(reckless),
    }
)
ratio = (distances.iloc[:, 1] / distances.iloc[:, 0]).median()
plots.block_bars(
    distances,
    f"The high rate moves the weights {ratio:.0f} times as far in fewer epochs",
    "relative change",
)

# %% [markdown]
# ## Does it overfit?
#
# Accuracy on training images (at most 240), seen without augmentation, against validation. A
# wide gap means learning by heart; then augment more, stop earlier, unfreeze less, or find more
# images.

# %%
some = np.random.default_rng(SEED).permutation(len(train))[:240]
seen = make_loader(splits["train"].with_transform(val.transform).subset(some), BATCH)
scores["train accuracy"] = [
    evaluation.evaluate(candidate, seen, metrics=metrics)["accuracy"]
    for candidate in (phase1, model)
]
scores["gap"] = scores["train accuracy"] - scores["accuracy"]
scores[["train accuracy", "accuracy", "gap"]].round(3)

# %% [markdown]
# ## The test, once
#
# Every choice above was made on training and validation images. Only now do we open the test set,
# for both phases, and we do not go back. A test set is a sample: the interval says where the
# accuracy on endless images of this kind plausibly lies.

# %%
results, intervals, logits = {}, {}, {}
for phase, candidate in (("phase 1", phase1), ("phase 2", model)):
    logits[phase], labels = models.predict(candidate, make_loader(test, BATCH))
    correct = int((logits[phase].argmax(dim=1) == labels).sum())
    results[phase] = correct / len(labels)
    low, high = intervals[phase] = evaluation.accuracy_interval(correct, len(labels))
    print(f"{phase}: {results[phase]:.1%} right (95 % interval {low:.1%} to {high:.1%})")

# %% [markdown]
# Both models saw the same images, so the sharper question is: on how many did they change sides?
# If both were equally good, an image would be as likely to be mended as broken.

# %%
first, second = (logits[phase].argmax(dim=1) for phase in results)
mended, broken, chance = evaluation.paired_test(first == labels, second == labels)
gain = 100 * (results["phase 2"] - results["phase 1"])
print(f"fine-tuning: {gain:+.1f} points; it mended {mended} images and broke {broken}")
print(f"a split as uneven as this by luck alone: probability {chance:.1g}")

# %%
changed = torch.nonzero((first != labels) & (second == labels)).flatten()
# six of them, from the last class to the first
changed = changed[torch.linspace(len(changed) - 1, 0, min(6, len(changed))).long()].tolist()
largest = float(np.bincount(labels).max() / len(labels))
plots.result_figure(
    {
        "always the\nlargest class": (largest, largest, largest),
        "phase 1\nadaptation": (results["phase 1"], *intervals["phase 1"]),
        "phase 2\nfine-tuning": (results["phase 2"], *intervals["phase 2"]),
    },
    [splits["test"][i][0] for i in changed],
    [f"{classes[labels[i]]}\n(phase 1: {classes[first[i]]})" for i in changed],
    f"Fine-tuning: {gain:+.1f} points",
    f"Phase 2 mended {mended} images, such as these, and broke {broken}",
    path=runs / "Result.jpg",
)

# %% [markdown]
# Which classes are mixed up? Rows hold the given class, columns the predicted one.

# %%
plots.confusion(labels, second, classes, f"Test after phase 2: {results['phase 2']:.0%} right")

# %% [markdown]
# **Precision**: of the images called a bird, how many are one? **Recall**: of the birds, how many
# were called one? **F1** is their harmonic mean, low if either is low.

# %%
evaluation.per_class_report(labels, second, classes).round(2)

# %% [markdown]
# The most confident mistakes teach most: is the image hopeless, the label wrong, or does the
# model look at the wrong thing?

# %%
probabilities = logits["phase 2"].softmax(dim=1).numpy()
wrong = np.flatnonzero(second != labels)
worst = wrong[np.argsort(-probabilities[wrong].max(axis=1))][:12]
if len(worst):
    figure = plots.prediction_grid(
        [splits["test"][i][0] for i in worst],
        [test.labels[i] for i in worst],
        probabilities[worst],
        classes,
        f"{len(wrong)} of {len(labels)} are wrong; these most confidently",
    )
    display(figure)

# %% [markdown]
# ## Save, load, predict
#
# `load_model` rebuilds the model from its folder alone. The proof is in the probabilities.

# %%
folder = models.save_model(
    runs / f"phase2_{name}",
    model,
    {
        "classes": classes,
        "size": SIZE,
        "train_digest": splits["train"].digest,
        "learning_rate": rate,
        "test_accuracy": results["phase 2"],
    },
)
phase2_history.to_csv(folder)
again, loaded = models.load_model(folder)

photo = test.paths[0]
before, after = (models.predict_photo(each, loaded, photo) for each in (model, again))
difference = (before["probability"] - after["probability"]).abs().max()
print(f"given: {classes[test.labels[0]]}; before and after saving differ by {difference:.0e}")
after.round(3)

# %%
seconds = {"phase 1": config["seconds"], "phase 2": phase2_history.epoch_frame()["seconds"].sum()}
for phase, accuracy in results.items():
    course.record_result(
        "drones",
        name,
        "two phases",
        phase,
        accuracy=accuracy,
        val_accuracy=scores.loc[phase, "accuracy"],
        train_accuracy=scores.loc[phase, "train accuracy"],
        seconds=seconds[phase],
        test_images=len(labels),
    )

# %% [markdown]
# ## What is it worth outside?
#
# One program drew the images that this model learnt from, and those of its test. Does the model
# know drones, or this program's drones? Photographs of birds and drones decide. Their labels do not
# distinguish kinds of drones, so whichever of the three is predicted counts as right; it is a bird
# where the model gives the bird at least half. Predict before you look: which will be recognised
# worse, birds or drones, and why?
#
# `make real` fetches the photos. Without them you see the course's own result; if you brought data
# of your own, this section has nothing to show.

# %%
worth, photos = pd.DataFrame(), domain_shift.photos_folder()
if course.data_form() == "rendered" and photos.is_dir():
    worth = domain_shift.real_photo_accuracy(model, classes, photos, SIZE)
    for kind, row in worth.iterrows():
        numbers = {"accuracy": row["accuracy"], "test_images": row["photos"]}
        course.record_result("drones", name, domain_shift.EXPERIMENT, method=kind, **numbers)
elif course.data_form() == "rendered":
    worth = domain_shift.published_accuracy(name)
worth.round(3)

# %%
if len(worth):
    figure = plots.measure_bars(
        worth[["accuracy"]].rename(index=lambda kind: kind.replace(" ", "\n", 1)),
        f"Trained on drawings, tested on photos: {worth.loc['all photos', 'accuracy']:.0%} right"
        f" ({worth.columns.name or 'this run'})",
        "accuracy",
        {"a coin": 0.5},
        path=runs / "Drawings_To_Photos.jpg",
    )
    display(figure)

# %% [markdown]
# Two things make birds the harder half. Most photographed birds stand, swim or are shown as a
# portrait, while nearly all drawn ones fly: what training never showed, it cannot teach. And a
# photo that looks like nothing the model knows has three drones to be mistaken for, and only one
# bird. That flatters the drones, so never read their figure alone.

# %% [markdown]
# ## Try it
#
# - `model.unfreeze(last_n_blocks=3)`: less to learn, and each epoch is faster. What does it cost
#   in accuracy?
# - `model.parameter_groups(rate, block_decay=0.7)`: the nearer to the input, the smaller the
#   steps.
# - `model.unfreeze(update_batch_norm=True)` with `BATCH = 4`: statistics of four images.
# - Raise `EPOCHS` and watch the gap between training and validation.
