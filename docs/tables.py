"""Write the tables of docs/model.md from what sim/model declares.

``python docs/tables.py`` rewrites what stands between the markers; with ``--check`` it writes
nothing and exits with 1 if a table is stale. A missing marker exits with 2.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sim.model.declaration import Coefficient, Input  # noqa: E402
from sim.model.outcomes import INF, OUTCOMES, Outcome  # noqa: E402
from sim.model.variables import COEFFICIENTS, LEADER_INPUTS, MEMBER_INPUTS  # noqa: E402

DOCUMENT = ROOT / "docs" / "model.md"
GREEK = {
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
    *("lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi"),
    "omega",
}
INDICES = set("ijkc")


def tex(symbol: str) -> str:
    """A declared symbol in LaTeX: ``lambda_pair`` is ``\\lambda_{\\mathrm{pair}}``."""
    base, _, index = symbol.partition("_")
    base = f"\\{base}" if base in GREEK else base
    if len(index) < 2:
        return f"{base}_{index}" if index else base
    upright = index if set(index) <= INDICES else rf"\mathrm{{{index}}}"
    return f"{base}_{{{upright}}}"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def input_row(i: Input) -> list[str]:
    """One input: symbol, name, meaning, channels with their weights, default."""
    weights = [f" {w:g}" for w in i.weights] or [""] * len(i.channels)
    channels = ", ".join(f"{c}{w}" for c, w in zip(i.channels, weights, strict=True))
    return [f"${tex(i.symbol)}$", f"`{i.name}`", i.meaning, channels or "-", f"{i.default:g}"]


def inputs() -> str:
    """The tables of the inputs."""
    head = ("symbol", "name", "meaning", "channels, default weight", "default")
    parts = (("Of every state", MEMBER_INPUTS), ("Of the leader", LEADER_INPUTS))
    return "\n\n".join(f"**{title}**\n\n{table(head, map(input_row, given))}" for title, given in parts)


def prior(c: Coefficient) -> str:
    """A coefficient's prior in a few words."""
    return f"{c.family}({c.centre:g}, {c.spread:g})" if c.spread else f"fixed at {c.centre:g}"


def bounds(c: Coefficient) -> str:
    """The values that a coefficient may have."""
    low = "(-∞" if c.low == -float("inf") else f"[{c.low:g}"
    high = "∞)" if c.high == float("inf") else f"{c.high:g}]"
    return f"{low}, {high}"


def coefficient_row(c: Coefficient) -> list[str]:
    """One coefficient: symbol, name, meaning, unit, prior, range, source."""
    return [f"${tex(c.symbol)}$", f"`{c.name}`", c.meaning, c.unit, prior(c), bounds(c), c.source]


def coefficients() -> str:
    """The tables of the coefficients, one a phase."""
    head = ("symbol", "name", "meaning", "unit", "prior", "range", "source")
    return "\n\n".join(
        f"**Phase: {phase}**\n\n" + table(head, (coefficient_row(c) for c in COEFFICIENTS if c.phase == phase))
        for phase in dict.fromkeys(c.phase for c in COEFFICIENTS)
    )


def outcomes() -> str:
    """The table of the outcomes."""
    head = ("outcome", "of", "kind", "meaning", "unit", "range")

    def row(o: Outcome) -> list[str]:
        low, high = ("-∞" if o.low == -INF else f"{o.low:g}"), ("∞" if o.high == INF else f"{o.high:g}")
        of = "each member" if o.by_member else "the alliance"
        return [f"`{o.name}`", of, o.kind, o.meaning, o.unit, f"{low} to {high}"]

    return table(head, map(row, OUTCOMES.values()))


BLOCKS: dict[str, Callable[[], str]] = {"inputs": inputs, "coefficients": coefficients, "outcomes": outcomes}


def block(name: str) -> re.Pattern[str]:
    """What stands between the markers of a block."""
    return re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)


def filled(text: str) -> str:
    """The document with its tables made anew. Raises ValueError where a marker is missing."""
    for name, make in BLOCKS.items():
        found = list(block(name).finditer(text))
        if len(found) != 1:
            wrong = f"{len(found)} blocks <!-- {name} --> ... <!-- /{name} -->, expected 1"
            raise ValueError(wrong)
        text = f"{text[: found[0].start()]}\n{make()}\n\n{text[found[0].end() :]}"
    return text


def main() -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    check = parser.parse_args().check
    text = DOCUMENT.read_text(encoding="utf-8")
    try:
        new = filled(text)
    except ValueError as error:
        print(f"{DOCUMENT}: {error}", file=sys.stderr)
        return 2
    if new == text:
        return 0
    if check:
        print(f"{DOCUMENT}: tables are stale; run python docs/tables.py", file=sys.stderr)
        return 1
    DOCUMENT.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
