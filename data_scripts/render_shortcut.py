"""Render data with a shortcut in it: in training one class always has a sunset behind it.

Large quadcopters carry cameras, and who films flies at dusk: that is how it might happen. Who looks
at the sky alone passes the test that is biased like the training pictures, and is at chance where
the sky means nothing. Two classes, for then the sky tells all there is to tell; and the two that
look most alike, for frozen features that know birds from drones need the sky less. Run it as
`python -m data_scripts.render_shortcut`, or as a file from a plain clone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
if not __package__ and str(ROOT) not in sys.path:  # run as a file from a clone
    sys.path.insert(0, str(ROOT))

from data_scripts.drawing import dataset  # noqa: E402
from data_scripts.drones import Rendered, photograph  # noqa: E402
from data_scripts.drones.places import some_sky  # noqa: E402
from data_scripts.drones.skies import Backdrop, sunset  # noqa: E402
from data_scripts.tasks import SOURCES, course_folder  # noqa: E402

CLASSES = ("large_quadcopter", "small_quadcopter")
SUNSET_CLASS = "large_quadcopter"
SKIES = ("day", "sunset")
# Of twelve pictures of a class. In test_unbiased each object is there twice, before both skies; in
# extra each class has the sky that it lacks in train.
SHARES = {"train": 4, "val": 1, "test": 2, "test_unbiased": 3, "extra": 2}
FEWEST = 12
LONGEST = 320  # pixels: enough for 224, and drawn in a fraction of the time of the drones'
NEARNESS = 0.6  # the objects are small enough that most of a picture is sky
CAMERA = (-0.55, 0.02)  # elevation under either sky: the point of view must not tell it
VERSION = SOURCES["shortcut", "rendered"].version
DEFAULT_FOLDER = course_folder("shortcut", "rendered")
PICTURES = rf"({'|'.join(SHARES)})/(({'|'.join(CLASSES)})/(\3_\d{{4,}}_({'|'.join(SKIES)})\.jpg)?)?"
OWN = rf"{PICTURES}|\.complete|(boxes|sky)\.csv|recipe\.json"  # what overwriting may remove


def sky_behind(at_sunset: bool, seed: Sequence[int]) -> Callable[..., Backdrop]:
    """A function that draws the sky of this seed, and leaves the object's random numbers alone."""
    draw = sunset if at_sunset else some_sky

    def behind(_: np.random.Generator, shape: tuple[int, int]) -> Backdrop:
        return replace(draw(dataset.seeded(seed), shape), elevation=CAMERA)

    return behind


def render_before_sky(class_name: str, at_sunset: bool, seed: Sequence[int]) -> Rendered:
    """One picture of a class in the air; of one seed it is the same object before either sky.

    Raises ValueError for an unknown class or a negative seed.
    """
    if class_name not in CLASSES:
        raise ValueError(f"unknown class {class_name!r}: choose one of {', '.join(CLASSES)}")
    sky = sky_behind(at_sunset, [*seed, 1 + at_sunset])
    return photograph(dataset.seeded(seed), class_name, sky, LONGEST, NEARNESS)


def part_sizes(per_class: int) -> dict[str, int]:
    """How many of a class's pictures go to each part; test_unbiased has an even number."""
    sizes = {part: per_class * share // sum(SHARES.values()) for part, share in SHARES.items()}
    sizes["test_unbiased"] -= sizes["test_unbiased"] % 2
    sizes["train"] += per_class - sum(sizes.values())
    return sizes


def file_plan(per_class: int) -> list[tuple[int, int, str]]:
    """(2 x class number + sunset, object number, path in the data set) of every picture."""
    plan = []
    for number, name in enumerate(CLASSES):
        usual, thing = name == SUNSET_CLASS, 0
        for part, count in part_sizes(per_class).items():
            skies = [not usual if part == "extra" else usual]
            if part == "test_unbiased":
                skies, count = [False, True], count // 2
            for index in range(1, count + 1):
                for sky in skies:
                    path = f"{part}/{name}/{name}_{index:04d}_{SKIES[sky]}.jpg"
                    plan.append((2 * number + sky, thing, path))
                thing += 1
    return plan


def render_file(job: tuple[int, int, int, str]) -> tuple[int, int, int, int]:
    """Render one (seed, 2 x class number + sunset, object number, path) to a JPEG file; returns
    the object's box."""
    seed, kind, thing, path = job
    number, at_sunset = divmod(kind, 2)
    rendered = render_before_sky(CLASSES[number], bool(at_sunset), [seed, number, thing])
    dataset.write_jpeg(path, rendered.image, rendered.quality)
    return rendered.box


def render_dataset(
    folder: str | Path = DEFAULT_FOLDER,
    per_class: int = 192,
    seed: int = 0,
    processes: int | None = None,
    progress: bool = True,
    overwrite: bool = False,
) -> Path:
    """Render the data set into `folder`/<part>/<class>/ and return the folder.

    In train, val and test every large quadcopter has a sunset behind it and every small one a sky
    by day. In test_unbiased each object is there twice, before both skies and otherwise the same.
    extra holds what train lacks: large ones by day and small ones before sunsets. The sky is in the
    file names and in sky.csv: file, then sunset 0 or 1. boxes.csv says where each picture's object
    is: file, then left, top, right and bottom in pixels. The same seed and library versions give
    the same bytes, whatever the number of processes (default: one per core). The folder appears
    only when it is complete.

    Raises FileExistsError when the folder exists and `overwrite` is false, or when it holds what
    this function has not written; and ValueError for an argument out of range.
    """
    folder = Path(folder).expanduser().resolve()
    why = ", so that each part gets pictures"
    dataset.check_numbers({"per_class": per_class}, FEWEST, seed, processes, why)
    with dataset.made_whole(folder, OWN, overwrite) as unfinished:
        plan, bar = file_plan(per_class), "rendering the shortcut" if progress else None
        boxes = dataset.render_plan(plan, unfinished, seed, processes, render_file, bar)
        names, skies = [path for *_, path in plan], [(kind % 2,) for kind, *_ in plan]
        dataset.write_boxes(unfinished, names, boxes)
        dataset.write_table(unfinished / "sky.csv", ("file", "sunset"), names, skies)
        dataset.write_recipe(unfinished, VERSION, seed=seed, per_class=per_class)
    return folder


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    return dataset.main(render_dataset, ["per_class"], arguments)


if __name__ == "__main__":
    sys.exit(main())
