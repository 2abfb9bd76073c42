# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/transfer-learning-course/transfer-learning-course/blob/main/notebooks/06_gradcam_analysis.ipynb)
#
# # 6 · Why did it say that?
#
# A model that is right may be right for the wrong reason: the sky behind the drone, the
# photographer's habits, a watermark. **Class activation maps** show which part of an image speaks
# for the answer. We look at right answers and at mistakes, ask if the maps lie on the object and
# whether they may be believed, and then catch a model that takes a shortcut, and cure it.
#
# *Two and a half minutes on a CPU, one on a Colab GPU.*

# %% cellView="form"
# @title On Colab, run this first: it fetches and installs the course. Elsewhere it does nothing.
if "google.colab" in str(ip := get_ipython()):
    url = "https://github.com/transfer-learning-course/transfer-learning-course"
    ip.run_cell_magic("sh", "", f"cd /content; [ -d course ] || git clone --depth 1 {url} course")
    __import__("runpy").run_path("/content/course/tools/colab.py", run_name="__main__")

# %%
from helpers import course

course.setup()

import numpy as np
import pandas as pd
import torch
from matplotlib_inline.backend_inline import set_matplotlib_formats

from data_scripts.tasks import data_folder, object_boxes
from helpers import data, evaluation, explain, models, plots, training
from helpers.data import eval_transform, make_loader
from helpers.models import FeatureDataset, TransferModel, predict

set_matplotlib_formats("jpeg")  # pictures as PNG would make the notebook twice as heavy
SEED = 0
folder, runs = data_folder("drones"), course.run_folder("drones")
splits = data.load_splits(folder, seed=SEED)
train, val = splits["train"], splits["val"]
name = models.resolve_backbone(course.backbone_name())
before, config, _ = training.phase1_model(runs / f"phase1_{name}", name, train, val, seed=SEED)
after, config = training.phase2_model(
    runs / f"phase2_{name}", (before, config), train, val, seed=SEED
)
phases, classes = {"phase 1": before, "phase 2": after}, config["classes"]

# %% [markdown]
# ## Right and wrong answers
#
# Up to 200 test images, seen by the models of phase 1 and phase 2.

# %%
some = np.sort(np.random.default_rng(SEED).permutation(len(splits["test"]))[:200])
photos = splits["test"].subset(some)
test = photos.with_transform(models.transform_from_config(config))
images = torch.stack([image for image, _ in test])
labels = np.array(test.labels)
probabilities = {
    phase: predict(model, make_loader(test))[0].softmax(dim=1).numpy()
    for phase, model in phases.items()
}
predicted = {phase: values.argmax(axis=1) for phase, values in probabilities.items()}
right = {phase: values == labels for phase, values in predicted.items()}
print({phase: f"{values.mean():.1%} right" for phase, values in right.items()})

# %% [markdown]
# First some right answers, then the mistakes, the most confident ones first. Below each image stand
# the class that was given, the class that the model says, and its probability.

# %%
final = probabilities["phase 2"]
correct = np.flatnonzero(right["phase 2"])
correct = np.random.default_rng(SEED).permutation(correct)[:6]
wrong = np.flatnonzero(~right["phase 2"])
wrong = wrong[np.argsort(-final[wrong].max(axis=1))][:6]
groups = {"Corr": correct, "Mis": wrong}
for start, rows in groups.items():
    if len(rows):
        figure = plots.prediction_grid(
            [photos[i][0] for i in rows],
            labels[rows],
            final[rows],
            classes,
            "Right answers" if start == "Corr" else "The most confident mistakes",
            columns=3,
            path=runs / f"{start}-classified Images.jpg",
        )
        display(figure)

# %% [markdown]
# ## A map of the evidence
#
# The backbone turns an image into a grid of cells, 7 × 7 for 224 × 224 pixels, and in each cell
# into a thousand channels. **Grad-CAM** (Selvaraju et al., 2017) asks how much the class's logit
# would rise with each channel, and adds the channels up with those weights, cell by cell. What
# speaks for the class is bright. Each map has its own scale, so it tells *where*, not *how much*.

# %%
cam = explain.cam_maps(after, images)
for ending, rows in zip(("Correct", "Incorrect"), groups.values(), strict=True):
    if len(rows):
        figure = plots.map_gallery(
            [photos[i][0] for i in rows],
            cam[rows],
            labels[rows],
            final[rows],
            classes,
            f"{ending} answers and where their evidence lies",
            path=runs / f"gradcam_{ending}.png",
        )
        display(figure)

# %% [markdown]
# A mistake has two maps worth seeing: what speaks for the answer, and what would have spoken for
# the given class. Is the object too small, is it seen from an odd side, or does the answer come
# from somewhere else?

# %%
if len(wrong):
    rows = wrong[:3]
    asked = {"for what it said": predicted["phase 2"][rows], "for what was given": labels[rows]}
    figure = plots.map_rows(
        [photos[i][0] for i in rows],
        {title: explain.cam_maps(after, images[rows], label) for title, label in asked.items()},
        "The same mistake, asked twice",
        map_captions={
            title: [
                (f"{classes[c]} {final[i, c]:.0%}", c != labels[i])
                for i, c in zip(rows, label, strict=True)
            ]
            for title, label in asked.items()
        },
    )
    display(figure)

# %% [markdown]
# ## Five ways to draw one
#
# They differ in how they weigh the channels; `helpers/explain/cams.py` says how. ScoreCAM needs a
# prediction for each channel, which is hundreds for one image, so here it draws two.

# %%
rows = np.r_[wrong[:1], correct[:2]][:2]
plots.map_rows(
    [photos[i][0] for i in rows],
    explain.cam_maps(after, images[rows], None, explain.METHODS),
    "One answer, five maps",
    [f"{classes[labels[i]]}\nsays {classes[predicted['phase 2'][i]]}" for i in rows],
)

# %% [markdown]
# ## Does the model look at the object?
#
# Rendered data knows where the object is. In the **pointing game** (Zhang et al., 2018) a map
# scores if its brightest point lies on the object's box, or within 15 of 224 pixels of it. The
# **energy** is the share of the map's sum inside the box. Photographers put their object in the
# middle, so a blob in the middle is the baseline to beat, and noise the one that must be beaten.

# %%
known = object_boxes(folder)
placed = np.array([i for i, path in enumerate(photos.paths) if path in known], int)
boxes = np.array([known[photos.paths[i]] for i in placed], float).reshape(-1, 4)
boxed = explain.scale_boxes(boxes, photos.sizes[placed], images.shape[2:])
share = np.prod(boxed[:, 2:] - boxed[:, :2], axis=1) / np.prod(images.shape[2:])
size = np.where(share < np.median(share), "small", "large") if len(placed) else np.array([])
baselines = {
    "centre": explain.center_maps(len(images), images.shape[2:]),
    "noise": explain.noise_maps(len(images), images.shape[2:], seed=SEED),
}
if not len(placed):
    print("These data have no boxes.csv: nobody knows where the objects are.")

# %%
MAPPED = ("GradCAM", "GradCAM++", "LayerCAM", "EigenCAM") if len(placed) else ("GradCAM",)
maps = {phase: explain.cam_maps(model, images, None, MAPPED) for phase, model in phases.items()}

# %%
table = pd.concat(
    [
        pd.DataFrame(
            {
                "phase": phase,
                "map": method,
                "answer": np.where(right[phase][placed], "right", "wrong"),
                "size": size,
                "points at it": explain.pointing_game(drawn[placed], boxed).astype(float),
                "energy inside": explain.energy_inside(drawn[placed], boxed),
            }
        )
        for phase in phases
        for method, drawn in (maps[phase] | baselines).items()
    ]
)
if len(placed):
    wide = table.pivot_table(
        ["points at it", "energy inside"], "map", ["phase", "answer"], sort=False
    )
    display(wide.round(2))

# %% [markdown]
# Read the columns of wrong answers too. Where a map still lies on the object although the answer is
# wrong, it can't tell what went wrong. How often do the maps of right answers point at the object?

# %%
points = table[table["answer"] == "right"].pivot_table("points at it", "map", "phase", sort=False)
if len(placed):
    best = points.loc[list(MAPPED), "phase 2"].idxmax()
    figure = plots.measure_bars(
        points.loc[list(MAPPED)],
        f"Right answers: {best} points at {points.loc[best, 'phase 2']:.0%} of the objects after "
        "phase 2",
        "pointing game",
        points.loc[list(baselines), "phase 2"].to_dict(),
    )
    display(figure)

# %% [markdown]
# And small objects, where the middle of the image is a poor guess? Half of the objects count as
# small, those whose box covers less of the image than the median box.

# %%
finals = table[(table["phase"] == "phase 2") & (table["answer"] == "right")]
if len(placed):
    display(
        finals.pivot_table(["points at it", "energy inside"], "map", "size", sort=False).round(2)
    )

# %% [markdown]
# ## What does fine-tuning do to where the model looks?
#
# We cut a window around each object, three times as wide and as high as its box, scale all windows
# to one size, and take the mean of their maps.

# %%
energy = table[table["map"] == "GradCAM"].groupby("phase")["energy inside"].mean()
if len(placed):
    figure = plots.seen_from_object(
        {
            phase: np.nanmean(explain.around_boxes(drawn["GradCAM"][placed], boxed), axis=0)
            for phase, drawn in maps.items()
        },
        3,
        f"Of the evidence {energy['phase 1']:.0%} lay on the object, now {energy['phase 2']:.0%}",
        path=runs / "Object_Maps.jpg",
    )
    display(figure)

# %% [markdown]
# Where most answers were right before, the mean can hardly move. It is the images that fine-tuning
# mended where a difference may show:

# %%
mended = np.flatnonzero(~right["phase 1"] & right["phase 2"])
finding = f"{len(mended)} images were mended"
if len(np.intersect1d(placed, mended)):
    lay = [
        explain.energy_inside(drawn["GradCAM"][placed], boxed)[np.isin(placed, mended)].mean()
        for drawn in maps.values()
    ]
    finding += f": {lay[0]:.0%} of the evidence lay on their objects, now {lay[1]:.0%}"
mended = mended[:3]
if len(mended):
    figure = plots.map_rows(
        [photos[i][0] for i in mended],
        {phase: drawn["GradCAM"][mended] for phase, drawn in maps.items()},
        finding,
        [f"given {classes[labels[i]]}" for i in mended],
        {
            phase: plots.answers(labels[mended], values[mended], classes)
            for phase, values in probabilities.items()
        },
        [known[photos.paths[i]] for i in mended] if set(mended) <= set(placed) else None,
        path=runs / "Phase_Maps.jpg",
    )
    display(figure)

# %% [markdown]
# ## Does the answer really rest on it?
#
# A map that lies on the object shows what *we* would look at. To learn what the *model* needs, take
# it away. **Deletion** (Petsiuk et al., 2018) paints over the brightest pixels of the map first: if
# the model needs them, its probability falls at once. **Insertion** starts from a blurred image and
# gives the brightest pixels back: the probability should rise at once. We compare the area under
# both curves with those of the same two baselines.

# %%
STEPS = 4
ranked = {"GradCAM": cam, "blob in the middle": baselines["centre"], "noise": baselines["noise"]}
target = predicted["phase 2"]
removed = {
    "deletion: pixels taken away, lower is better": explain.deletion_curves(
        after, images, ranked, target, STEPS
    ),
    "insertion: pixels given back, higher is better": explain.insertion_curves(
        after, images, ranked, target, STEPS
    ),
}
areas = {
    panel.partition(":")[0]: {kind: explain.area_under(c).mean() for kind, c in curves.items()}
    for panel, curves in removed.items()
}
ours = {panel: values["GradCAM"] for panel, values in areas.items()}
lower = ours["deletion"] <= min(areas["deletion"].values())
higher = ours["insertion"] >= max(areas["insertion"].values())
verdict = (
    "beats both baselines in" if lower and higher else "does not beat the baselines in both of"
)

# %%
plots.removal_curves(
    removed,
    f"On {len(images)} images Grad-CAM {verdict} deletion and insertion",
    path=runs / "Deletion_Insertion.jpg",
)

# %% [markdown]
# An image with a hole may be unlike anything the model has seen, and the hole's outline may give
# the object away. **ROAD** (Rong et al., 2022) fills holes in from their surroundings; it takes a
# second or so for each image, so we look at a few only. **Confidence change** shows the model the
# image through its map. For both higher is better; of ROAD 0 is a map without any idea.

# %%
few, more = (np.linspace(0, len(images) - 1, min(n, len(images))).astype(int) for n in (4, 40))
pd.DataFrame(
    {
        kind: {
            f"ROAD, {len(images[few])} images": explain.road(
                after, images[few], drawn[few], target[few], (50,), seed=SEED
            ).mean(),
            f"confidence change, {len(images[more])} images": explain.confidence_change(
                after, images[more], drawn[more], target[more]
            ).mean(),
        }
        for kind, drawn in ranked.items()
    }
).round(3)

# %% [markdown]
# ## Does the map know the model?
#
# A map that would look the same for a model that knows nothing shows the image, not the reason. The
# **sanity check** of Adebayo et al. (2018) makes the model random, first the head, then block after
# block towards the input, and compares the maps with those of the trained model. An explanation of
# the answer has to break when the answer does.

# %%
probe = np.linspace(0, len(images) - 1, min(12, len(images))).astype(int)
checked = ("GradCAM", "GradCAM++", "EigenCAM")
trained = explain.cam_maps(after, images[probe], target[probe], checked)
likeness = {"trained": dict.fromkeys(checked, 1.0)}
for layer, random in explain.randomised_models(after, SEED):
    drawn = explain.cam_maps(random, images[probe], target[probe], checked)
    likeness[f"+ {layer}" if len(likeness) > 1 else f"random {layer}"] = {
        method: explain.rank_correlation(whole, drawn[method]).mean()
        for method, whole in trained.items()
    }
likeness = pd.DataFrame(likeness).T

# %%
headless = likeness.iloc[1]
plots.cascade_curves(
    likeness,
    "Likeness left when only the head is random: "
    + ", ".join(f"{method} {value:.2f}" for method, value in headless.items()),
    path=runs / "Sanity_Check.jpg",
)

# %% [markdown]
# Here is the tension. EigenCAM never asks the head, so a head that guesses at random gets the very
# same map. Grad-CAM++ counts only what speaks *for* the class, and with random weights that is half
# of all channels, added up: still the place where anything stirs. Both find the object, and so they
# point well. Neither says why *this* class was chosen. Grad-CAM changes with the head, so it can
# answer that question, though it often points less well. **Use EigenCAM to find the thing, Grad-CAM
# to ask about the answer**, and judge either by deletion before you believe it.
#
# ## One map for each label
#
# In notebook 5 several labels hold at once, and each has evidence of its own. The images may have
# any size: spatial pyramid pooling (notebook 4) hands the gradient back to the cells that held a
# bin's maximum. A head on frozen features is enough to see it. We show the images whose labels the
# model is surest of.

# %%
RULE = data.ShapeRule(min_side=160, max_pixels=224 * 224)
places = data_folder("panoramas")
if (places / "train_label.csv").is_file():
    scenes = {
        part: images.subset(np.random.default_rng(SEED).permutation(len(images))[:300])
        for part, images in data.load_multilabel_splits(places, seed=SEED).items()
    }
    names = scenes["train"].classes
    pyramid = TransferModel(
        models.load_backbone(name), len(names), "spp", task="multilabel", seed=SEED
    ).freeze()
    features = training.frozen_features(
        pyramid, scenes, RULE, views=(1,), augmentations=("mirror",)
    )
    early = training.EarlyStopping("val_loss", patience=10)
    training.train_head(  # 21 times as many inputs: a lower rate
        pyramid, features["train"], features["val"], [early], learning_rate=1e-4, seed=SEED
    )
    logits, truth = predict(pyramid.head, make_loader(features["test"], 64))
    precision = evaluation.multilabel_scores(logits, truth)["map"]
    print(f"mAP {precision:.3f} on {len(truth)} test images")
else:
    scenes = None
    print("This folder has no panoramas (train_label.csv): nothing to map here.")

# %%
if scenes:
    chosen = [names.index(n) for n in ("sea", "sunset", "trees") if n in names] or [0]
    sure = (truth * logits.sigmoid())[:, chosen].sum(dim=1)  # of labels that do hold
    rich = sure.argsort(descending=True)[:3].tolist()
    views = scenes["test"].with_transform(eval_transform(RULE))
    figure = plots.label_rows(
        [scenes["test"][i][0] for i in rich],
        explain.label_maps(pyramid, [views[i][0] for i in rich], chosen),
        [names[n] for n in chosen],
        logits.sigmoid()[rich][:, chosen],
        truth[rich][:, chosen],
        "One image, one map per label",
        path=runs / "Label_Maps.jpg",
    )
    display(figure)

# %% [markdown]
# ## A shortcut
#
# Large quadcopters carry cameras, and who films flies at dusk. Suppose that in our training data
# *every* large quadcopter has a sunset behind it and every small one a sky by day. The test images
# come from the same source, so they have the same habit. A head is trained as in phase 1,
# but for a fixed number of epochs: the validation images have the habit too, so early stopping
# would only wait until the shortcut is learnt best.

# %%
trap = data_folder("shortcut")
parts = data.load_splits(trap, seed=SEED)
pair = parts["train"].classes
for part in ("test_unbiased", "extra"):
    parts[part] = data.ImageFolderDataset(trap / part, classes=pair)
frozen = TransferModel(models.load_backbone(name), len(pair)).freeze()
features = training.frozen_features(frozen, parts, views=(1, 2))
heads, EPOCHS = {"biased": frozen.with_new_head(SEED)}, 20
training.train_head(heads["biased"], features["train"], None, max_epochs=EPOCHS, seed=SEED)

# %%
TESTS = {"biased test": "test", "unbiased test": "test_unbiased"}
answers = {
    "biased": {
        kind: predict(heads["biased"].head, make_loader(features[part], 64))
        for kind, part in TESTS.items()
    }
}
for kind, (logits, truth) in answers["biased"].items():
    print(f"{kind}: {evaluation.accuracy(logits, truth):.1%} right")

# %% [markdown]
# Whoever has only the biased test sees nothing wrong. In the unbiased one each object is there
# twice, before either sky and otherwise the same. How often does the sky alone turn the answer
# over, and where does the evidence lie?

# %%
unbiased = parts["test_unbiased"]
given, objects = np.array(unbiased.labels), object_boxes(trap)
looks = unbiased.with_transform(eval_transform((224, 224)))
twins = {"biased": answers["biased"]["unbiased test"][0].softmax(dim=1).numpy()}
verdicts = twins["biased"].argmax(axis=1)  # sorted by name: an object's two images are neighbours
flips = {"biased": (verdicts[::2] != verdicts[1::2]).mean()}
by_day = [path.stem.endswith("day") for path in unbiased.paths]
fooled = np.flatnonzero(by_day & (given != verdicts))
if len(fooled):
    twin = [fooled[0], fooled[0] + 1]
    figure = plots.map_rows(
        [unbiased[i][0] for i in twin],
        {"biased": explain.cam_maps(heads["biased"], torch.stack([looks[i][0] for i in twin]))},
        f"Another sky turns over {flips['biased']:.0%} of the answers",
        [f"given {pair[given[i]]}" for i in twin],
        {"biased": plots.answers(given[twin], twins["biased"][twin], pair)},
        [objects[unbiased.paths[i]] for i in twin],
    )
    display(figure)

# %% [markdown]
# ## The cure: a few counter-examples
#
# The same head, from the same start, with a few more images: large ones by day, small ones before a
# sunset. Now the sky does not settle the matter, and the object has to.

# %%
extra = training.frozen_features(frozen, {"train": parts["extra"]}, views=(1, 2))["train"]
mixed = FeatureDataset(
    torch.cat([features["train"].features, extra.features], dim=1),
    torch.cat([features["train"].labels, extra.labels]),
)
heads["cured"] = frozen.with_new_head(SEED)
training.train_head(heads["cured"], mixed, None, max_epochs=EPOCHS, seed=SEED)
answers["cured"] = {
    kind: predict(heads["cured"].head, make_loader(features[part], 64))
    for kind, part in TESTS.items()
}
twins["cured"] = answers["cured"]["unbiased test"][0].softmax(dim=1).numpy()
verdicts = twins["cured"].argmax(axis=1)
flips["cured"] = (verdicts[::2] != verdicts[1::2]).mean()
print(f"{len(extra)} counter-examples beside {len(features['train'])} images")
print({head: f"{value:.0%} of answers turned over by the sky" for head, value in flips.items()})

# %%
passed = pd.DataFrame(
    {
        head: {kind: evaluation.accuracy(*answer) for kind, answer in tests.items()}
        for head, tests in answers.items()
    }
)
gain = 100 * passed.loc["unbiased test"].diff()["cured"]
plots.measure_bars(
    passed,
    f"{len(extra)} counter-examples: {gain:+.0f} points where the sky means nothing",
    "accuracy",
    {"a coin": 0.5},
    path=runs / "Shortcut_Accuracy.jpg",
)

# %%
filmed = np.flatnonzero(by_day & (given == pair.index("large_quadcopter")))
shown = torch.stack([looks[i][0] for i in filmed])
drawn = {head: explain.cam_maps(model, shown) for head, model in heads.items()}
frames = explain.scale_boxes(
    [objects[unbiased.paths[i]] for i in filmed], unbiased.sizes[filmed], (224, 224)
)
inside = {head: explain.energy_inside(values, frames).mean() for head, values in drawn.items()}
first = filmed[:3]
plots.map_rows(
    [unbiased[i][0] for i in first],
    {head: values[:3] for head, values in drawn.items()},
    f"Evidence on large ones by day: {inside['biased']:.0%}, then {inside['cured']:.0%}",
    None,
    {head: plots.answers(given[first], values[first], pair) for head, values in twins.items()},
    [objects[unbiased.paths[i]] for i in first],
    path=runs / "Shortcut_Maps.jpg",
)

# %% [markdown]
# A map did not prove the shortcut: the test with both skies did. The map gave the suspicion, and
# that is what it is good for. Look at maps of right answers too, for a shortcut is right most of
# the time.

# %%
for method, row in points.iterrows():
    for phase, hits in row.items():
        course.record_result("drones", name, "pointing game", phase, method, hits=hits)
for kind in ranked:
    measures = {panel: values[kind] for panel, values in areas.items()}
    course.record_result("drones", name, "deletion and insertion", method=kind, **measures)
for head, tests in passed.items():
    measures = {**tests, "turned over by the sky": flips[head]}
    course.record_result("drones", name, "shortcut", method=head, **measures)

# %% [markdown]
# ## Try it
#
# - `explain.cam_maps(after, images, target)` with another class as target: what speaks for a bird
#   in the image of a drone? And with `"EigenCAM"`?
# - Take an eighth of the counter-examples: `parts["extra"].subset(range(0, 64, 8))`. How few are
#   enough?
# - Does augmentation cure the shortcut without a new image? `frozen_features` takes
#   `augmentations=("mirror", "hue/saturation")`; `helpers/data/transforms.py` lists the names.
# - `RULE = data.ShapeRule(min_side=320, max_pixels=512 * 512)`: larger images have finer maps.
# - Put `"EigenCAM": maps["phase 2"]["EigenCAM"]` into `ranked`. It points well; does it beat
#   Grad-CAM in deletion?
# - `ground="blur"` in `deletion_curves`: does the order of the maps stay the same?
