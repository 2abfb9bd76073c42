"""Files and folders as people have them, each with what a report must say of it.

`FILES`: name of the file to (how to make it, what becomes of it). `FOLDERS`: name to (how to fill
an empty folder, what the report must say). What becomes of a file is USED, or the words of its
problem, or "left out: " and the words of the reason.
"""

import io
import os
import struct
import unicodedata
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

USED = "used"
PIPES = hasattr(os, "mkfifo")  # not on Windows


def picture(seed=0, size=(48, 36)):
    """A soft picture of its own for each seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    return image.filter(ImageFilter.GaussianBlur(1))


def encoded(kind, mode="RGB", seed=0, **options):
    """A picture's bytes in a format and colour mode."""
    content = io.BytesIO()
    picture(seed).convert(mode).save(content, kind, **options)
    return content.getvalue()


def of_array(values, kind):
    content = io.BytesIO()
    Image.fromarray(values).save(content, kind)
    return content.getvalue()


def turned(orientation, kind="JPEG"):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(kind, exif=exif)


def animated(kind):
    content = io.BytesIO()
    picture(0).save(content, kind, save_all=True, append_images=[picture(1), picture(2)])
    return content.getvalue()


def cut(kind, share=0.6):
    content = encoded(kind)
    return content[: int(len(content) * share)]


def twelve_bits():
    content = bytearray(encoded("JPEG"))
    content[content.index(b"\xff\xc0") + 4] = 12
    return bytes(content)


def huge():
    content = io.BytesIO()
    Image.new("1", (13_000, 13_000)).save(content, "PNG")
    return content.getvalue()


def spoilt(kind):
    """A byte in the middle of the picture's data is another."""
    content = bytearray(encoded(kind))
    content[len(content) // 2] ^= 0xFF
    return bytes(content)


def claims(kind, side):
    """A PNG header that promises far more pixels than there are."""
    content = bytearray(encoded(kind))
    content[16:24] = struct.pack(">II", side, side)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


def link(path, target="nowhere.jpg"):
    path.symlink_to(path.parent / target)


NO_IMAGE = b"x", "left out: other files"
HIDDEN = b"x", "left out: hidden files"
RAMP = np.linspace(0, 1, 48)[None].repeat(36, 0)
FILES = {
    # every colour mode of every format
    **{f"jpeg {m}.jpg": (encoded("JPEG", m), USED) for m in ("RGB", "L", "CMYK", "YCbCr")},
    **{f"png {m}.png": (encoded("PNG", m), USED) for m in ("1", "L", "LA", "P", "RGB", "RGBA")},
    **{f"bmp {m}.bmp": (encoded("BMP", m), USED) for m in ("1", "L", "P", "RGB")},
    **{f"gif {m}.gif": (encoded("GIF", m), USED) for m in ("L", "P", "RGB")},
    **{
        f"tiff {m}.tif": (encoded("TIFF", m), USED)
        for m in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB")
    },
    **{f"webp {m}.webp": (encoded("WEBP", m), USED) for m in ("RGB", "RGBA", "L")},
    "16 bits.png": (of_array((RAMP * 65535).astype(np.uint16), "PNG"), USED),
    "16 bits.tif": (of_array((RAMP * 65535).astype(np.uint16), "TIFF"), USED),
    "floats.tif": (of_array(RAMP.astype(np.float32), "TIFF"), USED),
    "metres.tif": (of_array((RAMP * 900).astype(np.float32), "TIFF"), "floats do not lie between"),
    "counts.tif": (of_array((RAMP * 1e6).astype(np.int32), "TIFF"), "whole numbers have 32 bits"),
    "transparent palette.png": (encoded("PNG", "P", transparency=0), USED),
    "transparent.gif": (encoded("GIF", "P", transparency=0), USED),
    # how it is stored
    **{f"turned {o}.jpg": (turned(o), USED) for o in range(1, 9)},
    "turned.tif": (turned(6, "TIFF"), USED),
    "turned.png": (turned(8, "PNG"), USED),
    "progressive.jpg": (encoded("JPEG", progressive=True), USED),
    "full colour.jpg": (encoded("JPEG", subsampling=0, quality=100), USED),
    "coarse.jpg": (encoded("JPEG", quality=5), USED),
    "lossless.webp": (encoded("WEBP", lossless=True), USED),
    "lzw.tif": (encoded("TIFF", compression="tiff_lzw"), USED),
    "deflate.tif": (encoded("TIFF", compression="tiff_deflate"), USED),
    "jpeg inside.tif": (encoded("TIFF", compression="jpeg"), USED),
    "moving.gif": (animated("GIF"), USED),
    "moving.webp": (animated("WEBP"), USED),
    "moving.png": (animated("PNG"), USED),
    "pages.tif": (animated("TIFF"), USED),
    "modern.avif": (encoded("AVIF"), USED),
    "wavelets.jp2": (encoded("JPEG2000"), USED),
    "trailing bytes.jpg": (encoded("JPEG") + b"\0" * 500, USED),
    # other endings, and names that do not fit the content
    **{f"ending.{e}": (encoded("JPEG"), USED) for e in ("jpe", "jfif", "JPG", "Jpeg")},
    "ENDING.TIFF": (encoded("TIFF"), USED),
    "a png.jpg": (encoded("PNG"), USED),
    "a webp.jpg": (encoded("WEBP"), USED),
    "a gif.png": (encoded("GIF", "P"), USED),
    "a jpeg.png": (encoded("JPEG"), USED),
    "an avif.jpg": (encoded("AVIF"), USED),
    # names
    "two  spaces.jpg": (encoded("JPEG"), USED),
    'quote\'s "name".jpg': (encoded("JPEG"), USED),
    "-rf.jpg": (encoded("JPEG"), USED),
    "dots.in.name.jpg": (encoded("JPEG"), USED),
    "new\nline.jpg": (encoded("JPEG"), USED),
    "照片.jpg": (encoded("JPEG"), USED),
    "🐦.jpg": (encoded("JPEG"), USED),
    unicodedata.normalize("NFD", "café.jpg"): (encoded("JPEG"), USED),
    "x" * 240 + ".jpg": (encoded("JPEG"), USED),
    # broken
    "empty.jpg": (b"", "the file is empty"),
    "text.jpg": (b"this is text", "not an image, whatever its name says"),
    "noise.jpg": (np.random.default_rng(0).bytes(5000), "not an image"),
    "page.jpg": (b"<!DOCTYPE html><html>404</html>", "a web page"),
    "half.jpg": (cut("JPEG"), "truncated"),
    "half.png": (cut("PNG"), "truncated"),
    "half.gif": (cut("GIF"), "truncated"),
    "half.bmp": (cut("BMP"), "truncated"),
    "half.webp": (cut("WEBP"), "cannot be decoded"),
    "header alone.jpg": (encoded("JPEG")[:20], "not an image"),
    "spoilt.png": (spoilt("PNG"), "cannot be decoded"),
    "promises.png": (claims("PNG", 100_000), "too large to open safely"),
    "huge.png": (huge(), "too large to open safely"),
    # something else under an image's name
    "iphone.jpg": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC photo"),
    "iphone live.jpg": (b"\0\0\0\x18ftyphevc\0\0\0\0", "a HEIC photo"),
    "twelve bits.jpg": (twelve_bits(), "12 bits a channel"),
    "film.jpg": (b"\0\0\0\x18ftypmp42\0\0\0\0", "a video"),
    "film.png": (b"\0\0\0\x14ftypqt  \0\0\0\0", "a video"),
    "xl.jpg": (b"\xff\x0a\xfa\x1f", "a JPEG XL image"),
    "xl box.jpg": (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL image"),
    "layers.png": (b"8BPS\0\1\0\0", "a Photoshop file"),
    "drawing.png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
    "document.jpg": (b"%PDF-1.7\n", "a PostScript or PDF document"),
    "script.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a PostScript or PDF document"),
    "packed.jpg": (b"PK\x03\x04\x14\0", "a zip archive"),
    "lfs.jpg": (b"version https://git-lfs.github.com/spec/v1\noid x\n", "Git LFS"),
    "annex.jpg": (b"/annex/objects/MD5E-s5--5d41.jpg\n", "Git LFS or git-annex"),
    "raw.jpg": (b"II*\0\x10\0\0\0CR\2\0", "a TIFF or a camera's raw file"),
    # no images by their names
    **{f"photo{e}": (b"x", f"left out: {e} files: convert") for e in (".heic", ".heif", ".jxl")},
    **{f"drawing{e}": (b"x", f"left out: {e} files: convert") for e in (".svg", ".psd", ".pdf")},
    **{f"raw{e}": (b"x", f"left out: {e} files: export") for e in (".dng", ".nef", ".cr2")},
    **{f"film{e}": (b"x", f"left out: {e} files: save frames") for e in (".mp4", ".mov", ".avi")},
    "PHOTO.HEIC": (b"x", "left out: .heic files: convert"),
    **dict.fromkeys(("notes.txt", "labels.csv", "photo", "photo.jpg.part", "model.db"), NO_IMAGE),
    **dict.fromkeys(("._photo.jpg", ".DS_Store", "Thumbs.db", "desktop.ini", ".x.png"), HIDDEN),
    "gone.jpg": (link, "left out: broken links"),
    **({"pipe.jpg": (os.mkfifo, "left out: pipes or devices")} if PIPES else {}),
}


def make(path, content):
    """Write a file of FILES."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content(path) if callable(content) else path.write_bytes(content)


def photos(folder, count, seed=0):
    for number in range(count):
        make(folder / f"{number}.png", encoded("PNG", seed=1000 * seed + number))


def classes(root, *names, count=2, seed=0):
    """A folder per class with a few pictures, no two alike."""
    for number, name in enumerate(names):
        photos(root / name, count, seed=100 * seed + number + 1)


def splits(root, *names, kinds=("cat", "dog")):
    for number, name in enumerate(names, start=1):
        classes(root / name, *kinds, seed=number)


def tables(root, text=None, test=None, names=("train", "test"), rows=4):
    """Pictures 0.png to 3.png in each split's folder, and its table."""
    for number, name in enumerate(names, start=1):
        photos(root / name, rows, seed=50 + number)
        lines = ["file,sea,trees", "0.png,1,0", "1.png,0,1", "2.png,1,1", "3.png,0,0"]
        given = text if number == 1 else test
        content = "\n".join(lines) if given is None else given
        content = content if isinstance(content, bytes) else content.encode()
        (root / f"{name}_label.csv").write_bytes(content)


def then(*steps):
    """Several ways to fill a folder, one after the other."""

    def fill(root):
        for step in steps:
            step(root)

    return fill


def put(name, content=None):
    return lambda root: make(root / name, encoded("PNG", seed=99) if content is None else content)


def folder_link(name, target):
    def fill(root):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(root / target)

    return fill


def copied(source, target, change=lambda image: image):
    """The picture at `source` again, perhaps changed."""

    def fill(root):
        (root / target).parent.mkdir(parents=True, exist_ok=True)
        change(Image.open(root / source)).save(root / target)

    return fill


def mirrored(image):
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def TWO(root):
    classes(root, "cat", "dog")


def SPLITS(root):
    splits(root, "train", "val", "test")


GOOD = "file,sea,trees\n0.png,1,0\n1.png,0,1\n2.png,1,1\n3.png,0,0\n"
FOLDERS = {
    # a folder per class
    "two classes": (TWO, "all: 4 images (cat 2, dog 2)"),
    "three classes": (lambda r: classes(r, "a", "b", "c"), "all: 6 images (a 2, b 2, c 2)"),
    "spaces in names": (lambda r: classes(r, "a cat", "a dog"), "(a cat 2, a dog 2)"),
    "names of other scripts": (lambda r: classes(r, "猫", "🐕"), "(猫 2, 🐕 2)"),
    "numbers as names": (lambda r: classes(r, "0", "1", "10"), "(0 2, 1 2, 10 2)"),
    "deeper folders": (then(TWO, put("cat/2021/may/x.png")), "(cat 3, dog 2)"),
    "a hidden class": (then(TWO, put(".trash/x.png")), "1 hidden file"),
    "checkpoints of Jupyter": (
        then(TWO, put("cat/.ipynb_checkpoints/0-checkpoint.png")),
        "1 hidden file",
    ),
    "what macOS packs": (then(TWO, put("__MACOSX/cat/._0.png")), "1 hidden file"),
    "a thumbnail cache": (then(TWO, put("cat/Thumbs.db", b"x")), "1 hidden file"),
    "a loose image": (then(TWO, put("x.png")), "1 image outside the class folders: move into"),
    "a readme": (then(TWO, put("README.md", b"x")), "1 other file"),
    "phone photos": (
        then(TWO, *(put(f"cat/{n}.heic", b"x") for n in range(30))),
        "30 .heic files: convert to JPEG",
    ),
    "videos": (then(TWO, put("dog/x.mp4", b"x")), "1 .mp4 file: save frames as JPEG"),
    "broken links": (then(TWO, lambda r: link(r / "cat" / "x.jpg")), "1 broken link: fetch"),
    "a class that is a broken link": (then(TWO, folder_link("fox", "none")), "1 broken link"),
    "a linked class": (
        then(lambda r: classes(r, "cat", "dog"), folder_link("wolf", "cat")),
        "(cat 2, dog 2, wolf 2)",
    ),
    "a link in a circle": (then(TWO, folder_link("cat/again", "cat")), "1 link to what is"),
    **(
        {"a pipe": (then(TWO, lambda r: os.mkfifo(r / "cat" / "x.jpg")), "1 pipes or devices")}
        if PIPES
        else {}
    ),
    "a broken image": (then(TWO, put("cat/x.jpg", b"text")), "unusable: 1 file"),
    "an empty image": (then(TWO, put("cat/x.jpg", b"")), "x.jpg: the file is empty"),
    "a class of broken images": (
        then(TWO, put("fox/x.jpg", b"text")),
        "problem: fox: no usable image; add some or remove the folder.",
    ),
    "an empty class": (
        then(TWO, lambda r: (r / "fox").mkdir()),
        "problem: fox: holds no image; add some or remove the folder.",
    ),
    "a class of phone photos": (
        then(TWO, put("fox/x.heic", b"x")),
        "fox: holds no image (1 .heic file: convert to JPEG); add some",
    ),
    "a class of folders": (
        then(TWO, put("more/fox/x.png")),
        "more: holds folders such as 'fox', but no image of its own",
    ),
    "one class": (lambda r: classes(r, "cat"), "holds one class folder, 'cat'; a classifier needs"),
    "images without classes": (lambda r: photos(r, 3), "holds no class folders; put each class's"),
    "an empty folder": (lambda r: None, "holds no class folders"),
    "only hidden": (put(".git/x.png"), "holds no class folders"),
    "one picture in two classes": (
        then(TWO, copied("cat/0.png", "dog/copy.png")),
        "one scene under different labels, 1 times",
    ),
    "one picture in two classes, smaller and mirrored": (
        then(TWO, copied("cat/0.png", "dog/c.png", lambda i: mirrored(i).resize((40, 30)))),
        "one scene under different labels, 1 times",
    ),
    "one picture twice in a class": (then(TWO, copied("cat/0.png", "cat/c.png")), "(cat 3, dog 2)"),
    # splits
    "train, val and test": (SPLITS, "val: 4 images (cat 2, dog 2)"),
    "train alone": (lambda r: splits(r, "train"), "train: 4 images"),
    "Train and Test": (lambda r: splits(r, "Train", "Test"), "test: 4 images"),
    "training and testing": (lambda r: splits(r, "training", "testing"), "test: 4 images"),
    "TRAIN and VALID": (lambda r: splits(r, "TRAIN", "VALID"), "val: 4 images"),
    "train and validation": (lambda r: splits(r, "train", "validation"), "val: 4 images"),
    "val beside valid": (
        lambda r: splits(r, "train", "val", "valid"),
        "'val' and 'valid' are both a val folder; keep one",
    ),
    "train beside Train": (
        lambda r: splits(r, "train", "Train"),
        "'Train' and 'train' are both a train folder",
    ),
    "no train": (lambda r: splits(r, "val", "test"), "there is val, test but no train folder"),
    "a class more in val": (
        then(SPLITS, put("val/fox/x.png")),
        "the folder 'fox' is none of the classes cat, dog",
    ),
    "a class less in val": (
        then(lambda r: splits(r, "train"), lambda r: classes(r / "val", "cat", seed=7)),
        "val: 2 images (cat 2, dog 0)",
    ),
    "images beside splits": (then(SPLITS, put("more/x.png")), "1 image beside the splits: move"),
    "a zip beside splits": (then(SPLITS, put("all.zip", b"PK")), "1 other file"),
    "a twin across": (
        then(SPLITS, copied("train/cat/0.png", "test/cat/x.png")),
        "1 of 5 images in test have a twin in train",
    ),
    "a mirrored twin across": (
        then(SPLITS, copied("train/cat/0.png", "val/cat/x.png", mirrored)),
        "1 of 5 images in val have a twin in train",
    ),
    "another label across": (
        then(SPLITS, copied("train/cat/0.png", "val/dog/x.png")),
        "one scene under different labels, 1 times",
    ),
    "a loose image in train": (then(SPLITS, put("train/x.png")), "1 image outside the class"),
    # tables of labels
    "two tables": (tables, "train: 4 images (sea 2, trees 2, none 1)"),
    "three tables": (lambda r: tables(r, names=("train", "val", "test")), "val: 4 images"),
    "semicolons": (lambda r: tables(r, GOOD.replace(",", ";")), "train: 4 images (sea 2"),
    "tabs": (lambda r: tables(r, GOOD.replace(",", "\t")), "train: 4 images (sea 2"),
    "Excel's mark": (lambda r: tables(r, GOOD.encode("utf-8-sig")), "train: 4 images (sea 2"),
    "Excel's UTF-16": (lambda r: tables(r, GOOD.encode("utf-16")), "train: 4 images (sea 2"),
    "Excel's sep": (lambda r: tables(r, "sep=;\n" + GOOD.replace(",", ";")), "train: 4 images"),
    "quoted": (lambda r: tables(r, GOOD.replace("0.png", '"0.png"')), "train: 4 images"),
    "names with the split": (
        lambda r: tables(r, GOOD.replace("\n", "\ntrain/").removesuffix("train/")),
        "train: 4 images",
    ),
    "a table in capitals": (
        then(tables, lambda r: (r / "train_label.csv").rename(r / "TRAIN_label.csv")),
        "train: 4 images",
    ),
    "an image without a row": (then(tables, put("train/x.png")), "1 image without a row in the"),
    "a row without an image": (
        lambda r: tables(r, GOOD + "x.png,1,0\n"),
        "row 6: no 'x.png' in train: add it, or remove the row.",
    ),
    "a row twice": (lambda r: tables(r, GOOD + "0.png,1,0\n"), "'0.png' was in row 2 already"),
    "a mark that is none": (lambda r: tables(r, GOOD + "x.png,yes,0\n"), "'yes' is not 0 or 1"),
    "a cell too few": (lambda r: tables(r, GOOD + "x.png,1\n"), "row 6: 2 cells, but the header"),
    "a name that leads out": (
        lambda r: tables(r, GOOD + "../x.png,1,0\n"),
        "'../x.png' leads out of the images' folder",
    ),
    "a phone photo with a row": (
        then(
            lambda r: tables(r, GOOD + "x.heic,1,0\n"), put("train/x.heic", b"\0\0\0\x18ftypheic")
        ),
        "x.heic: this is a HEIC photo",
    ),
    "an open quote": (lambda r: tables(r, GOOD + '"x.png,1,0\n'), "is a quote left open?"),
    "no header": (lambda r: tables(r, GOOD.partition("\n")[2]), "row 1: there is no header"),
    "an empty table": (lambda r: tables(r, ""), "the table is empty; it needs a header"),
    "a label that nobody has": (
        lambda r: tables(r, "file,sea,fog\n0.png,1,0\n1.png,0,0\n"),
        "column 'fog': no usable row has a 1",
    ),
    "other labels in test": (
        lambda r: tables(r, test="file,sea,fog\n0.png,1,0\n1.png,0,1\n"),
        "there is no column 'trees', only sea, fog",
    ),
    "a workbook": (lambda r: tables(r, b"PK\x03\x04\0\0"), "this is no text, whatever its name"),
    "a missing folder": (
        then(tables, lambda r: (r / "train").rename(r / "images")),
        "there is test but no train folder; add one",
    ),
}


def files_on_disk(folder: Path) -> int:
    """Files, links to nothing and pipes below a folder, each as often as a name leads to it."""
    count, waiting, seen = 0, [folder], set()
    while waiting:
        here = waiting.pop()
        for name in os.listdir(here):
            path = here / name
            if path.is_dir():
                inside = os.path.realpath(path)
                if inside in map(os.path.realpath, (here, *here.parents)):
                    count += 1  # a circle: the link itself
                else:
                    waiting.append(path)
                    seen.add(inside)
            else:
                count += 1
    return count
