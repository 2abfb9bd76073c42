"""Which files are images by their names, and what a file is that cannot be opened as one."""

from __future__ import annotations

from pathlib import Path

IMAGE_SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"),
        *(".avif", ".jp2"),
    }
)
# Images or videos by their names, but in a form that the course does not read.
PHONE, CAMERA, VIDEO = "convert to JPEG", "export as JPEG", "save frames as JPEG"
CONVERTIBLE = {
    **dict.fromkeys((".heic", ".heif", ".hif", ".jxl", ".jxr", ".svg", ".psd", ".pdf"), PHONE),
    **dict.fromkeys((".eps", ".ico", ".ppm", ".pgm", ".tga", ".exr", ".hdr", ".j2k"), PHONE),
    **dict.fromkeys((".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2"), CAMERA),
    **dict.fromkeys((".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg"), VIDEO),
}
HEAD = 4096  # bytes that are looked at
MOST_SEGMENTS = 100  # of a JPEG before its frame header
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # markers that begin one
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def is_image_name(path: str | Path) -> bool:
    """True for names that end like an image; hidden files (`._photo.jpg` of macOS) do not count."""
    path = Path(path)
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def what_it_is(path: Path) -> str:
    """What a file that is no image holds by its first bytes, and what to do with it; "" if unknown.

    The answer completes the sentence "this is …".
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return ""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head[4:8] == b"ftyp":
        if head[8:12] in HEIF_BRANDS:
            return "a HEIC photo, as phones take them, whatever its name says; convert it to JPEG."
        if head[8:12] not in (b"avif", b"avis"):
            return "a video, whatever its name says; save frames of it as JPEG."
    if head.startswith(b"\xff\xd8") and _jpeg_bits(path) not in (0, 8):
        return f"a JPEG of {_jpeg_bits(path)} bits a channel; convert it to one of 8 bits."
    if head.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL ")):
        return "a JPEG XL image, whatever its name says; convert it to JPEG."
    if head.startswith((b"%!PS", b"\xc5\xd0\xd3\xc6", b"%PDF")):
        return "a PostScript or PDF document, whatever its name says; convert it to JPEG."
    if head.startswith(b"8BPS"):
        return "a Photoshop file, whatever its name says; export it as JPEG."
    if head.startswith((b"II*\0", b"MM\0*")):
        return "a TIFF or a camera's raw file of a kind that is not read here; export it as JPEG."
    if head.startswith(b"version https://git-lfs") or b"/annex/objects/" in head[:200]:
        return "a pointer of Git LFS or git-annex, not the image itself; fetch its content first."
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page: its download went wrong; fetch the image again."
    if b"<svg" in text[:1000]:
        return "an SVG drawing, whatever its name says; convert it to PNG."
    if head.startswith(b"PK\x03\x04"):
        return "a zip archive, whatever its name says; unpack it."
    return ""


def _jpeg_bits(path: Path) -> int:
    """Bits a channel by a JPEG's frame header; 0 where there is none."""
    with path.open("rb") as file:
        file.seek(2)
        for _ in range(MOST_SEGMENTS):
            segment = file.read(5)
            if len(segment) < 5 or segment[0] != 0xFF:
                break
            if segment[1] in FRAMES:
                return segment[4]
            file.seek(int.from_bytes(segment[2:4], "big") - 3, 1)
    return 0
