# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/transfer-learning-course/transfer-learning-course/blob/main/notebooks/06_gradcam_analysis.ipynb)
#
# # 6 · Why did it say that?
#
# A model that is right may be right for the wrong reason: the sky behind the drone, the
# photographer's habits, a watermark. **Class activation maps** show which part of an image speaks
# for the answer. We begin with a model that takes a shortcut, expose it, and cure it. Then we look
# at our own classifier, and ask how far such maps may be believed.
#
# **After this notebook you can**
# - write [Grad-CAM](glossary.md#grad-cam) yourself and read its maps;
# - expose a [shortcut](glossary.md#shortcut) with a map and prove it with a test;
# - measure whether a map points at the object, and whether the model needs what the map shows.
#
# **Before you start:** notebooks [2](02_phase1_adaptation.ipynb) and
# [3](03_phase2_finetuning.ipynb); their models are used here, or made now in shorter form.
#
# **Time:** 40 minutes to read, two minutes to run on a CPU.
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

import check
import numpy as np
import pandas as pd
import torch
from matplotlib_inline.backend_inline import set_matplotlib_formats

from data_scripts.tasks import data_folder, object_boxes
from helpers import data, evaluation, explain, models, plots, training
from helpers.data import eval_transform, make_loader

set_matplotlib_formats("jpeg")  # pictures as PNG would make the notebook twice as heavy
SEED = 0
folder, runs = data_folder("drones"), course.run_folder("drones")
name = models.resolve_backbone(course.backbone_name())

# %% [markdown]
# ## A trap
#
# Large quadcopters carry cameras, and people who film like to fly at dusk. Suppose that in our
# training data *every* large quadcopter has a sunset behind it and every small one a sky by day.
# The test images come from the same source, so they have the same habit. A head is trained on them
# as in phase 1.
#
# **Predict:** how many of the test images will it get right? How sure would you be of this model?

# %%
trap = data_folder("shortcut")
objects = object_boxes(trap)
parts = {p: data.ImageFolderDataset(trap / p) for p in ("train", "test", "test_unbiased", "extra")}
pair = parts["train"].classes
frozen = models.TransferModel(models.load_backbone(name), len(pair)).freeze()
features = training.frozen_features(frozen, parts, views=(1, 2))
extra = training.frozen_features(frozen, {"train": parts["extra"]}, views=(1, 2))["train"]
heads, EPOCHS = {"biased": frozen.with_new_head(SEED)}, 20
training.train_head(heads["biased"], features["train"], None, max_epochs=EPOCHS, seed=SEED)
logits, truth = models.predict(heads["biased"].head, make_loader(features["test"], 64))
biased_test = evaluation.accuracy(logits, truth)
shown = [
    np.flatnonzero(np.array(parts["test"].labels) == label)[i] for label in (0, 1) for i in (0, 1)
]
plots.image_grid(
    [parts["test"][i][0] for i in shown],
    [pair[parts["test"].labels[i]] for i in shown],
    f"The test: {biased_test:.0%} right",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    f"**{biased_test:.0%}** of {len(truth)} test images are right. Anyone with only this test "
    "would ship the model.",
    "The training images were augmented as in notebook 2, colours included.",
    "(The number of epochs is fixed here: the validation images have the same habit, so early "
    "stopping would only wait until the shortcut is learned best.)",
)

# %% [markdown]
# ## Grad-CAM in ten lines
#
# What does this model look at? The backbone turns an image into a grid of cells, 7 × 7 for 224 ×
# 224 pixels, and in each cell into 1,280 numbers, one per channel. **Grad-CAM** asks how much the
# class's logit would rise with each channel, and adds the channels up with those weights, cell by
# cell. What speaks for the class is bright.
#
# A cell is 32 pixels wide, so no map is sharper than that. What a cell *sees*, its [receptive
# field](glossary.md#receptive-field), is far wider, in principle the whole image. So a bright cell
# says where the network *reports* something, not that these pixels alone mattered. (In all figures
# of maps a cross marks the brightest point.)
#
# **Predict:** where will it be bright, for a large quadcopter at sunset?

# %%
model, index = heads["biased"], int(shown[0])
image = parts["test"].with_transform(eval_transform((224, 224)))[index][0][None]
label = parts["test"].labels[index]

with torch.no_grad():
    maps = model.feature_maps(image)  # (1, C, 7, 7)
maps.requires_grad_()
logit = model.head(model.pool(maps))[0, label]
(gradient,) = torch.autograd.grad(logit, maps)
weights = gradient.mean(dim=(2, 3), keepdim=True)  # one for each channel
cam = (weights * maps).sum(dim=1).relu()  # only what speaks *for* the class
cells = (cam[0] / cam.max().clamp_min(1e-7)).detach().numpy()  # (7, 7), kept for the figure
cam = torch.nn.functional.interpolate(cam[None], size=image.shape[2:], mode="bilinear")
cam = (cam - cam.min()) / (cam.max() - cam.min()).clamp_min(1e-7)
ours = cam[0, 0].detach().numpy()

theirs = explain.cam_maps(model, image, label)[0]
plots.map_rows(
    [parts["test"][index][0]],
    {"its cells": [np.kron(cells, np.ones((32, 32)))], "smoothed": [ours]},
    f"Grad-CAM for “{pair[label]}”",
    boxes=[objects[parts["test"].paths[index]]],
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
drone = objects[parts["test"].paths[index]]
frame = explain.scale_boxes([drone], parts["test"].sizes[[index]], (224, 224))
held = explain.energy_inside(ours[None], frame)[0]
area = np.prod(frame[0, 2:] - frame[0, :2]) / 224**2
course.say(
    "Its brightest point lies "
    + ("within" if explain.pointing_game(ours[None], frame)[0] else "more than")
    + f" half a cell from the drone's box, which holds {held:.0%} of the map. A map without any "
    f"idea would have {area:.0%} there, the box's share of the image. "
    + (
        "Most of the evidence is elsewhere. And is what lies in the box the drone, or bright sky "
        "beside it that spills over? A coarse map can't say."
        if area < held < 0.5
        else "Most of the evidence is elsewhere."
        if held < 0.5
        else "Most of the evidence is on the object."
    ),
    f"The two maps differ by {np.abs(ours - theirs).max():.1e} at most: the library does the "
    "same ten lines, for any layer and in batches.",
    "Each map has its own scale, from least to most, so it tells *where*, never *how much*.",
    "A map is a suspicion. To get a verdict, change what you suspect.",
)

# %% [markdown]
# ## The proof: change the sky alone
#
# In a second test each object appears twice, once against each sky and otherwise unchanged. If the
# model knows quadcopters, the sky can't matter.
#
# **Predict:** how many answers will the sky alone change?

# %%
unbiased = parts["test_unbiased"]
given = np.array(unbiased.labels)
looks = unbiased.with_transform(eval_transform((224, 224)))


def asked(head):
    """On the second test: probabilities, accuracy, share of answers that the sky changes."""
    logits, truth = models.predict(head, make_loader(features["test_unbiased"], 64))
    verdicts = logits.argmax(dim=1)  # sorted by name: an object's two images are neighbours
    changed = (verdicts[::2] != verdicts[1::2]).float().mean().item()
    return logits.softmax(dim=1).numpy(), evaluation.accuracy(logits, truth), changed


twins, accuracy, changed = asked(heads["biased"].head)
by_day = np.array([path.stem.endswith("day") for path in unbiased.paths])
fooled = np.flatnonzero(by_day & (given != twins.argmax(axis=1)))
twin = [fooled[0], fooled[0] + 1] if len(fooled) else [0, 1]
evidence = explain.cam_maps(heads["biased"], torch.stack([looks[i][0] for i in twin]))
plots.map_rows(
    [unbiased[i][0] for i in twin],
    {"for its answer": evidence},
    f"Another sky changes {changed:.0%} of the answers",
    [f"given\n{pair[given[i]]}" for i in twin],
    {"for its answer": plots.answers(given[twin], twins[twin], pair)},
    [objects[unbiased.paths[i]] for i in twin],
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
outlines = explain.scale_boxes(
    [objects[unbiased.paths[i]] for i in twin], unbiased.sizes[twin], (224, 224)
)
held = explain.energy_inside(evidence, outlines)
area = np.prod(outlines[0, 2:] - outlines[0, :2]) / 224**2
course.say(
    f"With the habit {biased_test:.0%} were right; without it {accuracy:.0%}, where a coin gets "
    f"50 %. The sky alone changes the answer for **{changed:.0%}** of the objects"
    + (": the model has learned skies, not quadcopters." if changed > 0.5 else "."),
    f"In the pair shown, {held[0]:.0%} and {held[1]:.0%} of the evidence for the answer lie in the "
    f"drone's box, which covers {area:.0%}. Would these maps alone have convinced you?",
)

# %% [markdown]
# ## The cure: how few counter-examples?
#
# The same kind of head, with some more training images: large ones by day, small ones at sunset.
# Each of them makes the sky a worse guide, but not a useless one: it still names the right class in
# all the other training images. (Three seeds, so three starts.)
#
# **Predict:** beside 128 training images, how many counter-examples bring 90 % right: 2, 8, 32?

# %%
half, rows = len(extra) // 2, []
for count in (0, 2, 4, 8, 16, 32, 64):
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(half)
        few = np.stack([order, order + half], axis=1).ravel()[:count]  # of both classes in turn
        mixed = models.FeatureDataset(
            torch.cat([features["train"].features, extra.features[:, few]], dim=1),
            torch.cat([features["train"].labels, extra.labels[few]]),
        )
        cured = frozen.with_new_head(seed)
        training.train_head(cured, mixed, None, max_epochs=EPOCHS, seed=seed)
        _, right, turned = asked(cured.head)
        habit = len(features["train"]) / len(mixed)  # how often the sky tells the class in training
        rows.append(
            {
                "counter-examples": count,
                "accuracy": right,
                "changed by the sky": turned,
                "sky is right in training": habit,
            }
        )
        if count == 64 and seed == SEED:
            heads["cured"] = cured
cure = pd.DataFrame(rows).groupby("counter-examples").mean()
plots.lines(
    cure,
    f"counter-examples beside {len(features['train'])} images",
    "share, mean of three seeds",
    f"Accuracy: {cure['accuracy'].iloc[0]:.0%} without counter-examples, "
    f"{cure['accuracy'].iloc[-1]:.0%} with {cure.index[-1]}",
    path=runs / "Shortcut_Cure.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
last = cure["accuracy"].iloc[-1] - cure["accuracy"].iloc[-2]
enough = cure.index[cure["accuracy"] >= 0.9]
course.say(
    "Accuracy: "
    + ", ".join(f"{cure.loc[n, 'accuracy']:.0%} with {n}" for n in (0, 8, 16, 32, 64))
    + (
        f". Of those tried {enough[0]} is the first with 90 %"
        if len(enough)
        else ". None is enough"
    )
    + (", and the curve is still rising." if last > 0.03 else "."),
    f"With {cure.index[-1]} the sky still changes **{cure['changed by the sky'].iloc[-1]:.0%}** of "
    "the answers (a coin's answers would change in half of the cases)"
    + (
        ": the shortcut is weaker, not gone. No wonder: in "
        f"{cure['sky is right in training'].iloc[-1]:.0%} of the training images the sky still "
        "tells the class."
        if cure["changed by the sky"].iloc[-1] > 0.05
        else "."
    ),
)

# %%
passed = {}
for key, head in heads.items():
    logits, truth = models.predict(head.head, make_loader(features["test"], 64))
    passed[key] = {
        "biased test": evaluation.accuracy(logits, truth),
        "unbiased test": asked(head.head)[1],
    }
filmed = np.flatnonzero(by_day & (given == pair.index("large_quadcopter")))
views = torch.stack([looks[i][0] for i in filmed])
drawn = {key: explain.cam_maps(head, views) for key, head in heads.items()}  # for its answer
frames = explain.scale_boxes(
    [objects[unbiased.paths[i]] for i in filmed], unbiased.sizes[filmed], (224, 224)
)
inside = {key: explain.energy_inside(values, frames).mean() for key, values in drawn.items()}
boxed = np.prod(frames[:, 2:] - frames[:, :2], axis=1).mean() / 224**2
for_large = {key: explain.cam_maps(head, views, given[filmed]) for key, head in heads.items()}
some = {key: values.max(axis=(1, 2)) > 0 for key, values in for_large.items()}  # not all black
none = {key: int((~lit).sum()) for key, lit in some.items()}
alike = {
    key: explain.energy_inside(values[some[key]], frames[some[key]]).mean() if any(some[key]) else 0
    for key, values in for_large.items()
}
plots.measure_bars(
    pd.DataFrame(passed),
    "Two models, two tests: only the unbiased test can expose the shortcut",
    "accuracy",
    {"a coin": 0.5},
    path=runs / "Shortcut_Accuracy.jpg",
)

# %%
first = filmed[:3]
said = {key: asked(head.head)[0][first] for key, head in heads.items()}
plots.map_rows(
    [unbiased[i][0] for i in first],
    {
        "biased,\nfor its answer": drawn["biased"][:3],
        "biased,\nfor large": for_large["biased"][:3],
        "cured,\nfor large": for_large["cured"][:3],
    },
    f"Evidence for large: none in {none['biased']} of {len(filmed)} images before the cure, "
    f"in {none['cured']} after",
    None,
    {
        "biased,\nfor its answer": plots.answers(given[first], said["biased"], pair),
        "cured,\nfor large": plots.answers(given[first], said["cured"], pair),
    },
    [objects[unbiased.paths[i]] for i in first],
    path=runs / "Shortcut_Maps.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    f"On the unbiased test {passed['biased']['unbiased test']:.0%} became "
    f"{passed['cured']['unbiased test']:.0%}: that is the proof. On the biased test "
    f"{passed['biased']['biased test']:.0%} became {passed['cured']['biased test']:.0%}"
    + (
        ", so whoever has only that test would throw the better model away."
        if passed["cured"]["biased test"] < passed["biased"]["biased test"]
        else "."
    ),
    f"For its own answer the biased model has {inside['biased']:.0%} of the evidence inside the "
    f"object's box, the cured one {inside['cured']:.0%}; the box covers {boxed:.0%} of the image. "
    "But there two things change, the model and the class: what speaks *against* small is black in "
    "a map for small.",
    "Asked for *large_quadcopter* both times, only the model changes. In "
    f"{none['biased']} of {len(filmed)} images the biased one finds nothing that speaks for it (a "
    f"black map), the cured one in {none['cured']}. Where there is some, {alike['biased']:.0%} and "
    f"{alike['cured']:.0%} of it lie on the object"
    + (
        ": in maps the cure shows as evidence that is there at all, not as a better place. They "
        "alone would not convince anybody."
        if alike["cured"] - alike["biased"] < 0.1 and none["cured"] < none["biased"]
        else ": it has moved there."
        if alike["cured"] - alike["biased"] >= 0.1
        else ": the maps hardly show the cure."
    ),
    "A map raises a suspicion, and only a test like the second one proves it. Look at maps of "
    "*right* answers too: a shortcut is right most of the time.",
)

# %% [markdown]
# ## Our own classifier: right and wrong
#
# Now the models of notebooks 2 and 3, on up to 200 test images.

# %%
splits = data.load_splits(folder, seed=SEED)
train, val = splits["train"], splits["val"]
before, config, _ = training.phase1_model(runs / f"phase1_{name}", name, train, val, seed=SEED)
after, config = training.phase2_model(
    runs / f"phase2_{name}", (before, config), train, val, seed=SEED
)
some = np.sort(np.random.default_rng(SEED).permutation(len(splits["test"]))[:200])
photos = splits["test"].subset(some)
test = photos.with_transform(models.transform_from_config(config))
images, labels, classes = (
    torch.stack([image for image, _ in test]),
    np.array(test.labels),
    config["classes"],
)
phases = {"phase 1": before, "phase 2": after}
answers = {
    p: models.predict(m, make_loader(test))[0].softmax(dim=1).numpy() for p, m in phases.items()
}
right = {phase: values.argmax(axis=1) == labels for phase, values in answers.items()}
final = answers["phase 2"]
correct = np.random.default_rng(SEED).permutation(np.flatnonzero(right["phase 2"]))[:6]
wrong = np.flatnonzero(~right["phase 2"])
wrong = wrong[np.argsort(-final[wrong].max(axis=1))][:6]
for start, rows, title in (
    ("Corr", correct, "Right answers"),
    ("Mis", wrong, "The most confident mistakes"),
):
    if len(rows):
        pictures = [photos[i][0] for i in rows]
        path = runs / f"{start}-classified Images.jpg"
        display(plots.prediction_grid(pictures, labels[rows], final[rows], classes, title, 3, path))

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    f"{right['phase 2'].mean():.0%} of {len(labels)} images are right after phase 2.",
    f"The model gave its most confident mistake a probability of {final[wrong].max():.0%}"
    + (": high confidence is no guarantee." if final[wrong].max() > 0.7 else ".")
    if len(wrong)
    else "",
)

# %% [markdown]
# **Predict:** for the mistakes, will the maps lie on the object or beside it?

# %%
cam, known, framed = explain.cam_maps(after, images), object_boxes(folder), None
if known.keys() >= set(photos.paths):
    drones = [known[path] for path in photos.paths]
    framed = explain.scale_boxes(drones, photos.sizes, images.shape[2:])
for ending, rows in (("Correct", correct), ("Incorrect", wrong)):
    if len(rows):
        pictures, title = (
            [photos[i][0] for i in rows],
            f"{ending} answers and where their evidence lies",
        )
        path = runs / f"gradcam_{ending}.png"
        display(
            plots.map_gallery(
                pictures,
                cam[rows],
                labels[rows],
                final[rows],
                classes,
                title,
                boxes=None if framed is None else [drones[i] for i in rows],
                path=path,
            )
        )


# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
hits = None if framed is None else explain.pointing_game(cam, framed)
course.say(
    "The brightest point lies on the object, or within half a cell of it, for "
    f"{hits[correct].sum()} of the {len(correct)} right answers"
    + (f" and {hits[wrong].sum()} of the {len(wrong)} mistakes." if len(wrong) else ".")
    if framed is not None
    else "",
    "A map on the object suggests that the model used the object's region and took it for "
    "something else; why, the map can't say. Is the object small, blurred, seen from an odd side?",
    "A map clearly beside it (by more than a cell) hints, and no more than hints, that the answer "
    "came from somewhere else: that is when you should go looking for a shortcut.",
)

# %% [markdown]
# A mistake has two maps worth seeing: the evidence for the answer, and what there was for the
# right class. Where we know the object's place, a box outlines it.
#
# **Predict:** will the two maps of one mistake lie in the same place?

# %%
if len(wrong):
    rows = wrong[:3]
    asked_for = {"for its answer": final[rows].argmax(axis=1), "for the right class": labels[rows]}
    both = {title: explain.cam_maps(after, images[rows], c) for title, c in asked_for.items()}
    figure = plots.map_rows(
        [photos[i][0] for i in rows],
        both,
        "Each mistake, asked twice",
        map_captions={
            title: [
                (f"{classes[c]}: {final[i, c]:.0%}{' ✗' * bool(c != labels[i])}", c != labels[i])
                for i, c in zip(rows, label, strict=True)
            ]
            for title, label in asked_for.items()
        },
        boxes=None if framed is None else [known[photos.paths[i]] for i in rows],
    )
    display(figure)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
if len(wrong):
    one, other = both.values()
    on = [
        0 if framed is None else explain.pointing_game(m, framed[rows]).sum() for m in (one, other)
    ]
    alike = int((explain.rank_correlation(one, other) > 0.5).sum())
    course.say(
        "The two maps of a mistake order their cells alike (a rank correlation above ½) in "
        f"{alike} of {len(rows)} cases.",
        "For the answer, the brightest point lies on the object or within half a cell of it in "
        f"{on[0]} of {len(rows)} cases, for the right class in {on[1]}."
        + (
            " Where the answer's own evidence lies off the object, you would now test for a "
            "shortcut: paste the object before another background and ask again."
            if on[0] < len(rows)
            else ""
        )
        if framed is not None
        else "",
        "Don't compare brightness: each map has its own scale, and a class with 6 % may still have "
        "a high logit, only lower than the winner's.",
    )
else:
    course.say("There is no mistake among these images.")

# %% [markdown]
# ## Five formulas for a map
#
# *GradCAM* weighs channels by their mean gradient, *GradCAM++* by positive gradients alone, and
# *LayerCAM* does so cell by cell. *ScoreCAM* covers everything but the places where a channel is
# active, and weighs the channel by the logit that is left; that takes hundreds of predictions for
# one image, so only two are drawn here. *EigenCAM* takes the strongest pattern that the channels
# share, and doesn't look at the class at all.
#
# **Predict:** will the five agree on the place? We take the mistake with the least of its map
# inside the object's box, and a right answer.

# %%
odd = wrong[:1]
if len(wrong) and framed is not None:
    odd = wrong[[explain.energy_inside(cam[wrong], framed[wrong]).argmin()]]
rows = np.r_[odd, correct[:2]][:2]
five = explain.cam_maps(after, images[rows], None, explain.METHODS)
plots.map_rows(
    [photos[i][0] for i in rows],
    five,
    "One answer, five maps",
    [f"given {classes[labels[i]]}\nmaps for {classes[final[i].argmax()]}" for i in rows],
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
same = np.abs(five["GradCAM++"] - five["LayerCAM"]).max()
peaks = np.array(
    [[np.unravel_index(m.argmax(), m.shape) for m in maps] for maps in five.values()], float
)
apart = [
    np.linalg.norm(peaks[:, None, i] - peaks[None, :, i], axis=2).max() / 32
    for i in range(len(rows))
]
course.say(
    "The brightest points of the five lie up to "
    + " and ".join(f"{cells:.1f}" for cells in apart)
    + " cells apart: "
    + (
        "they agree on the place. But all are drawn from the same feature maps: they are not five "
        "witnesses."
        if max(apart) < 2
        else "they don't always agree, although all are drawn from the same feature maps."
    ),
    f"GradCAM++ and LayerCAM differ by {same:.0e} here. That is no accident: with **average "
    "pooling** every cell of a channel has the same gradient, so weighting cells (LayerCAM) or "
    "channels (Grad-CAM++) by positive gradients gives nearly the same map, up to a factor that "
    "scaling removes.",
    "For the same reason Grad-CAM is plain [CAM](https://arxiv.org/abs/1512.04150) here: the "
    "gradient is the head's weight, divided by the number of cells. With a spatial pyramid they "
    "would part.",
)

# %% [markdown]
# ## Does the map point at the object?
#
# Drawn data knows where the object is. In the [pointing game](https://arxiv.org/abs/1608.00507) a
# map scores if its brightest point lies on the object's box, or within 15 of 224 pixels of it.
# Photographers put their object in the middle, so a blob in the middle is the baseline to beat;
# noise is the one that *must* be beaten.
#
# **Predict:** for what share of the right answers does the map point at the object?

# %%
placed = np.array([i for i, path in enumerate(photos.paths) if path in known], int)
baselines = {
    "centre": explain.center_maps(len(images), images.shape[2:]),
    "noise": explain.noise_maps(len(images), images.shape[2:], seed=SEED),
}
table = pd.DataFrame()
if len(placed):
    boxes = np.array([known[photos.paths[i]] for i in placed], float)
    boxed = explain.scale_boxes(boxes, photos.sizes[placed], images.shape[2:])
    share = np.prod(boxed[:, 2:] - boxed[:, :2], axis=1) / np.prod(images.shape[2:])
    mapped = ("GradCAM", "GradCAM++", "LayerCAM", "EigenCAM")
    frames = [
        pd.DataFrame(
            {
                "phase": phase,
                "map": method,
                "right": right[phase][placed],
                "size": np.where(share < np.median(share), "small", "large"),
                "points at it": explain.pointing_game(drawn[placed], boxed).astype(float),
                "evidence inside": explain.energy_inside(drawn[placed], boxed),
            }
        )
        for phase, model in phases.items()
        for method, drawn in (explain.cam_maps(model, images, None, mapped) | baselines).items()
    ]
    table = pd.concat(frames)
    points = table[table["right"]].pivot_table("points at it", "map", "phase", sort=False)
    maps_only = points.drop(list(baselines))
    title = (
        f"Right answers: Grad-CAM points at {points.loc['GradCAM', 'phase 2']:.0%} of the objects"
    )
    lines = points.loc[list(baselines), "phase 2"].to_dict()
    display(plots.measure_bars(maps_only, title, "pointing game", lines))
else:
    print("Skipped: these data have no boxes.csv, so nobody knows where the objects are.")

# %%
if len(table):
    finals = table[(table["phase"] == "phase 2") & table["right"]]
    display(
        finals.pivot_table(["points at it", "evidence inside"], "map", "size", sort=False).round(2)
    )

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
if len(table):
    small = finals[finals["size"] == "small"].groupby("map")["points at it"].mean()
    best_inside = finals[finals["size"] == "small"].groupby("map")["evidence inside"].mean()
    mistakes = table[(table["phase"] == "phase 2") & ~table["right"]]
    mistaken = mistakes[mistakes["map"] == "GradCAM"]
    hit, blob = (
        int(mistakes.loc[mistakes["map"] == kind, "points at it"].sum())
        for kind in ("GradCAM", "centre")
    )
    total, off = max(len(mistaken), 1), len(mistaken) - hit
    answered = finals.loc[finals["map"] == "GradCAM", "points at it"]
    missed = int((answered == 0).sum())
    low, high = evaluation.accuracy_interval(hit, total)
    course.say(
        f"Grad-CAM points at {points.loc['GradCAM', 'phase 1']:.0%} of the objects that phase 1 "
        f"recognises, and at {points.loc['GradCAM', 'phase 2']:.0%} of phase 2's.",
        "The blob in the middle looks good "
        f"({points.loc['centre', 'phase 2']:.0%}) until the objects are small: there it drops to "
        f"{small['centre']:.0%} and Grad-CAM stays at {small['GradCAM']:.0%}.",
        "*Evidence inside* is the share of the map's sum that lies in the box. Highest on small "
        f"objects: {best_inside.idxmax()} with {best_inside.max():.0%}"
        + (
            ", which asks for no class at all: pointing well is not explaining."
            if best_inside.idxmax() == "EigenCAM"
            else "."
        ),
        f"On the {len(mistaken)} wrong answers Grad-CAM points at {hit} objects "
        f"({hit / total:.0%}, 95 % interval {low:.0%} to {high:.0%}), the blob at {blob}"
        + (
            ": too few to say that the map is better than the blob there."
            if low <= blob / total
            else "."
        )
        + (
            f" Of the {missed + off} images where the map is off the object {off} are mistakes, of "
            f"all {len(answered) + len(mistaken)} {len(mistaken)}: look there first."
            if 3 * off >= len(mistaken)
            else f" The map is off the object in only {off} of these {len(mistaken)}, so here maps "
            "hardly warn of a mistake."
        )
        if len(mistaken)
        else "",
    )

# %% [markdown]
# ## Does the model need what the map shows?
#
# A map that lies on the object shows what *we* would look at. To learn what the *model* needs,
# take it away. [Deletion](https://arxiv.org/abs/1806.07421) paints over the pixels where the *map*
# is brightest: if the model **needs** them, its probability falls at once. **Insertion** starts
# from a blurred image and gives these pixels back: if they **suffice**, it rises at once.
#
# **Predict:** which curve falls fastest: Grad-CAM's, the blob's or noise's?

# %%
fewer = np.linspace(0, len(images) - 1, min(48, len(images))).astype(int)
ranked = {
    "Grad-CAM": cam[fewer],
    "blob in the middle": baselines["centre"][fewer],
    "noise": baselines["noise"][fewer],
}
target = final.argmax(axis=1)
removed = {
    "deletion: lower is better": explain.deletion_curves(
        after, images[fewer], ranked, target[fewer], 12
    ),
    "insertion: higher is better": explain.insertion_curves(
        after, images[fewer], ranked, target[fewer], 12
    ),
}
areas = {
    panel.partition(":")[0]: {kind: explain.area_under(c).mean() for kind, c in curves.items()}
    for panel, curves in removed.items()
}
lower, higher = (values["Grad-CAM"] for values in areas.values())
wins = lower <= min(areas["deletion"].values()), higher >= max(areas["insertion"].values())
won = [panel for panel, win in zip(areas, wins, strict=True) if win]
plots.removal_curves(
    removed,
    f"Grad-CAM beats both baselines in {' and in '.join(won) or 'neither'} ({len(fewer)} images)",
    path=runs / "Deletion_Insertion.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
deletion, insertion = removed.values()
sixth = {kind: curve.mean(axis=0)[2] for kind, curve in deletion.items()}
lead = explain.area_under(deletion["blob in the middle"]) - explain.area_under(deletion["Grad-CAM"])
error = 1.96 * lead.std() / np.sqrt(len(lead))
course.say(
    "**Needed:** without the sixth of the image where the map is brightest the probability is "
    f"{sixth['Grad-CAM']:.0%} ({sixth['blob in the middle']:.0%} with the blob's, "
    f"{sixth['noise']:.0%} with noise's). The area under the curve is {lower:.2f} for Grad-CAM, "
    f"{lead.mean():.2f} ± {error:.2f} less than for the blob"
    + (
        ": Grad-CAM finds what the model needs."
        if lead.mean() > error
        else ": no difference that chance couldn't make."
    ),
    "**Sufficient:** with that sixth alone, on a blurred image, it is "
    f"{insertion['Grad-CAM'].mean(axis=0)[2]:.0%}.",
    f"Deletion ends at {deletion['Grad-CAM'].mean(axis=0)[-1]:.0%}, with nothing left to see; a "
    f"guess among {len(classes)} classes is {1 / len(classes):.0%}. (Painted images are unlike "
    "any that the model was trained on, so all this is evidence, not proof.)",
)

# %% [markdown]
# ## Does the map know the model?
#
# A map that would look the same for a model that knows nothing shows the image, not the reason.
# The [sanity check](https://arxiv.org/abs/1810.03292) makes the model random, first the head, then
# block after block towards the input, and compares the maps with the trained model's, by [rank
# correlation](glossary.md#rank-correlation): 1 if both order the cells alike, 0 if they have
# nothing in common.
#
# **Predict:** which of the three formulas will not even notice that the head is random?

# %%
probe = np.linspace(0, len(images) - 1, min(12, len(images))).astype(int)
checked = ("GradCAM", "GradCAM++", "EigenCAM")
trained = explain.cam_maps(after, images[probe], target[probe], checked)
likeness = {"trained": dict.fromkeys(checked, 1.0)}
for layer, random in explain.randomised_models(after, SEED):
    redrawn = explain.cam_maps(random, images[probe], target[probe], checked)
    likeness[f"+ {layer}" if len(likeness) > 1 else f"random {layer}"] = {
        method: explain.rank_correlation(whole, redrawn[method]).mean()
        for method, whole in trained.items()
    }
likeness = pd.DataFrame(likeness).T
kept = likeness.iloc[1]
plots.cascade_curves(
    likeness,
    "After a random head: " + ", ".join(f"{method} {value:.2f}" for method, value in kept.items()),
    path=runs / "Sanity_Check.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    "With a random head the maps keep a rank correlation of "
    + ", ".join(f"{value:.2f} ({method})" for method, value in kept.items())
    + " with those of the trained model. For EigenCAM that had to be 1: it never asks the head.",
    "Grad-CAM++ counts only what speaks *for* a class, and with random weights that is half of all "
    "channels: still the place where anything is active. It finds the object, and doesn't say why "
    "*this* class was chosen."
    if kept["GradCAM++"] > kept["GradCAM"] + 0.2
    else "",
    "At the right end, with the whole network random, "
    + ", ".join(f"{value:.2f} ({method})" for method, value in likeness.iloc[-1].items())
    + " are left. A network without knowledge still shows something of the image: perhaps its "
    "contrast, perhaps only its middle; we haven't tested which. "
    f"({len(probe)} images, one random draw.)",
    "**To ask about the answer, use Grad-CAM.** EigenCAM often finds the thing, and has not heard "
    "the question.",
)

# %% [markdown]
# ## One map for each label
#
# In notebook 5 several labels hold at once, and each has evidence of its own. We take that
# notebook's model and the test images whose labels it is surest of.
#
# **Predict:** for an image with sea and sunset, where will each map be bright?

# %%
places, scene_runs = data_folder("panoramas"), course.run_folder("panoramas")
if (places / "train_label.csv").is_file():
    scenes = data.load_multilabel_splits(places, seed=SEED)
    landscape, about = training.panorama_model(
        scene_runs / f"phase2_{name}", name, scenes["train"], scenes["val"], seed=SEED
    )
    names = about["classes"]
    exam = scenes["test"].with_transform(models.transform_from_config(about))
    logits, truth = models.predict(landscape, make_loader(exam))
    chosen = [names.index(n) for n in ("sea", "sunset", "trees") if n in names] or [0]
    sure = (truth * logits.sigmoid())[:, chosen].sum(dim=1)
    rich = sure.argsort(descending=True)[:3].tolist()
    label_maps = explain.label_maps(landscape, [exam[i][0] for i in rich], chosen)
    figure = plots.label_rows(
        [scenes["test"][i][0] for i in rich],
        label_maps,
        [names[n] for n in chosen],
        logits.sigmoid()[rich][:, chosen],
        truth[rich][:, chosen],
        "One image, one map per label",
        path=runs / "Label_Maps.jpg",
    )
    display(figure)
else:
    scenes = None
    print("Skipped: this folder has no panoramas (train_label.csv).")

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
if scenes:
    alike = {
        (names[chosen[a]], names[chosen[b]]): explain.rank_correlation(
            [maps[a] for maps in label_maps], [maps[b] for maps in label_maps]
        ).mean()
        for a, b in zip(*np.triu_indices(len(chosen), 1), strict=True)
    }
    lines = []
    if alike:
        one, other = max(alike, key=alike.get)
        has = {n: truth[:, names.index(n)] > 0.5 for n in (one, other)}
        found = {n: logits[:, names.index(n)] > 0 for n in (one, other)}
        both, alone, without_it = (
            has[one] & has[other],
            has[other] & ~has[one],
            has[one] & ~has[other],
        )
        lines = [
            "How much alike the maps of two labels are (rank correlation, mean of these "
            f"{len(rich)} images): "
            + ", ".join(f"{value:.2f} for {a} and {b}" for (a, b), value in alike.items())
            + ". Where two labels share cells, as a sunset and the sea below it may, the map of "
            "one doesn't say that the evidence belongs to it alone.",
        ]
        if both.any() and alone.any() and without_it.any():
            with_it, without, *borrowed = (
                answer.float().mean().item()
                for answer in (
                    found[other][both],
                    found[other][alone],
                    found[other][without_it],
                    found[one][alone],
                )
            )
            lines += [
                f"A suspicion, then: is *{other}* found because of *{one}*? The test says: it is "
                f"found in {with_it:.0%} of its {int(both.sum())} images with {one} and in "
                f"{without:.0%} of its {int(alone.sum())} without. It is answered falsely in "
                f"{borrowed[0]:.0%} of {int(without_it.sum())} images with {one} alone, and {one} "
                f"in {borrowed[1]:.0%} of those with {other} alone. "
                + (
                    "So the two labels are told apart, whatever their maps share."
                    if with_it - without < 0.1 and max(borrowed) < 0.1
                    else "So the one may lean on the other."
                ),
            ]
    course.say(*lines)

# %% [markdown]
# ## In five lines
#
# 1. A perfect score on a test with the same habits proves nothing.
# 2. Grad-CAM is ten lines: gradients as weights, channels added up, positive part.
# 3. A map raises a suspicion; changing the image proves it.
# 4. Counter-examples weaken a shortcut; whether they cure it has to be measured.
# 5. Measure maps: pointing, deletion, and a model made random.
#
# ## Check yourself
#
# <details>
# <summary>The Grad-CAM of a right answer lies on the sky. What do you do?</summary>
#
# Change the sky and ask again: the same object before another sky. Only that proves a shortcut.
# </details>
# <details>
# <summary>Two maps have the same bright spot. Is the evidence equally strong?</summary>
#
# You can't tell. Each map is scaled by its own least and greatest value.
# </details>
# <details>
# <summary>Why is a map that doesn't change when the head is random useless as an
# explanation?</summary>
#
# The answer comes from the head. A map that ignores it can show where something is, but not why it
# got this name.
# </details>
#
# ## Exercises
#
# **6.1** Scale a map to [0, 1] by its own least and greatest value. What becomes of a map that is
# the same everywhere?


# %% tags=["exercise"]
def scaled(one_map): ...


check.ex_06_1(scaled)


# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
def scaled(one_map):
    span = one_map.max() - one_map.min()
    return np.zeros_like(one_map) if span == 0 else (one_map - one_map.min()) / span


check.ex_06_1(scaled)

# %% [markdown]
# **6.2** The pointing game by hand: does the brightest cell of a map `(H, W)` lie in the box
# `(left, top, right, bottom)`? A map that is the same everywhere points nowhere.


# %% tags=["exercise"]
def hits(one_map, box): ...


check.ex_06_2(hits)


# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
def hits(one_map, box):
    left, top, right, bottom = box
    row, column = np.unravel_index(one_map.argmax(), one_map.shape)
    inside = left <= column + 0.5 <= right and top <= row + 0.5 <= bottom
    return bool(inside and one_map.max() > one_map.min())


check.ex_06_2(hits)

# %% [markdown]
# **6.3** A map without gradients, for a model that you can only ask: cover the image patch by
# patch with grey (128) and note how much the probability *falls*. `probability(image)` gives one
# number; the result has one cell per patch.


# %% tags=["exercise"]
def occlusion(probability, image, patch=32): ...


check.ex_06_3(occlusion)


# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
def occlusion(probability, image, patch=32):
    whole = probability(image)
    rows, columns = image.shape[0] // patch, image.shape[1] // patch
    falls = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            covered = image.copy()
            covered[row * patch : (row + 1) * patch, column * patch : (column + 1) * patch] = 128
            falls[row, column] = whole - probability(covered)
    return falls


check.ex_06_3(occlusion)

# %% [markdown]
# **6.4** *(open)* Would a *stronger* change of colour cure the shortcut without a new image? Make
# the features anew with `training.frozen_features(frozen, parts, views=(1, 2),
# augmentations=("mirror", A.ToGray(p=0.5)))` after `import albumentations as A`, and run the first
# half again. And add `"EigenCAM": explain.cam_maps(after, images[fewer], None, "EigenCAM")` to
# `ranked`: it points well; does it beat Grad-CAM in deletion?
#
# ## Read on
#
# - Geirhos et al. 2020, [Shortcut Learning in Deep Neural
#   Networks](https://arxiv.org/abs/2004.07780).
# - Selvaraju et al. 2017, [Grad-CAM](https://arxiv.org/abs/1610.02391); Zhou et al. 2016,
#   [CAM](https://arxiv.org/abs/1512.04150).
# - Adebayo et al. 2018, [Sanity Checks for Saliency Maps](https://arxiv.org/abs/1810.03292).
# - Petsiuk et al. 2018, [RISE](https://arxiv.org/abs/1806.07421): deletion and insertion.
#
# Previous: [5 · What if several labels are right at once?](05_multilabel_panorama.ipynb) · Next:
# [7 · Can you trust labels and probabilities?](07_trusting_labels_and_probabilities.ipynb)

# %% cellView="form" jupyter={"source_hidden": true} tags=["record"]
# @title For the record: what was measured goes into metrics.json
if len(table):
    for method, row in points.iterrows():
        for phase, hits_of in row.items():
            course.record_result("drones", name, "pointing game", phase, method, hits=hits_of)
for kind in ranked:
    measures = {panel: values[kind] for panel, values in areas.items()}
    course.record_result("drones", name, "deletion and insertion", method=kind, **measures)
for key, head in heads.items():
    measures = {**passed[key], "changed by the sky": asked(head.head)[2]}
    course.record_result("drones", name, "shortcut", method=key, **measures)
