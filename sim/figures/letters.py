"""Letters that can be drawn: a list of fonts, and what stands in place of a letter that none of them has."""

import re
import warnings
from functools import cache, lru_cache
from unicodedata import category

from matplotlib.font_manager import FontProperties, fontManager, get_font

FIRST = "DejaVu Sans"
"""Comes with matplotlib, so that figures are the same everywhere; has Latin, Greek, Cyrillic, Armenian, Georgian ..."""
OTHERS = (
    "Noto Sans|Noto Sans CJK SC|Noto Sans SC|Noto Sans CJK JP|Noto Sans JP|Noto Sans CJK KR|Noto Sans KR|"
    "Noto Sans Arabic|Noto Sans Devanagari|Noto Sans Thai|Noto Sans Ethiopic|Noto Sans Symbols2|"
    "Source Han Sans SC|WenQuanYi Zen Hei|WenQuanYi Micro Hei|Droid Sans Fallback|Microsoft YaHei|SimHei|"
    "Yu Gothic|Malgun Gothic|Nirmala UI|Segoe UI|Segoe UI Symbol|PingFang SC|Hiragino Sans|"
    "Apple SD Gothic Neo|Arial Unicode MS|Unifont|Symbola"
)
"""Asked in this order, where they are installed, for what the first one lacks."""
REPLACEMENT = "\ufffd"

MINUS = re.compile(r"(?<![\w.)\]])-(?=\d)")
"""Before a number, where it parts nothing."""

MOST_NAMED = 100

_lacking: set[str] = set()
"""Letters that were replaced and of which nothing was said yet."""


@cache
def families() -> list[str]:
    """The fonts, the first one first."""
    installed = set(fontManager.get_font_names())
    return [FIRST, *(name for name in OTHERS.split("|") if name in installed)]


@cache
def _known() -> set[int]:
    """Every letter that is in one of the fonts, both normal and bold."""
    known: set[int] = set()
    for name in families():
        files = [fontManager.findfont(FontProperties(family=name, weight=weight)) for weight in ("normal", "bold")]
        normal, bold = (set(get_font(file).get_charmap()) for file in files)
        known |= normal & bold
    return known


@lru_cache(10_000)
def drawable(text: str) -> str:
    """One line of text in letters that can be drawn, with a proper minus: blanks for line ends and tabs."""
    text = MINUS.sub("\u2212", text)
    if text.isascii() and text.isprintable():
        return text
    line = "".join(" " if c in "\n\r\t\v\f" else c for c in text)
    lacking = {c for c in line if category(c)[0] == "C" or ord(c) not in _known()}
    _lacking.update(lacking)
    return "".join(REPLACEMENT if c in lacking else c for c in line)


def say_what_was_replaced() -> None:
    """Warn, once, of the letters that were replaced."""
    if _lacking:
        letters = ", ".join(
            f"U+{ord(c):04X}" + (f" {c}" if c.isprintable() else "") for c in sorted(_lacking)[:MOST_NAMED]
        )
        more = f" and {len(_lacking) - MOST_NAMED} more" if len(_lacking) > MOST_NAMED else ""
        _lacking.clear()
        warnings.warn(f"figures: no font here has {letters}{more}; drawn as {REPLACEMENT}", stacklevel=2)
