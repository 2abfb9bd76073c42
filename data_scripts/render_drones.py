"""Render the drone data set: four classes of flying things, drawn as photographs from a seed.

Run it as `python -m data_scripts.render_drones`, or as a file from a plain clone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if not __package__ and str(ROOT) not in sys.path:  # run as a file from a clone
    sys.path.insert(0, str(ROOT))

from data_scripts.drawing import dataset  # noqa: E402
from data_scripts.drawing.flaws import plant_flaws  # noqa: E402
from data_scripts.drones import PERCHED, Rendered, photograph  # noqa: E402
from data_scripts.tasks import SOURCES, course_folder  # noqa: E402

CLASSES = ("flying_bird", "large_quadcopter", "small_quadcopter", "winged_drone")
VERSION = SOURCES["drones", "rendered"].version
DEFAULT_FOLDER = course_folder("drones", "rendered")
SHARES = {"train": 0.60, "val": 0.15, "test": 0.25}
FEWEST = 7
PICTURES = rf"({'|'.join(SHARES)})/(({'|'.join(CLASSES)})/(\3_\d{{4,}}\.jpg)?)?"
OWN = rf"{PICTURES}|\.complete|boxes\.csv|(planted|recipe)\.json"  # what overwriting may remove


def render_drone(class_name: str, seed: int | Sequence[int], perched: float = PERCHED) -> Rendered:
    """One picture of a class; the same class and seed give the same picture.

    perched: the share of the birds that sit, stand or swim; the others do not depend on it.

    Raises ValueError for an unknown class or a negative seed.
    """
    if class_name not in CLASSES:
        raise ValueError(f"unknown class {class_name!r}: choose one of {', '.join(CLASSES)}")
    return photograph(dataset.seeded(seed), class_name, perched=perched)


def split_sizes(per_class: int) -> dict[str, int]:
    """How many of a class's pictures go to train, val and test."""
    val = max(1, round(per_class * SHARES["val"]))
    test = max(1, round(per_class * SHARES["test"]))
    return {"train": per_class - val - test, "val": val, "test": test}


def file_plan(per_class: int) -> list[tuple[int, int, str]]:
    """(class number, picture number, path in the data set) of every good picture."""
    plan = []
    for number, name in enumerate(CLASSES):
        picture = 0
        for split, count in split_sizes(per_class).items():
            for index in range(1, count + 1):
                plan.append((number, picture, f"{split}/{name}/{name}_{index:04d}.jpg"))
                picture += 1
    return plan


def render_file(
    job: tuple[int, int, int, str], perched: float = PERCHED
) -> tuple[int, int, int, int]:
    """Render one (seed, class number, picture number, path) to a JPEG file; returns its box."""
    seed, number, picture, path = job
    rendered = render_drone(CLASSES[number], [seed, number, picture], perched)
    dataset.write_jpeg(path, rendered.image, rendered.quality)
    return rendered.box


def render_dataset(
    folder: str | Path = DEFAULT_FOLDER,
    per_class: int = 280,
    seed: int = 0,
    processes: int | None = None,
    progress: bool = True,
    overwrite: bool = False,
    perched: float = PERCHED,
) -> Path:
    """Render the data set into `folder`/{train,val,test}/<class>/ and return the folder.

    60 % of a class's pictures go to train, 15 % to val, 25 % to test; five flawed files are
    planted in train beside them and listed in planted.json. boxes.csv says where each picture's
    object is: file, then left, top, right and bottom in pixels. The same seed and library versions
    give the same bytes, whatever the number of processes (default: one per core). The folder
    appears only when it is complete. perched: the share of the birds that sit, stand or swim, for
    whoever wants to know what they are worth; all other pictures stay the same.

    Raises FileExistsError when the folder exists and `overwrite` is false, or when it holds what
    this function has not written; and ValueError for an argument out of range.
    """
    folder = Path(folder).expanduser().resolve()
    why = ", so that train, val and test each get pictures"
    dataset.check_numbers({"per_class": per_class}, FEWEST, seed, processes, why)
    with dataset.made_whole(folder, OWN, overwrite) as unfinished:
        plan, bar = file_plan(per_class), "rendering drones" if progress else None
        render = render_file if perched == PERCHED else partial(render_file, perched=perched)
        boxes = dataset.render_plan(plan, unfinished, seed, processes, render, bar)
        dataset.write_boxes(unfinished, [path for *_, path in plan], boxes)
        dataset.write_json(unfinished / "planted.json", plant_flaws(unfinished, CLASSES, seed))
        dataset.write_recipe(unfinished, VERSION, seed=seed, per_class=per_class, perched=perched)
    return folder


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    return dataset.main(render_dataset, ["per_class"], arguments)


if __name__ == "__main__":
    sys.exit(main())
