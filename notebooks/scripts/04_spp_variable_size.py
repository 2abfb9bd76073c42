# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/transfer-learning-course/transfer-learning-course/blob/main/notebooks/04_spp_variable_size.ipynb)
#
# # 4 · Must every image be squashed to 224 × 224?
#
# So far every photo was pressed into one square, whatever its shape. The network's convolutions
# never asked for that; only the classifier wants a fixed number of inputs. **Spatial pyramid
# pooling** (He et al., 2014) makes that number from a feature map of any size. What does squashing
# destroy, and does keeping the shape help?
#
# *Three minutes on a CPU, one on a Colab GPU.*

# %% cellView="form"
# @title On Colab, run this first: it fetches and installs the course. Elsewhere it does nothing.
if "google.colab" in str(ip := get_ipython()):
    url = "https://github.com/transfer-learning-course/transfer-learning-course"
    ip.run_cell_magic("sh", "", f"cd /content; [ -d course ] || git clone --depth 1 {url} course")
    __import__("runpy").run_path("/content/course/tools/colab.py", run_name="__main__")

# %%
from helpers import course

course.setup()

import time

import numpy as np
import pandas as pd
import torch

from data_scripts.tasks import data_folder, object_boxes
from helpers import data, evaluation, models, plots, training
from helpers.data import PIXEL_BUDGET, ShapeRule, eval_transform, make_loader, train_transform
from helpers.models import SpatialPyramidPooling, TransferModel

SEED, SIZE = 0, (224, 224)
folder, runs = data_folder("drones"), course.run_folder("drones")
splits = data.load_splits(folder, seed=SEED)
classes = splits["train"].classes

# %% [markdown]
# ## What squashing does
#
# Pressed into a square, a wide photo loses width and a tall one height: what was round becomes an
# egg. Cutting out a square keeps the proportions and loses the margins, perhaps with the object in
# them. The third way resizes each image to a shape *near its own*.

# %%
RULE = ShapeRule(min_side=160, max_pixels=SIZE[0] * SIZE[1])
views = {
    "squashed": eval_transform(SIZE),
    "resized and cropped": eval_transform(SIZE, crop=True),
    "near its shape": eval_transform(RULE),
}
sizes = splits["test"].sizes
ratios = sizes[:, 1] / sizes[:, 0]
extremes = [*np.argsort(-ratios, kind="stable")[:2], np.argmin(ratios)]
photos = [splits["test"][i][0] for i in extremes]
plots.side_by_side(
    [
        {"the image": photo} | {name: transform.view(photo) for name, transform in views.items()}
        for photo in photos
    ],
    "Squash it, crop it, or keep its shape?",
    path=runs / "Resizing.jpg",
)

# %% [markdown]
# ## From any map to one length
#
# The pyramid lies over the feature map. Level 4 cuts the map into 4 × 4 bins and keeps the largest
# value in each; level 2 has four bins, level 1 is the whole map. That makes 16 + 4 + 1 = 21 numbers
# per channel, wherever the borders of the bins lie.

# %%
backbone = models.load_backbone(course.backbone_name())
probe = TransferModel(backbone, len(classes)).freeze()
image = eval_transform(RULE)(photos[0])
with torch.no_grad():
    maps = probe.feature_maps(image[None])
print(f"image {tuple(image.shape)} -> feature maps {tuple(maps.shape[1:])}")
for level in (4, 2, 1):
    vector = SpatialPyramidPooling([level])(maps)
    print(
        f"level {level}: {level * level:2} bins × {maps.shape[1]:,} channels = {vector.shape[1]:,}"
    )
pool = SpatialPyramidPooling(levels=(4, 2, 1))
print(
    f"all levels: {pool.bins} bins × {maps.shape[1]:,} channels = {pool(maps).shape[1]:,} features"
)

# %%
channel = (maps.amax(dim=(0, 2, 3)) - maps.mean(dim=(0, 2, 3))).argmax()  # one with a clear peak
levels = {level: SpatialPyramidPooling([level])(maps[:, [channel]]) for level in (4, 2, 1)}
plots.pyramid(
    views["near its shape"].view(photos[0]),
    {level: values.reshape(level, level).numpy() for level, values in levels.items()},
    f"What the pyramid keeps of channel {channel}",
    path=runs / "Pyramid.jpg",
)

# %% [markdown]
# Level 1 says *whether* something is in the image, level 4 also *where*. Three images, three maps,
# one length:

# %%
for photo in photos:
    with torch.no_grad():
        maps = probe.feature_maps(eval_transform(RULE)(photo)[None])
    print(f"image {photo.shape[:2]} -> maps {tuple(maps.shape[2:])} -> {pool(maps).shape[1]:,}")

# %% [markdown]
# ## Batches of images of any size
#
# A batch is one block of numbers, so all its images must have one shape. One image at a time would
# waste the machine. Padding all to the largest wastes time on nothing, and puts a border into the
# picture that the network has never seen. Instead the shapes come from a short list, images of one
# shape share a batch, and a **pixel budget** says how many fit in.

# %%
sizes = splits["train"].sizes
shapes = RULE.shapes(sizes)
for name, target in (("squashing", np.full_like(sizes, 224)), ("a shape near its own", shapes)):
    change = data.distortion(sizes, target) - 1
    print(f"{name:>20}: aspect ratio off by {np.median(change):.0%}, at worst {change.max():.0%}")
many, few = (len(np.unique(kinds, axis=0)) for kinds in (sizes, shapes))
print(f"{len(sizes)} images of {many} sizes come in {few} shapes")

# %%
train = splits["train"].with_transform(train_transform(RULE))
loader = make_loader(train, shuffle=True, seed=SEED)
batches = [batch for batch in loader.batch_sampler if len(batch) >= 6]
batches.sort(key=lambda batch: shapes[batch[0]][1] / shapes[batch[0]][0])
plots.batch_rows(
    {
        f"{len(batch)} images of {shapes[batch[0]][1]} × {shapes[batch[0]][0]}, "
        f"{len(batch) * shapes[batch[0]].prod() / PIXEL_BUDGET:.0%} of the budget": [
            views["near its shape"].view(splits["train"][i][0]) for i in batch
        ]
        for batch in (batches[-1], batches[len(batches) // 2], batches[0])
    },
    "Three batches of an epoch",
)

# %% [markdown]
# Each image comes once an epoch; images and batches are shuffled anew every time. A rare shape
# makes a small batch.
#
# ## An honest comparison
#
# Four ways to feed one frozen backbone, all with about as many pixels per image:
#
# 1. squash to 224 × 224;
# 2. resize, then crop 224 × 224;
# 3. any size, average pooling, which takes any size just as well;
# 4. any size, spatial pyramid.
#
# Each gets the same augmented views, the same recipe and three seeds. The pyramid's head has 21
# times as many inputs, so the same learning rate moves its answers much further. So each way may
# choose among seven rates, by its validation loss.

# %%
WAYS = {
    "squash": ("avg", SIZE, False),
    "crop": ("avg", SIZE, True),
    "any size, average": ("avg", RULE, False),
    "any size, pyramid": ("spp", RULE, False),
}
SEEDS = (0, 1, 2)
truth = np.array(splits["test"].labels)
heads, right, rows = {}, {}, []
for name, (pooling, size, crop) in WAYS.items():
    started = time.perf_counter()
    heads[name], features, rate = training.adapt(
        backbone, splits, pooling, size, crop, SEEDS, views=(1, 2)
    )
    seconds = time.perf_counter() - started
    logits = [models.predict(model.head, make_loader(features, 64))[0] for model in heads[name]]
    right[name] = np.stack([each.argmax(dim=1).numpy() == truth for each in logits])
    accuracies = right[name].mean(axis=1)
    for seed, accuracy in zip(SEEDS, accuracies, strict=True):
        rows.append({"strategy": name, "seed": seed, "score": accuracy, "rate": rate})
    course.record_result(
        "drones",
        backbone.name,
        "any size",
        method=name,
        accuracy=accuracies.mean(),
        spread=accuracies.std(ddof=1),
        seconds=seconds,
        test_images=len(truth),
    )
outcomes = pd.DataFrame(rows)

# %%
means = outcomes.groupby("strategy", sort=False)["score"].mean()
gained = 100 * (means["any size, average"] - means["squash"])
extra = 100 * (means["any size, pyramid"] - means["any size, average"])
plots.strategies(
    outcomes,
    f"Keeping the shape: {gained:+.1f} points. The pyramid on top: {extra:+.1f}",
    path=runs / "Any_Size.jpg",
)

# %%
table = outcomes.groupby("strategy", sort=False).agg(
    accuracy=("score", "mean"), spread=("score", "std"), rate=("rate", "first")
)
table.round(4)

# %% [markdown]
# The spread is that of the seeds: another start of the head, another order of images. It does not
# tell how another *test set* would have come out. For that, look at the images on which two ways
# differ (the seeds vote); if both were equally good, these would fall either way.

# %%
votes = {name: hits.mean(axis=0) > 0.5 for name, hits in right.items()}
for first, second in (
    ("squash", "any size, average"),
    ("crop", "any size, average"),
    ("any size, average", "any size, pyramid"),
):
    mended, broken, chance = evaluation.paired_test(votes[first], votes[second])
    print(f"{first} -> {second}: mends {mended}, breaks {broken}", end="; ")
    print(f"as uneven as this by luck alone: {chance:.2f}")

# %% [markdown]
# So what does the pyramid buy? It knows *where* something is, and pays with a head of 21 times as
# many weights, learnt from the same few images. Where position tells classes apart, and images
# abound, it can pay off; where an object may be anywhere, the average is hard to beat. What any
# size needs is not the pyramid, but pooling.
#
# ## Who profits?
#
# Squashing should hurt where an image is far from square, cropping where the object fills the
# image, all of them where it is small.

# %%
boxes, test = object_boxes(folder), splits["test"]
sides = test.sizes.astype(float)
groups = {"longer side / shorter side": sides.max(axis=1) / sides.min(axis=1)}
if boxes:  # rendered data knows where its objects are
    corners = np.array([boxes[path] for path in test.paths], float)
    areas = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
    groups["object's share of the image, %"] = 100 * areas / sides.prod(axis=1)
else:
    groups["image's shorter side, pixels"] = sides.min(axis=1)
plots.by_group(right, groups, "Who profits? Accuracy in quarters of the test images")

# %% [markdown]
# A dot stands for a quarter of the test set, a few dozen images here: a difference of one or two
# steps of the grid is noise.
#
# ## One model, many sizes
#
# A model that takes any size need not be asked at the size that it was trained at. Larger images
# show smaller things and cost more: twice the side is four times the pixels.

# %%
ANY = ("any size, average", "any size, pyramid")
scores = {}
for side in (160, 224, 320, 448):
    rule = ShapeRule(min_side=max(128, side * 5 // 7), max_pixels=side * side)
    loader = make_loader(test.with_transform(eval_transform(rule)))
    scores[side] = {
        name: evaluation.accuracy(*models.predict(heads[name][0], loader)) for name in ANY
    }
scores = pd.DataFrame(scores).T
best = scores[ANY[0]].idxmax()
plots.lines(
    scores,
    "square root of the pixels per image",
    "test accuracy",
    f"Trained at about {SIZE[0]}, asked at other sizes: {best} suits the average best",
)

# %% [markdown]
# A network learns how large things are, in pixels: a drone that is scaled up too far no longer
# looks like one to it. A maximum also changes with the number of cells that it is taken over, an
# average does not. Training at several sizes, or at the size that you will use, mends both.
#
# ## An image pyramid
#
# Why choose one size at all? The spatial pyramid lays bins of several sizes over one map. An older
# pyramid is one of **images**: the network sees each image at several sizes, small for the whole
# and large for what is small in it, and the features stand side by side. To try that takes no
# training loop: **logistic regression** finds the best linear classifier on given features at once.
# How strictly it is regularised (`C`) is chosen on validation images.

# %%
started = time.perf_counter()
rules = {
    f"about {side}²": ShapeRule(min_side=max(128, side * 5 // 7), max_pixels=side * side)
    for side in (160, 224, 320)
}
pyramid = models.image_pyramid_features(probe, splits, rules)
given = {split: torch.tensor(part.labels) for split, part in splits.items()}
tried, _ = evaluation.compare_features(
    pyramid["train"], given["train"], pyramid["val"], given["val"]
)
tried.rename_axis("validation").round(3)

# %%
single = tried.drop("side by side")["loss"].idxmin()
scores = {}
for name in (single, "side by side"):
    train_rows, test_rows = (pyramid[split][name] for split in ("train", "test"))
    logits = evaluation.linear_logits(train_rows, given["train"], test_rows, tried.loc[name, "C"])
    scores[name] = evaluation.accuracy(logits, given["test"])
course.record_result(
    "drones",
    backbone.name,
    "any size",
    method="image pyramid, linear",
    accuracy=scores["side by side"],
    seconds=time.perf_counter() - started,
    test_images=len(truth),
)
print(f"best single size on validation: {single}")
print("on the test:", ", ".join(f"{name} {score:.1%}" for name, score in scores.items()))

# %% [markdown]
# Where a larger size does better, objects were too small for the others. All sizes together spare
# the choice, and cost a pass through the network each. Notebook 5 asks what they are worth where
# scenes are wide.
#
# A model for any size is saved with its rule, so that whoever loads it prepares images as it knows
# them:

# %%
saved = models.save_model(
    runs / f"any_size_{backbone.name}", heads[ANY[0]][0], {"classes": classes, "size": RULE}
)
loaded, config = models.load_model(saved)
for photo, index in zip(photos, extremes, strict=True):
    answer = models.predict_photo(loaded, config, photo)["probability"]
    given = classes[test.labels[index]]
    print(f"{photo.shape[1]} × {photo.shape[0]}: ", end="")
    print(f"{answer.idxmax()} ({answer.max():.0%}), given {given}")

# %% [markdown]
# ## What does an image cost?
#
# Fine-tuning must keep every layer's output until the gradients have passed, and that is what
# fills the memory. It grows with the *pixels* of the batch, so the pixel budget is a memory budget.
# Two photos would ruin an ordinary run: one of 6000 × 4000 pixels, which asks for too much, and one
# of 24 × 24, whose feature map would be a single cell. The rule gives both a shape that is none.

# %%
rule = ShapeRule()  # up to 512 × 512 pixels, at least 128 on the shorter side
for width, height in ((6000, 4000), (24, 24)):
    shape = rule(height, width)
    print(f"{width} × {height} becomes {shape[1]} × {shape[0]}")

some = np.random.default_rng(SEED).permutation(len(splits["train"]))[:64]
mixed = splits["train"].with_transform(eval_transform(rule)).subset(some)
model = TransferModel(backbone, len(classes), "spp").unfreeze().train()
costs = pd.DataFrame(
    {"pixels": images[:, 0].numel(), "megabytes": models.activation_bytes(model, images) / 1e6}
    for images, _ in make_loader(mixed)
)

# %%
per_pixel = (costs["megabytes"] / costs["pixels"]).median()
predicted = per_pixel * PIXEL_BUDGET
print(f"the 6000 × 4000 image at its own size: {per_pixel * 6000 * 4000 / 1000:,.0f} GB")
plots.memory(
    costs,
    PIXEL_BUDGET,
    f"No batch above {costs['megabytes'].max():,.0f} MB; the budget predicts {predicted:,.0f} MB",
)

# %% [markdown]
# Every batch lies on one line, whatever its shape. A GPU of twice the memory takes twice the
# budget: `make_loader(train, pixel_budget=2 * PIXEL_BUDGET)`. The cap belongs to the rule:
# `ShapeRule(max_pixels=...)` says how much one image may ask for, and a large JPEG is not even
# decoded at its full size.
#
# ## The same on real panoramas
#
# Photos of landscapes come in all shapes and sizes, and may carry several labels at once: a sigmoid
# per label instead of one softmax. Their measure is the mean average precision, **mAP**: 1 where
# each label ranks all of its photos first. This part runs where the photos are, with
# `COURSE_DATA=real`.

# %%
if course.data_form() == "real":
    wide = data.load_multilabel_splits(data_folder("panoramas"), seed=SEED)
    sizes, rows = wide["train"].sizes, []
    print(f"{len(sizes):,} photos with sides from {sizes.min()} to {sizes.max():,} pixels")
    for name, (pooling, size, crop) in WAYS.items():
        started = time.perf_counter()
        trained, features, _ = training.adapt(
            backbone, wide, pooling, size, crop, SEEDS, views=(1, 2)
        )
        seconds = time.perf_counter() - started
        loader, metrics = make_loader(features, 64), training.metrics_for(trained[0])
        maps = [evaluation.evaluate(m.head, loader, metrics=metrics)["map"] for m in trained]
        rows += [{"strategy": name, "score": score} for score in maps]
        course.record_result(
            "panoramas",
            backbone.name,
            "any size",
            method=name,
            map=np.mean(maps),
            spread=np.std(maps, ddof=1),
            seconds=seconds,
            test_images=len(wide["test"]),
        )
    title = f"{len(wide['train']):,} panoramas"
    display(plots.strategies(pd.DataFrame(rows), title, "mean average precision on test"))

# %% [markdown]
# ## Try it
#
# - `SpatialPyramidPooling(mode="avg")` in place of the maxima, or `levels=(2, 1)` in
#   `TransferModel(..., levels=(2, 1))`: a smaller head. Does it close the gap?
# - `RULE = ShapeRule(min_side=224, max_pixels=320 * 320)`: twice the pixels, twice the time. What
#   do small objects gain?
# - Fine-tune: `training.fine_tune(model.unfreeze(), train, val, ...)` takes images of any size too.
# - A budget of one image, `make_loader(train, pixel_budget=RULE.max_pixels)`: how much
#   slower is an epoch?
