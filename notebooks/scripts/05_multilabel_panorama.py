# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/transfer-learning-course/transfer-learning-course/blob/main/notebooks/05_multilabel_panorama.ipynb)
#
# # 5 · What if several labels are right at once?
#
# A photo of a coast at dusk shows a sea *and* a sunset, perhaps trees and mountains too. "Which of
# these is it?" is then the wrong question. We ask five questions at once, adapt and fine-tune as
# before, and then look at what accuracy hides: thresholds, probabilities that are too sure, and
# labels that are simply wrong.
#
# *Five minutes on a CPU, one on a Colab GPU.*

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
import time

import numpy as np
import pandas as pd
import torch

from data_scripts.tasks import data_folder, second_label_table
from helpers import data, evaluation, models, plots, training
from helpers.data import eval_transform, make_loader, train_transform
from helpers.training import EarlyStopping, Mixup, Progress

SEED = 0
SIDES, SIZE = (224, 320, 448), (320, 320)
folder, runs = data_folder("panoramas"), course.run_folder("panoramas")
splits = data.load_multilabel_splits(folder, seed=SEED)
classes = splits["train"].classes
print({name: len(part) for name, part in splits.items()}, classes)

# %% [markdown]
# ## One image, several answers
#
# Rows of the heat map: of all images with this label, how many have the other one too? Some labels
# like each other's company.

# %%
labels = splits["train"].labels
per_image = labels.sum(axis=1).astype(int)
plots.co_occurrence(
    labels,
    classes,
    f"{(per_image > 1).mean():.0%} of the images have several labels, "
    f"{(per_image == 0).mean():.0%} none",
)

# %% [markdown]
# ## Why softmax is wrong here
#
# **Softmax** shares out one whole among the labels: the surer it is of the sea, the less is left
# for the sunset. A **sigmoid** answers each label by itself. Take a model that is sure of two
# labels:

# %%
logits = torch.tensor([-4.0, -3.0, 5.0, 5.0, -2.0])
pd.DataFrame(
    {"softmax": logits.softmax(0).numpy(), "sigmoid": logits.sigmoid().numpy()},
    index=["desert", "mountains", "sea", "sunset", "trees"],
).round(2)

# %% [markdown]
# The criterion is a binary cross entropy per label. It takes the **logits** and applies the sigmoid
# itself. Doing that in two steps, a sigmoid in the model and `BCELoss` after it, rounds away what
# there is to learn from: a confident mistake, and its gradient is zero.

# %%
for value in (10.0, 50.0, 200.0):
    slopes = []
    for loss in (torch.nn.BCEWithLogitsLoss(), lambda x, y: torch.nn.BCELoss()(x.sigmoid(), y)):
        logit = torch.tensor([value], requires_grad=True)
        loss(logit, torch.zeros(1)).backward()
        slopes.append(logit.grad.item())
    print(f"a wrong logit of {value:3.0f}: gradient {slopes[0]:.0f}, in two steps {slopes[1]:.0f}")

# %% [markdown]
# ## Before training
#
# The sanity check again: a head that knows nothing should look like it. Wrong labels are red; "+"
# was said but not given, "−" given but not said.

# %%
backbone = models.load_backbone(course.backbone_name())
frozen = models.TransferModel(backbone, len(classes), task="multilabel", seed=SEED).freeze()
test = splits["test"].with_transform(eval_transform(SIZE))
picks = np.random.default_rng(SEED).permutation(len(splits["test"]))[:6]
photos = [splits["test"][i][0] for i in picks]

guesses, given = models.predict(frozen, make_loader(test.subset(picks)))
plots.label_gallery(
    photos,
    given,
    guesses.sigmoid(),
    classes,
    "Before training",
    path=runs / "Panorama_Before.jpg",
)

# %% [markdown]
# ## Phase 1: adaptation
#
# As in notebook 2: features of the frozen backbone, computed once, and a head trained on them. All
# images are squashed to one square. In notebook 4 that could make thin arms vanish; sea, sky and
# sand fill the image, and lose little. The square is larger here, 320 pixels: a landscape is wide,
# and a palm or a far ridge is small in it. Augmentation must leave the labels true and the images
# likely: a landscape has a horizon, so it is not turned, and its colours tell a sunset, so they
# stay. It may be mirrored, darkened, or seen in part. Early stopping has a patience of ten epochs.

# %%
started = time.perf_counter()
AUGMENT = {"augmentations": ("mirror", "brightness/contrast"), "zoom": 0.5}
features = training.frozen_features(frozen, splits, SIZE, views=(1, 2), **AUGMENT)
early = EarlyStopping("val_loss", patience=10)
callbacks = [early, Progress(every=10)]
history1 = training.train_head(frozen, features["train"], features["val"], callbacks, seed=SEED)
seconds = {"phase 1": time.perf_counter() - started}
results = {"phase 1": evaluation.multilabel_scores(*models.predict(frozen, make_loader(test)))}

# %% [markdown]
# ## At which size?
#
# Notebook 4 built an **image pyramid**: features at several sizes, side by side. In a small image a
# whole mountain range fits into what one cell of the map sees; in a large one a palm is more than a
# speck. Here the scenes are wide. Which size tells most, and do the sizes tell different things?

# %%
started = time.perf_counter()
sizes = {f"{side} pixels": (side, side) for side in SIDES}
pyramid = models.image_pyramid_features(frozen, splits, sizes)
targets = {split: torch.tensor(part.labels) for split, part in splits.items()}
tried, linear_val = evaluation.compare_features(
    pyramid["train"], targets["train"], pyramid["val"], targets["val"]
)
tried.rename_axis("validation").round(3)

# %% [markdown]
# All sizes side by side make our linear model. With `C` chosen, it may learn from the validation
# images too, before it meets the test.

# %%
wide = {split: features["side by side"] for split, features in pyramid.items()}
linear_val = linear_val["side by side"]
linear_test = evaluation.linear_logits(
    torch.cat([wide["train"], wide["val"]]),
    torch.cat([targets["train"], targets["val"]]),
    wide["test"],
    tried.loc["side by side", "C"],
)
seconds["image pyramid"] = time.perf_counter() - started
results["image pyramid"] = evaluation.multilabel_scores(linear_test, targets["test"])
gain = 100 * (results["image pyramid"]["map"] - results["phase 1"]["map"])
print(
    f"{wide['train'].shape[1]:,} features; {gain:+.1f} points of mAP on the test against the head"
)

# %% [markdown]
# ## Phase 2: fine-tuning
#
# Now the blocks next to the head learn too, at a tenth of the rate. The first third of the blocks
# sees edges and textures, which a landscape shares with all of ImageNet, and its maps are the
# largest, so training it takes long: it stays as it is. Early stopping is **reset**, since its best
# loss and its patience were those of phase 1. From here on it has a patience of five epochs, since
# each costs much more than one of phase 1.
#
# **Mixup** (Zhang et al., 2018) lays a faint second image over each, and blends the labels by the
# same shares. A network that learns from few images is soon too sure of them; this keeps it modest.

# %%
started = time.perf_counter()
early.reset(patience=5)
train = splits["train"].with_transform(train_transform(SIZE, **AUGMENT))
val = splits["val"].with_transform(eval_transform(SIZE))
EPOCHS = 3 if len(train) < 1000 else 8
model = copy.deepcopy(frozen).unfreeze(last_n_blocks=2 * frozen.num_blocks // 3)
callbacks = [early, Mixup(alpha=0.2), Progress()]
history2 = training.fine_tune(model, train, val, callbacks, EPOCHS, seed=SEED)
seconds["phase 2"] = time.perf_counter() - started
logits, truth = models.predict(model, make_loader(test))
results["phase 2"] = evaluation.multilabel_scores(logits, truth)

# %%
before, after = (results[phase]["map"] for phase in ("phase 1", "phase 2"))
plots.loss_curves(
    history1 + history2,
    f"Loss in both phases; on the test mAP {before:.3f}, then {after:.3f}",
    history1.epochs[-1]["epoch"],
    path=runs / "Panorama_Loss_Curve.jpg",
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

# %% [markdown]
# ## What fine-tuning forgets
#
# Fine-tuning bends the features towards five labels, and forgets what else they knew. The linear
# model on frozen features still knows it. If the two make different mistakes, the mean of their
# logits, an **ensemble**, makes fewer. How much each of them counts is chosen on validation images.

# %%
val_logits, _ = models.predict(model, make_loader(val))
losses = {}
for share in np.linspace(0, 1, 11).round(1).tolist():
    mixed = share * val_logits + (1 - share) * linear_val
    losses[share] = evaluation.multilabel_scores(mixed, targets["val"])["bce"]
share = min(losses, key=losses.get)
results["ensemble"] = evaluation.multilabel_scores(
    share * logits + (1 - share) * linear_test, truth
)
seconds["ensemble"] = sum(seconds.values())
plots.lines(
    pd.DataFrame({"ensemble": losses}),
    "share of the fine-tuned network in the mean",
    "binary cross entropy on validation",
    f"Lowest with {share:.0%} of the network and {1 - share:.0%} of the linear model",
)

# %% [markdown]
# The price is a second model to keep, and three more passes for each photo. From here on, and in
# what is saved, we go on with the fine-tuned network alone.

# %% [markdown]
# ## What accuracy hides
#
# Saying "no desert" to everything is right most of the time. Better questions: does a label rank
# its own images first (**average precision**; its mean over labels is **mAP**)? Of what is said,
# how much is right, and of what is there, how much is said (**F1**, over all cells: *micro*, or a
# mean over labels: *macro*)? How many images have no mistake at all (**exact match**)? How many
# cells are wrong (**Hamming loss**)? And how wrong are the probabilities (**BCE**)?

# %%
common = torch.tensor(splits["train"].labels).mean(dim=0).logit().expand_as(truth)
always = evaluation.multilabel_scores(common, truth)
pd.DataFrame({"how common it is": always, **results}).T.round(3)

# %%
plots.precision_recall(
    logits.sigmoid(), truth, classes, "Precision and recall of each label; dots: threshold 0.5"
)

# %% [markdown]
# ## Which labels are wrong?
#
# People make mistakes when they label, and a network learns them. To find them, each labelled image
# is judged by a model that has *not* seen it (cross-validation of a linear model on all sizes, on
# whole images: an augmented view may have lost the tree), and `cleanlab` ranks the labels that this
# model doubts most. `quality` is low where it is suspicious. Validation images are judged too:
# their labels stop the training and set the thresholds.

# %%
labelled = [splits["train"], splits["val"]]
known = torch.cat([wide["train"], wide["val"]])
given = np.concatenate([part.labels for part in labelled])
groups = [data.copy_groups(part) for part in labelled]
groups = np.concatenate([groups[0], max(groups[0]) + 1 + np.array(groups[1])])
judged = evaluation.cross_validated_probabilities(known.numpy(), given, groups, seed=SEED)
suspects = evaluation.rank_label_issues(given, judged, classes)
suspects.head(5).round(3)

# %% [markdown]
# Are the suspects guilty? In rendered data 4 % of the training labels were turned over on purpose,
# and the truth lies in a file that only this section opens. Of some of the real photos we have a
# second person's labels: where the two disagree, one of them is wrong.
#
# We compare with two cheaper ways: pick labels at random, or take those with the highest loss after
# training, by a head that has been trained on these very labels. As many are looked at as there are
# wrong ones.

# %%
checked = second_label_table(folder)
names = [path.relative_to(part.folder).as_posix() for part in labelled for path in part.paths]
other = (
    evaluation.second_labels(checked, names, classes) if checked else np.full(given.shape, np.nan)
)
own_judge = training.refit_head(frozen, features["train"], features["val"], SEED)
plain = torch.cat([pyramid[split][f"{SIZE[0]} pixels"] for split in ("train", "val")])
whole = models.FeatureDataset(plain[None], torch.tensor(given))
seen, _ = models.predict(own_judge.head, make_loader(whole, 64))
rankings = {
    "cleanlab": suspects,
    "plain loss": evaluation.rank_by_loss(given, seen.sigmoid(), classes),
}
rankings = {
    name: evaluation.with_second_labels(table, other, classes) for name, table in rankings.items()
}
wrong = {name: table["wrong"].to_numpy() for name, table in rankings.items()}
total, cells = int(wrong["cleanlab"].sum()), len(wrong["cleanlab"])
print(f"{total} of {cells:,} labels have another answer in the second table")

# %%
at_total = {name: evaluation.precision_recall_at(ranked, total) for name, ranked in wrong.items()}
at_total["chance"] = (total / max(cells, 1),) * 2
pd.DataFrame(at_total, index=["precision", "recall"]).T.round(2)

# %%
if total:
    figure = plots.label_error_curves(
        wrong,
        f"Among the first {total} suspects {at_total['cleanlab'][0]:.0%} are wrong",
        path=runs / "Wrong_Labels.jpg",
    )
    display(figure)

# %%
first = (suspects if rankings["cleanlab"].empty else rankings["cleanlab"])[:6]
paths = [path for part in labelled for path in part.paths]
plots.suspect_gallery(
    [data.read_image(paths[index]) for index in first["image"]],
    first,
    "The six labels that are doubted most",
    path=runs / "Suspects.jpg",
)

# %% [markdown]
# ## Put them right
#
# Somebody looks at twice as many suspects as there are mistakes, and corrects what is wrong. What
# does a head gain that is trained and stopped on these labels? Beside it: labels that are all
# right. The test labels are clean, as they should be.

# %%
looked = rankings["cleanlab"][: 2 * total]
repaired = given.copy()
repaired[looked["image"], looked["label"].map(classes.index)] = looked["second"]
versions = {
    "as given": given,
    "suspects put right": repaired,
    "all right": np.where(np.isnan(other), given, other).astype(np.float32),
}

test_loader, rows = make_loader(features["test"], 64), []
for name, labels in versions.items():
    parts = torch.tensor(labels).split([len(part) for part in labelled])
    clean = [
        models.FeatureDataset(features[split].features, part)
        for split, part in zip(("train", "val"), parts, strict=True)
    ]
    changed = int((labels != given).sum())
    for seed in range(3):
        head = training.refit_head(frozen, *clean, seed).head
        numbers = evaluation.multilabel_scores(*models.predict(head, test_loader))
        rows.append({"labels": name, "changed": changed, **numbers})
pd.DataFrame(rows).groupby("labels", sort=False).mean().round(3)

# %% [markdown]
# ## Is 0.5 the best threshold?
#
# Where a label is rare or hard, its probabilities may stay low, and 0.5 misses it. We tune one
# threshold for each label on **validation** images, with repaired labels. That set is small, and
# what fits it best need not fit others. So we tune on many resamples of it and let the images that
# a resample leaves out say what its thresholds gain. Then we look at the test images.

# %%
val_labels = {"given": val.labels, "repaired": repaired[len(train) :]}
thresholds, expected = evaluation.bagged_thresholds(
    val_logits.sigmoid().numpy(), val_labels["repaired"], seed=SEED
)
half, tuned = (
    evaluation.multilabel_scores(logits, truth, at)["macro_f1"] for at in (0.5, thresholds)
)
print(dict(zip(classes, thresholds.round(2).tolist(), strict=True)))
print(f"macro F1, expected: {100 * expected:+.1f} points; on test: {100 * (tuned - half):+.1f}")
if expected <= 0:
    thresholds = np.full(len(classes), 0.5)
print("the model is saved with", "these" if expected > 0 else "0.5 for each label")

# %% [markdown]
# ## May the probabilities be believed?
#
# Of all cells said with 80 %, do 80 % hold? A **temperature** (Guo et al., 2017) divides all logits
# by one number, found on validation images: above 1 it makes a boastful model modest, below 1 a shy
# one bolder. No label's ranking changes. Wrong validation labels spoil it: a model that is right
# where they are wrong looks boastful.

# %%
calibrated = {"as trained": logits.sigmoid()}
for name, labels in val_labels.items():
    temperature = evaluation.fit_temperature(val_logits, torch.tensor(labels))
    calibrated[f"temperature {temperature:.2f}, labels as {name}"] = (
        logits / temperature
    ).sigmoid()
errors = [evaluation.calibration_error(values, truth) for values in calibrated.values()]
plots.reliability_curves(
    {name: (values, truth) for name, values in calibrated.items()},
    f"Calibration error on test: {errors[0]:.3f}, then {errors[1]:.3f} and {errors[2]:.3f}",
)

# %% [markdown]
# ## Rare labels
#
# Should a rare label weigh more in the loss? `pos_weight` counts each of its ones as several. We
# try it where trying is cheap, on the frozen features, with three seeds, and judge on validation.

# %%
ones = features["train"].labels.mean(dim=0)
weighted = torch.nn.BCEWithLogitsLoss(pos_weight=((1 - ones) / ones).sqrt())
val_loader, rows = make_loader(features["val"], 64), []
for name, criterion in (("plain", None), ("weighted", weighted)):
    for seed in range(3):
        head = training.refit_head(frozen, features["train"], features["val"], seed, criterion).head
        numbers = evaluation.multilabel_scores(*models.predict(head, val_loader))
        rows.append({"loss": name, **numbers})
tried = pd.DataFrame(rows).groupby("loss", sort=False).mean()
tried.round(3)

# %%
change = tried.loc["weighted"] - tried.loc["plain"]
print(f"with weights: mAP {100 * change['map']:+.1f} points, ", end="")
print(f"macro F1 at 0.5 {100 * change['macro_f1']:+.1f} points, BCE {change['bce']:+.3f}")

# %% [markdown]
# Weights raise the probabilities of rare labels: 0.5 finds more of them, and BCE says if they are
# now too high. A threshold of its own for each label finds them as well, without bending the
# probabilities. We keep the plain loss unless mAP, which no threshold can mend, gains clearly.
#
# ## Save, load, predict
#
# The thresholds are part of the model, and so is how its images are to be prepared. Whoever has the
# folder needs nothing else.

# %%
saved = models.save_model(
    runs / f"phase2_{backbone.name}",
    model,
    {
        "classes": classes,
        "size": SIZE,
        "batch_size": 16,
        "learning_rate": training.FINE_TUNE_RATE,
        "thresholds": thresholds.tolist(),
    },
)
loaded, config = models.load_model(saved)
models.predict_photo(loaded, config, splits["test"].paths[picks[0]]).round(3)

# %%
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

# %% [markdown]
# ## Try it
#
# - `SIZE = data.ShapeRule(min_side=160, max_pixels=224 * 224)`: images of any size, as in
#   notebook 4. Which labels gain, which lose?
# - Leave out `Mixup`: what does the reliability diagram say?
# - `model.unfreeze()`: all blocks learn. Is it worth the time?
# - Look at the suspects among *your* labels: `COURSE_DATA=folder` with `train_label.csv` and
#   `test_label.csv` beside `train/` and `test/`.
# - Tune thresholds for what you need: recall of 95 %, say, whatever the precision.
