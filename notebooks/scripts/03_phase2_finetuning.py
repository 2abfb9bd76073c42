# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/transfer-learning-course/transfer-learning-course/blob/main/notebooks/03_phase2_finetuning.ipynb)
#
# # 3 · What does fine-tuning add?
#
# Phase 1 taught a new head to read ImageNet's features. **Phase 2, fine-tuning**, lets the
# features themselves move, carefully: at a tenth of the learning rate. How much is gained on
# images that no training has seen, and what happens to somebody who isn't careful?
#
# **After this notebook you can**
# - fine-tune a pretrained network, and check that its features still serve your classes;
# - tell overfitting, a rate that is too high, and a result that was chosen on the test set apart;
# - report a test result honestly: once, with an interval, and compared image by image.
#
# **Before you start:** [notebook 2](02_phase1_adaptation.ipynb). If you skipped it, phase 1 is
# trained here in half a minute.
#
# **Time:** 40 minutes to read, four minutes to run on a CPU, one on a Colab GPU.
#
# **Your numbers will differ** from those stored here, which come from `efficientnet_lite0`. With a
# network connection the course takes `mobilenet_v2`, which scores lower on the drawings ([results
# of both](../README.md#results)). To get these numbers, put `%env
# COURSE_BACKBONE=efficientnet_lite0` into a cell above the imports.

# %% cellView="form"
# @title On Colab, run this first: it fetches and installs the course. Elsewhere it does nothing.
if "google.colab" in str(ip := get_ipython()):
    url = "https://github.com/transfer-learning-course/transfer-learning-course"
    ip.run_cell_magic("sh", "", f"cd /content; [ -d course ] || git clone --depth 1 {url} course")
    __import__("runpy").run_path("/content/course/tools/colab.py", run_name="__main__")

# %% cellView="form" jupyter={"source_hidden": true} tags=["setup"]
# @title Set-up: imports, folders and settings
from helpers import course

course.setup()

import copy

import check
import numpy as np
import pandas as pd
import torch

from data_scripts import domain_shift
from data_scripts.tasks import data_folder
from helpers import data, evaluation, models, plots, training
from helpers.data import eval_transform, make_loader, train_transform

SEED, SIZE, BATCH = 0, (224, 224), 16
splits = data.load_splits(data_folder("drones"), seed=SEED)
classes = splits["train"].classes
runs = course.run_folder("drones")
name = models.resolve_backbone(course.backbone_name())
train = splits["train"].with_transform(train_transform(SIZE))
val, test = (splits[part].with_transform(eval_transform(SIZE)) for part in ("val", "test"))
train_loader = make_loader(train, BATCH, shuffle=True, seed=SEED)
val_loader = make_loader(val, BATCH)
criterion = torch.nn.CrossEntropyLoss(label_smoothing=training.LABEL_SMOOTHING)
metrics = evaluation.multiclass_metrics(len(classes))

# %% [markdown]
# ## Where phase 1 left off
#
# The model of notebook 2 and its history are read from their folder.

# %%
phase1, config, phase1_history = training.phase1_model(
    runs / f"phase1_{name}", name, splits["train"], splits["val"], SIZE, seed=SEED
)
early = training.EarlyStopping("val_loss", patience=10)
early.watch(phase1_history)
print(f"{name}: best validation loss {early.monitor.best:.3f}, after epoch {early.best_epoch}")

# %% [markdown]
# ## Unfreeze, at a tenth of the rate
#
# Two thirds of the backbone's blocks may learn now, those next to the head. (A block is what
# `model.features` lists: a single inverted residual in MobileNetV2, a stage of several in
# EfficientNet-Lite0.) The first third sees edges and textures, which our images share with
# ImageNet's; it holds few of the numbers, but has the largest maps, and would take much of the
# time. What learns already holds something worth keeping, so its steps have to be small: a tenth of
# phase 1's rate, or less. The head may go three times as fast, as it is the part that knows least.
# Batch norm keeps ImageNet's running statistics, since batches of 16 would give poor ones.
#
# **Early stopping is reset.** It still remembers the best loss of phase 1, reached by a different
# model. Phase 2 may get worse before it gets better, since the head was fitted to features that
# now move; without a reset, it would be judged against phase 1's best loss from the first epoch.
# The reset also sets phase 2's own patience, five epochs.
#
# **Predict:** how many times as many numbers learn now as in phase 1?

# %%
rate = config["learning_rate"] / 10
blocks = 2 * phase1.num_blocks // 3
model = copy.deepcopy(phase1)  # phase 1's own stays, to compare with at the end
model.unfreeze(last_n_blocks=blocks)
groups = model.parameter_groups(rate, head_factor=training.HEAD_FACTOR)
optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
early.reset(patience=5)
callbacks = [training.LearningRateSchedule(), early, training.Progress()]
trainer = training.Trainer(model, criterion, optimizer, callbacks, metrics, seed=SEED)
learning = sum(p.numel() for p in model.parameters() if p.requires_grad)
head_size = sum(p.numel() for p in model.head.parameters())
everything = sum(p.numel() for p in model.parameters())
print(f"{learning:,} of {everything:,} numbers learn, {learning / head_size:,.0f} times phase 1's")

# %% [markdown]
# **Predict:** by how many points will validation accuracy rise? Will the first epochs be better or
# worse than the end of phase 1?

# %%
EPOCHS = int(np.clip(round(4000 / len(train)), 4, 12))  # about 4,000 images: minutes on a CPU
phase2_history = trainer.fit(train_loader, val_loader, EPOCHS)
scores = pd.DataFrame(
    {
        phase: evaluation.evaluate(candidate, val_loader, criterion, metrics)
        for phase, candidate in (("phase 1", phase1), ("phase 2", model))
    }
).T

# %%
history, boundary = phase1_history + phase2_history, phase1_history.epochs[-1]["epoch"]
plots.loss_curves(
    history,
    f"Fine-tuning: validation loss {scores['loss'].iloc[0]:.2f} → {scores['loss'].iloc[1]:.2f}",
    boundary,
    path=runs / "Batch_Train_Val_Loss_Curve.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
first, last = phase2_history.epochs[0], phase2_history.epochs[-1]
second = phase2_history.epochs[:2][-1]  # or the first, if that was the only one
course.say(
    "To the right of the dashed line the features learn too. After its first epoch the "
    f"validation loss was {first['val_loss']:.2f}, "
    + ("already below" if first["val_loss"] < scores["loss"].iloc[0] else "**worse** than")
    + f" phase 1's {scores['loss'].iloc[0]:.2f}; the kept epoch, {early.best_epoch}, has "
    f"{scores['loss'].iloc[1]:.2f}.",
    f"In its first epoch validation accuracy went from {scores['accuracy'].iloc[0]:.0%} to "
    f"{first['val_accuracy']:.0%}"
    + (
        f"; an epoch later it was {second['val_accuracy']:.0%}, while the rate was still "
        f"{second['lr'] / rate:.0%} of its peak. So the falling rate "
        "isn't the reason; probably head and features had to adjust to each other. We haven't "
        "tested that."
        if first["val_accuracy"] < scores["accuracy"].iloc[0]
        and second["val_accuracy"] > scores["accuracy"].iloc[0]
        else "."
    ),
    "Each step of phase 2 is a pass forward through the whole network and back through most of "
    "it, each step of phase 1 was a single matrix product: "
    f"{sum(row['seconds'] for row in phase2_history.epochs):.0f} seconds here, "
    f"{sum(row['seconds'] for row in phase1_history.epochs):.1f} there, once its features were "
    "computed.",
)

# %%
gained = 100 * (scores.loc["phase 2", "accuracy"] - scores.loc["phase 1", "accuracy"])
plots.accuracy_curves(
    history,
    f"Fine-tuning: {gained:+.0f} points of validation accuracy",
    boundary,
    path=runs / "Accuracy_Curve.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
gap = 100 * (last["train_accuracy"] - last["val_accuracy"])
course.say(
    f"At the end training accuracy is {gap:.0f} points above validation, although training images "
    "are augmented and pass through dropout, which makes them harder, and each point of the curve "
    "is a mean over an epoch in which the network was still learning."
    if gap > 0.5
    else f"At the end training accuracy is {max(-gap, 0):.0f} points below validation: training "
    "images are augmented and pass through dropout, which makes them harder.",
    "What that gap means is measured further down.",
)

# %%
plots.learning_rate_curve(history, boundary, path=runs / "Learning_Rate_Curve.jpg")

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    "Both phases begin with a short rise (*warm-up*) and then fall along half a cosine"
    + (
        "; phase 1 was stopped on the way down."
        if phase1_history.epochs[-1]["lr"] > 0.05 * config["learning_rate"]
        else " to almost nothing."
    ),
    f"The backbone's highest rate in phase 2 is {rate:.0e}, a tenth of phase 1's "
    f"{config['learning_rate']:.0e}; the head's, not drawn, is {training.HEAD_FACTOR} times as "
    "high. The axis is logarithmic: each labelled mark down is a factor of ten.",
)

# %% [markdown]
# ## What if the rate is ten times too high?
#
# What if we had kept phase 1's rate, for backbone and head? That is ten times the backbone's and
# about three times the head's. A head that starts at random can stand it. Can features that took a
# million photos to learn? Same start, same images, same order, as many epochs.
#
# **Predict:** draw the curve of validation accuracy, from the first epoch to the last. Will it
# recover?

# %%
reckless = copy.deepcopy(phase1).unfreeze(last_n_blocks=blocks)
groups = reckless.parameter_groups(10 * rate)  # head and backbone
optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
hot = training.Trainer(
    reckless, criterion, optimizer, [training.LearningRateSchedule()], metrics, seed=SEED
)
hot_history = hot.fit(train_loader, val_loader, EPOCHS)
hot_scores = [row["val_accuracy"] for row in hot_history.epochs]
plots.epoch_curves(
    {f"rate {rate:.0e}": phase2_history, f"rate {10 * rate:.0e}": hot_history},
    "val_accuracy",
    f"Ten times the rate: down to {min(hot_scores):.0%}, and {hot_scores[-1]:.0%} at the end",
    "validation accuracy",
    reference=("after phase 1", scores.loc["phase 1", "accuracy"]),
    path=runs / "Validation_Curve.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
short = 100 * (scores.loc["phase 2", "accuracy"] - hot_scores[-1])
recovered = 100 * (hot_scores[-1] - min(hot_scores))
one_answer = np.bincount(val.labels).max() / len(val)
course.say(
    f"In its worst epoch the reckless run was at {min(hot_scores):.0%}; phase 1 had "
    f"{scores.loc['phase 1', 'accuracy']:.0%}.",
    "It never fell behind: on these images phase 1's rate does no harm."
    if min(hot_scores) >= scores.loc["phase 1", "accuracy"]
    else f"It never came back, although the rate falls to almost nothing: {hot_scores[-1]:.0%} is "
    "what the same answer for every image would give."
    if hot_scores[-1] < one_answer + 0.05
    else f"As the rate falls it learns anew, {recovered:.0f} points, "
    + (
        f"and still ends {short:.0f} points below the careful run."
        if short > 2
        else "and catches up with the careful run."
    ),
    "One run with one seed, and batch norm frozen: with its statistics learning too, activations "
    "would be scaled back at every step, and it might end less badly."
    if short > 2
    else "",
)

# %% [markdown]
# What was destroyed, if anything? A head is soon trained again; features are not. So we ask the
# features alone: how well does a linear classifier on them, a [logistic
# regression](glossary.md#logistic-regression), tell the validation images apart?
#
# **Predict:** will features after the reckless run be better or worse than ImageNet's own, for
# *our* classes?

# %%
candidates = {"ImageNet's": phase1, f"rate {rate:.0e}": model, f"rate {10 * rate:.0e}": reckless}
plain = splits["train"].with_transform(val.transform)
rows, val_rows = (
    {key: models.compute_features(each, part).features[0] for key, each in candidates.items()}
    for part in (plain, val)
)
probe, _ = evaluation.compare_features(rows, plain.labels, val_rows, val.labels)
plots.measure_bars(
    probe[["accuracy"]],
    "What a linear classifier reads from the features",
    "validation accuracy",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
imagenet, careful, rough = probe["accuracy"]
spreads = [features.std(dim=0).mean().item() for features in val_rows.values()]
course.say(
    f"The classifier gets {imagenet:.0%} right from ImageNet's features, from carefully "
    f"fine-tuned ones {careful:.0%}, from those of the reckless run {rough:.0%}.",
    "Careful fine-tuning has made the features better *for our classes*. (What they have "
    "forgotten about other things, this test can't see. And it flatters a little: these images "
    "also chose the epoch that was kept.)"
    if careful > imagenet
    else "Here careful fine-tuning has not improved the features for our classes.",
    f"After the reckless run it gets **{100 * (imagenet - rough):.0f} points less** than from "
    "ImageNet's features. "
    + (
        "They hardly differ from image to image any more (the standard deviation is "
        f"{spreads[2] / spreads[0]:.1%} of ImageNet's): the network has **collapsed**. Where "
        "features don't depend on the image there is nothing left to learn from, so a lower rate "
        "later on doesn't bring them back."
        if spreads[2] < 0.1 * spreads[0]
        else "They still vary over images, but not with what we ask: what was there has been "
        "overwritten."
    )
    if rough < imagenet - 0.02
    else "The reckless features are no worse for these classes; what they have forgotten about "
    "others, this test can't see.",
)

# %% [markdown]
# ## Does it overfit?
#
# A model [overfits](glossary.md#overfitting) when it knows its training images by heart instead of
# learning what they have in common. To see it, we compare accuracy on training images (at most
# 240, without augmentation, without [dropout](glossary.md#dropout)) with validation.
#
# **Predict:** which phase has the wider gap?

# %%
some = np.random.default_rng(SEED).permutation(len(train))[:240]
seen = make_loader(plain.subset(some), BATCH)
scores["train accuracy"] = [
    evaluation.evaluate(candidate, seen, metrics=metrics)["accuracy"]
    for candidate in (phase1, model)
]
scores["gap"] = scores["train accuracy"] - scores["accuracy"]
scores[["train accuracy", "accuracy", "gap"]].round(3)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
gap1, gap2 = 100 * scores["gap"]
better = scores.loc["phase 2", "accuracy"] > scores.loc["phase 1", "accuracy"]
course.say(
    "Neither phase has a gap worth naming."
    if max(gap1, gap2) < 0.5
    else f"**{'Phase 1' if gap1 > gap2 else 'Phase 2'}** has the wider gap: {gap1:.0f} points "
    f"after phase 1, {gap2:.0f} after phase 2, with {learning / head_size:,.0f} times as many "
    "numbers that learn.",
    "How can fewer numbers overfit more? A linear layer on 1,280 features can nearly separate "
    f"{len(train)} images by details that don't carry over. Fine-tuning makes the features "
    "themselves fit the classes, so validation gains more than training can."
    if gap1 > gap2 and better
    else "",
    f"A gap by itself doesn't say which model is better. Validation does: "
    f"{scores.loc['phase 1', 'accuracy']:.0%} and {scores.loc['phase 2', 'accuracy']:.0%}."
    + (
        f" What is left of it, {gap2:.0f} points, says that more data or stronger augmentation may "
        "help."
        if gap2 >= 0.5
        else ""
    ),
)

# %% [markdown]
# ## Classic mistake 4: the test set decides when to stop
#
# "I only looked at the test accuracy to pick the best epoch." How much can that matter? Let half
# of the validation images play the test. We train five heads for 30 epochs each, pick the best of
# these 150 on one half, and score it on the other. (200 random halves, so that it is no accident.)
#
# **Predict:** by how many points will the chosen epoch look better than it is?

# %%
trunk = copy.deepcopy(phase1).freeze()
features = training.frozen_features(
    trunk, {part: splits[part] for part in ("train", "val")}, SIZE, views=(1,)
)
constant, answers = training.LearningRateSchedule(lambda progress: 1.0), []
for seed in range(5):
    watch = training.Predictions(make_loader(features["val"], 64))
    head = trunk.with_new_head(seed)
    training.train_head(head, features["train"], None, [constant, watch], max_epochs=30, seed=seed)
    answers += watch.outputs
right = torch.stack(answers).argmax(dim=2) == features["val"].labels
chosen, honest = evaluation.selection_bias(right, seed=SEED)
bars = pd.Series(
    {"on the images\nthat chose it": chosen, "on other\nimages": honest}, name="accuracy"
)
plots.measure_bars(
    bars.to_frame(),
    f"The best of {len(right)} looks {100 * (chosen - honest):.1f} points too good",
    "accuracy",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    f"Nobody meant to cheat, and still, with {len(right)} candidates (epochs and seeds) and "
    f"{right.shape[1] // 2} images to choose by, the reported number is "
    f"**{100 * (chosen - honest):.1f} points too good**: the best of many is partly the luckiest "
    "of many. With fewer candidates or more images it is less.",
    "How to notice: ask how often the test set was looked at before the number was written down. "
    "The answer has to be: never.",
)

# %% [markdown]
# ## The test, once
#
# Every choice above was made on training and validation images. Only now do we open the test set,
# for both phases, and whatever comes out, we don't go back. A test set is a sample: the 95 %
# [confidence interval](glossary.md#confidence-interval) says where the accuracy on endless images
# of this kind plausibly lies.
#
# **Predict:** accuracy after phase 1 and after phase 2. And: will the two intervals overlap?

# %%
results, intervals, logits = {}, {}, {}
for phase, candidate in (("phase 1", phase1), ("phase 2", model)):
    logits[phase], labels = models.predict(candidate, make_loader(test, BATCH))
    hits = int((logits[phase].argmax(dim=1) == labels).sum())
    results[phase] = hits / len(labels)
    intervals[phase] = evaluation.accuracy_interval(hits, len(labels))
first, second = (logits[phase].argmax(dim=1) for phase in results)
mended, broken, chance = evaluation.paired_test(first == labels, second == labels)
gain = 100 * (results["phase 2"] - results["phase 1"])

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
    f"Fine-tuning: {gain:+.1f} points on {len(labels)} test images",
    f"Right after phase 2, wrong after phase 1: {mended} images, such as these",
    path=runs / "Result.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
(low1, high1), (low2, high2) = intervals.values()
course.say(
    f"Phase 1: {results['phase 1']:.1%} (95 % interval {low1:.1%} to {high1:.1%}). Phase 2: "
    f"{results['phase 2']:.1%} ({low2:.1%} to {high2:.1%}).",
    "The intervals "
    + ("overlap" if low2 <= high1 and low1 <= high2 else "don't overlap")
    + ", but both models saw the same images, so the sharper question is: on how many did they "
    f"differ? Fine-tuning corrected {mended} images and broke {broken}. If both were equally "
    f"good, a split at least as uneven would come up with a probability of {chance:.1g} "
    "([McNemar's test](glossary.md#mcnemars-test))"
    + (": luck alone would rarely do this." if chance < 0.05 else ": that may well be luck."),
)

# %% [markdown]
# ## Which classes are mixed up?
#
# Rows hold the given class, columns the predicted one. **Predict:** which pair will be confused
# most?

# %%
plots.confusion(labels, second, classes, f"Test after phase 2: {results['phase 2']:.0%} right")

# %%
report = evaluation.per_class_report(labels, second, classes)
report.round(2)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
table = np.zeros((len(classes), len(classes)), int)
np.add.at(table, (labels.numpy(), second.numpy()), 1)
pairs = np.triu(table + table.T, 1)
most = [
    " and ".join(f"**{classes[k]}**" for k in pair) for pair in np.argwhere(pairs == pairs.max())
]
worst = report["f1"].idxmin()
kinds = [classes.index(k) for k in ("large_quadcopter", "small_quadcopter") if k in classes]
course.say(
    f"Most often confused: {'; '.join(most)}, {pairs.max()} times"
    + (" each." if len(most) > 1 else ".")
    if pairs.any()
    else "",
    "Notebook 1 expected the two quadcopters to be mixed up: a large one was taken for small "
    f"{table[kinds[0], kinds[1]]} times, a small one for large {table[kinds[1], kinds[0]]} times. "
    "All of these are a handful of images, so don't make much of the order."
    if len(kinds) == 2
    else "",
    f"**{worst}** has the lowest F1: of the images predicted as {worst}, "
    f"{report.loc[worst, 'precision']:.0%} are right ([precision](glossary.md#precision)); of "
    f"all {worst} images, {report.loc[worst, 'recall']:.0%} were found "
    "([recall](glossary.md#recall)). F1 is their harmonic mean, low if either is low.",
)

# %% [markdown]
# ## The most confident mistakes
#
# They teach most. (They are test images, so we look and learn, and change nothing because of
# them.) Is the image hopeless, the label wrong, or does the model look at the wrong thing?

# %%
probabilities = logits["phase 2"].softmax(dim=1).numpy()
wrong = np.flatnonzero(second != labels)
worst = wrong[np.argsort(-probabilities[wrong].max(axis=1))][:8]
if len(worst):
    figure = plots.prediction_grid(
        [splits["test"][i][0] for i in worst],
        [test.labels[i] for i in worst],
        probabilities[worst],
        classes,
        f"{len(wrong)} of {len(labels)} are wrong; these most confidently",
    )
    display(figure)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    f"In {int((probabilities[wrong].max(axis=1) > 0.5).sum())} of the {len(wrong)} mistakes the "
    "model gave the wrong class more than half. Go through them and write down what they have in "
    "common; notebook 6 shows where the model was looking."
    if len(wrong)
    else "There is no mistake to look at."
)

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
        "batch_size": BATCH,
        "train_digest": splits["train"].digest,
        "learning_rate": rate,
        "test_accuracy": results["phase 2"],
    },
)
phase2_history.to_csv(folder)
again, loaded = models.load_model(folder)
before, after = (models.predict_photo(each, loaded, test.paths[0]) for each in (model, again))
after.round(3)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
difference = (before["probability"] - after["probability"]).abs().max()
course.say(
    f"The image's class is {classes[test.labels[0]]}. Before and after saving the probabilities "
    f"differ by {difference:.0e}."
)

# %% [markdown]
# ## What is it worth outside?
#
# The same program drew the training images and the test images. Does the model know drones, or
# this program's drones? Photos will tell. Their labels don't distinguish kinds of drones, so any
# of the three counts as right; an answer is *bird* if the bird's probability is at least half.
#
# `make real`, typed in a terminal in the course's folder, fetches the photos. Without them you see
# the course's own published result.
#
# **Predict:** which will be recognised worse, birds or drones? Why?

# %%
worth, photos = pd.DataFrame(), domain_shift.photos_folder()
if course.data_form() == "rendered" and photos.is_dir():
    worth = domain_shift.real_photo_accuracy(model, classes, photos, SIZE)
    for kind, row in worth.iterrows():
        numbers = {"accuracy": row["accuracy"], "test_images": row["photos"]}
        course.record_result("drones", name, domain_shift.EXPERIMENT, method=kind, **numbers)
elif course.data_form() == "rendered":
    worth = domain_shift.published_accuracy(name)
if len(worth):
    figure = plots.measure_bars(
        worth[["accuracy"]].rename(index=lambda kind: kind.replace(" ", "\n", 1)),
        f"Trained on drawings, tested on photos: {worth.loc['all photos', 'accuracy']:.0%} right "
        f"({worth.columns.name or 'this run'})",
        "accuracy",
        path=runs / "Drawings_To_Photos.jpg",
    )
    display(figure)
else:
    print(
        "Skipped: this model has learned from photos, so there is no step from drawings to photos."
    )

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
if len(worth):
    birds, drones = worth.loc["birds", "accuracy"], worth.loc["drones", "accuracy"]
    flight, others = (
        worth.loc["birds in flight", "accuracy"],
        worth.loc["birds not in flight", "accuracy"],
    )
    few = worth.loc["birds in flight", "photos"]
    course.say(
        f"Drones {drones:.1%}, birds {birds:.1%}: {'birds' if birds < drones else 'drones'} are "
        "the harder half.",
        "Read both bars together: a model that always says *drone* would get 100 % of the drones "
        "and none of the birds. And a photo that resembles nothing the model knows has three "
        "drones to be mistaken for and only one bird.",
        "Most drawn birds fly, most photographed ones stand or swim. Those in flight are "
        f"recognised in {flight:.0%} of cases, the others in {others:.0%}"
        + (
            f": what training hardly showed may be harder, but with {few} photos in flight the "
            "difference may also be luck."
            if flight > others
            else f" ({few} photos show one in flight)."
        ),
    )

# %% [markdown]
# ## In five lines
#
# 1. Phase 2 trains the backbone at a tenth of phase 1's rate or less, and resets early stopping.
# 2. Too high a rate can ruin features for good; a linear classifier on them shows it.
# 3. A gap between training and validation doesn't say which model is better; validation does.
# 4. Whatever chooses can't judge: the test is opened once, at the end.
# 5. A result is a number, an interval and a comparison on the same images.
#
# ## Check yourself
#
# <details>
# <summary>Why is early stopping reset between the phases?</summary>
#
# It compares with the best loss so far and counts epochs without improvement. Both belong to phase
# 1, with another model; and phase 2 needs a patience of its own.
# </details>
# <details>
# <summary>Your validation accuracy drops from 90 % to 50 % in the first epoch of phase 2 and
# doesn't come back. What do you change first?</summary>
#
# The learning rate: divide it by ten. Then check that the head was trained before anything was
# unfrozen.
# </details>
# <details>
# <summary>Model A has 91 % and model B 93 % on the same 200 test images. Is B better?</summary>
#
# Perhaps. Look at the images on which they differ: if B corrected 9 and broke 5, a split as uneven
# as that comes up in 42 of 100 cases even if both are equally good.
# </details>
#
# ## Exercises
#
# **3.1** A colleague trained a head at a rate of 2 · 10⁻³. Write the parameter groups for phase 2,
# the list of dicts that `torch.optim.AdamW` takes: all of `network.features` at a tenth of that
# rate, and `network.head` at three times the backbone's.


# %% tags=["exercise"]
def groups(network): ...


check.ex_03_1(groups)


# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
def groups(network):
    rate = 2e-3 / 10
    return [
        {"params": network.features.parameters(), "lr": rate},
        {"params": network.head.parameters(), "lr": 3 * rate},
    ]


check.ex_03_1(groups)

# %% [markdown]
# **3.2** Your model gets about 90 % right, and you want to know it to ± 2 points: the 95 % interval
# should be no more than 4 points wide. How many test images do you need, to the nearest hundred?
# (`evaluation.accuracy_interval(right, images)`)

# %% tags=["exercise"]
needed = ...
check.ex_03_2(needed)

# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
for needed in range(100, 2000, 100):
    low, high = evaluation.accuracy_interval(needed * 9 // 10, needed)
    if high - low <= 0.04:
        break
check.ex_03_2(needed)

# %% [markdown]
# **3.3** Write early stopping: a class that is made with a `patience`, whose `step(loss)` takes
# the validation loss of each epoch and returns `True` once that many epochs in a row brought no
# new best.


# %% tags=["exercise"]
class Patience:
    def __init__(self, patience): ...

    def step(self, loss): ...


check.ex_03_3(Patience)


# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
class Patience:
    def __init__(self, patience):
        self.patience, self.best, self.waited = patience, float("inf"), 0

    def step(self, loss):
        if loss < self.best:
            self.best, self.waited = loss, 0
        else:
            self.waited += 1
        return self.waited >= self.patience


check.ex_03_3(Patience)

# %% [markdown]
# **3.4** *(open)* `model.unfreeze()` trains all blocks, `model.unfreeze(last_n_blocks=3)` only the
# last three, in less time. What does each bring in validation accuracy, and in accuracy per second?
# And `model.parameter_groups(rate, block_decay=0.7)`: the nearer to the input, the smaller the
# steps?
#
# ## Read on
#
# - Howard & Ruder 2018, [Universal Language Model Fine-tuning](https://arxiv.org/abs/1801.06146):
#   different rates for different layers.
# - Kumar et al. 2022, [Fine-Tuning can Distort Pretrained
#   Features](https://arxiv.org/abs/2202.10054): why phase 1 comes first.
# - Recht et al. 2019, [Do ImageNet Classifiers Generalize to
#   ImageNet?](https://arxiv.org/abs/1902.10811): what happens when a famous test set is made
#   again.
# - Prechelt 1998, [Early Stopping – But When?](https://doi.org/10.1007/3-540-49430-8_3)
#
# Previous: [2 · How far does a frozen network get?](02_phase1_adaptation.ipynb) · Next: [4 · Must
# every image be squashed?](04_spp_variable_size.ipynb)

# %% cellView="form" jupyter={"source_hidden": true} tags=["record"]
# @title For the record: what was measured goes into metrics.json
seconds = {"phase 1": config["seconds"], "phase 2": phase2_history.epoch_frame()["seconds"].sum()}
for phase, value in results.items():
    course.record_result(
        "drones",
        name,
        "two phases",
        phase,
        accuracy=value,
        val_accuracy=scores.loc[phase, "accuracy"],
        train_accuracy=scores.loc[phase, "train accuracy"],
        seconds=seconds[phase],
        test_images=len(labels),
    )
