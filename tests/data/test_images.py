import os

import cv2
import numpy as np
import pytest
from PIL import Image

from helpers.data.formats import is_image_name
from helpers.data.images import (
    ImageError,
    inspect_image,
    inspect_images,
    read_image,
)


@pytest.fixture
def picture():
    """Left half red, right half blue: orientation and channel order can be told."""
    pixels = np.zeros((40, 60, 3), dtype=np.uint8)
    pixels[:, :30, 0], pixels[:, 30:, 2] = 220, 220
    return Image.fromarray(pixels)


def test_channels_are_rgb(tmp_path, picture):
    picture.save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    assert image.shape == (40, 60, 3) and image.dtype == np.uint8
    assert image[20, 5].tolist() == [220, 0, 0] and image[20, 55].tolist() == [0, 0, 220]


def test_exif_orientation_is_applied(tmp_path, picture):
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise
    picture.save(tmp_path / "a.jpg", exif=exif, quality=95)
    image = read_image(tmp_path / "a.jpg")
    assert image.shape == (60, 40, 3)
    assert image[5, 20, 0] > 180 and image[55, 20, 2] > 180  # the left is now at the top
    report = inspect_image(tmp_path / "a.jpg")
    assert (report.width, report.height) == (40, 60)


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "LA", "RGBA", "1", "YCbCr"])
def test_every_colour_mode_becomes_rgb(tmp_path, picture, mode):
    path = tmp_path / f"a.{'tif' if mode in ('CMYK', 'YCbCr') else 'png'}"
    picture.convert(mode).save(path)
    image = read_image(path)
    assert image.shape == (40, 60, 3) and image.dtype == np.uint8
    if mode not in ("L", "LA", "1"):
        assert image[20, 5, 0] > image[20, 5, 2] and image[20, 55, 2] > image[20, 55, 0]


def test_sixteen_bit_grey_keeps_its_range(tmp_path):
    ramp = np.linspace(0, 65535, 60).astype(np.uint16)[None].repeat(10, 0)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    assert image[0, 0, 0] == 0 and image[0, -1, 0] == 255 and 120 < image[0, 30, 0] < 136


def test_transparency_becomes_white(tmp_path):
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert (read_image(tmp_path / "a.png") == 255).all()


def test_what_is_wrong_is_said_in_one_sentence_naming_the_file(tmp_path, picture):
    picture.save(tmp_path / "whole.jpg")
    content = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.jpg").write_text("not an image")
    (tmp_path / "empty.jpg").touch()
    expected = {
        "cut.jpg": "truncated",
        "text.jpg": "not an image",
        "empty.jpg": "empty",
        "missing.jpg": "no such file",
        ".": "folder",
    }
    for name, words in expected.items():
        with pytest.raises(ImageError, match=words) as caught:
            read_image(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value) and "\n" not in str(caught.value)
        assert words in inspect_image(tmp_path / name).problem


def test_a_bomb_is_refused_with_a_sentence(tmp_path, picture, monkeypatch):
    picture.save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ImageError, match="too large to open safely"):
        read_image(tmp_path / "a.png")


def test_inspection_keeps_the_order_and_finds_equal_files(tmp_path, picture):
    for name in ("b.jpg", "a.jpg"):
        picture.save(tmp_path / name)
    (tmp_path / "c.jpg").write_text("x")
    reports = inspect_images([tmp_path / n for n in ("b.jpg", "c.jpg", "a.jpg")])
    assert [r.path.name for r in reports] == ["b.jpg", "c.jpg", "a.jpg"]
    assert reports[0].sha256 == reports[2].sha256 != ""
    assert [bool(r.problem) for r in reports] == [False, True, False]
    assert (reports[0].width, reports[0].height, reports[0].mode) == (60, 40, "RGB")


def test_hidden_files_are_no_images():
    assert is_image_name("a.JPG") and not is_image_name("._a.jpg") and not is_image_name("a.txt")


@pytest.mark.parametrize("orientation", [1, 6])
def test_reduced_decoding_hardly_changes_the_shrunken_image(tmp_path, orientation):
    """A photo of 12 megapixels, upright and lying on its side, read for 600 x 400."""
    rng, path = np.random.default_rng(0), tmp_path / "large.jpg"
    coarse = Image.fromarray(rng.integers(0, 255, (60, 45, 3), np.uint8))
    fine = np.asarray(coarse.resize((3000, 4000), Image.Resampling.BICUBIC), np.int16)
    noisy = np.clip(fine + rng.normal(0, 8, fine.shape), 0, 255).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(noisy).save(path, quality=90, exif=exif)
    target = (400, 600) if orientation == 6 else (600, 400)
    full, reduced = read_image(path), read_image(path, at_least=target)
    assert full.shape[:2] == ((3000, 4000) if orientation == 6 else (4000, 3000))
    assert reduced.shape[0] * 4 == full.shape[0] and reduced.shape[1] * 4 == full.shape[1]
    small, expected = (
        cv2.resize(i, target[::-1], interpolation=cv2.INTER_AREA) for i in (reduced, full)
    )
    difference = np.abs(small.astype(int) - expected)
    assert difference.mean() < 3 and np.quantile(difference, 0.99) < 10


def test_small_images_are_read_whole(tmp_path):
    path = tmp_path / "small.jpg"
    Image.new("RGB", (300, 200), "red").save(path)
    assert read_image(path, at_least=(190, 290)).shape == (200, 300, 3)


def test_phone_photos_and_other_formats_under_a_wrong_name_are_to_be_converted(tmp_path, picture):
    picture.save(tmp_path / "8.jpg")
    twelve = bytearray((tmp_path / "8.jpg").read_bytes())
    twelve[twelve.index(b"\xff\xc0") + 4] = 12
    contents = {
        "iphone.jpg": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC photo"),
        "twelve.jpg": (bytes(twelve), "a JPEG of 12 bits a channel"),
        "film.jpg": (b"\0\0\0\x18ftypmp42", "a video"),
        "next.jpg": (b"\xff\x0a\0\0", "a JPEG XL image"),
        "page.png": (b"<!DOCTYPE html><title>404</title>", "a web page"),
        "lfs.png": (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        "annex.png": (b"/annex/objects/SHA256E-s1--0.png\n", "a pointer of Git LFS"),
        "layers.png": (b"8BPS\0\1", "a Photoshop file"),
        "drawing.png": (b"<?xml version='1.0'?><svg></svg>", "an SVG drawing"),
        "packed.png": (b"PK\x03\x04", "a zip archive"),
    }
    for name, (content, words) in contents.items():
        (tmp_path / name).write_bytes(content)
        problem = inspect_image(tmp_path / name).problem
        assert problem.startswith(f"{tmp_path / name}: this is {words}") and "delete" not in problem


def test_postscript_never_reaches_another_program(tmp_path, monkeypatch):
    from PIL import EpsImagePlugin

    def start(*arguments, **options):
        raise AssertionError("Ghostscript was started")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", start)
    page = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
    (tmp_path / "holiday.jpg").write_bytes(page)
    with pytest.raises(ImageError, match="a PostScript or PDF document"):
        read_image(tmp_path / "holiday.jpg")


@pytest.mark.parametrize("kind", ["tif", "png", "webp", "avif", "jpg"])
def test_sizes_are_those_of_the_upright_image_in_every_format(tmp_path, picture, kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / f"a.{kind}", exif=exif)
    report, image = inspect_image(tmp_path / f"a.{kind}"), read_image(tmp_path / f"a.{kind}")
    assert image.shape[:2] == (report.height, report.width) == (60, 40)
    assert image[5, 20, 0] > 150 and image[55, 20, 2] > 150


def test_numbers_are_scaled_by_their_kind_or_refused(tmp_path):
    ramp = np.linspace(0, 1, 60)[None].repeat(10, 0)
    Image.fromarray(ramp.astype(np.float32)).save(tmp_path / "float.tif")
    image = read_image(tmp_path / "float.tif")
    assert image[0, 0, 0] == 0 and image[0, -1, 0] == 255 and 120 < image[0, 30, 0] < 136
    Image.fromarray((ramp * 200).astype(np.uint16)).save(tmp_path / "dark.tif")
    assert read_image(tmp_path / "dark.tif").max() <= 1
    Image.fromarray((ramp * 1000).astype(np.float32)).save(tmp_path / "metres.tif")
    Image.fromarray((ramp * 1e6).astype(np.int32)).save(tmp_path / "counts.tif")
    for name, words in (("metres", "floats do not lie between 0 and 1"), ("counts", "32 bits")):
        with pytest.raises(ImageError, match=words):
            read_image(tmp_path / f"{name}.tif")
        assert words in inspect_image(tmp_path / f"{name}.tif").problem


def test_a_small_file_of_very_many_pixels_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    Image.new("1", (8000, 8000)).save(tmp_path / "map.png")
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("it was decoded"))
    with pytest.raises(ImageError, match=r"8,000 × 8,000 pixels are too large to open safely"):
        read_image(tmp_path / "map.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageError, match="a pipe or a device"):
        read_image(tmp_path / "pipe.jpg")
