"""Items dealt out to train, val and test: by class or by label, groups staying together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

Group = TypeVar("Group")


def split_by_group(
    groups: Sequence[int], labels: Sequence[int], shares: dict[str, float], seed: int = 0
) -> dict[str, list[int]]:
    """Split each class at random, with all items of one group in one part.

    Args:
        groups: one number per item; items with the same one stay together.
        labels: one int per item; the shares hold in every class, as nearly as groups allow, with at
            least one group a part. A group of several labels counts as of the first.
        shares: part name to its share; they add up to 1. The first takes what rounding leaves.

    Returns: part name to sorted indices; every index in exactly one part.
    Raises: ValueError "label: groups" for a class with fewer groups than parts.
    """
    if abs(sum(shares.values()) - 1) > 1e-6:
        raise ValueError(f"shares add up to {sum(shares.values())}, not to 1.")
    rng = np.random.default_rng(seed)
    label_of: dict[int, int] = {}
    for group, label in zip(groups, labels, strict=True):
        label_of.setdefault(group, label)
    sizes, part_of = Counter(groups), dict.fromkeys(groups, next(iter(shares)))
    for label in sorted(set(labels)):
        members = sorted(group for group, where in label_of.items() if where == label)
        if len(members) < len(shares):
            raise ValueError(f"{label}: {len(members)}")
        left = [members[i] for i in rng.permutation(len(members))]
        total = sum(sizes[group] for group in members)
        for name, share in list(shares.items())[1:]:
            taken = take_share(left, sizes, share * total)
            part_of.update(dict.fromkeys(taken, name))
            left = [group for group in left if group not in taken]
    return {name: [i for i, g in enumerate(groups) if part_of[g] == name] for name in shares}


def take_share(groups: Sequence[Group], sizes: Mapping[Group, int], wanted: float) -> set[Group]:
    """Groups, in their order, that together hold about `wanted` items; at least one group.

    One that is too large for what is still missing is passed over, so a long video does not fill a
    small test set.
    """
    taken: set[Group] = set()
    missing = wanted
    for group in groups:
        if missing > sizes[group] / 2:
            taken.add(group)
            missing -= sizes[group]
    return taken or {min(groups, key=lambda group: sizes[group])}


def split_by_labels(
    groups: Sequence[int], labels: np.ndarray, shares: dict[str, float], seed: int = 0
) -> dict[str, list[int]]:
    """Split items of several labels each, with all items of one group in one part.

    In the order of iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011), the label that
    is left on the fewest items first, so that rare labels come out right; a label that a single
    group has goes to the part with the largest share. They choose the part that lacks most of that
    one label. Here it is the part whose counts of all the group's labels it brings nearest to what
    they should be (in squares, relative to that), which errs half as much where labels abound.

    Args:
        groups: one number per item; items with the same one stay together.
        labels: 0/1 (N, L).
        shares: part name to its share of the items and of each label; they add up to 1.

    Returns: part name to sorted indices; every index in exactly one part.
    """
    if abs(sum(shares.values()) - 1) > 1e-6:
        raise ValueError(f"shares add up to {sum(shares.values())}, not to 1.")
    rng = np.random.default_rng(seed)
    _, group_of = np.unique(np.asarray(groups), return_inverse=True)
    # the items themselves count as one more label, which every item has
    counts = np.zeros((group_of.max(initial=-1) + 1, labels.shape[1] + 1))
    np.add.at(counts, group_of, np.column_stack([labels, np.ones(len(labels))]))
    targets = np.outer(list(shares.values()), counts.sum(axis=0))
    missing, scale = targets.copy(), np.maximum(targets, 1e-9)
    part_of = np.full(len(counts), -1)
    order = rng.permutation(len(counts))
    while (unplaced := order[part_of[order] < 0]).size:
        left = counts[unplaced].sum(axis=0)
        label = np.where(left > 0, left, np.inf).argmin()
        for group in unplaced[counts[unplaced, label] > 0]:
            nearer = counts[group] * (2 * missing - counts[group]) / scale
            part = nearer.sum(axis=1).argmax()
            part_of[group] = part
            missing[part] -= counts[group]
    return {
        name: np.flatnonzero(part_of[group_of] == part).tolist() for part, name in enumerate(shares)
    }
