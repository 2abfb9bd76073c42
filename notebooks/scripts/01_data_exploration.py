# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/transfer-learning-course/transfer-learning-course/blob/main/notebooks/01_data_exploration.ipynb)
#
# # 1 · What is in the folder?
#
# Before any training: how many images of each class, of which sizes, and which of them are
# broken? What does an augmentation do to a small drone?
#
# *Half a minute on a CPU, the same on a Colab GPU (nothing is trained here). The first run also
# draws the images: another half a minute.*

# %% cellView="form"
# @title On Colab, run this first: it fetches and installs the course. Elsewhere it does nothing.
if "google.colab" in str(ip := get_ipython()):
    url = "https://github.com/transfer-learning-course/transfer-learning-course"
    ip.run_cell_magic("sh", "", f"cd /content; [ -d course ] || git clone --depth 1 {url} course")
    __import__("runpy").run_path("/content/course/tools/colab.py", run_name="__main__")

# %% [markdown]
# ## The task
#
# Somebody photographs what flies over a fence. Is it a **bird**, a **large quadcopter** that can
# carry something, a **small quadcopter** for fun, or a **winged drone**? By default the course
# works on images that it draws itself, so that nothing has to be downloaded and everybody sees
# the same. Set `COURSE_DATA=real` for photos (birds and drones), or point it to a folder of your
# own.

# %%
from helpers import course

course.setup()

import numpy as np
import pandas as pd
import torch

from data_scripts.tasks import data_folder
from helpers import data, plots
from helpers.data import augmentation_gallery, eval_transform, file_table, load_splits, read_image
from helpers.models import IMAGENET_MEAN, IMAGENET_STD

SEED = 0
folder, figures = data_folder("drones"), course.run_folder("drones")
files = file_table(folder)
files.head(3)

# %% [markdown]
# ## How many of each class?
#
# A class with few images is learnt badly, and a test set with few images says little: with 50
# images, one more mistake moves a class's recall by two points.

# %%
counts = files.pivot_table(index="class", columns="split", values="file", aggfunc="count")
counts = counts[[name for name in ("train", "val", "test", "all") if name in counts]]
plots.class_counts(counts, f"{len(files)} files in {len(counts)} classes")

# %% [markdown]
# ## What is broken?
#
# Every real folder holds something that is no image, half an image, or an image twice. The table
# lists what one look at each file finds.

# %%
odd_mode = ~files["mode"].isin(["RGB", ""])
suspects = files[(files["problem"] != "") | (files["copy_of"] != "") | odd_mode].copy()
suspects["problem"] = [text.rpartition(": ")[2] for text in suspects["problem"]]
with pd.option_context("display.max_colwidth", None):
    display(suspects[["class", "file", "mode", "problem", "copy_of"]])
print(
    f"of {len(files)} files: unusable {(files['problem'] != '').sum()}, "
    f"exact copies {(files['copy_of'] != '').sum()}, not stored as RGB {odd_mode.sum()}"
)

# %% [markdown]
# What the loader does about it: unusable files are **named and skipped**; grey and CMYK images
# become RGB like all others. An exact copy is kept if it lies in the same split as its original.
# A copy on the *other* side would be worse than a broken file: the test would ask for what
# training has shown. So would a near-duplicate: the same photo saved again, mirrored, or the next
# frame of a video. Names and bytes do not give these away; a **perceptual hash** does, 64 bits that
# say which coarse waves of light and dark a picture is made of.

# %%
splits = load_splits(folder, seed=SEED)
for name, part in splits.items():
    print(f"{name:>5}: {len(part)} images, {len(part.skipped)} skipped")
twins = data.twins_across(splits)
print(f"pairs of near-duplicates across splits: {len(twins)}")

# %%
odd = [report for report in splits["train"].reports if report.mode != "RGB"]
for report in odd[:5]:
    image = read_image(report.path)
    print(f"{report.path.name}: stored as {report.mode}, read as {image.dtype} {image.shape}")
print(f"{len(odd)} training images are not stored as RGB")

# %% [markdown]
# ## What does it look like?
#
# Look at your data before your code does. Objects are large and small, sharp and blurred, in the
# middle and half out of the picture.

# %%
train, rng = splits["train"], np.random.default_rng(SEED)
each = max(1, 16 // len(train.classes))
_, firsts = np.unique([report.sha256 for report in train.reports], return_index=True)  # no copies
chosen = []
for label in reversed(range(len(train.classes))):  # drones first: the course is about them
    members = [i for i in sorted(firsts) if train.labels[i] == label]
    chosen += rng.permutation(members)[:each].tolist()
plots.image_grid(
    [train[i][0] for i in chosen],
    [train.classes[train.labels[i]] for i in chosen],
    f"A sample: {each} images of each class",
    path=figures / "Sample.jpg",
)

# %% [markdown]
# ## Sizes and shapes
#
# A crawl of the web gives all sizes. The network wants one: 224 × 224. The further a point lies
# from the 1:1 line, the more squashing distorts it; far below 224 px there is little left to see.

# %%
usable = files[files["problem"] == ""]
ratio = usable["width"] / usable["height"]
squashed = (np.maximum(ratio, 1 / ratio) > 1.5).mean()
plots.size_scatter(usable, f"{squashed:.0%} of the images are squashed by more than 1.5 to 1")

# %% [markdown]
# ## Do the colours look like ImageNet's?
#
# A pretrained network was fed images normalised with ImageNet's mean and standard deviation, and
# expects the same of ours. Ours need not *have* those statistics; but a large difference tells
# how far the new images are from what the network knows.

# %%
views = train.with_transform(eval_transform((224, 224)))
some = rng.permutation(len(views))[:200]
pixels = torch.stack([views[i][0] for i in some]) / 255
mean, std = (f(pixels, dim=(0, 2, 3)).numpy() for f in (torch.mean, torch.std))
plots.channel_statistics(
    {"these images": (mean, std), "ImageNet": (IMAGENET_MEAN, IMAGENET_STD)},
    f"The channel means differ by at most {np.abs(mean - IMAGENET_MEAN).max():.2f}",
)

# %% [markdown]
# ## What does each augmentation do?
#
# Training shows each image a little different every time, so that the network cannot learn the
# pixels by heart. A good augmentation changes what does not matter and keeps what does. Look for
# views on which *you* could no longer name the class: those parameters are too strong.

# %%
photo, _ = train[chosen[0]]
plots.augmentation_rows(
    augmentation_gallery(photo, views=5, seed=SEED),
    "One image, five views of each augmentation",
    path=figures / "Augmentations.jpg",
)

# %% [markdown]
# ## Try it
#
# - Pick another `photo`, one with a tiny object. Which augmentation hurts it most? The parameters
#   stand in one place: `AUGMENTATIONS` in `helpers/data/transforms.py`.
# - Put a renamed text file into a class folder and run the notebook again. Is it named?
# - A drone seen from above has no upright side, a drone in front of a skyline has. Would you keep
#   `rotate90` for your own images?
#
# Next: [2 · How far does a frozen network get?](02_phase1_adaptation.ipynb)
