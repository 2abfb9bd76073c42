# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/transfer-learning-course/transfer-learning-course/blob/main/notebooks/02_phase1_adaptation.ipynb)
#
# # 2 · How far does a frozen network get?
#
# A network that has learnt ImageNet's thousand classes has never been asked about drones. We keep
# all of it, replace only its last layer, and train that alone: **phase 1, adaptation**. How good
# is the result, and what does it cost?
#
# *A minute and a half on a CPU, half a minute on a Colab GPU.*

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
import torch

from data_scripts.tasks import data_folder
from helpers import plots
from helpers.data import eval_transform, load_splits, make_loader, train_transform
from helpers.evaluation import evaluate, multiclass_metrics
from helpers.models import TransferModel, compute_features, load_backbone, predict, save_model
from helpers.training import EarlyStopping, Progress, Trainer, lr_range_test, recipes, suggest_rate

SEED, SIZE = 0, (224, 224)  # (height, width)
splits = load_splits(data_folder("drones"), seed=SEED)
classes = splits["train"].classes

# %% [markdown]
# ## The model: old features, new classifier
#
# Images go through the **backbone**, which turns each into a map of features; the map is averaged
# over all positions; one linear layer, the **head**, turns the average into one number per class,
# a *logit*. Only the head is new, and it starts at random.

# %%
backbone = load_backbone(course.backbone_name())
model = TransferModel(backbone, num_classes=len(classes), seed=SEED)
train = splits["train"].with_transform(train_transform(SIZE))
val = splits["val"].with_transform(eval_transform(SIZE))

image, _ = val[0]
with torch.no_grad():
    maps = model.feature_maps(image[None])
    print(f"image {tuple(image.shape)} -> features {tuple(maps.shape[1:])}", end=" -> ")
    print(f"averaged {tuple(model.pool(maps).shape[1:])} -> {len(classes)} logits")

# %% [markdown]
# ## Before training
#
# A sanity check that costs nothing: a head that knows nothing should do no better than always
# naming the largest class. Were it much better, something would leak or be wired wrongly.

# %%
criterion = torch.nn.CrossEntropyLoss(label_smoothing=recipes.LABEL_SMOOTHING)
before = evaluate(model, make_loader(val), criterion, multiclass_metrics(len(classes)))
largest = np.bincount(val.labels).max() / len(val)
print(f"before training: accuracy {before['accuracy']:.2f}, largest class {largest:.2f}")
print(f"loss {before['loss']:.2f}, a uniform guess would have {np.log(len(classes)):.2f}")

# %%
picks = np.random.default_rng(SEED).permutation(len(val))[:12]
labels = [val.labels[i] for i in picks]
photos = [splits["val"][i][0] for i in picks]
shown = make_loader(val.subset(picks))
guesses = model.probabilities(predict(model, shown)[0])
plots.prediction_grid(photos, labels, guesses, classes, "Before training: guessing")

# %% [markdown]
# ## Freeze, and what that must mean
#
# Frozen parameters get no gradients. That is half of it. **Batch norm** layers also carry running
# statistics, and in training mode they update them with every batch that passes, gradients or
# not. So `freeze()` keeps the backbone in evaluation mode as well. Here both ways see ten
# batches; the cosine says whether the same images still give the same features, and is 1 if so.

# %%
careless = TransferModel(backbone, len(classes))
careless.features.requires_grad_(False)  # half of it: no gradients
model.freeze()  # all of it

probe, some = val.subset(picks), np.random.default_rng(SEED).permutation(len(train))[:160]
imagenet = backbone.features.state_dict()  # each model has a copy of its own
reference = compute_features(model, probe).features[0]
for name, trial in {"requires_grad only": careless, "freeze()": model}.items():
    trial.train()
    with torch.no_grad():
        for images, _ in make_loader(train.subset(some)):
            trial(images)
    features = trial.features.state_dict()
    moved = sum(not torch.equal(features[key].cpu(), imagenet[key]) for key in imagenet)
    similar = torch.cosine_similarity(reference, compute_features(trial, probe).features[0]).mean()
    print(f"{name:>18}: {moved} of {len(imagenet)} tensors moved, cosine of features {similar:.3f}")

# %%
frozen = sum(p.numel() for p in model.parameters() if not p.requires_grad)
learning = sum(p.numel() for p in model.parameters() if p.requires_grad)
print(f"frozen: {frozen:,} parameters; learning: {learning:,}, or {learning / frozen:.2%} of them")

# %% [markdown]
# ## Frozen features, computed once
#
# A frozen backbone gives the same features for the same image in every epoch. So we send each
# training image through it in a few augmented views, **once**, and train the head on the kept
# features. Each epoch sees the next view; after the last one they start again.

# %%
started = time.perf_counter()
features = compute_features(model, train, recipes.VIEWS)
val_features = compute_features(model, val)
feature_seconds = time.perf_counter() - started
print(f"{len(recipes.VIEWS)} views of {len(train)} images, and {len(val)} for validation: ", end="")
print(f"{tuple(features.features.shape)} in {feature_seconds:.0f} s")

# %% [markdown]
# ## How large may the learning rate be?
#
# The range test (Smith, 2017) trains a copy for a few dozen batches while the rate grows from
# tiny to huge. Where the loss is lowest the rate is already on the verge, and a tenth of that is
# about as large as may be. We stay below, since phase 2 will start from a tenth of ours.

# %%
optimizer = torch.optim.AdamW(model.head.parameters())
loader = make_loader(features, 32, shuffle=True, seed=SEED)
test = lr_range_test(model.head, criterion, optimizer, loader, start=1e-5, end=10, seed=SEED)
print(f"the test allows up to about {suggest_rate(test):.0e}; we take {recipes.HEAD_RATE:.0e}")
plots.lr_range(test, recipes.HEAD_RATE)

# %% [markdown]
# ## Train the head
#
# The criterion is cross entropy with **label smoothing**: instead of certainty it asks for a little
# less, so the model does not chase the last decimals. The optimizer is AdamW; its weight decay and
# the head's dropout (in training, a fifth of the features is hidden at random) keep the head from
# leaning on few features. The learning rate rises during the first tenth of the training
# (**warm-up**) and then falls along a cosine to almost nothing: large steps to get near, small ones
# to settle.
#
# **Early stopping** watches the validation loss: after ten epochs without improvement it stops, and
# the weights of the best epoch are brought back. The test set is not touched until the end of
# notebook 3.

# %%
started = time.perf_counter()
early = EarlyStopping("val_loss", patience=10)
history = recipes.train_head(model, features, val_features, [early, Progress(every=10)], seed=SEED)
head_seconds = time.perf_counter() - started
epochs = len(history.epochs)
after = evaluate(model, make_loader(val), criterion, multiclass_metrics(len(classes)))
print(f"{epochs} epochs in {head_seconds:.1f} s; best: epoch {early.best_epoch}")

# %%
gained = 100 * (after["accuracy"] - before["accuracy"])
plots.loss_curves(
    history,
    f"Phase 1: validation accuracy {before['accuracy']:.0%} → {after['accuracy']:.0%} "
    f"({gained:+.0f} points)",
)

# %% [markdown]
# The thin line is the loss of every batch: noisy, since each batch is another handful of images.
# Where the validation curve flattens while training still falls, the head begins to learn the
# training images by heart. What it learns from there on helps nobody, and the weights that are kept
# are those of the lowest validation loss.

# %%
guesses = model.probabilities(predict(model, shown)[0])
plots.prediction_grid(photos, labels, guesses, classes, "The same images after phase 1")

# %% [markdown]
# ## What did keeping the features save?
#
# One epoch of the plain loop, every image augmented and sent through the backbone anew, takes
# about as long as one view. On the same view both ways give the same answers, as the next cells
# check, but for rounding: kept features are computed in 16 bits where the processor can. What we
# give up: the plain loop would draw new views for ever, where we repeat a few.

# %%
plain = model.with_new_head(SEED)
optimizer = torch.optim.AdamW(plain.head.parameters(), lr=recipes.HEAD_RATE)
loop = Trainer(plain, criterion, optimizer, seed=SEED)
one_epoch = loop.fit(make_loader(train, 16, shuffle=True, seed=SEED), None, max_epochs=1)
plain_seconds = epochs * one_epoch.epochs[0]["seconds"]
kept_seconds = feature_seconds + head_seconds

# %%
through_backbone, _ = predict(model, make_loader(val))
from_features, _ = predict(model.head, make_loader(val_features))
difference = (through_backbone.softmax(dim=1) - from_features.softmax(dim=1)).abs()
print(f"difference of the probabilities: {difference.mean():.1e}, at most {difference.max():.1e}")

# %%
plots.durations(
    {"plain loop": plain_seconds, "features once": kept_seconds},
    f"{epochs} epochs: {plain_seconds / kept_seconds:.1f} times as fast",
)

# %% [markdown]
# ## Save it
#
# Weights alone are useless a month later: which classes, which size, which normalisation? The
# folder holds both, and `load_model(folder)` needs nothing else.

# %%
folder = save_model(
    course.run_folder("drones") / f"phase1_{backbone.name}",
    model,
    {
        "classes": classes,
        "size": SIZE,
        "train_digest": splits["train"].digest,
        "learning_rate": recipes.HEAD_RATE,
        "seconds": kept_seconds,
    },
)
history.to_csv(folder)
scores = {"val_accuracy": after["accuracy"], "seconds": kept_seconds}
course.record_result("drones", backbone.name, "two phases", "phase 1", **scores)
print(*sorted(path.name for path in folder.iterdir()), sep="\n")

# %% [markdown]
# ## Try it
#
# - `compute_features(model, train, range(1, 2))`: train on a single view. Does the gap between
#   training and validation grow?
# - `torch.nn.Linear` is a modest head. Replace `model.head` by two layers with a ReLU between
#   them. Does it help, or only learn the training images faster? (`save_model` refuses such a
#   head, since `load_model` could not rebuild it.)
# - Put `%env COURSE_BACKBONE=vgg16` above the imports: an older, larger and slower network (528
#   MB to download). It has no batch norm: what does the freezing experiment show now?
#
# Next: [3 · What does fine-tuning add?](03_phase2_finetuning.ipynb)
