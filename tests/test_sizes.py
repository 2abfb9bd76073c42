import os

import pytest
from PIL import Image

from helpers.images import ImageError
from helpers.sizes import read_sizes


def test_sizes_are_read_once_and_again_after_a_change(tmp_path, monkeypatch):
    paths, cache = [tmp_path / f"{n}.jpg" for n in range(3)], tmp_path / "kept" / "sizes.csv"
    for path, (height, width) in zip(paths, [(131, 900), (900, 131), (24, 24)], strict=True):
        Image.new("RGB", (width, height)).save(path)
    sizes = read_sizes(paths, cache)
    assert sizes.tolist() == [[131, 900], [900, 131], [24, 24]]
    Image.new("RGB", (50, 40)).save(paths[2])
    os.utime(paths[2], ns=(1, 1))
    opened = []
    monkeypatch.setattr(
        "helpers.sizes.read_size", lambda path: opened.append(path.name) or (40, 50)
    )
    assert read_sizes(paths, cache).tolist()[2] == [40, 50] and opened == ["2.jpg"]
    cache.write_text("something else")
    monkeypatch.undo()
    assert read_sizes(paths, cache).tolist()[0] == [131, 900]
    with pytest.raises(ImageError, match=r"gone\.jpg: there is no such file"):
        read_sizes([tmp_path / "gone.jpg"])
