# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/transfer-learning-course/transfer-learning-course/blob/main/notebooks/01_data_exploration.ipynb)
#
# # 1 · What is in the folder?
#
# Somebody photographs whatever flies over the fence: is it a **bird**, a **large quadcopter** that
# can carry a camera, a **small quadcopter** for fun, or a **winged drone**? In this course you
# teach a network to tell. Before any training we look at the data, because most of what goes wrong
# later is already in the folder.
#
# **After this notebook you can**
# - list what a folder of images really holds, and find broken files, copies and near-duplicates
#   before they cost you;
# - judge whether your images look like the ones a pretrained network knows;
# - pick augmentations that change what doesn't matter and keep what does.
#
# **Before you start:** some Python, and an idea of what a class and a training set are. Words you
# don't know are in the [glossary](glossary.md).
#
# **Time:** 20 minutes to read, half a minute to run on a CPU (the first run draws the images,
# which takes another half).

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

import albumentations as A
import check
import numpy as np
import pandas as pd
import torch
from PIL import Image

from data_scripts.tasks import data_folder, object_boxes, object_shares
from helpers import data, models, plots

SEED = 0
folder, figures = data_folder("drones"), course.run_folder("drones")
looked = data.inspect_folder(folder)
files = looked.table()
splits = data.load_splits(folder, seed=SEED, log=lambda text: None)
train, rng = splits["train"], np.random.default_rng(SEED)

# %% [markdown]
# ## What does it look like?
#
# The course draws its own images, so nothing has to be downloaded and everybody sees the same.
# (Put `%env COURSE_DATA=real` into a cell above the imports for photos of birds and drones, or
# point it at a folder of your own.)
#
# **Predict:** before you scroll on, write down three things that will differ between two images of
# the *same* class.

# %%
each = max(1, 16 // len(train.classes))
_, firsts = np.unique([report.sha256 for report in train.reports], return_index=True)  # no copies
chosen = []
for label in reversed(range(len(train.classes))):  # drones first: the course is about them
    members = [i for i in sorted(firsts) if train.labels[i] == label]
    chosen += rng.permutation(members)[:each].tolist()
plots.image_grid(
    [train[i][0] for i in chosen],
    [train.classes[train.labels[i]] for i in chosen],
    f"A sample: up to {each} images of each class",
    path=figures / "Sample.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
sides = train.sizes.max(axis=1)
course.say(
    f"Size (the longer side runs from {sides.min()} to {sides.max():,} pixels), place in the "
    "picture, sharpness, weather, background: everything that a classifier must learn to ignore.",
    "Class names promise more than images keep: some *flying* birds sit on a wire or a rock."
    if "flying_bird" in train.classes
    else "",
    "Look at your data before your code does. Ten minutes with a hundred images will tell you "
    "more than a table of statistics.",
)

# %% [markdown]
# ## What tells a large quadcopter from a small one?
#
# Not its size in the picture: a small one nearby looks as big as a large one far away. It has to
# be the *build*. **Predict:** look at both rows and name two parts that only one of the kinds has.

# %%
boxes, kinds = object_boxes(folder), ("large_quadcopter", "small_quadcopter")
if boxes and set(kinds) <= set(train.classes):
    areas = object_shares(folder, train) * train.sizes.prod(axis=1)
    crops, names = [], []
    for kind in kinds:
        of_kind = [i for i in firsts if train.classes[train.labels[i]] == kind and areas[i] > 0]
        for i in sorted(of_kind, key=areas.item)[-5:-1]:
            left, top, right, bottom = boxes[train.paths[i]]
            margin = (right - left) // 6
            above, beside = max(0, top - margin), max(0, left - margin)
            crops.append(train[i][0][above : bottom + margin, beside : right + margin])
            names.append(kind)
    title = "Large quadcopters above, small ones below: which parts differ?"
    display(plots.image_grid(crops, names, title, path=figures / "Kinds.jpg"))
else:
    print("Skipped: these images have no quadcopters of two kinds with boxes around them.")

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
if boxes and set(kinds) <= set(train.classes):
    course.say(
        "A **large** quadcopter stands on legs or skids, and carries a camera or a load under "
        "its belly. A **small** one has neither: it folds, or hides its propellers in guards or "
        "ducts, or is a bare racing frame, with no more than short feet. The arms don't tell; look "
        "underneath.",
        "At a distance these parts are a few pixels wide, so expect the two kinds to be confused.",
    )

# %% [markdown]
# ## How many of each class?
#
# A class with few images is learned badly, and a test set with few images says little.
#
# **Predict:** if a class has 70 test images, by how much does one more mistake change its
# [recall](glossary.md#recall), the share of its images that are recognised?

# %%
counts = files.pivot_table(index="class", columns="split", values="file", aggfunc="count")
counts = counts[[name for name in ("train", "val", "test", "all") if name in counts]].fillna(0)
counts = counts.astype(int)
plots.class_counts(counts, f"{len(files):,} files in {len(counts)} classes")

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
smallest, largest = counts.sum(axis=1).min(), counts.sum(axis=1).max()
tests = np.bincount(splits["test"].labels, minlength=len(train.classes))
course.say(
    "All classes have about as many files."
    if largest < 1.5 * smallest
    else f"The largest class has {largest / smallest:.1f} times as many files as the smallest, "
    "so read every class's recall.",
    f"The smallest class has {tests.min()} test images, so one more mistake costs "
    f"{100 / max(tests.min(), 1):.1f} points of its recall: don't read much into a difference of "
    "a few images.",
)

# %% [markdown]
# ## What is broken?
#
# Images come from crawls, phones and old disks, and some always arrive damaged. **Predict:** which
# three kinds of trouble do you expect among these files?

# %%
print(looked)

# %% [markdown]
# Every file is in one of these lines. (In a terminal, `python -m helpers.check FOLDER` prints the
# same, and `--quarantine` moves what is unusable out of the way.) Here is more about each unusual
# file:

# %%
odd_mode = ~files["mode"].isin(["RGB", ""])
suspects = files[(files["problem"] != "") | (files["copy_of"] != "") | odd_mode].copy()
suspects["problem"] = [text.partition(": ")[2] for text in suspects["problem"]]
with pd.option_context("display.max_colwidth", None):
    display(suspects[["class", "file", "mode", "problem", "copy_of"]].head(12))

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
unusable, copies = (files["problem"] != "").sum(), (files["copy_of"] != "").sum()
course.say(
    f"{len(files):,} files have an image's name. {unusable} of them can't be used, so "
    f"{len(files) - unusable:,} images are left; {len(train)} of these are for training.",
    f"Exact copies of another file: {copies}. Not stored as RGB: {odd_mode.sum()}. They stay in: "
    "the loader turns grey and CMYK images into RGB, and keeps copies on one side of a split.",
    "The loader **names and skips** what it can't use. It never deletes anything.",
)

# %% [markdown]
# ## One scene twice
#
# An exact copy is easy to find: it has the same bytes. The same photo saved again, mirrored, or
# the next frame of a video has other bytes, and is just as dangerous: if one of them is in
# training and the other in the test, the model has seen the answer before, and the score is too
# good.
#
# A [perceptual hash](glossary.md#perceptual-hash) shrinks the picture to a tiny grey one and asks
# 64 yes-or-no questions about it: is this coarse pattern of light and dark stronger here than the
# median pattern? The answers are 64 bits, and similar pictures differ in few of them. (Plain skies
# all have nearly the same bits, so two pictures must also look alike when shrunk. Mirror images
# are compared too.)
#
# **Predict:** we alter one image in four ways, and add another image as a control. Which of the
# five will be taken for the same scene?

# %%
photo = train[chosen[min(2 * each + 1, len(chosen) - 1)]][0]
whole = Image.fromarray(photo)
half = whole.resize((whole.width // 2, whole.height // 2))
whole.save(figures / "again.jpg", quality=30)
altered = {
    "half the size": np.asarray(half),
    "saved at quality 30": np.asarray(Image.open(figures / "again.jpg")),
    "mirrored": np.ascontiguousarray(photo[:, ::-1]),
    "turned by 15°": np.asarray(whole.rotate(15)),
    "another image": train[chosen[0]][0],
}
(figures / "again.jpg").unlink()
prints = [data.fingerprint(image) for image in (photo, *altered.values())]
pairs = data.near_duplicates(prints)
numbers = set(pairs.loc[pairs["first"] == 0, "second"])
caught = {name: i in numbers for i, name in enumerate(altered, start=1)}
control, found = list(altered)[-1], sum(list(caught.values())[:-1])
plots.image_grid(
    [photo, *altered.values()],
    ["the image"]
    + [f"{name}\n{'same' if hit else 'another'} scene" for name, hit in caught.items()],
    f"The hash recognises {found} of {len(altered) - 1} alterations",
    columns=3,
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
twins = data.twins_across(splits)
hits = [name for name, hit in caught.items() if hit and name != control]
missed = [name for name, hit in caught.items() if not hit and name != control]
course.say(
    f"Recognised: {', '.join(hits) or 'none'}. A hash sees through what happens to *files*, "
    "resizing and compression; a mirrored copy is found because its mirror image is compared too.",
    f"Missed: {', '.join(missed) or 'none'}. The control is "
    + (
        "wrongly taken for the same scene."
        if caught[control]
        else "another scene, as it should be."
    ),
    f"Between the three splits of this folder the hash finds **{len(twins)} near-duplicates**"
    + (
        ". That rules out the easy kind only; another view of the same scene would escape it."
        if twins.empty
        else "; move one of each pair."
    ),
    "When the course splits a folder for you, it keeps such pairs on one side.",
)

# %% [markdown]
# ## Sizes and shapes
#
# A crawl of the web gives images of all sizes; the network wants one, 224 × 224. **Predict:** how
# many of the images will be squashed by more than 1.5 to 1: a tenth, a quarter, half?

# %%
usable = files[files["problem"] == ""]
ratio = usable["width"] / usable["height"]
squashed = (np.maximum(ratio, 1 / ratio) > 1.5).mean()
plots.size_scatter(usable, f"{squashed:.0%} of the images will be squashed by more than 1.5 to 1")

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
small = (usable[["width", "height"]].min(axis=1) < 224).mean()
course.say(
    "The more the direction from the corner to a point differs from the 1:1 line's, the more "
    "squashing distorts its image: outside the outer lines by more than 1.5 to 1.",
    f"{small:.0%} of the images have a side shorter than 224 pixels; enlarging them adds no "
    "detail.",
    "Whether squashing hurts has to be measured; notebook 4 does that.",
)

# %% [markdown]
# ## Do the colours look like ImageNet's?
#
# A pretrained network was fed images [normalised](glossary.md#normalisation) with fixed numbers:
# often ImageNet's own mean and standard deviation (MobileNetV2), sometimes simply 0.5 and 0.5
# (EfficientNet-Lite0). It expects the same numbers to be used for ours. Our images need not *have*
# ImageNet's statistics, but a large difference is a hint that light or colours are unlike what the
# network knows. (The standard deviation is that *within* an image, averaged over images.)
#
# **Predict:** which channel will be higher here than in ImageNet, if the sky is often in the
# picture?

# %%
views = train.with_transform(data.eval_transform((224, 224)))
some = rng.permutation(len(views))[:200]
pixels = torch.stack([views[i][0] for i in some]) / 255
mean, std = pixels.mean(dim=(0, 2, 3)).numpy(), pixels.std(dim=(2, 3)).mean(dim=0).numpy()
difference = mean - np.array(models.IMAGENET_MEAN)
plots.channel_statistics(
    {"these images": (mean, std), "ImageNet": (models.IMAGENET_MEAN, models.IMAGENET_STD)},
    f"The channel means differ by at most {np.abs(difference).max():.2f} of the range",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
channel = ("red", "green", "blue")[int(np.abs(difference).argmax())]
far = np.abs(difference).max() / min(models.IMAGENET_STD)
course.say(
    f"The largest difference is in **{channel}** ({difference[np.abs(difference).argmax()]:+.2f}).",
    f"That is {far:.1f} of the standard deviation within ImageNet's images: "
    + (
        "a modest shift, so colour gives no warning."
        if far < 1
        else "a large one: look at what causes it."
    ),
    f"Contrast: the standard deviation within our images is "
    f"{(std / np.array(models.IMAGENET_STD)).mean():.0%} of ImageNet's. (Plain skies and fog have "
    "little.)",
    "Neither says whether features will transfer; notebook 2 measures that.",
)

# %% [markdown]
# ## What does each augmentation do?
#
# Training shows each image slightly different every time, so that the network can't learn the
# pixels by heart. A good [augmentation](glossary.md#augmentation) changes what doesn't matter and
# keeps what does.
#
# We look at each of the course's own: brightness and contrast, hue and saturation, shift, scale and
# rotate, grid distortion, quarter turns, mirror. **Predict:** which of these could turn one class
# into another, if it were too strong?

# %%
sizes_of = object_shares(folder, train)
shown = chosen[0]
if sizes_of is not None:  # a drone whose box fills half of the picture
    drones = [i for i in firsts if not train.classes[train.labels[i]].endswith("bird")]
    shown = min(drones, key=lambda i: abs(sizes_of[i] - 0.5))
close = train[shown][0]
rows = data.augmentation_gallery(close, views=5, seed=SEED)
wild = data.Transform((224, 224), [A.GridDistortion(num_steps=5, distort_limit=0.9, p=1)])
rows["grid distortion, too strong"] = [wild.view(close, seed=(SEED, view)) for view in range(5)]
plots.augmentation_rows(
    rows,
    f"One image ({train.classes[train.labels[shown]]}), up to five views of each augmentation",
    path=figures / "Augmentations.jpg",
)

# %% [markdown]
# **What we saw.** If you can still name the class in every row, the parameters are not too strong.
# The last row shows what too strong looks like: arms and legs are bent, and in some views nearly
# gone; training never uses it. In the first are the original and its resized form. A view that
# equals another isn't shown again: a mirror has one outcome, quarter turns have three. Edges are
# filled by reflection, so a second, mirrored object may creep in; a little of that does no harm.
#
# The risky ones change the *build*: a grid distortion that bends arms, a shift that pushes legs out
# of the picture. A quarter turn is true to life only for what is seen from straight above or below,
# so training turns few images; for landscapes it would be wrong. Colour and position may change
# freely where no class has a colour or a place of its own. All parameters are in one table,
# `AUGMENTATIONS` in `helpers/data/transforms.py`.
#
# ## In five lines
#
# 1. Look at the images first, then at the table, then at the code.
# 2. Unusable files are named and skipped, never silently dropped.
# 3. The same scene on both sides of a split makes a test worthless; hashes find what names hide.
# 4. A test set of a few hundred images can't tell differences of a point.
# 5. An augmentation is too strong when *you* can no longer name the class.
#
# ## Check yourself
#
# <details>
# <summary>A colleague's test accuracy is 99.8 %. What is the first thing you look for?</summary>
#
# Near-duplicates between training and test: frames of one video, or the same photo saved twice.
# </details>
# <details>
# <summary>Why is flipping an image upside down a bad augmentation for landscapes, and a harmless
# one for drones seen from below?</summary>
#
# A landscape has a horizon, and upside down it is something you'll never be asked about. A drone
# seen from below has no upright side.
# </details>
# <details>
# <summary>Do your own images need the mean and standard deviation of ImageNet?</summary>
#
# No. They need to be normalised with the numbers that the network was *trained* with. Look them up:
# `backbone.mean` and `backbone.std`.
# </details>
#
# ## Exercises
#
# Replace the `...`, run the cell, and read what the check says. Solutions are folded below each.
#
# **1.1** In which class is the largest share of images squashed by more than 1.5 to 1, that is,
# which has the most elongated images? The table `files` has the columns `class`, `problem`,
# `width` and `height`; what is unusable doesn't count.

# %% tags=["exercise"]
most_elongated = ...
check.ex_01_1(most_elongated, files)

# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
usable = files[files["problem"] == ""]
long = usable[["width", "height"]].max(axis=1) / usable[["width", "height"]].min(axis=1) > 1.5
most_elongated = long.groupby(usable["class"]).mean().idxmax()
check.ex_01_1(most_elongated, files)

# %% [markdown]
# **1.2** Write a function that takes the number of images of each class and says how unbalanced
# they are: the largest divided by the smallest. What should it return if a class has no images?


# %% tags=["exercise"]
def imbalance(counts): ...


check.ex_01_2(imbalance)


# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
def imbalance(counts):
    return float("inf") if min(counts) == 0 else max(counts) / min(counts)


check.ex_01_2(imbalance)

# %% [markdown]
# **1.3** Make an augmentation of your own: a `data.Transform` to 224 × 224 that mirrors half of
# the images and blurs each a little (`A.GaussianBlur(sigma_limit=(1, 2), p=1)`). It takes a size
# and a list, whose items are names from the figure above (`"mirror"`) or albumentations' own
# steps.

# %% tags=["exercise"]
mine = ...
check.ex_01_3(mine, photo)

# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
mine = data.Transform((224, 224), ["mirror", A.GaussianBlur(sigma_limit=(1, 2), p=1)])
check.ex_01_3(mine, photo)

# %% [markdown]
# **1.4** *(open)* Make a small folder with trouble in it: copy a few images into `mine/a` and
# `mine/b`, save a text file as `mine/a/notes.jpg`, and one image twice. What does
# `print(data.inspect_folder("mine"))` say? Then look for near-duplicates in a folder of your own:
# `data.twins_across(data.load_splits(folder))`.
#
# ## Read on
#
# - Russakovsky et al. 2015, [ImageNet Large Scale Visual Recognition
#   Challenge](https://arxiv.org/abs/1409.0575): how a data set of a million images was made and
#   checked.
# - Buslaev et al. 2020, [Albumentations](https://arxiv.org/abs/1809.06839): the library behind the
#   augmentations.
# - Barz & Denzler 2020, [Do we train on test data?](https://arxiv.org/abs/1902.00423):
#   near-duplicates in two famous data sets.
#
# Next: [2 · How far does a frozen network get?](02_phase1_adaptation.ipynb)
