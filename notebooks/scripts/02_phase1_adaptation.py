# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/transfer-learning-course/transfer-learning-course/blob/main/notebooks/02_phase1_adaptation.ipynb)
#
# # 2 · How far does a frozen network get?
#
# A network that has learned ImageNet's thousand classes has never been asked about drones. We keep
# all of it, replace only its last layer, and train that alone: **phase 1, adaptation**. How good
# is the result, and what does it cost?
#
# **After this notebook you can**
# - explain why features learned on ImageNet are useful for other images, and what MobileNetV2 is
#   made of;
# - replace a network's head and train it, in plain PyTorch and with a `Trainer`;
# - freeze a network properly, and recognise three classic mistakes by their symptoms.
#
# **Before you start:** [notebook 1](01_data_exploration.ipynb); you have seen a PyTorch training
# loop before, or are willing to read one twice.
#
# **Time:** 45 minutes to read, a minute to run on a CPU.
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
import time

import check
import numpy as np
import pandas as pd
import torch

from data_scripts.tasks import data_folder
from helpers import data, evaluation, models, plots, training
from helpers.data import eval_transform, make_loader, set_epoch, train_transform

SEED, SIZE = 0, (224, 224)  # (height, width)
splits = data.load_splits(data_folder("drones"), seed=SEED)
classes = splits["train"].classes
train = splits["train"].with_transform(train_transform(SIZE))
val = splits["val"].with_transform(eval_transform(SIZE))
runs = course.run_folder("drones")
backbone = models.load_backbone(course.backbone_name())
print("backbone:", backbone.name)

# %% [markdown]
# ## The idea: ImageNet and its competition
#
# [ImageNet](https://arxiv.org/abs/1409.0575) is a collection of millions of photos sorted by
# nouns. Between 2010 and 2017 its competition, ILSVRC, asked the same question every year: here
# are 1.2 million photos of 1,000 classes, from *acorn* to *zucchini*; name what is on 100,000 or
# more others. Five guesses were allowed, so the measure was the [top-5
# error](glossary.md#top-5-error).
#
# **Predict:** in which year did [deep networks](https://papers.nips.cc/paper/4824) enter, and by
# how much did the error fall?

# %%
networks = models.imagenet_networks()
fall = models.WINNERS[2011][1] - models.WINNERS[2012][1]
plots.imagenet_history(
    models.WINNERS,
    models.HUMAN_ERROR,
    networks,
    f"2012: the first deep network, and {fall:.1f} points fewer errors",
    path=runs / "ImageNet_History.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
vgg, mobile = networks.loc["vgg16"], networks.loc["mobilenet_v2"]
course.say(
    f"AlexNet cut the error from {models.WINNERS[2011][1]} to {models.WINNERS[2012][1]} %, and "
    "three years later [ResNet](https://arxiv.org/abs/1512.03385) was below the "
    f"{models.HUMAN_ERROR} % of a trained person.",
    f"Then networks became small: MobileNetV2 has 1/{vgg.iloc[1] / mobile.iloc[1]:.0f} of "
    f"VGG-16's parameters and makes about as many mistakes ({mobile.iloc[2]:.1f} against "
    f"{vgg.iloc[2]:.1f} % *top-1*: here only the first guess counts).",
)

# %% [markdown]
# ## Why features transfer
#
# All the deep networks above have two parts. The **backbone** turns an image into a map of
# *features*: numbers that say how much of a pattern (an edge, a texture, a wheel, a wing) is
# where. The **head**, the last layer or layers (one in MobileNetV2, three in VGG-16), turns
# features into classes. To tell a thousand classes apart the backbone has to learn patterns that
# are useful for nearly any photo. So people cut the head off and keep the rest.
# [VGG-16](https://arxiv.org/abs/1409.1556) was the classic **feature extractor** of the years
# after 2014: simple, heavy, and good for almost everything.
#
# Does this hold for images that the network was never trained on? Take an image, and look for
# those with the most similar features. Nothing has been trained yet, and no label is used.
#
# **Predict:** if you pick one of its five nearest neighbours, how often is it of the same class?

# %%
model = models.TransferModel(backbone, num_classes=len(classes), seed=SEED)
plain = splits["train"].with_transform(val.transform)
known = models.compute_features(model, plain).features[0]
labels = np.array(plain.labels)
near = evaluation.nearest_neighbours(known, range(len(known)), count=5)
same = (labels[near] == labels[:, None]).mean()
chance = (np.bincount(labels) / len(labels) @ np.bincount(labels)) / len(labels)
queries = [np.flatnonzero(labels == label)[3] for label in range(len(classes))[-3:]]
plots.neighbours(
    [splits["train"][i][0] for i in queries],
    [[splits["train"][j][0] for j in near[i]] for i in queries],
    [
        [(f"image:\n{classes[labels[i]]}", False)]
        + [
            (f"{classes[labels[j]]}\n{plots.mark(labels[j] == labels[i])}", labels[j] != labels[i])
            for j in near[i]
        ]
        for i in queries
    ],
    f"{same:.0%} of the nearest neighbours are of the same class; chance would give {chance:.0%}",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    f"Without any training {same:.0%} of all nearest neighbours have the right class, where "
    f"chance gives {chance:.0%}: the features already know something about our classes.",
    "The neighbours also share backgrounds and poses. Features describe *everything* in a "
    "picture; the head has to learn which of it matters.",
)

# %% [markdown]
# ## MobileNetV2, opened up
#
# Our own backbone is [MobileNetV2](https://arxiv.org/abs/1801.04381), made for phones, and where
# its weights can't be had its descendant [EfficientNet-Lite0](https://arxiv.org/abs/1905.11946).
# Both are a chain of **inverted residuals**. What is one?
#
# Begin with a plain 3 × 3 [convolution](glossary.md#convolution), which mixes space and channels
# at once. A **depthwise separable** one takes two cheap steps: a 3 × 3 convolution for each
# channel by itself (*depthwise*), then a 1 × 1 convolution that mixes channels. An inverted
# residual *expands* first: it makes several times as many channels, so that the depthwise step has
# something to work on, and then narrows them again. Where input and output have one shape, the
# input is added to the output (a [residual connection](glossary.md#residual-connection)), so the
# block only has to learn a correction.
#
# **Predict:** 96 channels in, 96 out, a 14 × 14 map. How many times cheaper is the separable form?

# %%
plain_cost = models.multiplications(14, 14, 96, 96)
depthwise = models.multiplications(14, 14, 96, 96, groups=96)
pointwise = models.multiplications(14, 14, 96, 96, kernel=1)
plots.inverted_residual(24, 6, "An inverted residual: narrow, wide, narrow")

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    f"Plain: {plain_cost / 1e6:.1f} million multiplications. Separable: {depthwise / 1e6:.2f} + "
    f"{pointwise / 1e6:.2f} million, {plain_cost / (depthwise + pointwise):.1f} times fewer.",
    "In the block drawn, the 3 × 3 works on 144 channels for "
    f"{models.multiplications(1, 1, 144, 144, groups=144):,} multiplications a cell; a plain one "
    f"would take {models.multiplications(1, 1, 144, 144):,}.",
    "The block is called *inverted* because older residual blocks were wide at the ends and "
    "narrow in the middle.",
    "No ReLU follows the narrowing: with few channels, cutting off what is negative would lose "
    "information. That is the *linear bottleneck* of the paper's title.",
)

# %% [markdown]
# ### Stage by stage
#
# Here are the stages of MobileNetV2, and then those of EfficientNet-Lite0, read off while one image
# passes through. *Expansion* is how many times as many channels a block has inside.
#
# **Predict:** where will most of the parameters be: near the image, or near the head? And most of
# the multiplications?

# %%
pair = ("mobilenet_v2", "efficientnet_lite0")
stages = {name: models.stage_table(models.load_backbone(name, pretrained=False)) for name in pair}
shown = {
    name: table.assign(
        parameters=(table["parameters"] / 1e3).round(1),
        multiplications=(table["multiplications"] / 1e6).round(1),
    )
    .rename(columns={"parameters": "parameters, 10³", "multiplications": "multiplications, 10⁶"})
    .rename_axis(columns=name)
    for name, table in stages.items()
}
display(shown["mobilenet_v2"])
shown["efficientnet_lite0"]

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
table = stages["mobilenet_v2"]
late = table.loc[table["map"] == table["map"].iloc[-1], ["parameters", "multiplications"]].sum()
share = late / table[["parameters", "multiplications"]].sum()
totals = [stages[name]["multiplications"].sum() / 1e6 for name in pair]
by_map = table.groupby("map", sort=False)["multiplications"].sum() / table["multiplications"].sum()
course.say(
    f"Parameters sit near the head: the last maps, of {table['map'].iloc[-1]} cells, hold "
    f"{share['parameters']:.0%} of the backbone's in MobileNetV2, because they have the most "
    "channels.",
    "Multiplications are spread, because early maps have few channels but many cells. By the map "
    "that a stage ends with: "
    + ", ".join(f"{part:.0%} at {cells}" for cells, part in by_map.items())
    + ".",
    f"EfficientNet-Lite0 has similar stages with other repeats and widths, and 5 × 5 kernels in "
    f"three of them: {totals[1]:.0f} million multiplications an image instead of {totals[0]:.0f}. "
    f"Both end with 1,280 channels. This notebook runs on **{backbone.name}**.",
)

# %% [markdown]
# ### Why ReLU6?
#
# After every convolution but the narrowing one stands **ReLU6**: min(max(x, 0), 6). Why the
# ceiling? It was [first used](https://www.cs.toronto.edu/~kriz/conv-cifar10-aug2010.pdf) to learn
# sparse features sooner; MobileNet keeps it because phones calculate in 8 bits. There a layer's
# outputs are rounded to 256 levels between 0 and the largest one, and one huge value stretches the
# levels for all the others.
#
# **Predict:** by how much will the ceiling reduce the rounding error: twofold, tenfold?

# %%
images = torch.stack([val[i][0] for i in range(min(16, len(val)))])
positive = torch.zeros(0)
if any(isinstance(module, torch.nn.ReLU6) for module in backbone.features.modules()):
    inputs = models.relu6_inputs(backbone.features, model.normalise(images))
    positive = inputs.clamp(min=0)
    (free, coarse), (held, fine) = (models.in_8_bits(x) for x in (positive, positive.clamp(max=6)))
    usual = (positive > 0) & (positive <= 6)
    errors = [(x - positive)[usual].square().mean().sqrt().item() for x in (free, held)]
    title = f"Inputs reach {positive.max():.0f}: without a ceiling one 8-bit step is {coarse:.2f}"
    display(plots.relu6(inputs.numpy()[::20], title))
else:
    print("Skipped: this backbone has no ReLU6; MobileNetV2 and EfficientNet-Lite0 have.")

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
if len(positive):
    course.say(
        "In the layer that needs the ceiling most, "
        f"{(positive > 6).sum() / (positive > 0).sum():.1%} of the positive inputs are above 6, "
        f"and the largest is {positive.max():.0f}.",
        f"In 8 bits the values below 6 are off by {errors[0]:.3f} without the ceiling and by "
        f"{errors[1]:.4f} with it: **{errors[0] / errors[1]:.0f} times less**.",
        "ReLU6 gives up a little range so that a phone can keep the rest precise. (A network "
        "trained without the ceiling might keep its values small by itself, but nothing would "
        "force it to.)",
    )

# %% [markdown]
# ## A new head, before training
#
# Now the model of this course: the backbone, its map averaged over all cells, and one linear layer
# that gives a number per class, a [logit](glossary.md#logit). Only that layer is new, and it
# starts at random. A sanity check that costs nothing: such a head should do about as well as
# guessing. (The criterion already has [label smoothing](glossary.md#label-smoothing), which
# changes nothing about a guess.)
#
# **Predict:** for a head that gives each of `K` classes the same probability, what is the loss?
# (It is a [cross entropy](glossary.md#cross-entropy), minus the logarithm of the probability of
# the right class.)

# %%
criterion = torch.nn.CrossEntropyLoss(label_smoothing=training.LABEL_SMOOTHING)
metrics = evaluation.multiclass_metrics(len(classes))
before = evaluation.evaluate(model, make_loader(val), criterion, metrics)
picks = np.random.default_rng(SEED).permutation(len(val))[:8]
photos, given = [splits["val"][i][0] for i in picks], [val.labels[i] for i in picks]
shown = make_loader(val.subset(picks))
guesses = model.probabilities(models.predict(model, shown)[0])
plots.prediction_grid(
    photos, given, guesses, classes, f"Before training: {before['accuracy']:.0%} of all right"
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
largest = np.bincount(val.labels).max() / len(val)
course.say(
    f"The loss is {before['loss']:.2f}, and a uniform guess among {len(classes)} classes would "
    f"have ln {len(classes)} = {np.log(len(classes)):.2f}. Accuracy is {before['accuracy']:.0%}; "
    f"always naming the largest class gives {largest:.0%}. A single random head may stray from "
    "that by some points: it gives similar images the same answer.",
    "An untrained head that is clearly *better* than that isn't untrained: somebody has loaded "
    "weights. A loss far *above* the uniform guess's means that the logits start too large.",
)

# %% [markdown]
# ## One epoch, in the open
#
# Here is all that training a head takes, in plain PyTorch. The backbone is frozen: its parameters
# get no gradients, and it stays in evaluation mode. The criterion smooths labels: instead of
# certainty it asks for a little less, which keeps the model from becoming overconfident.

# %%
network = copy.deepcopy(backbone.features).requires_grad_(False).eval()
torch.manual_seed(SEED)
head = torch.nn.Linear(backbone.channels, len(classes))
start = copy.deepcopy(head.state_dict())
mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (backbone.mean, backbone.std))
optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3)
loader = make_loader(train, 16, shuffle=True, seed=SEED)
set_epoch(loader, 1)  # decides the order, and the augmented view of each image

total = 0.0
for images, targets in loader:
    with torch.no_grad():  # nothing here will ever need a gradient
        maps = network((images / 255 - mean) / std)
        features = maps.mean(dim=(2, 3))
    loss = criterion(head(features), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    total += loss.item() * len(targets)
print(f"mean loss of the first epoch: {total / len(train):.4f}")

# %% [markdown]
# **Predict:** our `TransferModel` and `Trainer` do the same with less code. Given the same start
# and the same batches, to how many digits will the loss agree?


# %%
def one_epoch(model):
    """One epoch with the Trainer from the very same start: loss and validation accuracy."""
    model.head[1].load_state_dict(start)
    optimizer = torch.optim.AdamW(model.head.parameters(), lr=1e-3)
    history = training.Trainer(model, criterion, optimizer, seed=SEED).fit(
        make_loader(train, 16, shuffle=True, seed=SEED), None, max_epochs=1
    )
    accuracy = evaluation.evaluate(model, make_loader(val), metrics=metrics)["accuracy"]
    return history.epochs[0]["train_loss"], accuracy, history.epochs[0]["seconds"]


careful = models.TransferModel(backbone, len(classes), dropout=0.0).freeze()
loss, accuracy, epoch_seconds = one_epoch(careful)
print(f"by hand {total / len(train):.4f}, with the Trainer {loss:.4f}")

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    f"The two differ by {abs(loss - total / len(train)):.0e}. The Trainer adds no magic: it "
    "moves things to a GPU where there is one, seeds every epoch, keeps a history, measures, and "
    "calls [callbacks](glossary.md#callback).",
    "Its loop is short; read `helpers/training/trainer.py` when you are curious.",
)

# %% [markdown]
# ## Classic mistake 1: half frozen
#
# `requires_grad_(False)` is half of freezing. [Batch norm](glossary.md#batch-norm) layers also
# carry a running mean and variance, and in training mode they update them with every batch that
# passes, gradients or not. So `freeze()` keeps the backbone in evaluation mode, whatever
# `model.train()` says.
#
# **Predict:** we train one epoch from the same start, but forget half of the freezing. How many
# points of validation accuracy will that cost? (The table also gives the cosine between an image's
# features before and after: 1 means that their direction is unchanged.)

# %%
careless = models.TransferModel(backbone, len(classes), dropout=0.0)
careless.features.requires_grad_(False)  # half of it: no gradients
_, careless_accuracy, _ = one_epoch(careless)
imagenet, probe = backbone.features.state_dict(), val.subset(picks)
rows = {}
for name, trial in {"freeze()": careful, "requires_grad_(False)": careless}.items():
    state = trial.features.state_dict()
    moved = sum(not torch.equal(state[key].cpu(), imagenet[key]) for key in imagenet)
    pair = [models.compute_features(m, probe).features[0] for m in (model, trial)]
    cosine = torch.cosine_similarity(*pair).mean().item()
    rows[name] = {"tensors that moved": moved, "cosine of features": cosine}
table = pd.DataFrame(rows).T.assign(accuracy=[accuracy, careless_accuracy])
table.astype({"tensors that moved": int}).round(3)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
price = 100 * (accuracy - careless_accuracy)
norms = int(table["tensors that moved"].iloc[1])
course.say(
    "This backbone has no batch norm, so nothing moved: half of the freezing was enough here."
    if norms == 0
    else f"{norms} tensors of a network that looks frozen moved (each batch norm has a mean, a "
    "variance and a counter of batches), and the features of the same images are no longer the "
    f"same (cosine {table['cosine of features'].iloc[1]:.2f}).",
    "The head has learned on features that each batch's own statistics normalised; at validation "
    "it gets others, from running averages on their way from ImageNet to our images."
    if norms
    else "",
    f"Price after one epoch: **{price:.0f} points** of validation accuracy."
    if norms and price > 0
    else "This time it cost no accuracy; it may the next."
    if norms
    else "",
    "How to notice: compare the backbone's `state_dict()` before and after phase 1. Every tensor "
    "has to be identical, bit by bit.",
)

# %% [markdown]
# ## Features, computed once
#
# A frozen backbone gives the same features for the same image in every epoch. So we send each
# training image through it in three augmented views, **once**, and train the head on the stored
# features. Each epoch uses the next view.

# %%
started = time.perf_counter()
model.freeze()
features = models.compute_features(model, train, training.VIEWS)
val_features = models.compute_features(model, val)
feature_seconds = time.perf_counter() - started
print(f"{tuple(features.features.shape)}: views, images, features, in {feature_seconds:.0f} s")

# %% [markdown]
# ## How large may the learning rate be?
#
# The [learning-rate range test](https://arxiv.org/abs/1506.01186) trains a copy for a few dozen
# batches while the rate grows from tiny to huge. Where the loss is lowest the rate is already on
# the verge; a tenth of that is a safe ceiling: a rule of thumb, not a law.
#
# **Predict:** sketch the curve: what happens at very small rates, and what at very large ones?

# %%
optimizer = torch.optim.AdamW(model.head.parameters())
loader = make_loader(features, 32, shuffle=True, seed=SEED)
test = training.lr_range_test(model.head, criterion, optimizer, loader, 1e-5, 10, seed=SEED)
plots.lr_range(test, training.HEAD_RATE)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
ceiling = training.suggest_rate(test)
course.say(
    "Too small, and nothing happens; too large, and the loss explodes. A tenth of the lowest point "
    f"(the dot) is {ceiling:.0e}. Smoothing lags, so the dot comes late, and the ceiling is rather "
    "lower.",
    f"We take {training.HEAD_RATE:.0e}"
    + (", below it" if ceiling >= training.HEAD_RATE else ", above it, but the schedule lowers it")
    + ". Phase 2 will use a tenth of this rate.",
)

# %% [markdown]
# ## Model, Criterion, Optimizer, Callback
#
# Every training in this course is put together from the same four parts.
#
# | part | here | what it does |
# |---|---|---|
# | **Model** | frozen backbone, new head | turns images into logits |
# | **Criterion** | cross entropy, labels smoothed by 0.1 | says how wrong the logits are |
# | **Optimizer** | [AdamW](glossary.md#adamw) | changes the weights to make it less wrong |
# | **Callbacks** | rate schedule, early stopping, progress | what happens around the loop |
#
# The schedule raises the rate during the first tenth of the training (*warm-up*) and then lowers
# it along half a [cosine](glossary.md#cosine-schedule): large steps to get near, small ones to
# settle. [Early stopping](glossary.md#early-stopping) watches the validation loss, stops after ten
# epochs without improvement, and restores the best weights. The test set stays closed until the
# end of notebook 3.
#
# **Predict:** what accuracy will a linear layer on frozen features reach? And when will the
# validation loss be lowest: in the first, the middle or the last third of the epochs?

# %%
started = time.perf_counter()
early = training.EarlyStopping("val_loss", patience=10)
callbacks = [early, training.Progress(every=10)]
history = training.train_head(model, features, val_features, callbacks, seed=SEED)
head_seconds = time.perf_counter() - started
after = evaluation.evaluate(model, make_loader(val), criterion, metrics)
plots.loss_curves(history, f"Phase 1: validation loss {before['loss']:.2f} → {after['loss']:.2f}")

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
epochs, losses = len(history.epochs), [row["val_loss"] for row in history.epochs]
third = ("first", "middle", "last")[min(2, 3 * (early.best_epoch - 1) // epochs)]
near = 1 + max((i for i, v in enumerate(losses, start=1) if v > 1.05 * min(losses)), default=0)
off = training.LABEL_SMOOTHING / len(classes)
on = 1 - training.LABEL_SMOOTHING + off
floor = -(on * np.log(on) + (len(classes) - 1) * off * np.log(off))
course.say(
    f"The validation loss was lowest after epoch {early.best_epoch} of {epochs}, in the {third} "
    f"third; those weights are kept. From epoch {near} on it stayed within 5 % of that. They get "
    f"{after['accuracy']:.0%} of the validation images right; before training it was "
    f"{before['accuracy']:.0%}.",
    "In the first epochs validation is the *lower* curve: a point of the training curve is a mean "
    "over an epoch in which the head was still learning, on augmented images and with dropout; "
    "validation is measured after it, without."
    if losses[0] < history.epochs[0]["train_loss"]
    else "",
    "With smoothed labels no loss can reach 0: even a perfect model has "
    f"**{floor:.2f}**, so a training loss of {history.epochs[-1]['train_loss']:.2f} is low.",
    "The thin line is noisy because every batch is another handful of images. Where the "
    "validation curve flattens while training still falls, the head begins to learn training "
    "images by heart.",
    "Sending every image through the backbone in each epoch would have taken about "
    f"{epochs * epoch_seconds:.0f} seconds. Storing the features took {feature_seconds:.0f}, and "
    f"all these epochs then {head_seconds:.1f}.",
)

# %%
guesses = model.probabilities(models.predict(model, shown)[0])
plots.prediction_grid(
    photos, given, guesses, classes, f"After phase 1: {after['accuracy']:.0%} of all right"
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
right = int((guesses.argmax(dim=1) == torch.tensor(given)).sum())
course.say(
    f"{right} of these {len(given)} images are right, {after['accuracy']:.0%} of all {len(val)}: a "
    "handful is a poor sample.",
    f"The least certain answer has {guesses.amax(dim=1).min():.0%}. Look at that image: what makes "
    "it hard?",
)

# %% [markdown]
# ## Classic mistakes 2 and 3: other pixels than in training
#
# The model is trained. Now somebody uses it and prepares the images a little differently: forgets
# to normalise, or reads them with OpenCV, which gives blue, green, red instead of red, green,
# blue. Nothing crashes.
#
# **Predict:** which of the two costs more points?

# %%
view = val.transform
ways = {
    "as in training": view,
    "not normalised": lambda image, seed: view(image) / 255,  # floats are taken as normalised
    "red and blue swapped": lambda image, seed: view(image[..., ::-1].copy()),
}
logits = {n: models.predict(model, make_loader(val.with_transform(w)))[0] for n, w in ways.items()}
truth = torch.tensor(val.labels)
prices = pd.Series({name: evaluation.accuracy(each, truth) for name, each in logits.items()})
plots.measure_bars(
    prices.to_frame("accuracy"), "Same model, same images, other pixels", "validation accuracy"
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
change = prices - prices.iloc[0]
sure = [each.softmax(dim=1).gather(1, truth[:, None]).mean().item() for each in logits.values()]
right = [each.argmax(dim=1) == truth for each in logits.values()]
tests = [evaluation.paired_test(right[0], other) for other in right[1:]]
course.say(
    *(
        f"{name} accuracy changes by **{100 * points:+.1f} points**: {mended} images corrected, "
        f"{broken} broken (p = {chance:.2g}, [McNemar's test](glossary.md#mcnemars-test))"
        + (
            ": more than luck."
            if chance < 0.05
            else ": that may be luck. The answers have changed all the same, and no error says so."
        )
        for name, points, (mended, broken, chance) in zip(
            ("Without normalisation", "With swapped colours"), change.iloc[1:], tests, strict=True
        )
    ),
    f"The probability of the right class is {sure[0]:.0%} on average, {sure[1]:.0%} without "
    f"normalisation and {sure[2]:.0%} with swapped colours. (None of our classes has a colour of "
    "its own. On fruit or sunsets the second mistake would be expensive.)",
    "How to notice: predict the same ten images with your training code and with the code that "
    "will run in the field. The probabilities have to agree to the last digit that you print.",
    "Our model normalises uint8 images by itself. Floats it takes as normalised already: feed it "
    "the 0-to-1 floats of torchvision's `ToTensor()`, and you have made the first mistake.",
)

# %% [markdown]
# ## Save it
#
# Weights alone are useless a month later: which classes, which image size, which normalisation?
# The folder holds the weights and these answers, and `load_model(folder)` needs nothing else.

# %%
kept_seconds = feature_seconds + head_seconds
saved = models.save_model(
    runs / f"phase1_{backbone.name}",
    model,
    {
        "classes": classes,
        "size": SIZE,
        "train_digest": splits["train"].digest,
        "learning_rate": training.HEAD_RATE,
        "seconds": kept_seconds,
    },
)
history.to_csv(saved)
print(*sorted(path.name for path in saved.iterdir()), sep="\n")

# %% [markdown]
# ## In five lines
#
# 1. A backbone trained on ImageNet turns many kinds of images into useful features.
# 2. Phase 1 trains a new head on them: few parameters, few images, seconds.
# 3. Frozen means: no gradients *and* batch norm in evaluation mode.
# 4. Frozen features can be computed once and kept.
# 5. The same pixels at training and at prediction time, or answers change without any error.
#
# ## Check yourself
#
# <details>
# <summary>After phase 1, may any tensor of the backbone differ from ImageNet's?</summary>
#
# No. Not even batch norm's running statistics. If one differs, freezing was done by half.
# </details>
# <details>
# <summary>Before training, your four-class model has an accuracy of 60 %. Good news?</summary>
#
# No. A random head should be near 25 %. Most likely it isn't random: weights of an earlier run
# were loaded. Or the accuracy is computed wrongly.
# </details>
# <details>
# <summary>Why can storing features replace the backbone in phase 1, but not in phase 2?</summary>
#
# In phase 2 the backbone changes with every step, so features of a moment ago are out of date.
# </details>
#
# ## Exercises
#
# **2.1** How many numbers does a new head learn, for 7 classes on 1,280 features?

# %% tags=["exercise"]
answer = ...
check.ex_02_1(answer)

# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
answer = 7 * (1280 + 1)  # a weight for each feature, and a bias
check.ex_02_1(answer)

# %% [markdown]
# **2.2** How many multiplications does a depthwise separable 3 × 3 convolution take, on a map of
# `height` × `width` cells, from `inputs` to `outputs` channels? (The map keeps its size.)


# %% tags=["exercise"]
def separable(height, width, inputs, outputs): ...


check.ex_02_2(separable)


# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
def separable(height, width, inputs, outputs):
    depthwise = 9 * inputs
    pointwise = inputs * outputs
    return height * width * (depthwise + pointwise)


check.ex_02_2(separable)

# %% [markdown]
# **2.3** Write your own `freeze(network)`, for any network in any project: no gradients, no moving
# batch norm, and it must stay frozen when somebody calls `train()` on the model around it. (Hint:
# `model.train()` calls `network.train(True)`, and you may give `network` a `train` of your own,
# one that does nothing.)


# %% tags=["exercise"]
def freeze(network): ...


check.ex_02_3(freeze)


# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
def freeze(network):
    network.requires_grad_(False)
    network.eval()
    network.train = lambda mode=True: network  # from now on it does nothing


check.ex_02_3(freeze)

# %% [markdown]
# **2.4** *(open)* Replace `model.head` by two linear layers with a ReLU between them, and train it
# with `training.train_head(model, features, val_features)`. Does it help, or does it only learn
# the training images faster? Compare the two curves.
#
# ## Read on
#
# - Sandler et al. 2018, [MobileNetV2: Inverted Residuals and Linear
#   Bottlenecks](https://arxiv.org/abs/1801.04381).
# - Yosinski et al. 2014, [How transferable are features in deep neural
#   networks?](https://arxiv.org/abs/1411.1792)
# - Razavian et al. 2014, [CNN Features off-the-shelf](https://arxiv.org/abs/1403.6382): frozen
#   features against everything that came before.
# - Krizhevsky 2010, [Convolutional Deep Belief Networks on
#   CIFAR-10](https://www.cs.toronto.edu/~kriz/conv-cifar10-aug2010.pdf): the first ReLU6.
#
# Previous: [1 · What is in the folder?](01_data_exploration.ipynb) · Next: [3 · What does
# fine-tuning add?](03_phase2_finetuning.ipynb)

# %% cellView="form" jupyter={"source_hidden": true} tags=["record"]
# @title For the record: what was measured goes into metrics.json
scores = {"val_accuracy": after["accuracy"], "seconds": kept_seconds}
course.record_result("drones", backbone.name, "two phases", "phase 1", **scores)
