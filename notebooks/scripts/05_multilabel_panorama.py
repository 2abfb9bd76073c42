# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/transfer-learning-course/transfer-learning-course/blob/main/notebooks/05_multilabel_panorama.ipynb)
#
# # 5 · What if several labels are right at once?
#
# A photo of a coast at dusk shows a sea *and* a sunset, perhaps trees and mountains too. "Which of
# these is it?" is then the wrong question. We ask five questions at once, adapt and fine-tune as
# before, and look at what accuracy hides.
#
# **After this notebook you can**
# - train a multilabel classifier in two phases, with the right criterion and the right measures;
# - combine image sizes and models, and say what each is worth;
# - look at your mistakes and tell wrong answers from wrong labels.
#
# **Before you start:** notebooks [2](02_phase1_adaptation.ipynb) to
# [4](04_spp_variable_size.ipynb).
#
# **Time:** 40 minutes to read, four minutes to run on a CPU, one on a Colab GPU.
#
# **Your numbers will differ** from those stored here, as [in notebook
# 2](02_phase1_adaptation.ipynb): they come from `efficientnet_lite0`.

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
import time

import check
import numpy as np
import pandas as pd
import torch

from data_scripts.tasks import data_folder, second_label_table
from helpers import data, evaluation, models, plots, training
from helpers.data import eval_transform, make_loader, train_transform

SEED = 0
SIDES, SIZE = (224, 320, 448), (320, 320)
folder, runs = data_folder("panoramas"), course.run_folder("panoramas")
splits = data.load_multilabel_splits(folder, seed=SEED)
classes = splits["train"].classes
val, test = (splits[part].with_transform(eval_transform(SIZE)) for part in ("val", "test"))
backbone = models.load_backbone(course.backbone_name())

# %% [markdown]
# ## One image, several labels
#
# The figure counts how many images have both labels. Common labels meet often, just because they
# are common; so the colour compares the count with what chance would give: the product of both
# labels' shares.
#
# **Predict:** which two labels will go together more often than by chance? Which less?

# %%
labels = splits["train"].labels
per_image = labels.sum(axis=1).astype(int)
plots.co_occurrence(
    labels,
    classes,
    f"{(per_image > 1).mean():.0%} of the images have several labels, "
    f"{(per_image == 0).mean():.0%} none",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
counts = labels.T @ labels
expected = np.outer(np.diag(counts), np.diag(counts)) / len(labels)
once = np.triu(np.ones_like(counts), 1) > 0  # each pair once
pairs = sorted(
    map(tuple, np.argwhere(once & (expected > 0))), key=lambda pair: counts[pair] / expected[pair]
)


def describe(pair):
    names = " + ".join(classes[i] for i in pair)
    return f"*{names}* ({counts[pair]:.0f} images, by chance {expected[pair]:.0f})"


rarest = int(np.diag(counts).argmin())
largest = max(pairs, key=counts.__getitem__, default=None)
course.say(
    f"Compared with chance, most often together: {describe(pairs[-1])}; least often: "
    f"{describe(pairs[0])}."
    if pairs
    else "",
    f"The largest count is {describe(largest)}"
    + (
        ": many only because both labels are common."
        if counts[largest] < expected[largest]
        else "."
    )
    if pairs
    else "",
    f"The rarest label is **{classes[rarest]}**, on {np.diag(counts)[rarest] / len(labels):.0%} "
    "of the images: always answering no to it would be right "
    f"{1 - np.diag(counts)[rarest] / len(labels):.0%} of the time. Keep that in mind when you "
    "read an accuracy.",
)

# %% [markdown]
# ## Softmax or sigmoid?
#
# **Softmax** shares out one whole among the labels: the surer it is of the sea, the less is left
# for the sunset. A **sigmoid** answers each label by itself.
#
# **Predict:** a model has logits of 5 for *sea* and for *sunset*, and negative ones for the rest.
# What will softmax say of the sea?

# %%
logits = torch.tensor([-4.0, -3.0, 5.0, 5.0, -2.0])
pd.DataFrame(
    {"softmax": logits.softmax(0).numpy(), "sigmoid": logits.sigmoid().numpy()},
    index=["desert", "mountains", "sea", "sunset", "trees"],
).round(2)

# %% [markdown]
# **What we saw.** The model is sure of two labels. Softmax can't say so: it gives each of them
# half. The sigmoids say 0.99 twice. So the criterion is a [binary cross
# entropy](glossary.md#binary-cross-entropy) for each label, and it takes **logits**:
# `BCEWithLogitsLoss` applies the sigmoid itself. The two-step form, a sigmoid in the model and
# `BCELoss` after it, loses the gradient where the sigmoid has rounded to 0 or 1.
#
# **Predict:** a logit of 50 is confidently wrong. How large is the gradient, in one step and in
# two?

# %%
slopes = {}
for value in (10.0, 50.0, 200.0):
    for name, loss in (
        ("BCEWithLogitsLoss", torch.nn.BCEWithLogitsLoss()),
        ("sigmoid, then BCELoss", lambda x, y: torch.nn.BCELoss()(x.sigmoid(), y)),
    ):
        logit = torch.tensor([value], requires_grad=True)
        loss(logit, torch.zeros(1)).backward()
        slopes[name, f"{value:.0f}"] = logit.grad.item()
pd.Series(slopes).unstack().rename_axis(columns="gradient at a wrong logit of").loc[
    :, ["10", "50", "200"]
].round(2)

# %% [markdown]
# **What we saw.** Each of these logits is confidently wrong, so the gradient should push hard: 1.
# In two steps it vanishes where it is needed most, because the sigmoid has rounded to exactly 1.
#
# ## Before training
#
# The sanity check again: an untrained head should only guess. Wrong answers are red, and marked:
# "+" was predicted but isn't labelled, "−" is labelled but wasn't predicted. The
# [threshold](glossary.md#threshold) is 0.5.
#
# **Predict:** how many of the five labels will a random head get right, on average? And a model
# that always says no?

# %%
frozen = models.TransferModel(backbone, len(classes), task="multilabel", seed=SEED).freeze()
picks = np.random.default_rng(SEED).permutation(len(test))[:6]
photos = [splits["test"][i][0] for i in picks]
guesses, given = models.predict(frozen, make_loader(test.subset(picks)))
plots.label_gallery(
    photos, given, guesses.sigmoid(), classes, "Before training", path=runs / "Panorama_Before.jpg"
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
right = ((guesses.sigmoid() >= 0.5) == (given > 0.5)).float().sum(dim=1).mean()
always_no = (given < 0.5).float().sum(dim=1).mean()
course.say(
    f"On these {len(picks)} images {right:.1f} of {len(classes)} labels are right on average. A "
    f"coin would get {len(classes) / 2:g}, and saying no to everything {always_no:.1f}"
    + (
        ": most answers are *no*, so a head that happens to say no often looks better than a coin."
        if always_no > len(classes) / 2 + 0.5
        else "."
    ),
    "All probabilities lie near ½, as they should.",
)

# %% [markdown]
# ## Phase 1: adaptation
#
# The four parts again, for several labels:
#
# | part | here |
# |---|---|
# | **Model** | frozen backbone, a new head with one logit per label |
# | **Criterion** | `BCEWithLogitsLoss`, the mean over all labels |
# | **Optimizer** | AdamW at 3 · 10⁻³, rising and falling |
# | **Callbacks** | early stopping with a patience of ten epochs, progress |
#
# Notebook 3 kept the test closed; here we show test scores after each step, only so that you can
# follow: every choice is made on validation images.
#
# The square is 320 pixels, since landscapes are wide and a palm or a far ridge is small in them.
# Augmentation has to keep the labels true: a landscape has a horizon, so it isn't turned, and its
# colours tell a sunset, so they stay. It may be mirrored, made brighter or darker, or seen in
# part.
#
# **Predict:** what mAP will phase 1 reach on the test? ([mAP](glossary.md#map) is 1 where every
# label ranks all of its own images first. It and other measures, [F1](glossary.md#f1), [exact
# match](glossary.md#exact-match) and BCE, get a section of their own further down.)

# %%
started = time.perf_counter()
features = training.frozen_features(frozen, splits, SIZE, views=(1, 2), **training.LANDSCAPES)
early = training.EarlyStopping("val_loss", patience=10)
callbacks = [early, training.Progress(every=10)]
history1 = training.train_head(frozen, features["train"], features["val"], callbacks, seed=SEED)
seconds = {"phase 1": time.perf_counter() - started}
logits1, truth = models.predict(frozen.head, make_loader(features["test"], 64))
outputs = {"phase 1": logits1}
results = {"phase 1": evaluation.multilabel_scores(logits1, truth)}

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    f"mAP {results['phase 1']['map']:.3f} after {len(history1.epochs)} epochs and "
    f"{seconds['phase 1']:.0f} seconds; {results['phase 1']['exact_match']:.0%} of the images "
    "have all labels right.",
)

# %% [markdown]
# ## Classic mistake 5: sigmoid twice
#
# Somebody leaves a sigmoid at the end of the model *and* uses `BCEWithLogitsLoss`. Nothing
# crashes, and the loss falls. **Predict:** what is the largest probability that such a model can
# give? And the smallest?


# %%
class SigmoidTwice(torch.nn.BCEWithLogitsLoss):
    def forward(self, logits, targets):
        return super().forward(logits.sigmoid(), targets)


twice = training.refit_head(frozen, features["train"], features["val"], SEED, SigmoidTwice())
outputs_twice, _ = models.predict(twice.head, make_loader(features["test"], 64))
price = {
    "sigmoid once": results["phase 1"],
    "trained with two, read with one": evaluation.multilabel_scores(outputs_twice, truth),
    "trained and read with two": evaluation.multilabel_scores(outputs_twice.sigmoid(), truth),
}
pd.DataFrame(price).T[["map", "micro_f1", "exact_match", "bce"]].round(3)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
once, single, double = price.values()
spread, held = outputs_twice.sigmoid().sigmoid(), truth.mean().item()
no, yes = np.log(2), np.log(1 + np.exp(-1))  # the least that an answer can cost
course.say(
    "Whoever reads its output as the loss does, through a second sigmoid, gets probabilities from "
    f"{spread.min():.2f} to {spread.max():.2f}: everything is squeezed between ½ and 0.73, so at a "
    "threshold of 0.5 *every* label is predicted. Price: "
    f"**{100 * (once['micro_f1'] - double['micro_f1']):.0f} points of F1**.",
    "Read through one sigmoid, F1 loses "
    f"{100 * (once['micro_f1'] - single['micro_f1']):.0f} points: that is what training with two "
    "has cost. And mAP, which asks only for the order, loses "
    f"{100 * (once['map'] - double['map']):.0f}. One reason: as no probability below ½ can be "
    "given, this loss pushes all that is unlikely down alike, and all that is likely up, and "
    "hardly teaches an order among them.",
    f"How to notice in training: the loss can't get low. Every *no* costs at least {no:.2f} and "
    f"every *yes* {yes:.2f}, so here no model gets below {held * yes + (1 - held) * no:.2f}. This "
    f"one has {double['bce']:.2f}.",
    "How to notice in reading: no probability is below ½.",
)

# %% [markdown]
# ## At which size?
#
# Notebook 4 built a pyramid of images: features at several sizes, side by side, for a linear model
# (`C` says how freely it may use large weights: [logistic
# regression](glossary.md#logistic-regression)). In a small image a whole mountain range fits into
# what one cell of the map sees; in a large one a palm is more than a speck.
#
# **Predict:** which single size will be best, and how much will all three together add?

# %%
started = time.perf_counter()
sizes = {f"{side} pixels": (side, side) for side in SIDES}
pyramid = models.image_pyramid_features(frozen, splits, sizes)
targets = {split: torch.tensor(part.labels) for split, part in splits.items()}
tried, linear_val = evaluation.compare_features(
    pyramid["train"], targets["train"], pyramid["val"], targets["val"]
)
linear_val = linear_val["side by side"]
linear = {}
for key in (f"{SIZE[0]} pixels", "side by side"):
    linear[key] = evaluation.linear_logits(
        torch.cat([pyramid["train"][key], pyramid["val"][key]]),  # with C chosen from these too
        torch.cat([targets["train"], targets["val"]]),
        pyramid["test"][key],
        tried.loc[key, "C"],
    )
seconds["image pyramid"] = time.perf_counter() - started
outputs["image pyramid"] = linear["side by side"]
results["image pyramid"] = evaluation.multilabel_scores(outputs["image pyramid"], truth)
tried.rename_axis("on validation").round(3)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
singles = tried.drop("side by side")
bests = [singles["map"].idxmax(), singles["loss"].idxmin(), singles["micro_f1"].idxmax()]
worst = [singles["map"].idxmin(), singles["loss"].idxmax(), singles["micro_f1"].idxmin()]
beaten = (tried["map"].idxmax(), tried["loss"].idxmin(), tried["micro_f1"].idxmax())
at_one = evaluation.mean_average_precision(linear[f"{SIZE[0]} pixels"], truth)
course.say(
    f"By mAP the best single size is {bests[0]}, by loss {bests[1]}, by F1 {bests[2]}"
    + (
        ": one size is ahead on all three."
        if len(set(bests)) == 1
        else ". Where the measures disagree, and by so little, these can't be told apart."
    )
    + (f" {worst[0]} is the worst on all three." if len(set(worst)) == 1 else ""),
    f"All three side by side reach an mAP of {tried.loc['side by side', 'map']:.3f}, and are best "
    f"on {beaten.count('side by side')} of three measures. (Validation labels hold mistakes, so "
    "these numbers are lower than on the test; we come back to that.)",
    f"On the test, mAP is {at_one:.3f} at {SIZE[0]} pixels alone and "
    f"{results['image pyramid']['map']:.3f} with three sizes: that is what sizes add. Phase 1's "
    f"head had {results['phase 1']['map']:.3f} at {SIZE[0]} pixels; the linear model also learns "
    "from validation images, and is fitted to the end, without augmentation.",
)

# %% [markdown]
# ## Phase 2: fine-tuning
#
# Now two thirds of the blocks learn too, as in notebook 3, at a tenth of the rate. **Early stopping
# is reset**, with a patience of five: its best loss belongs to phase 1. (The number of epochs is a
# budget for a CPU; with few images it is so small that patience never runs out.)
#
# **Mixup** ([Zhang et al. 2018](https://arxiv.org/abs/1710.09412)) lays a second image over each
# and blends the labels by the same shares. A network that learns from few images soon becomes too
# confident; mixup counteracts that.
#
# **Predict:** the *training* loss will jump where phase 2 begins. Up or down? Why?

# %%
started = time.perf_counter()
early.reset(patience=5)
train = splits["train"].with_transform(train_transform(SIZE, **training.LANDSCAPES))
EPOCHS = 3 if len(train) < 1000 else 8
model = copy.deepcopy(frozen).unfreeze(last_n_blocks=2 * frozen.num_blocks // 3)
callbacks = [early, training.Mixup(alpha=0.2), training.Progress()]
history2 = training.fine_tune(model, train, val, callbacks, EPOCHS, seed=SEED)
seconds["phase 2"] = time.perf_counter() - started
logits, truth = models.predict(model, make_loader(test))
outputs["phase 2"], results["phase 2"] = logits, evaluation.multilabel_scores(logits, truth)

# %%
first, second = (results[phase]["map"] for phase in ("phase 1", "phase 2"))
plots.loss_curves(
    history1 + history2,
    f"Two phases; mAP on the test {first:.3f}, then {second:.3f}",
    history1.epochs[-1]["epoch"],
    path=runs / "Panorama_Loss_Curve.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
blend = np.random.default_rng(SEED).beta(0.2, 0.2, 100_000).clip(1e-6, 1 - 1e-6)
entropy = -(blend * np.log(blend) + (1 - blend) * np.log(1 - blend)).mean()
floor = (2 * labels.mean(axis=0) * (1 - labels.mean(axis=0))).mean() * entropy
losses = [history.epochs[place]["train_loss"] for history, place in ((history1, -1), (history2, 0))]
course.say(
    f"The training loss went from {losses[0]:.2f} to {losses[1]:.2f} where phase 2 begins. Mixup "
    "is one cause: binary cross entropy with a blended label is never 0. A target of 0.7 costs "
    f"0.61 even if the model says exactly 0.7, and a perfect model would have {floor:.2f} here.",
    "The rest may be that blends and new views are harder to predict, and that the layers move; we "
    "haven't separated the two.",
    "So never compare training losses with and without mixup; the validation loss, without any "
    f"blending, tells: {min(r['val_loss'] for r in history1.epochs):.3f} in phase 1, "
    f"{min(r['val_loss'] for r in history2.epochs):.3f} in phase 2.",
)

# %%
plots.label_gallery(
    photos,
    truth[picks],
    logits[picks].sigmoid(),
    classes,
    "The same images after both phases",
    path=runs / "Panorama_Predictions.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
wrong = int(((logits[picks].sigmoid() >= 0.5) != (truth[picks] > 0.5)).sum())
course.say(
    f"Wrong answers on these images: {wrong} of {len(picks) * len(classes)}. Look at each: is the "
    "answer wrong, or would you have hesitated too?"
)

# %% [markdown]
# ## Two models together
#
# Fine-tuning bends the features towards five labels; the linear model reads ImageNet's own, at
# three sizes. If the two make different mistakes, the mean of their logits, an **ensemble**, may be
# better than either. How much each of them counts is chosen on validation images, and whether it
# is worth having.
#
# **Predict:** what share of the network will be best: 0 (the linear model alone), 1, or between?

# %%
val_logits, _ = models.predict(model, make_loader(val))
losses = {}
for share in np.linspace(0, 1, 11).round(1).tolist():
    mixed = share * val_logits + (1 - share) * linear_val
    losses[share] = evaluation.multilabel_scores(mixed, targets["val"])["bce"]
share = min(losses, key=losses.get)
outputs["ensemble"] = share * logits + (1 - share) * outputs["image pyramid"]
results["ensemble"] = evaluation.multilabel_scores(outputs["ensemble"], truth)
seconds["ensemble"] = sum(seconds.values())
plots.lines(
    pd.DataFrame({"ensemble": losses}),
    "share of the fine-tuned network in the mean",
    "binary cross entropy on validation",
    f"Lowest with {share:.0%} of the network and {1 - share:.0%} of the linear model",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
low, high = evaluation.paired_bootstrap(
    evaluation.mean_average_precision, logits, outputs["ensemble"], truth
)
course.say(
    f"On validation the loss goes from {losses[1.0]:.3f}, the network by itself, to "
    f"{losses[share]:.3f}. The price is a second model to keep and three more passes for each "
    "image. We decide by validation alone: "
    + (
        "that is worth it where every bit counts; from here on we use the network by itself."
        if losses[share] < losses[1.0]
        else "the network by itself it is."
    ),
    f"mAP on the test: linear model {results['image pyramid']['map']:.3f}, fine-tuned network "
    f"{results['phase 2']['map']:.3f}, both together **{results['ensemble']['map']:.3f}**. On "
    "endless images of this kind the gain over the network plausibly lies between "
    f"{100 * low:+.2f} and {100 * high:+.2f} points (a [paired bootstrap](glossary.md#bootstrap))"
    + (
        f": {'only just ' * (low < 0.001)}more than chance."
        if low > 0
        else ": it may be chance."
        if high >= 0
        else ": a loss."
    ),
    "Micro F1 changes by "
    f"{100 * (results['ensemble']['micro_f1'] - results['phase 2']['micro_f1']):+.1f} points, "
    "exact match by "
    f"{100 * (results['ensemble']['exact_match'] - results['phase 2']['exact_match']):+.1f}"
    + (
        ": better ranked, but not fewer wrong answers."
        if results["ensemble"]["hamming_loss"] >= results["phase 2"]["hamming_loss"]
        else "."
    ),
)

# %% [markdown]
# ## What accuracy hides
#
# Saying "no desert" to everything is right most of the time. Better questions:
#
# - Does a label rank its own images first? [Average precision](glossary.md#average-precision); its
#   mean over labels is **mAP**.
# - How much of what is predicted is true ([precision](glossary.md#precision)), and how much of what
#   is true is predicted ([recall](glossary.md#recall))? **F1** is their harmonic mean, over all
#   answers together (*micro*) or as a mean over labels (*macro*).
# - How many images have no mistake at all ([exact match](glossary.md#exact-match)), how many
#   answers are wrong ([Hamming loss](glossary.md#hamming-loss)), and how wrong are the
#   probabilities (**BCE**)?
#
# **Predict:** what will a model score that gives every image the same probabilities, those of how
# common each label is?

# %%
common = torch.tensor(splits["train"].labels).mean(dim=0).logit().expand_as(truth)
always = evaluation.multilabel_scores(common, truth)
pd.DataFrame({"how common it is": always, **results}).T.round(3)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
val_scores = evaluation.multilabel_scores(val_logits, targets["val"])
checked, corrected = second_label_table(folder), ""
if checked:
    names = [path.relative_to(val.folder).as_posix() for path in val.paths]
    other = torch.tensor(evaluation.second_labels(checked, names, classes))
    known = ~other.isnan().any(dim=1)
    true_map = evaluation.multilabel_scores(val_logits[known], other[known])["map"]
    given_map = evaluation.multilabel_scores(val_logits[known], targets["val"][known])["map"]
    missing, explained = results["phase 2"]["map"] - given_map, true_map - given_map
    source = (
        "The program that drew the images has written 4 % of training and validation labels wrong "
        "on purpose, and kept the true ones in a second table."
        if course.data_form() == "rendered"
        else "For some images there is a second table of labels, by another person."
    )
    corrected = (
        f"{source} Judged by it, mAP on {int(known.sum())} validation images is **{true_map:.3f}** "
        f"instead of {given_map:.3f}"
        + (
            f": {'nearly all' if explained > 0.8 * missing else 'part'} of the difference was "
            "wrong labels, not the model."
            if missing > 0.03 and explained > 0.2 * missing
            else "."
        )
    )
best_of = {
    name: pd.DataFrame(results).T[name].agg(how)
    for name, how in (("map", "idxmax"), ("macro_f1", "idxmax"), ("bce", "idxmin"))
}
course.say(
    f"The constant answer is wrong in only {always['hamming_loss']:.0%} of all answers, and worth "
    f"nothing: its mAP of {always['map']:.2f} is just how common the labels are.",
    f"Best by mAP: {best_of['map']}; by macro F1: {best_of['macro_f1']}; by BCE: {best_of['bce']}"
    + (
        "."
        if len(set(best_of.values())) == 1
        else ". They rate different things: the ranking, the answers at 0.5, the probabilities."
    ),
    f"On validation the network's mAP is {val_scores['map']:.3f}, on the test "
    f"{results['phase 2']['map']:.3f}"
    + (
        ". Why so much less, when it has learned from neither?"
        if val_scores["map"] < results["phase 2"]["map"] - 0.03
        else "."
    ),
    corrected,
)

# %%
plots.precision_recall(
    logits.sigmoid(), truth, classes, "Precision and recall of each label; dots: threshold 0.5"
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
each = evaluation.average_precisions(logits, truth, classes)
order = sorted(each, key=each.get)
said = evaluation.per_class_report(truth, logits > 0, classes)
said = said[said["images"] > 0]
course.say(
    f"By average precision **{order[0]}** is the hardest label ({each[order[0]]:.3f}), then "
    f"{order[1]} ({each[order[1]]:.3f})"
    + (
        f": on {len(truth)} images that is no difference."
        if each[order[1]] - each[order[0]] < 0.01
        else "."
    ),
    "At threshold 0.5: "
    + "; ".join(
        f"*{name}* is found in {said.loc[name, 'recall']:.0%} of its images, and where it is said "
        f"that is right in {said.loc[name, 'precision']:.0%}"
        for name in order[:2]
    )
    + ".",
    "Each dot is a choice: a lower threshold moves it to the right (more is found) and usually "
    "down (more of it is wrong). 0.5 is a habit, not a law; notebook 7 asks whether tuning pays.",
)

# %% [markdown]
# ## Mislabelled data?
#
# Some predictions look wrong and are right. The validation labels are ranked here by how
# confidently the fine-tuned network contradicts them; it has not been trained on these images.
# Six of the first sixty are shown, the most doubted first.
#
# **Predict:** judge each of the six before you read on: is the label wrong, or the model?

# %%
answers = val_logits.sigmoid().numpy()
doubts = evaluation.rank_by_loss(val.labels, answers, classes)
shown = doubts.iloc[np.linspace(0, min(60, len(doubts)) - 1, 6).astype(int)]
plots.suspect_gallery(
    [splits["val"][i][0] for i in shown["image"]],
    shown,
    "Labels that the network doubts",
    path=runs / "Mislabelled.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
lines = [
    "Nobody has labelled these images a second time, so the verdict is yours: go through them one "
    "by one."
]
if checked:
    judged = evaluation.with_second_labels(doubts, other.numpy(), classes)
    judged = judged.set_index(["image", "label"])["wrong"]
    words = {True: "wrong", False: "right", None: "not checked"}
    lines = [
        "In reading order the second table says: "
        + ", ".join(
            f"*{row.label}* {words[judged.get((row.image, row.label))]}"
            for row in shown.itertuples()
        )
        + ". Where a label is wrong the model was right.",
        f"Of the first {len(judged[:60])} that were checked {judged[:60].sum()} are wrong, of all "
        f"{len(judged)} {judged.sum()}: the ranking finds them, and is no proof.",
    ]
course.say(
    *lines,
    "In the scores alone, whatever lies on the other side of 0.5 counts as the model's mistake. "
    "Notebook 7 makes a method of it.",
)

# %% [markdown]
# ## Save it, with its config
#
# The config that is kept beside the weights names everything a user of the model needs: the
# **output size** (one name per output, `classes`), the **batch size** it was trained with, the
# **crop size** (`size`, what images are resized to), the learning rate, and a threshold for each
# label.

# %%
saved = models.save_model(
    runs / f"phase2_{backbone.name}",
    model,
    {
        "classes": classes,
        "size": SIZE,
        "batch_size": 16,
        "learning_rate": training.FINE_TUNE_RATE,
        "thresholds": [0.5] * len(classes),
        "train_digest": splits["train"].digest,
    },
)
history2.to_csv(saved)
loaded, config = models.load_model(saved)
models.predict_photo(loaded, config, splits["test"].paths[picks[0]]).round(3)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    "One row per label: its probability, the threshold it is held against, and the answer. The "
    "model was loaded from its folder alone; the photo has "
    f"{', '.join(n for n, has in zip(classes, truth[picks[0]], strict=True) if has) or 'no label'}."
)

# %% [markdown]
# ## In five lines
#
# 1. Several labels: a sigmoid each, `BCEWithLogitsLoss` on logits, never a softmax, never a second
#    sigmoid.
# 2. Two phases as before; early stopping is reset between them.
# 3. Several image sizes side by side need no training; one classifier for all compares them fairly.
# 4. mAP, F1, exact match and BCE say different things; accuracy means little without that of *no*.
# 5. Before you blame the model, look at the label.
#
# ## Check yourself
#
# <details>
# <summary>All probabilities of your multilabel model lie between 0.5 and 0.73. What is
# wrong?</summary>
#
# A sigmoid is applied twice: once in the model, once by whoever reads its output. Does the loss
# apply one, too?
# </details>
# <details>
# <summary>mAP is 0.95 and exact match 0.70. Is that a contradiction?</summary>
#
# No. mAP asks whether each label ranks its images well. Exact match asks for all five labels of an
# image at once, at one threshold.
# </details>
# <details>
# <summary>The training loss rises when mixup is switched on. Should you switch it off?</summary>
#
# Not because of that: with a blended label the loss has a floor above 0, even for the exact answer.
# Compare validation losses.
# </details>
#
# ## Exercises
#
# **5.1** A model predicts *sea* for 40 images; 30 of them are right. In all, 50 images have the
# label. What is F1?

# %% tags=["exercise"]
f1 = ...
check.ex_05_1(f1)

# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
precision, recall = 30 / 40, 30 / 50
f1 = 2 * precision * recall / (precision + recall)
check.ex_05_1(f1)

# %% [markdown]
# **5.2** Four images, three labels. What are exact match and Hamming loss, as a pair?
#
# | | labelled | predicted |
# |---|---|---|
# | image 1 | sea, sunset | sea, sunset |
# | image 2 | trees | trees, sea |
# | image 3 | none | none |
# | image 4 | sea, trees | trees |

# %% tags=["exercise"]
pair = ...
check.ex_05_2(pair)

# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
pair = (2 / 4, 2 / 12)  # images 1 and 3 are perfect; two answers of twelve are wrong
check.ex_05_2(pair)

# %% [markdown]
# **5.3** You look for deserts from a drone and may miss one in twenty at most: write a function
# that finds the **highest** threshold with which at least a share `recall` of the images with the
# label is found (probability ≥ threshold). `probabilities` and `labels` are arrays `(N,)` of one
# label.


# %% tags=["exercise"]
def threshold_for_recall(probabilities, labels, recall=0.95): ...


check.ex_05_3(threshold_for_recall)


# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
def threshold_for_recall(probabilities, labels, recall=0.95):
    of_label = np.sort(probabilities[labels > 0.5])[::-1]  # the highest first
    needed = int(np.ceil(recall * len(of_label)))
    return of_label[needed - 1]


check.ex_05_3(threshold_for_recall)

# %% [markdown]
# **5.4** *(open)* Leave out `Mixup` and train again: what happens to the training loss, to mAP,
# and to the surest wrong answers? Or let images keep their shape: `SIZE =
# data.ShapeRule(min_side=224, max_pixels=320 * 320)`.
#
# ## Read on
#
# - Ridnik et al. 2021, [Asymmetric Loss for Multi-Label
#   Classification](https://arxiv.org/abs/2009.14119).
# - Zhang et al. 2018, [mixup: Beyond Empirical Risk
#   Minimization](https://arxiv.org/abs/1710.09412).
# - Wortsman et al. 2022, [Robust fine-tuning of zero-shot
#   models](https://arxiv.org/abs/2109.01903): fine-tuned and frozen, averaged.
# - Lu et al. 2020, [Understanding and Predicting the Memorability of Outdoor Natural
#   Scenes](https://arxiv.org/abs/1810.06679): where the real landscapes come from.
#
# Previous: [4 · Must every image be squashed?](04_spp_variable_size.ipynb) · Next: [6 · Why did it
# say that?](06_gradcam_analysis.ipynb)

# %% cellView="form" jupyter={"source_hidden": true} tags=["record"]
# @title For the record: what was measured goes into metrics.json
for phase, scores in outputs.items():
    for label, value in evaluation.average_precisions(scores, truth, classes).items():
        results[phase][f"average precision, {label}"] = value
for phase, numbers in results.items():
    course.record_result(
        "panoramas",
        backbone.name,
        "two phases",
        phase,
        **numbers,
        seconds=seconds[phase],
        test_images=len(truth),
    )
