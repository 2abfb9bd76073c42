"""Words of any script in a figure: with a font that has them, else spelt in Latin letters."""

from __future__ import annotations

from functools import lru_cache

from anyascii import anyascii
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter

USUAL = "DejaVu Sans"  # it comes with matplotlib, and has Latin, Greek and Cyrillic
# Fonts that systems have for other scripts; those that are installed are tried in this order.
OTHERS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "PingFang SC"),
    *("Microsoft YaHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback"),
    *("Hiragino Sans", "Yu Gothic", "Malgun Gothic", "Apple SD Gothic Neo", "Arial Unicode MS"),
    *("Noto Emoji", "Segoe UI Emoji", "Segoe UI Symbol", "Symbola"),
    *("Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai"),
)


def make_readable(figure: Figure) -> None:
    """See to it that every character of a figure's words can be drawn: no empty boxes."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            formatter = axis.get_major_formatter()
            if isinstance(formatter, FixedFormatter):  # writes its words anew at each drawing
                formatter.seq = [readable(words) for words in formatter.seq]
    for text in figure.findobj(Text):
        words = text.get_text()
        if not words.isascii():
            text.set_text(readable(words))
            text.set_fontfamily(list(_families()))


def readable(words: str) -> str:
    """The words, each character that no installed font has spelt in ASCII: 猫 as Mao."""
    return "".join(c if c.isspace() or ord(c) in _characters() else anyascii(c) for c in words)


@lru_cache
def _families() -> tuple[str, ...]:
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return USUAL, *(name for name in OTHERS if name in installed)


@lru_cache
def _characters() -> frozenset[int]:
    """Code points that the installed fonts among these can draw."""
    paths = map(font_manager.findfont, _families())
    return frozenset().union(*(font_manager.get_font(path).get_charmap() for path in paths))
