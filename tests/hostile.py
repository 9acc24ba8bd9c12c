"""Names and texts that went wrong for users of other tools: one table, for every place that takes a name."""

import os
from pathlib import Path
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


# ------------------------------------------------------------------------------------------------------ files

DEEP = 5_000
TEXTS: dict[str, str | bytes] = {
    "nothing": "",
    "byte order mark alone": b"\xef\xbb\xbf",
    "blanks": " \n\n\t\n",
    "noise": bytes(range(256)) * 4,
    "UTF-16": 'title = "a"\n'.encode("utf-16"),
    "UTF-16 without a mark": 'title = "a"\n'.encode("utf-16-le"),
    "Latin-1": 'title = "Übersicht"\n'.encode("latin-1"),
    "null": b'title = "a\x00b"\n',
    "JSON": '{"title": "a"}\n',
    "a web page": "<!DOCTYPE html>\n<html><body>404</body></html>\n",
    "a table": "state,input,date,value\nARM,affinity,2020,0.3\n",
    "an integer of many digits": f'title = "a"\nruns = {"9" * 5_000}\n',
    "a hexadecimal of many digits": f'title = "a"\nruns = 0x{"f" * 5_000}\n',
    "more than 64 bits": f'title = "a"\nseed = {2**70}\nruns = {-(2**70)}\n',
    "deep brackets": f"x = {'[' * DEEP}{']' * DEEP}\n",
    "deep inline tables": f"x = {'{a=' * DEEP}1{'}' * DEEP}\n",
    "a key of many parts": f"{'.'.join(['a'] * DEEP)} = 1\n",
    "a header of many parts": f"[{'.'.join(['a'] * DEEP)}]\nb = 1\n",
    "a quoted key of many parts": ".".join(['"a b"'] * DEEP) + " = 1\n",
    "a long key": f"{'a' * 100_000} = 1\n",
    "a long text": f'title = "{"a" * 100_000}"\n',
    "a key twice": 'title = "a"\ntitle = "b"\n',
    "a table twice": "[time]\nstart = 2020\n[time]\nend = 2021\n",
    "a key of two kinds": "time = 1\n[time]\nstart = 2020\n",
    "a text without end": 'title = "a\n',
    "no value": "title =\n",
    "a merge conflict": "<<<<<<< HEAD\ntitle = 'a'\n=======\n",
    "an escape": 'title = "a\\u001b[2Jb"\n',
    "an escape in a key": '"a\\u001b[2Jb" = 1\n',
    "not a number": "runs = nan\nseed = inf\nhorizons = [nan]\ntitle = -inf\n",
    "other kinds": "title = 1\ntime = 2\nalliance = []\nleader = 'a'\nmembers = 3\nevents = {}\ndisputes = 4\n"
    "adjustments = 'b'\nbehaviour = []\nweights = 5\nrules = 6\nextends = 7\nsources = 8\nposterior = 9\n"
    "scenarios = 1\ntests = 2\ndesign = 3\nfactors = 4\nmechanisms = 5\nschemes = 6\ncalibration = 7\n",
    "tables of nothing": "time = {}\nalliance = {}\nleader = {}\nmembers = {}\nevents = [{}]\ndisputes = [{}]\n"
    "adjustments = [{}]\nbehaviour = {}\nrules = { a = {} }\nscenarios = {}\ntests = [{}]\ndesign = {}\n"
    "factors = { a = {} }\nmechanisms = { a = {} }\nschemes = [{}]\n",
    "lists in lists": "members = [[[]]]\nevents = [[]]\ndisputes = [[1]]\nadjustments = [[]]\nsources = [[]]\n",
    "extends itself": 'extends = "hostile.toml"\n',
    "extends a folder": 'extends = "."\n',
    "extends a device": 'extends = "/dev/zero"\n',
    "extends a long name": f'extends = "{"x/" * 3_000}"\n',
    "sources of a device": 'sources = "/dev/zero"\ntitle = "a"\n',
}
"""What may stand in a file of which TOML is expected; none is any input of ours."""


OTHER_FILES = (
    "none",
    "a folder",
    "a link to itself",
    "a link to nothing",
    "a pipe",
    "zeros",
    "nothing at all",
    "memory",
    "ten gigabytes",
    "a long name",
    "a long path",
    "a file as a folder",
    "a formula",
)


def files(folder: Path) -> dict[str, Path]:
    """Files, folders, devices and names that are no input of ours, by what is wrong with them."""
    found = {}
    for number, (what, text) in enumerate(TEXTS.items()):
        home = folder / f"{number}"
        home.mkdir(parents=True)
        found[what] = home / "hostile.toml"
        found[what].write_bytes(text.encode() if isinstance(text, str) else text)
    (folder / "inner.toml").mkdir()
    (folder / "loop.toml").symlink_to("loop.toml")
    (folder / "dangling.toml").symlink_to("nowhere")
    os.mkfifo(folder / "fifo.toml")
    with (folder / "large.toml").open("wb") as large:
        large.truncate(10**10)  # a hole, which takes no room
    return found | {
        "none": folder / "none.toml",
        "a folder": folder / "inner.toml",
        "a link to itself": folder / "loop.toml",
        "a link to nothing": folder / "dangling.toml",
        "a pipe": folder / "fifo.toml",
        "zeros": Path("/dev/zero"),
        "nothing at all": Path("/dev/null"),
        "memory": Path("/proc/self/mem"),
        "ten gigabytes": folder / "large.toml",
        "a long name": folder / ("x" * 5_000 + ".toml"),
        "a long path": folder.joinpath(*["x"] * 5_000, "a.toml"),
        "a file as a folder": folder / "0" / "hostile.toml" / "inner.toml",
        "a formula": folder / "=1+1.toml",
    }
