# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/transfer-learning-course/transfer-learning-course/blob/main/notebooks/04_spp_variable_size.ipynb)
#
# # 4 · Must every image be squashed to 224 × 224?
#
# So far every image was pressed into one square, whatever its shape. The network's convolutions
# never asked for that; only the classifier wants a fixed number of inputs. **Spatial pyramid
# pooling** ([He et al. 2014](https://arxiv.org/abs/1406.4729)) makes that number from a feature
# map of any size. What does squashing destroy, and does keeping the shape help?
#
# **After this notebook you can**
# - write spatial pyramid pooling yourself, and train on images of any size without padding;
# - compare several ways of doing something fairly, by cross-validation, without touching the test;
# - estimate the memory of a training step before it fails.
#
# **Before you start:** [notebook 2](02_phase1_adaptation.ipynb).
#
# **Time:** 40 minutes to read, three minutes to run on a CPU.
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

import time

import check
import numpy as np
import pandas as pd
import torch

from data_scripts.tasks import data_folder, object_shares
from helpers import data, evaluation, models, plots, training
from helpers.data import PIXEL_BUDGET, ShapeRule, eval_transform, make_loader, train_transform

SEED, SIZE = 0, (224, 224)
folder, runs = data_folder("drones"), course.run_folder("drones")
splits = data.load_splits(folder, seed=SEED)
classes, test = splits["train"].classes, splits["test"]
backbone = models.load_backbone(course.backbone_name())
probe = models.TransferModel(backbone, len(classes), seed=SEED).freeze()

# %% [markdown]
# ## What squashing does
#
# Pressed into a square, a wide image loses width and a tall one height: what was round becomes an
# egg. Cutting out a square keeps proportions and loses margins. The third way resizes each image
# to a shape *near its own*: both sides are multiples of 32, and it has about as many pixels.
#
# **Predict:** which of the three would you rather look at, if you had to name the object?

# %%
# At least 192 pixels on the shorter side where the limit of 240² in all allows it: about 224².
RULE = ShapeRule(min_side=192, max_pixels=240 * 240)
ways = {
    "squash": eval_transform(SIZE),
    "crop": eval_transform(SIZE, crop=True),
    "any size": eval_transform(RULE),
}
ratios = splits["val"].sizes[:, 1] / splits["val"].sizes[:, 0]
extremes = [ratios.argmax(), np.abs(ratios - 1).argmin(), ratios.argmin()]
photos = [splits["val"][i][0] for i in extremes]
plots.side_by_side(
    [{"the image": photo} | {way: t.view(photo) for way, t in ways.items()} for photo in photos],
    "Squash it, crop it, or keep its shape?",
    path=runs / "Resizing.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
sizes = splits["train"].sizes
shapes = RULE.shapes(sizes)
squash, near = (
    np.median(data.distortion(sizes, to) - 1) for to in (np.full_like(sizes, 224), shapes)
)
many, few = (len(np.unique(kinds, axis=0)) for kinds in (sizes, shapes))
course.say(
    f"Squashing changes the aspect ratio of half the training images by more than {squash:.0%}; "
    f"a shape near the image's own by {near:.0%}.",
    f"The {len(sizes)} training images come in {many} different sizes, and in only {few} of "
    f"these shapes, which have {shapes.prod(axis=1).mean() / 224**2:.0%} of 224² pixels on "
    "average.",
)

# %% [markdown]
# ## From any map to one length: a pyramid in six lines
#
# Lay a grid over the feature map: level 4 has 4 × 4 bins, level 2 has four, level 1 is the whole
# map. Keep the largest value of each channel in each bin. That is 16 + 4 + 1 = 21 numbers per
# channel. Where a level doesn't divide the map (4 bins on 5 rows), neighbouring bins share cells,
# so one peak may show in several.
#
# **Predict:** with 1,280 channels, how long is the vector? And for a map twice as wide?


# %%
def pyramid(maps, levels):
    parts = []
    for level in levels:
        bins = torch.nn.functional.adaptive_max_pool2d(maps, level)  # (N, C, level, level)
        parts.append(bins.flatten(1))
    return torch.cat(parts, dim=1)


rows = []
for photo in photos:
    batch = eval_transform(RULE)(photo)[None]  # (1, 3, H, W)
    with torch.no_grad():
        maps = probe.feature_maps(batch)
    ours, theirs = pyramid(maps, (4, 2, 1)), models.SpatialPyramidPooling((4, 2, 1))(maps)
    sides = [
        f"{width} × {height}"
        for height, width in (photo.shape[:2], *(x.shape[2:] for x in (batch, maps)))
    ]
    rows.append([*sides, ours.shape[1], torch.equal(ours, theirs)])
pd.DataFrame(
    rows, columns=["image", "resized to", "map", "numbers", "equal to SpatialPyramidPooling's"]
)

# %%
first = eval_transform(RULE)(photos[0])
with torch.no_grad():
    maps = probe.feature_maps(first[None])
# A channel with one clear peak: its strongest bin of 16 stands out most from the second.
first_two = pyramid(maps, [4]).view(maps.shape[1], 16).topk(2).values
channel = int((first_two[:, 0] - first_two[:, 1]).argmax())
levels = {
    level: pyramid(maps[:, [channel]], [level]).view(level, level).numpy() for level in (4, 2, 1)
}
plots.pyramid(
    eval_transform(RULE).view(photos[0]),
    levels,
    f"What the pyramid keeps of one channel (number {channel})",
    path=runs / "Pyramid.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
peaks = np.argwhere(levels[4] >= levels[4].max() - 1e-3) + 1
course.say(
    f"Level 1 says *whether* the channel's pattern is in the image ({levels[1][0, 0]:.1f}); "
    "level 4 also says *where*: it is strongest in "
    + " and ".join(f"row {row}, column {column}" for row, column in peaks)
    + (" (neighbouring bins share cells)." if len(peaks) > 1 else "."),
    "Three images of three shapes gave three maps and one length, so one linear layer fits all.",
)

# %% [markdown]
# ## A batch by hand
#
# A batch is one block of numbers, so its images have to have one shape. Padding all of them to the
# largest wastes time on nothing, and puts a border into the picture that the network has never
# seen. Instead, images of one shape share a batch, and a **pixel budget** says how many fit in.
#
# **Predict:** if batches of 16 random images were padded to the largest of each, what share of the
# pixels would be padding?

# %%
order = np.random.default_rng(SEED).permutation(len(shapes))  # or a batch might hold one class
buckets = {}
for index in order:
    buckets.setdefault(tuple(shapes[index]), []).append(index)
batches = []
for (height, width), members in buckets.items():
    most = PIXEL_BUDGET // (height * width)
    batches += [members[i : i + most] for i in range(0, len(members), most)]

sixteens = [shapes[order[i : i + 16]] for i in range(0, len(order), 16)]
padded = sum(len(batch) * batch.max(axis=0).prod() for batch in sixteens)
shown = (
    sorted((b for b in batches if len(b) >= 4), key=lambda b: shapes[b[0]][1] / shapes[b[0]][0])
    or batches
)
chosen = list({id(b): b for b in (shown[-1], shown[len(shown) // 2], shown[0])}.values())
plots.batch_rows(
    {
        f"{len(batch)} images of {shapes[batch[0]][1]} × {shapes[batch[0]][0]}"
        + f" ({min(7, len(batch))} shown)": [
            ways["any size"].view(splits["train"][i][0]) for i in batch
        ]
        for batch in chosen
    },
    f"Three of {len(batches)} batches; with padding, "
    f"{1 - shapes.prod(axis=1).sum() / padded:.0%} of the pixels would be empty",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
loader = make_loader(splits["train"].with_transform(train_transform(RULE)), shuffle=True, seed=SEED)
course.say(
    f"{len(batches)} batches by hand, {len(loader)} from `make_loader`, which cuts buckets into "
    "nearly equal parts and shuffles images and batches anew each epoch.",
    "Each image comes once an epoch, nothing is padded, and no batch is larger than the budget.",
)

# %% [markdown]
# ## A fair comparison
#
# Four ways to feed one frozen backbone, with about as many pixels per image on average:
#
# 1. **squash** to 224 × 224;
# 2. **crop**: resize, then cut out 224 × 224;
# 3. **any size, average**: any size, average pooling, which takes any map just as well;
# 4. **any size, pyramid**: any size, spatial pyramid.
#
# We won't compare them on the test set, since whatever chooses can't judge. Instead:
# [cross-validation](glossary.md#cross-validation). Training and validation images are dealt into
# five folds, and there are five turns. So every image is judged once, by a model that has not seen
# it.
#
# | | fold 1 | fold 2 | fold 3 | fold 4 | fold 5 |
# |---|---|---|---|---|---|
# | turn 1 | judges | stops the training | teaches | teaches | teaches |
# | turn 2 | teaches | judges | stops the training | teaches | teaches |
# | … | | | | | |
# | turn 5 | stops the training | teaches | teaches | teaches | judges |
#
# The pyramid's head has 21 times as many inputs, so each way picks its own learning rate from
# seven, in turn 1, by fold 2's loss: it begins in the middle and goes downhill. (Fold 2 judges in
# turn 2, so a fifth of each score is slightly too good, for all four ways alike.)
#
# The [p-value](glossary.md#p-value) below says how likely so uneven a split would be if both ways
# were equally good ([McNemar's test](glossary.md#mcnemars-test)).
#
# **Predict:** write down the order in which the four will finish.

# %%
WAYS = {
    "squash": ("avg", SIZE, False),
    "crop": ("avg", SIZE, True),
    "any size, average": ("avg", RULE, False),
    "any size, pyramid": ("spp", RULE, False),
}
pool, trials, seconds = splits["train"].joined(splits["val"]), {}, {}
for way, (pooling, size, crop) in WAYS.items():
    started = time.perf_counter()
    trials[way] = training.cross_validate(backbone, pool, pooling, size, crop, seed=SEED)
    seconds[way] = time.perf_counter() - started
folds = pd.DataFrame(
    [{"strategy": way, "score": score} for way, trial in trials.items() for score in trial.scores]
)
means = pd.Series({way: trial.right.mean() for way, trial in trials.items()})
plots.strategies(
    folds,
    f"Highest on {len(pool)} images: {means.idxmax()}, {means.max():.1%}",
    "cross-validated accuracy",
    "fold",
    path=runs / "Any_Size.jpg",
)

# %%
rows = {}
for one, other in (
    ("squash", "crop"),
    ("squash", "any size, average"),
    ("any size, average", "any size, pyramid"),
):
    corrected, broken, chance = evaluation.paired_test(trials[one].right, trials[other].right)
    points = 100 * (means[other] - means[one])
    rows[f"{one} → {other}"] = {
        "points": points,
        "corrected": corrected,
        "broken": broken,
        "p-value": chance,
    }
pd.DataFrame(rows).T.astype({"corrected": int, "broken": int}).round(3)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
shape, spatial = rows["squash → any size, average"], rows["any size, average → any size, pyramid"]


def verdict(row):
    return "more than chance" if row["p-value"] < 0.05 else "within chance"


cut = rows["squash → crop"]
course.say(
    f"From squashing to cropping the accuracy changes by {cut['points']:+.1f} points "
    f"({verdict(cut)}), to keeping the shape by {shape['points']:+.1f} ({verdict(shape)}), and "
    f"with the pyramid on top by {spatial['points']:+.1f} more ({verdict(spatial)}).",
    "The dots of one row differ because other images teach and other images judge: a single small "
    "test set could have given any of them. Within one fold, along a thin line, the ways are "
    "compared on the same images.",
    "The pyramid knows *where* something is and pays with 21 times as many weights, learned from "
    "the same few images; it also takes maxima where the others take means, so we can't say "
    "which of the two costs. **What any size needs is pooling, not this pyramid.**"
    if spatial["points"] < 0
    else "Here the pyramid scores at least as well, despite 21 times as many weights to learn.",
)

# %% [markdown]
# Only now do we look at the test, for the way with the highest score. (Notebook 3 opened the same
# test for another question. Nothing is chosen by it, here as there.) **Predict:** will it be above
# or below the cross-validated number?

# %%
best = means.idxmax()
pooling, size, crop = WAYS[best]
winner = training.adapt(backbone, splits, pooling, size, crop, trials[best].rate, seed=SEED)
logits, truth = models.predict(winner, make_loader(test.with_transform(eval_transform(size, crop))))
final = evaluation.accuracy(logits, truth)
low, high = evaluation.accuracy_interval(round(final * len(truth)), len(truth))
print(f"{best}: {final:.1%} of {len(truth)} test images (95 % interval {low:.1%} to {high:.1%})")

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    f"The test says {final:.1%}, **"
    + ("above" if final > means[best] else "below" if final < means[best] else "the same as")
    + f"** the cross-validated {means[best]:.1%}, which lies "
    + ("inside" if low <= means[best] <= high else "outside")
    + " the test's interval.",
    "Besides luck, two things separate the numbers: the final model learns from "
    f"{len(splits['train'])} images instead of about {len(pool) * 3 // 5} (three of five folds), "
    "which should raise its score; and the highest of four numbers is partly the luckiest, which "
    "flatters cross-validation.",
)

# %% [markdown]
# ## Which images benefit?
#
# Squashing should hurt where an image is far from square, and everything should be harder where
# the object is small. We split the images into quarters and compare the cross-validated answers.
#
# **Predict:** which of the two makes more of a difference, the shape of the image or the size of
# the object?

# %%
sides, shares = pool.sizes.astype(float), object_shares(folder, pool)
groups = {"longer side / shorter side": sides.max(axis=1) / sides.min(axis=1)}
if shares is None:
    print(
        "No boxes here, so nobody knows how large the objects are: quarters by image size instead."
    )
    groups["image's shorter side, pixels"] = sides.min(axis=1)
else:
    groups["object's share of the image, %"] = 100 * shares
plots.by_group(
    {way: trial.right[None] for way, trial in trials.items()},
    groups,
    "Accuracy in quarters of the images",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
(_, elongation), (quantity, second) = groups.items()
difference = trials["any size, average"].right.astype(int) - trials["squash"].right
small, large = second <= np.nanquantile(second, 0.25), second >= np.nanquantile(second, 0.75)
mean_right = np.mean([trial.right for trial in trials.values()], axis=0)
quarter = np.digitize(elongation, np.nanquantile(elongation, [0.25, 0.5, 0.75]))
gains = [100 * difference[quarter == number].mean() for number in range(4)]
lowest = min(trials, key=lambda way: trials[way].right[small].mean())
course.say(
    "From squarest to most elongated, keeping the shape changes the accuracy by "
    + ", ".join(f"{gain:+.1f}" for gain in gains)
    + " points. "
    + (
        "These images can't tell: both ways answer them alike."
        if not difference.any()
        else "The most elongated quarter gains most, as expected."
        if gains[3] == max(gains) and gains[3] > 0
        else "That is no trend: if squashing hurt, the last quarter should gain most."
    )
    + f" (The two ways differ on {np.abs(difference).sum()} of {len(difference)} images, so a few "
    "points in one quarter may be luck.)",
    f"In the second panel, averaged over all four ways, {mean_right[small].mean():.0%} are right "
    f"where the {quantity.split(',')[0]} is smallest, {mean_right[large].mean():.0%} where it is "
    f"largest. On the smallest, “{lowest}” does worst, with "
    f"{trials[lowest].right[small].mean():.0%}.",
)

# %% [markdown]
# ## One model, many sizes
#
# A model that takes any size may be tested at other sizes than it was trained at. Larger images
# show smaller things and cost more: twice the side is four times the pixels. We try on validation
# images.
#
# **Predict:** trained at about 224, where will it do best: at 160, 224, 320 or 448?

# %%
way = "any size, average"
any_size = (
    winner
    if best == way
    else training.adapt(backbone, splits, *WAYS[way], trials[way].rate, seed=SEED)
)
scores = {}
for side in (160, 224, 320, 448):
    rule = ShapeRule(min_side=max(128, side * 5 // 7), max_pixels=side * side)
    loader = make_loader(splits["val"].with_transform(eval_transform(rule)))
    scores[side] = evaluation.accuracy(*models.predict(any_size, loader))
scores = pd.Series(scores, name="any size, average")
top = scores.index[scores > scores.max() - 1.5 / len(splits["val"])].tolist()  # within an image
plots.lines(
    scores.to_frame(),
    "square root of the pixels per image",
    "validation accuracy",
    f"Trained at about {SIZE[0]}, tested at other sizes: best at {' and '.join(map(str, top))}",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    "All sizes are equally good here; harder images would tell more."
    if len(top) == len(scores)
    else f"Best at {' and '.join(map(str, top))}, with {scores.max():.1%}, worst at "
    f"{scores.idxmin()}, with {scores.min():.1%}; one image is {100 / len(splits['val']):.1f} "
    "points.",
    "A head trained at 224 gains nothing from another size, probably because head and backbone "
    "were both trained near it. Does *training* at another size help? The next section tries."
    if 224 in top
    else "Another size is better than the one it was trained at. Would training there bring "
    "more? The next section tries.",
)

# %% [markdown]
# ## A pyramid of images
#
# Why choose one size? The spatial pyramid lays bins of several sizes over one map. An older
# pyramid is one of **images**: the network sees each image at several sizes, small for the whole
# and large for what is small in it, and the features are put side by side. It takes no training
# loop to try: [logistic regression](glossary.md#logistic-regression) finds a linear classifier on
# given features at once, and how strongly it is regularised (`C`) is chosen on validation images.
#
# **Predict:** will training at a larger size help? And will three sizes together beat the best
# single one?

# %%
started = time.perf_counter()
rules = {
    f"about {side}²": ShapeRule(min_side=max(128, side * 5 // 7), max_pixels=side * side)
    for side in (160, 224, 320)
}
features = models.image_pyramid_features(probe, splits, rules)
given = {split: torch.tensor(part.labels) for split, part in splits.items()}
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1)
tried, answers = evaluation.compare_features(
    features["train"], given["train"], features["val"], given["val"], STRENGTHS
)
tried.rename_axis("on validation").round(3)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
single, near = tried.drop("side by side")["loss"].idxmin(), "about 224²"
on_test, hits = {}, {}
for key in ("side by side", single, near):
    linear = evaluation.linear_logits(
        features["train"][key], given["train"], features["test"][key], tried.loc[key, "C"]
    )
    on_test[key] = evaluation.accuracy(linear, given["test"])
    hits[key] = linear.argmax(dim=1) == given["test"]
pyramid_score, pyramid_seconds = on_test["side by side"], time.perf_counter() - started
right = {key: answers[key].argmax(dim=1) == given["val"] for key in (near, single, "side by side")}
larger, joined = (
    evaluation.paired_test(right[one], right[other])
    for one, other in ((near, single), (single, "side by side"))
)
mended, broken, chance = evaluation.paired_test(hits[near], hits[single])
course.say(
    f"Trained at {near} a linear model gets {tried.loc[near, 'accuracy']:.1%} of the validation "
    f"images, at {single}, the best single size, **{tried.loc[single, 'accuracy']:.1%}**: "
    f"{larger[0]} images corrected, {larger[1]} broken (p = {larger[2]:.2g}). All three side by "
    f"side get {tried.loc['side by side', 'accuracy']:.1%}: {joined[0]} corrected, {joined[1]} "
    f"broken (p = {joined[2]:.2g}).",
    "But these images also chose `C` and the size, so they flatter. On the test, where nothing is "
    f"chosen, {near} gets {on_test[near]:.1%}, {single} {on_test[single]:.1%} ({mended} images "
    f"corrected, {broken} broken, p = {chance:.2g}), all three {pyramid_score:.1%}. "
    + (
        "There is nothing to compare: they are the same size."
        if single == near
        else "So training at another size pays here."
        if on_test[single] > on_test[near] and chance < 0.05
        else "That another size pays is promising, and not shown."
        if on_test[single] > on_test[near]
        else "So another size doesn't pay."
    ),
    "Notebook 5 asks what several sizes are worth for wide scenes.",
    "A chosen C is at the edge of what we tried: a wider range might do better still."
    if {STRENGTHS[0], STRENGTHS[-1]} & set(tried["C"])
    else "",
)

# %% [markdown]
# ## What does an image cost?
#
# Fine-tuning has to keep every layer's output until the gradients have passed, and these
# *activations* fill the memory. One image of 6000 × 4000 pixels at its own size would ruin the
# run; and one of 24 × 24 would give a map of a single cell.
#
# **Predict:** how much memory would one step on the large one take?

# %%
rule = ShapeRule()  # up to 512 × 512 pixels, at least 128 on the shorter side
some = np.random.default_rng(SEED).permutation(len(splits["train"]))[:64]
mixed = splits["train"].with_transform(eval_transform(rule)).subset(some)
learner = models.TransferModel(backbone, len(classes), "spp").unfreeze().train()
costs = pd.DataFrame(
    {"pixels": images[:, 0].numel(), "megabytes": models.activation_bytes(learner, images) / 1e6}
    for images, _ in make_loader(mixed)
)
per_pixel = (costs["megabytes"] / costs["pixels"]).median()
full = per_pixel * PIXEL_BUDGET
plots.memory(costs, PIXEL_BUDGET, f"A full batch keeps {full:,.0f} MB of activations, and no more")

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
shapes_of_two = [rule(height, width) for width, height in ((6000, 4000), (24, 24))]
course.say(
    "Every batch lies on one line, whatever its shape: memory grows with *pixels*, so a pixel "
    "budget is a memory budget. At its own size the large image would take "
    f"{per_pixel * 6000 * 4000 / 1000:,.0f} GB; the rule makes it {shapes_of_two[0][1]} × "
    f"{shapes_of_two[0][0]}, and the tiny one {shapes_of_two[1][1]} × {shapes_of_two[1][0]}.",
    "A GPU of twice the memory takes twice the budget: `make_loader(train, pixel_budget=2 * "
    "PIXEL_BUDGET)`.",
)

# %% [markdown]
# ## The same on photos of landscapes
#
# Landscapes come in all shapes, and may carry several labels at once. Their measure is mean
# average precision, [mAP](glossary.md#map). This part runs on photos (`make real`); without them
# you see the course's own published result, where there is one.
#
# **Predict:** landscapes are wider than our images of drones. Will the same way win?

# %%
panoramas = {}
if course.data_form() == "real":
    wide = data.load_multilabel_splits(data_folder("panoramas"), seed=SEED)
    scenes = wide["train"].joined(wide["val"])
    for way, (pooling, size, crop) in WAYS.items():
        panoramas[way] = training.cross_validate(
            backbone, scenes, pooling, size, crop, rates=(3e-3, 3e-4, 3e-5)
        )
    means_of = pd.Series({way: trial.scores.mean() for way, trial in panoramas.items()})
    source = f"{len(scenes):,} landscapes"
else:
    known = course.published_results("panoramas", backbone.name, "any size", "real")
    means_of, source = known.get("map", pd.Series(dtype=float)), known.columns.name
if len(means_of):
    display(
        plots.measure_bars(
            means_of.rename(lambda way: way.replace(", ", ",\n")).to_frame("mAP"),
            f"Photos of landscapes: from {means_of.min():.2f} to {means_of.max():.2f} ({source})",
            "cross-validated mAP",
        )
    )
else:
    print("Skipped: this needs photos of landscapes (make real).")

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
if len(means_of):
    course.say(
        f"Best on landscapes: {means_of.idxmax()} with an mAP of {means_of.max():.3f}, worst "
        f"{means_of.idxmin()} with {means_of.min():.3f}; keeping the shape changes it by "
        f"{100 * (means_of['any size, average'] - means_of['squash']):+.1f} points, the pyramid on "
        f"top by {100 * (means_of['any size, pyramid'] - means_of['any size, average']):+.1f}.",
        f"On the drones “{means.idxmax()}” came first"
        + (", too" if means.idxmax() == means_of.idxmax() else "")
        + (" (within chance of squashing)" if shape["p-value"] >= 0.05 else "")
        + (
            f", and “{means.idxmin()}” last, as here."
            if means.idxmin() == means_of.idxmin()
            else f", and “{means.idxmin()}” last; here it is “{means_of.idxmin()}”."
        )
        + " For the landscapes we have no interval, so don't make much of half a point.",
    )

# %% [markdown]
# ## In five lines
#
# 1. Must every image be squashed? No: convolutions take any size, and pooling gives one length.
# 2. Whether squashing hurts has to be measured; mind what is within chance.
# 3. Spatial pyramid pooling keeps where things are, for 21 times as many weights.
# 4. Batches of one shape under a pixel budget: nothing padded, nothing out of memory.
# 5. The size of the object can matter more than the shape of the image; try a larger input.
#
# ## Check yourself
#
# <details>
# <summary>Two input sizes differ by one point on a test set of 280 images. Which do you
# take?</summary>
#
# Neither because of that: one point is three images. Compare them by cross-validation on all
# training images, and if it is still within luck, take the cheaper one.
# </details>
# <details>
# <summary>Why not simply pad all images of a batch to the largest?</summary>
#
# It costs time and memory for pixels that say nothing, and network and pooling see a border that
# was never in their training, unless you train with it.
# </details>
# <details>
# <summary>Average pooling also takes maps of any size. What does the pyramid add?</summary>
#
# Position: it has a separate number for each part of the image.
# </details>
#
# ## Exercises
#
# **4.1** How many features come out of a pyramid with levels 6, 3, 2 and 1 on 512 channels?

# %% tags=["exercise"]
count = ...
check.ex_04_1(count)

# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
count = 512 * (6**2 + 3**2 + 2**2 + 1**2)
check.ex_04_1(count)

# %% [markdown]
# **4.2** How many images of 320 × 448 pixels fit into a budget of 16 × 224 × 224?

# %% tags=["exercise"]
images_in_batch = ...
check.ex_04_2(images_in_batch)

# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
images_in_batch = 16 * 224 * 224 // (320 * 448)
check.ex_04_2(images_in_batch)

# %% [markdown]
# **4.3** Write a pyramid of *means*, with levels as you like: maps `(N, C, H, W)` in, `(N, C · Σ
# level²)` out, level after level. It has to work on maps that a level doesn't divide.


# %% tags=["exercise"]
def mean_pyramid(maps, levels): ...


check.ex_04_3(mean_pyramid)


# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
def mean_pyramid(maps, levels):
    pool = torch.nn.functional.adaptive_avg_pool2d
    return torch.cat([pool(maps, level).flatten(1) for level in levels], dim=1)


check.ex_04_3(mean_pyramid)

# %% [markdown]
# **4.4** *(open)* Cross-validate a smaller pyramid, of 5 bins a channel:
# `training.cross_validate(backbone, pool, "spp", RULE, levels=(2, 1), seed=SEED)`. And try `RULE =
# ShapeRule(min_side=224, max_pixels=320 * 320)`: twice the pixels, twice the time. What do small
# objects gain?
#
# ## Read on
#
# - He et al. 2014, [Spatial Pyramid Pooling in Deep Convolutional
#   Networks](https://arxiv.org/abs/1406.4729).
# - Touvron et al. 2019, [Fixing the train-test resolution
#   discrepancy](https://arxiv.org/abs/1906.06423): why size at training and at test time interact.
# - Adelson et al. 1984, [Pyramid methods in image
#   processing](https://persci.mit.edu/pub_pdfs/RCA84.pdf).
#
# Previous: [3 · What does fine-tuning add?](03_phase2_finetuning.ipynb) · Next: [5 · What if
# several labels are right at once?](05_multilabel_panorama.ipynb)

# %% cellView="form" jupyter={"source_hidden": true} tags=["record"]
# @title For the record: what was measured goes into metrics.json
for way, trial in trials.items():
    course.record_result(
        "drones",
        backbone.name,
        "any size",
        method=way,
        accuracy=trial.right.mean(),
        seconds=seconds[way],
        test_images=len(pool),
    )
for method, value, cost in (
    ("the best of these, on the test", final, seconds[best]),
    ("image pyramid, linear, on the test", pyramid_score, pyramid_seconds),
):
    course.record_result(
        "drones",
        backbone.name,
        "any size",
        method=method,
        accuracy=value,
        seconds=cost,
        test_images=len(truth),
    )
for way, trial in panoramas.items():
    course.record_result(
        "panoramas", backbone.name, "any size", method=way, map=trial.scores.mean()
    )
