"""Near-duplicates: one scene twice, as a photo saved again, mirrored, or the next video frame.

Names and bytes do not give them away. A model that has trained on one of them has all but seen the
other, so a test set that holds it flatters the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from PIL import Image
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

THUMBNAIL, HASHED, TINY = 32, 8, 8  # sides, in pixels or frequencies
GREY = np.array([0.299, 0.587, 0.114])  # shares of red, green and blue, ITU-R BT.601
MOST_BITS = 10  # of 64 in which two hashes differ
LEAST_LIKENESS, MOST_APART = 0.9, 20.0  # of tiny pictures: correlation, and levels of 255
SAME_SCENE, MAYBE_SAME = 0.7, 0.5  # cosine of features: alone, and beside a near hash
Fingerprint = bytes  # of `fingerprint`
BLOCK = 1024  # rows of the table of all pairs that are held at a time


def fingerprint(image: np.ndarray) -> Fingerprint:
    """What is kept of an image to find its near-duplicates: two hashes and a tiny picture.

    The hash has a bit for each of the lowest 8 x 8 frequencies of a grey thumbnail, 1 above their
    median; the second one is the mirror image's.

    Args:
        image: uint8 RGB (H, W, 3).

    Source: perceptual hashing by DCT, Zauner 2010, "Implementation and Benchmarking of Perceptual
        Image Hash Functions", section 3.1.
    """
    thumbnail = np.asarray(
        Image.fromarray(image).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    )
    waves = dctn(thumbnail @ GREY, norm="ortho")[:HASHED, :HASHED]
    mirrored = waves * np.resize([1, -1], HASHED)  # mirroring turns the odd waves over
    bits = [np.packbits(part > np.median(part)).tobytes() for part in (waves, mirrored)]
    step = THUMBNAIL // TINY
    tiny = thumbnail.reshape(TINY, step, TINY, step, 3).mean(axis=(1, 3))
    return b"".join([*bits, np.rint(tiny).astype(np.uint8).tobytes()])


def near_duplicates(
    fingerprints: Sequence[Fingerprint], features: np.ndarray | None = None
) -> pd.DataFrame:
    """Pairs of images that show one scene, the closest first; either may be mirrored.

    Hashes within MOST_BITS are not enough, since plain skies and white backgrounds have much the
    same: the tiny pictures must look alike too. With features of a pretrained network a pair also
    counts where these are alike, which finds a scene from another angle.

    Args:
        fingerprints: from `fingerprint`, one an image (`ImageReport.fingerprint`).
        features: (N, D) of the same images. They are standardised over these images, so that what
            all have in common does not count.

    Returns: columns first and second (numbers of images, first < second), bits (in which the hashes
        differ) and likeness (correlation of the tiny pictures, -1 to 1); with features cosine too.
    """
    columns = ["first", "second", "bits", "likeness", *(["cosine"] if features is not None else [])]
    if not fingerprints:
        return pd.DataFrame(columns=columns)
    table = np.frombuffer(b"".join(fingerprints), np.uint8).reshape(len(fingerprints), -1)
    hashes = np.unpackbits(table[:, : 2 * HASHED], axis=1).astype(np.float32).reshape(-1, 2, 64)
    tiny = table[:, 2 * HASHED :].reshape(-1, TINY, TINY, 3).astype(np.float32)
    units = None if features is None else _standard_units(features)
    parts = [_block_pairs(start, hashes * 2 - 1, tiny, units) for start in _starts(len(table))]
    pairs = pd.DataFrame(np.concatenate(parts), columns=columns)
    pairs = pairs.astype({"first": int, "second": int, "bits": int})
    return pairs.sort_values(["bits", "likeness"], ascending=[True, False], ignore_index=True)


def linked(count: int, first: Sequence[int], second: Sequence[int]) -> np.ndarray:
    """A number for each of `count` items (N,), the same for those that a chain of pairs links."""
    links = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    return connected_components(links, directed=False)[1]


def _starts(count: int) -> Iterator[int]:
    yield from range(0, count, BLOCK)


def _standard_units(features: np.ndarray) -> np.ndarray:
    """Features (N, D), standardised over the images, each row then of length 1."""
    centred = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)


def _block_pairs(
    start: int, signs: np.ndarray, tiny: np.ndarray, units: np.ndarray | None
) -> np.ndarray:
    """Rows of `near_duplicates` whose first image is in the block from `start` on."""
    here = slice(start, start + BLOCK)
    plain, turned = ((64 - signs[here, 0] @ signs[:, side].T) / 2 for side in (0, 1))
    bits = np.minimum(plain, turned)
    close = bits <= MOST_BITS
    cosine = None if units is None else units[here] @ units.T
    candidates = close if cosine is None else close | (cosine >= SAME_SCENE)
    first, second = np.nonzero(
        candidates & (np.arange(len(tiny)) > np.arange(start, start + len(bits))[:, None])
    )
    mirrored = (turned < plain)[first, second][:, None, None, None]
    ours = tiny[start + first]
    theirs = np.where(mirrored, tiny[second][:, :, ::-1], tiny[second])
    apart = np.sqrt(((ours - theirs) ** 2).mean(axis=(1, 2, 3)))
    likeness = _correlation(ours, theirs)
    near = close[first, second]
    keep = near & (likeness >= LEAST_LIKENESS) & (apart <= MOST_APART)
    columns = [start + first, second, bits[first, second], likeness]
    if cosine is not None:
        alike = cosine[first, second]
        keep |= (alike >= SAME_SCENE) | (near & (alike >= MAYBE_SAME))
        columns.append(alike)
    return np.stack(columns, axis=1)[keep]


def _correlation(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Of pictures (M, h, w, 3) and others, each colour about its own mean: (M,)."""
    ours, theirs = (part - part.mean(axis=(1, 2), keepdims=True) for part in (ours, theirs))
    both = (ours * theirs).sum(axis=(1, 2, 3))
    lengths = (ours**2).sum(axis=(1, 2, 3)) * (theirs**2).sum(axis=(1, 2, 3))
    return both / np.sqrt(np.maximum(lengths, 1e-6))
