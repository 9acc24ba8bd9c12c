"""Names and texts that went wrong for users of other tools: one table, for every place that takes a name."""

from typing import NamedTuple

LONG = "n" * 300


class Hostile(NamedTuple):
    """A text, and whether it may be the code of a state, the name of a file, a title."""

    text: str
    code: bool = False
    file: bool = False
    title: bool = False


NAMES = {
    "empty": Hostile(""),
    "formula": Hostile("=1+1"),
    "at": Hostile("@SUM(A1)"),
    "option": Hostile("-rf"),
    "plus": Hostile("+1"),
    "a dot": Hostile("A.B", file=True, title=True),
    "a hyphen": Hostile("A-B", file=True, title=True),
    "hidden": Hostile(".hidden", title=True),
    "ends with a dot": Hostile("end.", title=True),
    "blank before": Hostile(" A"),
    "blank after": Hostile("A ", title=True),
    "words": Hostile("State of A", file=True, title=True),
    "slash": Hostile("a/b", title=True),
    "comma": Hostile("a, b", file=True, title=True),
    "semicolon": Hostile("a; b", file=True, title=True),
    "quote": Hostile('say "a"', title=True),
    "markup": Hostile("[x] [/x] [bold]v2", file=True, title=True),
    "percent": Hostile("100 % $HOME {0} %s", file=True, title=True),
    "escape": Hostile("\x1b[31mred"),
    "bell": Hostile("a\x07"),
    "null": Hostile("a\x00b"),
    "two lines": Hostile("a\nb"),
    "tab": Hostile("a\tb"),
    "carriage return": Hostile("a\rb"),
    "line separator": Hostile("a\u2028b"),
    "turned round": Hostile("a\u202eb"),
    "long": Hostile(LONG),
    "missing": Hostile("NA", True, True, True),
    "not a number": Hostile("NAN", True, True, True),
    "year": Hostile("2023", file=True, title=True),
    "nan": Hostile("nan", file=True, title=True),
    "true": Hostile("true", file=True, title=True),
    "null word": Hostile("null", file=True, title=True),
    "infinity": Hostile("inf", file=True, title=True),
    "number": Hostile("1e5", file=True, title=True),
    "small letters": Hostile("pol", file=True, title=True),
    "umlaut": Hostile("ÄÖÜ", file=True, title=True),
    "cyrillic": Hostile("\u0420\u0424", file=True, title=True),
    "chinese": Hostile("中国", file=True, title=True),
    "looks like A": Hostile("\u0410BC", file=True, title=True),
    "digits of others": Hostile("A\u0661", file=True, title=True),
}
