# %% [markdown]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/transfer-learning-course/transfer-learning-course/blob/main/notebooks/07_trusting_labels_and_probabilities.ipynb)
#
# # 7 · Can you trust labels and probabilities?
#
# People make mistakes when they label, and a network learns them. A network says "80 %" and means
# something else. Here we find wrong labels without looking at every image, ask what correcting them
# is worth, and make probabilities honest.
#
# **After this notebook you can**
# - rank labels by suspicion, and say how many of the first hundred are really wrong;
# - measure whether a model keeps its promises, and repair it with one number;
# - choose a threshold for each label, and know whether it will pay on new images.
#
# **Before you start:** [notebook 5](05_multilabel_panorama.ipynb); its model is used here, or made
# now in shorter form.
#
# **Time:** 30 minutes to read, two minutes to run on a CPU.
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

from data_scripts.tasks import data_folder, second_label_table
from helpers import data, evaluation, models, plots, training
from helpers.data import eval_transform, make_loader
from helpers.models import FeatureDataset

SEED, SIZE = 0, (320, 320)
folder, runs = data_folder("panoramas"), course.run_folder("panoramas")
splits = data.load_multilabel_splits(folder, seed=SEED)
classes, name = splits["train"].classes, models.resolve_backbone(course.backbone_name())
tuned, config = training.panorama_model(
    runs / f"phase2_{name}", name, splits["train"], splits["val"], SIZE, seed=SEED
)
backbone = models.load_backbone(name)
frozen = models.TransferModel(backbone, len(classes), task="multilabel", seed=SEED).freeze()
features = training.frozen_features(frozen, splits, SIZE, views=(1, 2), **training.LANDSCAPES)
plain = models.compute_features(frozen, splits["train"].with_transform(eval_transform(SIZE)))

# %% [markdown]
# ## Which labels are wrong?
#
# To judge a label, ask a model that has *not* seen it: one that has may simply have learned the
# mistake by heart. So each labelled image is judged by
# [cross-validation](glossary.md#cross-validation), with a linear model on frozen features of whole
# images (an augmented view may have lost the tree). [cleanlab](https://arxiv.org/abs/1911.00068)
# then ranks all labels: the lower the probability that the judge gives to the label as it is, the
# more suspicious. Validation images are judged too: their labels stop the training and choose
# thresholds.
#
# **Predict:** 4 % of the labels of our drawings are wrong on purpose. Of the first hundred
# suspects, how many will really be wrong?

# %%
labelled = splits["train"].joined(splits["val"])
known = torch.cat([plain.features[0], features["val"].features[0]])
given, groups = labelled.labels, data.copy_groups(labelled)
few = int(np.minimum(given.sum(axis=0), (1 - given).sum(axis=0)).min())
suspects = pd.DataFrame()
if few >= 10:
    judged = evaluation.cross_validated_probabilities(known.numpy(), given, groups, seed=SEED)
    suspects = evaluation.rank_label_issues(given, judged, classes)
    estimate = evaluation.estimated_label_errors(given, judged)
    display(suspects.head(5).round(3))
else:
    print(f"Skipped: one label has only {few} images on one side, too few for five folds.")

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
if len(suspects):
    first = suspects.iloc[0]
    course.say(
        f"The most suspicious label of all: an image {'with' if first['given'] else 'without'} "
        f"the label **{first['label']}**, for which a model that has never seen it gives a "
        f"probability of {first['probability']:.1%}. `quality` is low where a label is suspicious.",
        "How many are wrong in all? By confident learning, which counts labels that contradict a "
        f"judge at least as sure as it usually is, about **{estimate}** of {given.size:,}.",
    )

# %% [markdown]
# Are the suspects guilty? The program that made the drawings kept the true labels in a second
# table, which no training reads. Some of the real photos were labelled by a second person: where
# the two disagree, one of them is wrong.
#
# We compare with two judges that have seen the labels: a head **trained on** them (on augmented
# views, stopped early), and the same regression as the first judge's, fitted to all of them with
# hardly any regularisation, so that it can learn them **by heart**. All rank the labels in the same
# way.
#
# **Predict:** in which order will the three finish? Will any be as poor as picking at random?

# %%
table = second_label_table(folder) if len(suspects) else None
rankings, other, total = {}, np.full(given.shape, np.nan), 0
if table:
    names = [
        p.relative_to(splits[s].folder).as_posix()
        for s in ("train", "val")
        for p in splits[s].paths
    ]
    other = evaluation.second_labels(table, names, classes)
    own_judge = training.refit_head(frozen, features["train"], features["val"], SEED)
    whole = FeatureDataset(known[None], torch.tensor(given))
    seen, _ = models.predict(own_judge.head, make_loader(whole, 64))
    by_heart = evaluation.linear_logits(known, torch.tensor(given), known, C=10)
    rankings = {
        "cross-validated": suspects,
        "trained on them": evaluation.rank_by_loss(given, seen.sigmoid(), classes),
        "by heart": evaluation.rank_by_loss(given, by_heart.sigmoid(), classes),
    }
    rankings = {n: evaluation.with_second_labels(r, other, classes) for n, r in rankings.items()}
    wrong = {n: r["wrong"].to_numpy() for n, r in rankings.items()}
    total, cells = int(wrong["cross-validated"].sum()), len(wrong["cross-validated"])
if total:
    at_total = {n: evaluation.precision_recall_at(ranked, total)[0] for n, ranked in wrong.items()}
    title = f"Of the first {total} suspects {at_total['cross-validated']:.0%} are wrong"
    display(plots.label_error_curves(wrong, title, path=runs / "Wrong_Labels.jpg"))
else:
    print(
        "Skipped: nobody has labelled these images a second time, so nobody knows which suspects "
        "are guilty."
    )

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
if total:
    guilty = [
        set(
            r[r["wrong"] & (r.index < total)][["image", "label"]].itertuples(index=False, name=None)
        )
        for r in rankings.values()
    ]
    only = [len(guilty[0] - guilty[1]), len(guilty[1] - guilty[0])]
    hundred = wrong["cross-validated"][:100].mean()
    course.say(
        f"{total} of {cells:,} labels differ in the second table ({total / cells:.1%}; the "
        f"estimate was {estimate}), so picking at random would find {total / cells:.0%}. Of the "
        f"first hundred suspects **{hundred:.0%}** are wrong, of the first {total} "
        f"{at_total['cross-validated']:.0%}.",
        f"The head that was trained on them gets {at_total['trained on them']:.0%}. Each finds "
        f"wrong labels that the other misses, {only[0]} and {only[1]}"
        + (
            ": too close to tell them apart. Perhaps augmented views and an early end keep it from "
            "learning labels by heart."
            if abs(only[0] - only[1]) < 2 * np.sqrt(sum(only))
            else ": a difference that chance would rarely give."
        ),
        "The one that could learn by heart gets "
        f"{at_total['by heart']:.0%}"
        + (
            ": it takes wrong labels for normal, because it knows them. That is why the judge must "
            "not have seen what it judges, or not be able to remember it."
            if at_total["by heart"] < at_total["cross-validated"] - 0.05
            else ": here even that does no harm."
        ),
        f"Checking {2 * total} labels, {2 * total / cells:.0%} of all, finds "
        f"{wrong['cross-validated'][: 2 * total].sum()} of the {total} wrong ones; checking "
        f"{4 * total} finds {wrong['cross-validated'][: 4 * total].sum()}. A ranking shortens the "
        "work, it doesn't end it.",
    )

# %%
shown = suspects[:6]
if total:
    ranked = rankings["cross-validated"]
    shown = pd.concat([ranked[ranked["wrong"]][:3], ranked[~ranked["wrong"]][:3]])
if len(shown):
    figure = plots.suspect_gallery(
        [data.read_image(labelled.paths[index]) for index in shown["image"]],
        shown,
        f"Doubted most: {shown['wrong'].sum()} wrong labels, and "
        f"{(~shown['wrong']).sum()} right ones"
        if total
        else "The six labels that are doubted most",
        path=runs / "Suspects.jpg",
    )
    display(figure)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    "The right ones stand at places "
    + ", ".join(str(place + 1) for place in shown.index[~shown["wrong"]])
    + " of the ranking. A person has the last word: what a model finds strange may be a rare but "
    "true case."
    if total
    else "Look at each of them: a person has the last word."
    if len(shown)
    else ""
)

# %% [markdown]
# ## What is it worth to correct them?
#
# Somebody looks at the first suspects, twice as many as there are mistakes (here we know; you would
# stop where checks hardly find anything any more), and corrects the wrong ones. How much does a
# head trained (and stopped) on these labels gain? For comparison, labels that are all right. The
# test labels stay as they are.
#
# **Predict:** 4 % of wrong labels: how many points of mAP do they cost?

# %%
repaired, comparison = given.copy(), pd.DataFrame()
if total:
    looked = rankings["cross-validated"][: 2 * total]
    repaired[looked["image"], looked["label"].map(classes.index)] = looked["second"]
    everything = np.where(np.isnan(other), given, other).astype(np.float32)
    versions, rows = (
        {"as given": given, "suspects corrected": repaired, "all right": everything},
        [],
    )
    for version, labels in versions.items():
        parts = torch.tensor(labels).split([len(splits["train"]), len(splits["val"])])
        clean = [
            FeatureDataset(features[s].features, part)
            for s, part in zip(("train", "val"), parts, strict=True)
        ]
        for seed in range(3):
            head = training.refit_head(frozen, *clean, seed).head
            scores = evaluation.multilabel_scores(
                *models.predict(head, make_loader(features["test"], 64))
            )
            rows.append({"labels": version, "changed": int((labels != given).sum()), **scores})
    comparison = pd.DataFrame(rows).groupby("labels", sort=False)
    display(comparison[["changed", "map", "macro_f1", "exact_match", "bce"]].mean().round(3))
else:
    print("Skipped: without a second table there is nothing to correct them with.")

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
if total:
    mean, spread = comparison.mean(), comparison.std()
    gain = mean.loc[["suspects corrected", "all right"]] - mean.loc["as given"]
    exact = 100 * gain["exact_match"]
    course.say(
        f"Correcting {mean.loc['suspects corrected', 'changed']:.0f} labels brings "
        f"{100 * gain['map'].iloc[0]:+.1f} points of mAP and changes the BCE by "
        f"{gain['bce'].iloc[0]:+.3f}; with all labels right {100 * gain['map'].iloc[1]:+.1f} "
        f"points and {gain['bce'].iloc[1]:+.3f}.",
        f"Exact match changes by {exact.iloc[0]:+.1f} and {exact.iloc[1]:+.1f} points, where "
        f"three seeds alone differ by ±{100 * spread['exact_match'].mean():.1f}: "
        + (
            "that is within the noise of the seeds."
            if exact.abs().max() < 200 * spread["exact_match"].mean()
            else "more than the seeds explain (they share one test set, whose own chance comes "
            "on top)."
        ),
        "The head was trained and stopped on these labels, so this is the price of both. Wrong "
        "*test* labels would corrupt the score itself, as notebook 5 saw on validation images.",
    )

# %% [markdown]
# ## When the model says 80 %, is it right 80 % of the time?
#
# A model that keeps its promises is [calibrated](glossary.md#calibration). Where it isn't, one
# number often suffices: a **temperature** ([Guo et al. 2017](https://arxiv.org/abs/1706.04599))
# divides all logits. Above 1 it makes a model that is too sure more modest, below 1 a model that
# is too modest bolder. The order of the images, and so mAP, stays the same. The figure sorts
# answers into ten bins by probability; on the diagonal, promises are kept. The *calibration error*
# is the mean gap between promise and truth, weighted by how many answers a bin holds.
#
# **Predict:** notebook 5's model was fine-tuned with mixup. Will it be too sure or too modest?

# %%
exams = {s: splits[s].with_transform(models.transform_from_config(config)) for s in ("val", "test")}
val_logits, _ = models.predict(tuned, make_loader(exams["val"]))
logits, truth = models.predict(tuned, make_loader(exams["test"]))
val_labels = {"as given": splits["val"].labels, "corrected": repaired[len(splits["train"]) :]}
if not total:
    del val_labels["corrected"]
temperatures = {
    n: evaluation.fit_temperature(val_logits, torch.tensor(y)) for n, y in val_labels.items()
}
curves = {"as trained": logits.sigmoid()} | {
    f"temperature {t:.2f}, labels {which}": (logits / t).sigmoid()
    for which, t in temperatures.items()
}
errors = {which: evaluation.calibration_error(values, truth) for which, values in curves.items()}
plots.reliability_curves(
    {which: (values, truth) for which, values in curves.items()},
    f"Calibration error on the test: {' → '.join(f'{e:.3f}' for e in errors.values())}",
    path=runs / "Reliability.jpg",
)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
temperature = list(temperatures.values())[-1]
course.say(
    f"The temperature is {temperature:.2f}: the model is "
    + (
        "**about right**."
        if 0.95 < temperature < 1.05
        else "**too modest**: where it says 80 %, more than 80 % are true."
        if temperature < 1
        else "**too sure**: where it says 80 %, fewer are true."
    ),
    f"Fitted to the labels as given it would be {temperatures['as given']:.2f}. Where a label is "
    "wrong and the model right, the model seems to be wrong and too sure of it: wrong validation "
    "labels spoil the temperature."
    if total and temperatures["as given"] > temperature
    else "",
    f"The error on the test falls from {errors['as trained']:.3f} to "
    f"{list(errors.values())[-1]:.3f}."
    if list(errors.values())[-1] < errors["as trained"]
    else f"On the test the error doesn't fall ({errors['as trained']:.3f} to "
    f"{list(errors.values())[-1]:.3f}).",
)

# %% [markdown]
# Where could such modesty come from? Two suspects: mixup (blended labels teach a model never to be
# sure) and wrong training labels (they teach it that any label may turn out the other way). We fit
# the temperature of heads on frozen features: trained on the labels as given, with mixup, and on
# corrected labels, three seeds each. (Here *features* are blended; notebook 5 blended images.)
#
# **Predict:** which of the three will have the lowest temperature, that is, be the most modest?

# %%
truest = torch.tensor(list(val_labels.values())[-1])
val_part = FeatureDataset(features["val"].features, truest)


def temperatures_of(labels, callbacks):
    """The temperatures of three heads trained on these labels."""
    found, part = [], FeatureDataset(features["train"].features, labels)
    for seed in range(3):
        head = frozen.with_new_head(seed)
        training.train_head(head, part, None, callbacks, max_epochs=30, seed=seed)
        outputs, _ = models.predict(head.head, make_loader(val_part, 64))
        found.append(evaluation.fit_temperature(outputs, truest))
    return found


as_given = torch.tensor(splits["train"].labels)
corrected = torch.tensor(repaired[: len(splits["train"])])
causes = {
    "labels as given": temperatures_of(as_given, []),
    "with mixup": temperatures_of(as_given, [training.Mixup(alpha=0.2)]),
}
if total:
    causes["labels corrected"] = temperatures_of(corrected, [])
causes = pd.DataFrame(causes)
causes.rename_axis("seed").T.round(2)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
middle, spread = causes.mean(), causes.std().max()
moved = middle - middle["labels as given"]
course.say(
    f"Without mixup the temperature is {middle['labels as given']:.2f} on average, with it "
    f"{middle['with mixup']:.2f}; seeds differ by ±{spread:.2f}. "
    + (
        "So mixup makes a head more modest, if only a little."
        if moved["with mixup"] < -2 * spread
        else "So mixup hardly matters here."
    ),
    f"On corrected labels it is {middle['labels corrected']:.2f}: "
    + (
        "wrong labels explain more than mixup does."
        if moved["labels corrected"] > max(2 * spread, -moved["with mixup"])
        else "wrong labels play a part."
        if moved["labels corrected"] > 2 * spread
        else "wrong labels hardly matter."
    )
    if total
    else "",
    "Notebook 5 took mixup against too much confidence. A head on frozen features has too little "
    "of it even without. (All this is about heads; for the network it remains a guess.)"
    if middle["labels as given"] < 0.95
    else "",
    f"Even so the highest of the three stays {'below' if middle.max() < 0.95 else 'near'} 1: "
    "regularisation and short training may be further causes. Rescaling keeps a model's order; it "
    "can't undo what wrong labels did to it.",
)

# %% [markdown]
# ## Is 0.5 the best threshold?
#
# Where a label is hard, its probabilities may stay low, and 0.5 misses it. For F1 and *calibrated*
# probabilities there is a rule: the best threshold is half of the F1 that it reaches, so never
# above 0.5 ([Lipton et al. 2014](https://arxiv.org/abs/1402.1892)).
#
# We tune one [threshold](glossary.md#threshold) for each label on **validation** images. That set
# is small, and what fits it best need not fit others. So we tune on many resamples of it (as many
# images, drawn with replacement), and let the images that a resample leaves out say what its
# thresholds gain. The table shows each label's mean threshold over the resamples.
#
# **Predict:** will tuned thresholds gain more on validation images or on the test?

# %%
val_probabilities, probabilities = (x / temperature for x in (val_logits, logits))
thresholds, expected = evaluation.bagged_thresholds(
    val_probabilities.sigmoid().numpy(), list(val_labels.values())[-1], seed=SEED
)
half, own = (
    evaluation.multilabel_scores(probabilities, truth, at)["macro_f1"] for at in (0.5, thresholds)
)
each = evaluation.per_class_report(truest, val_probabilities > 0, classes)["f1"]
pd.DataFrame({"threshold": thresholds, "half of F1 at 0.5": each / 2}, index=classes).T.round(2)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
kept = expected > 0
seen_before, best_there = (
    val_probabilities,
    evaluation.tune_thresholds(val_probabilities.sigmoid().numpy(), list(val_labels.values())[-1]),
)
flattering = (
    evaluation.multilabel_scores(seen_before, truest, best_there)["macro_f1"]
    - evaluation.multilabel_scores(seen_before, truest, 0.5)["macro_f1"]
)
low, high = np.argmin(thresholds), np.argmax(thresholds)
course.say(
    f"Tuned and judged on the same validation images, thresholds seem to change macro F1 by "
    f"{100 * flattering:+.1f} points. On images without a say, those that a resample leaves out, "
    f"by **{100 * expected:+.1f}**. The first number flatters by up to "
    f"{100 * (flattering - expected):.1f} points (up to, because a resample holds only about 63 % "
    "of the images).",
    f"By the rule the best thresholds are near {(each / 2).min():.2f} to {(each / 2).max():.2f}, "
    "half of F1"
    + (", so 0.5 is nearly best and there is little to gain" if (each / 2).min() > 0.4 else "")
    + ". The tuned ones run from "
    f"{thresholds[low]:.2f} (*{classes[low]}*) to {thresholds[high]:.2f} (*{classes[high]}*)"
    + (
        ": that far from the rule they follow the chance of few images, or probabilities that one "
        "temperature for all labels hasn't calibrated."
        if np.abs(thresholds - each.to_numpy() / 2).max() > 0.15
        else "."
    ),
    "The decision rests on the resamples alone: the model is saved with "
    f"{'these thresholds' if kept else '0.5 for each label'}. On the test the averaged thresholds "
    f"would have changed macro F1 by {100 * (own - half):+.1f}.",
)

# %% [markdown]
# ## Should a rare label weigh more?
#
# `pos_weight` makes the examples that have a rare label count more in the loss. The usual weight is
# the number of images without the label divided by that of images with it; we take its square
# root, which is milder. We try it where trying is cheap, on frozen features with three seeds, and
# judge on validation images with the best labels that we have.
#
# **Predict:** what will it do to F1 at 0.5, and what to the probabilities (BCE)?

# %%
ones = as_given.mean(dim=0).clamp(0.01, 0.99)
weighted, rows = torch.nn.BCEWithLogitsLoss(pos_weight=((1 - ones) / ones).sqrt()), []
for seed in range(3):
    for loss, criterion in (("weighted", weighted), ("plain", None)):
        head = training.refit_head(frozen, features["train"], features["val"], seed, criterion).head
        said, _ = models.predict(head, make_loader(val_part, 64))
        rows.append({"loss": loss, "threshold": 0.5, **evaluation.multilabel_scores(said, truest)})
    for at in np.arange(0.5, 0, -0.01):  # down to the recall that weights brought
        scores = evaluation.multilabel_scores(said, truest, at)
        if scores["macro_recall"] >= rows[-2]["macro_recall"]:
            break
    rows.append({"loss": "plain, lower threshold", "threshold": at, **scores})
tried = pd.DataFrame(rows).groupby("loss", sort=False).mean()
shown = ["threshold", "macro_precision", "macro_recall", "macro_f1", "exact_match", "map", "bce"]
tried[shown].round(3)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
change = tried.loc["weighted"] - tried.loc["plain"]
lower = tried.loc["plain, lower threshold"]
ahead = 100 * (lower["macro_precision"] - tried.loc["weighted", "macro_precision"])
course.say(
    "With weights probabilities rise, so more is said (means of three seeds): recall changes by "
    f"{100 * change['macro_recall']:+.1f} points, precision by "
    f"{100 * change['macro_precision']:+.1f}, F1 by **{100 * change['macro_f1']:+.1f}**"
    + (
        ": by F1, false alarms cost more than what is found brings."
        if change["macro_f1"] < 0
        else "."
    ),
    f"BCE changes by {change['bce']:+.3f}"
    + (": the probabilities fit less well." if change["bce"] > 0 else ".")
    + f" A threshold of {lower['threshold']:.2f} with the plain loss finds as much (on the images "
    f"that also chose it), with {abs(ahead):.1f} points {'more' if ahead >= 0 else 'less'} "
    "precision, and leaves the probabilities alone. Keep the plain loss unless **mAP**, which no "
    "threshold can improve, gains clearly"
    + (": here it doesn't " if change["map"] < 0.01 else ": here it does ")
    + f"({100 * change['map']:+.1f} points).",
    f"Our rarest label is on {ones.min():.0%} of the images. Where one is on 1 %, try again.",
)

# %% [markdown]
# ## Save all of it
#
# Temperature and thresholds are kept in the config, and `predict_photo` applies both. Whoever works
# with the model's own logits divides them by `config["temperature"]` first.

# %%
keep = thresholds.tolist() if kept else [0.5] * len(classes)
models.save_model(
    runs / f"phase2_{name}", tuned, config | {"temperature": temperature, "thresholds": keep}
)
loaded, config = models.load_model(runs / f"phase2_{name}")
models.predict_photo(loaded, config, splits["test"].paths[0]).round(3)

# %% cellView="form" jupyter={"source_hidden": true} tags=["reading"]
# @title What we saw
course.say(
    f"Logits are divided by {config['temperature']:.2f}, "
    f"{'each label has its own threshold' if kept else 'the threshold is 0.5 for each label'}, "
    "and the photo's labels are "
    f"{', '.join(n for n, has in zip(classes, truth[0], strict=True) if has) or 'none'}."
)

# %% [markdown]
# ## In five lines
#
# 1. Let a model rank the labels by how much it doubts them, and check the first ones. It must not
#    have learned them by heart.
# 2. Measure what wrong labels cost; in validation and test they also corrupt choices and scores.
# 3. Calibrated means: of all labels given 80 %, 80 % hold. One temperature repairs a lot.
# 4. Tuned thresholds look good on the images that tuned them; ask others before you keep them.
# 5. Save what you tuned with the model.
#
# ## Check yourself
#
# <details>
# <summary>Why should the model that judges a label not have been trained on it?</summary>
#
# It may have learned the wrong label by heart, and would then find it perfectly normal.
# </details>
# <details>
# <summary>A temperature changes all probabilities. Why doesn't it change mAP?</summary>
#
# It divides all logits by the same number, so their order stays the same, and mAP depends on
# nothing else.
# </details>
# <details>
# <summary>Tuned thresholds gain three points on the validation images they were tuned on. What do
# you promise for new images?</summary>
#
# Less. Estimate it on images that had no say, such as those that a resample leaves out.
# </details>
#
# ## Exercises
#
# **7.1** A model gives 100 answers a probability of 0.9, and 80 of them are true; 300 others get
# 0.1, and 30 of those are true. What is its calibration error?

# %% tags=["exercise"]
error = ...
check.ex_07_1(error)

# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
error = (100 * abs(0.9 - 80 / 100) + 300 * abs(0.1 - 30 / 300)) / 400
check.ex_07_1(error)

# %% [markdown]
# **7.2** Where a model says 0.95, only 80 % are true. Which temperature would turn its 0.95 into
# 0.8?

# %% tags=["exercise"]
needed = ...
check.ex_07_2(needed)

# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
logit = np.log(0.95 / 0.05)  # the sigmoid, backwards
wanted = np.log(0.8 / 0.2)
needed = logit / wanted
check.ex_07_2(needed)

# %% [markdown]
# **7.3** Write the expected calibration error: ten bins of equal width from 0 to 1, in each the
# gap between mean probability and the share that is true, averaged with the number of predictions
# in a bin as weight.


# %% tags=["exercise"]
def expected_calibration_error(probabilities, labels): ...


check.ex_07_3(expected_calibration_error)


# %% cellView="form" jupyter={"source_hidden": true} tags=["solution"]
# @title Solution
def expected_calibration_error(probabilities, labels):
    bins = np.minimum((probabilities * 10).astype(int), 9)
    error = 0.0
    for number in range(10):
        inside = bins == number
        if inside.any():
            difference = probabilities[inside].mean() - labels[inside].mean()
            error += inside.mean() * abs(difference)
    return error


check.ex_07_3(expected_calibration_error)

# %% [markdown]
# **7.4** *(open)* Look for suspects among *your* labels: `COURSE_DATA=folder` with
# `train_label.csv` and `test_label.csv` beside `train/` and `test/`. How many of the first twenty
# would you change?
#
# ## Read on
#
# - Northcutt et al. 2021, [Confident Learning](https://arxiv.org/abs/1911.00068), and [Pervasive
#   Label Errors in Test Sets](https://arxiv.org/abs/2103.14749): ImageNet's own mistakes.
# - Guo et al. 2017, [On Calibration of Modern Neural Networks](https://arxiv.org/abs/1706.04599).
# - Lipton et al. 2014, [Thresholding classifiers to maximize F1
#   score](https://arxiv.org/abs/1402.1892).
# - Thulasidasan et al. 2019, [On Mixup Training](https://arxiv.org/abs/1905.11001): mixup and
#   calibration.
#
# Previous: [6 · Why did it say that?](06_gradcam_analysis.ipynb) · Back to the
# [README](../README.md)

# %% cellView="form" jupyter={"source_hidden": true} tags=["record"]
# @title For the record: what was measured goes into metrics.json
if total:
    for judge, precision in at_total.items():
        course.record_result("panoramas", name, "label errors", method=judge, precision=precision)
course.record_result(
    "panoramas", name, "calibration", method="as trained", error=errors["as trained"]
)
course.record_result(
    "panoramas", name, "calibration", method="with temperature", error=list(errors.values())[-1]
)
