"""Write the numbers of docs/findings.md from a ledger that ``cohesion claims`` wrote.

``python docs/findings.py results/claims`` takes its tables and figures over into docs/findings/ and
fills the document; without a folder it fills the document from docs/findings/. ``--check`` writes
nothing and exits with 1 if a number is stale. A paragraph written for another verdict than the
ledger's is named, since words do not change by themselves; so is a missing marker (exit 2).
"""

import argparse
import csv
import json
import re
import shutil
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
DOCUMENT, KEPT = DOCS / "findings.md", DOCS / "findings"
FILES = ("ledger.csv", "tests.csv", "provenance.json")

Rows = list[dict[str, str]]


def rows(file: Path) -> Rows:
    """The rows of a CSV file."""
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def table(head: list[str], body: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(
        "| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in lines
    )


def share(row: dict[str, str], value: str, low: str, high: str) -> str:
    """A share of draws in percent with its interval."""
    p, a, b = (100 * float(row[k]) for k in (value, low, high))
    return f"{p:.0f} ({a:.0f} to {b:.0f})"


def summary(ledger: Rows) -> str:
    """A row a claim."""
    body = [
        [r["claim"], r["title"], share(r, "holds", "low", "high"), f"**{r['verdict']}**", r["at_mean"]]
        for r in ledger
    ]  # fmt: skip
    return table(["", "claim", "holds in % of draws (95 % interval)", "verdict", "holds at the mean"], body)  # fmt: skip


def of_claim(name: str, ledger: Rows, tests: Rows) -> str:
    """The verdict on a claim and what its tests measure."""
    row = next(r for r in ledger if r["claim"] == name)
    body = []
    before = None
    for t in (t for t in tests if t["claim"] == name):
        first = t["test"] != before
        before = t["test"]
        sign = ">" if t["side"] == "above" else "<"
        body.append(
            [t["says"] if first else "", f"`{t['measured']}`",
             f"{float(t['estimate']):+.3f} ± {float(t['mcse']):.3f}",
             f"{float(t['q05']):+.2f} to {float(t['q95']):+.2f}", f"{sign} {float(t['threshold']):g}",
             f"{100 * float(t['holds']):.0f}",
             share(t, "test_holds", "test_low", "test_high") if first else ""]
        )  # fmt: skip
    head = ["test", "measured", "mean ± error", "90 % of draws", "must be", "holds in %", "test holds in %"]  # fmt: skip
    verdict = f"**{row['verdict'].capitalize()}**: holds in {share(row, 'holds', 'low', 'high')} % of draws."
    return f"{verdict}\n\n{table(head, body)}"


def number(where: str, column: str, form: str, ledger: Rows, tests: Rows) -> str:
    """One number: of a claim (``C01``), a test (``C01.2``) or something measured (``C01.2.3``)."""
    claim, *places = where.split(".")
    if not places:
        value = next(r for r in ledger if r["claim"] == claim)[column]
    else:
        there = [t for t in tests if t["claim"] == claim and t["test"] == places[0]]
        value = there[int(places[1]) - 1 if len(places) > 1 else 0][column]
    if form == "points":
        return f"{100 * float(value):.0f}"
    return value if form == "s" else format(float(value), form).replace("%", " %")


INLINE = re.compile(r"<!-- n (\S+) (\S+) (\S+) -->.*?<!-- /n -->", re.DOTALL)
WRITTEN = re.compile(r"<!-- written for (\S+) (\S+) -->")


def filled(text: str, folder: Path) -> str:
    """The document with all its numbers made anew. Raises ValueError where a marker is missing."""
    ledger, tests = rows(folder / "ledger.csv"), rows(folder / "tests.csv")
    provenance = json.loads((folder / "provenance.json").read_text("utf-8"))
    made = {
        "ledger": summary(ledger),
        "source": f"{provenance['runs']:,} runs of each scenario, seed {provenance['seed']}, "
        f"{ledger[0]['draws']} draws of what is uncertain, code of commit `{str(provenance['commit'])[:12]}`.",
        **{r["claim"]: of_claim(r["claim"], ledger, tests) for r in ledger},
    }
    for name, content in made.items():
        block = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
        found = list(block.finditer(text))
        if len(found) != 1:
            wrong = f"{len(found)} blocks <!-- {name} --> ... <!-- /{name} -->, expected 1"
            raise ValueError(wrong)
        text = f"{text[: found[0].start()]}\n{content}\n\n{text[found[0].end() :]}"

    def inline(match: re.Match[str]) -> str:
        where, column, form = match.groups()
        value = number(where, column, form, ledger, tests)
        return f"<!-- n {where} {column} {form} -->{value}<!-- /n -->"

    return INLINE.sub(inline, text)


def outdated(text: str, folder: Path) -> list[str]:
    """Paragraphs written for another verdict than the ledger's."""
    verdicts = {r["claim"]: r["verdict"] for r in rows(folder / "ledger.csv")}
    return [
        f"{claim}: the text was written for {verdict}, the ledger says {verdicts.get(claim)}"
        for claim, verdict in WRITTEN.findall(text)
        if verdicts.get(claim) != verdict
    ]


def take_over(results: Path, text: str) -> None:
    """Copy a ledger's tables and the figures that the document shows."""
    KEPT.mkdir(exist_ok=True)
    for name in FILES:
        shutil.copyfile(results / name, KEPT / name)
    for name in re.findall(r"\]\(findings/(\S+\.png)\)", text):
        shutil.copyfile(results / "figures" / name, KEPT / name)


def main() -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="?", type=Path, help="what `cohesion claims` wrote")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    given = parser.parse_args()
    text = DOCUMENT.read_text(encoding="utf-8")
    try:
        if given.results and not given.check:
            take_over(given.results, text)
        new = filled(text, given.results or KEPT)
    except (ValueError, OSError, KeyError, IndexError) as error:
        print(f"{DOCUMENT}: {error}", file=sys.stderr)
        return 2
    warnings = outdated(new, given.results or KEPT)
    for warning in warnings:
        print(f"{DOCUMENT}: {warning}; read and rewrite it", file=sys.stderr)
    if given.check and (new != text or warnings):
        print(f"{DOCUMENT}: stale; run python docs/findings.py", file=sys.stderr)
        return 1
    if not given.check:
        DOCUMENT.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
