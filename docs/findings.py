"""Write the numbers of findings.md, calibration.md and the README from what the tool's commands wrote.

``python docs/findings.py --all`` runs `cohesion claims`, `cohesion backtest` (twice), `cohesion mechanisms`, the
outlook, the README's comparison and the history on what is shipped, takes their tables, answers and figures over into
docs/findings/ and fills the documents. With folders of results (such as ``results/claims``, or
``results/calibrate-csto`` when another posterior is shipped) it takes over those; with nothing it fills the documents
from docs/findings/. ``--check`` writes nothing and exits with 1 if a number is stale. A paragraph written for another
verdict than the ledger's is named, since words do not change by themselves; so is a missing marker (exit 2).
"""

import argparse
import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import sim
from sim.evaluation.leave_one_out import slug
from sim.evaluation.scoring import with_error
from sim.model.outcomes import names
from sim.reports.comparison import monte_carlo
from sim.reports.run import answer, horizons, monte_carlo_error
from sim.scenario import left_out
from sim.scenario.left_out import ALL

DOCS = Path(__file__).resolve().parent
FINDINGS, CALIBRATION, README = "findings.md", "calibration.md", "../README.md"
KEPT = DOCS / "findings"
TABLES = {
    "claims": ("ledger.csv", "tests.csv"),
    "backtest-csto": ("scores.csv", "origins.csv", "skill.csv"),
    "leave-one-out": ("scores.csv", "counts.csv", "moves.csv"),
    "mechanisms-csto": ("mechanisms.csv",),
    "calibrate-pooled": ("summary.csv",),
    "calibrate-csto": ("summary.csv",),
}
"""By the name of what was run, the folder where its tables are kept: which."""
PROVENANCE = "provenance.json"
COMMANDS = (
    ("claims", "--out", "results/claims"),
    ("backtest", "experiments/backtest-csto.toml"),
    ("backtest", "experiments/leave-one-out.toml"),
    ("mechanisms", "experiments/mechanisms-csto.toml"),
    ("run", "csto/outlook-2023", "--out", "results/outlook-2023"),
    ("run", "csto/history-1992-2023", "--out", "results/history-1992-2023"),
    (
        "compare",
        "csto/outlook-2023",
        "--set",
        "members.ARM.security_offer.west=high@2025-01-01",
        "--out",
        "results/what-if",
    ),
)
ANSWER = "answer.md"
LEFT_OUT = "leave-one-out"
QUOTES = {name: f"../scenarios/{name}" for name in (left_out.TABLE, left_out.WORDS, left_out.UNSUPPORTED)}
"""What scenarios quote whose coefficients were fitted to others; what reports quote of how forecasts have done (the
README's words) and of what that does not support."""
OUTLOOK, WHAT_IF, HISTORY = "outlook-2023", "what-if", "history-1992-2023"
LADDER = "ladder.png"
OUTSIDE_ON = {
    "end of 1998": "1999-01-01",
    "end of 1999": "2000-01-01",
    "end of 2004": "2005-01-01",
    "end of 2007": "2008-01-01",
    "end of 2012": "2013-01-01",
    "Oct 2023": "2023-10-01",
}
AS_IT_WAS = {
    "AZE": "out from April 1999",
    "GEO": "out from April 1999",
    "UZB": "out 1999, in 2006, out 2012",
    "UKR": "never in",
}

Rows = list[dict[str, str]]


def rows(file: Path) -> Rows:
    """The rows of a CSV file."""
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def table(head: list[str], body: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in lines)


def share(row: dict[str, str], value: str, low: str, high: str) -> str:
    """A share of draws in percent with its interval."""
    p, a, b = (100 * float(row[k]) for k in (value, low, high))
    return f"{p:.0f} ({a:.0f} to {b:.0f})"


def summary(ledger: Rows) -> str:
    """A row a claim."""
    body = [
        [r["claim"], r["title"], share(r, "holds", "low", "high"), f"**{r['verdict']}**", r["at_mean"]] for r in ledger
    ]
    return table(["", "claim", "holds in % of draws (95 % interval)", "verdict", "holds at the mean"], body)


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
            [
                t["says"] if first else "",
                f"`{t['measured']}`",
                f"{float(t['estimate']):+.3f} ± {float(t['mcse']):.3f}",
                f"{float(t['q05']):+.2f} to {float(t['q95']):+.2f}",
                f"{sign} {float(t['threshold']):g}",
                f"{100 * float(t['holds']):.0f}",
                share(t, "test_holds", "test_low", "test_high") if first else "",
            ]
        )
    head = ["test", "measured", "mean ± error", "90 % of draws", "must be", "holds in %", "test holds in %"]
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


def scores(kept: Rows, schemes: list[str]) -> str:
    """Scores by forecaster, a table a scheme."""
    parts = []
    for scheme in schemes:
        of = [r for r in kept if r["scheme"] == scheme]
        measures = list(dict.fromkeys((r["question"], r["score"]) for r in of))
        cells = {(r["forecaster"], r["inputs"], r["question"], r["score"]): r for r in of}
        body = []
        for who, inputs in dict.fromkeys((r["forecaster"], r["inputs"]) for r in of):
            name = f"{who}, inputs {inputs}" if inputs else who
            each = [cells.get((who, inputs, *m)) for m in measures]
            values = [with_error(float(r["value"]), float(r["mcse"])) if r else "" for r in each]
            body.append([f"**{name}**" if who == "model" else name, *values])
        cases = [next(r["cases"] for r in of if (r["question"], r["score"]) == m) for m in measures]
        head = [f"{scheme}", *(f"{q}: {s}" for q, s in measures)]
        parts.append(table(head, [*body, ["*cases*", *cases]]))
    return "\n\n".join(parts)


def skills(kept: Rows, schemes: list[str]) -> str:
    """Skill against each baseline with its interval, a row a measure."""
    baselines = list(dict.fromkeys(r["baseline"] for r in kept))
    body = []
    for scheme in schemes:
        of = [r for r in kept if r["scheme"] == scheme]
        for key in dict.fromkeys((r["question"], r["score"], r["inputs"]) for r in of):
            each = {r["baseline"]: r for r in of if (r["question"], r["score"], r["inputs"]) == key}
            body.append(
                [scheme, f"{key[0]}: {key[1]}", key[2], *(skill(each[b]) if b in each else "" for b in baselines)]
            )
    return table(["", "skill in", "inputs", *baselines], body)


def origins(kept: Rows) -> str:
    """Membership and conduct of every rolling origin by itself, inputs as they were."""
    of = [r for r in kept if r["scheme"] == "rolling origin" and r["inputs"] != "held"]
    who = list(dict.fromkeys(r["forecaster"] for r in of))
    body = []
    for key in dict.fromkeys((r["fit_until"], r["question"], r["score"]) for r in of):
        if key[1:] not in (("change of membership", "Brier score"), ("conduct", "log score")):
            continue
        each = {r["forecaster"]: r for r in of if (r["fit_until"], r["question"], r["score"]) == key}
        values = [with_error(float(each[w]["value"]), float(each[w]["mcse"])) if w in each else "" for w in who]
        body.append([key[0], f"{key[1]}: {key[2]}", *values, each[who[0]]["cases"]])
    return table(["fitted until", "", *who, "cases"], body)


def skill(row: dict[str, str]) -> str:
    """A skill with its 90 % interval, bold where the interval has one sign."""
    if not row["skill"]:
        return "baseline perfect"
    value, low, high = (float(row[k]) for k in ("skill", "low", "high"))
    text = f"{value:+.2f} ({low:+.2f} to {high:+.2f})"
    return f"**{text}**" if low > 0 or high < 0 else text


class Exits(NamedTuple):
    """Of an alliance that was left out: exits seen and forecast from its beginning, and log scores."""

    seen: int
    expected: float
    median: str
    model: float
    base_rate: float
    priors: float
    error: float
    """The Monte Carlo standard error of the model's score."""


def exits_of(kept: dict[str, Rows]) -> dict[str, Exits]:
    """By alliance, the sum of all last; empty where none was left out."""
    counts = [r for r in kept[f"{LEFT_OUT}/counts.csv"] if r["event"] == "exit"]
    exits = from_beginning(kept, "exit")
    logs = {(r["alliance"], r["forecaster"]): float(r["log_score"] or "nan") for r in exits}
    errors = {r["alliance"]: float(r["log_mcse"]) for r in exits if r["forecaster"] == "model"}
    found: dict[str, Exits] = {}
    for r in counts:
        name = r["alliance"]
        if name not in found:  # the first row is from its beginning
            spread = f"{float(r['median']):.0f} ({float(r['q05']):.0f} to {float(r['q95']):.0f})" if r["median"] else ""
            scores = (logs[name, who] for who in ("model", "base rate", "priors alone"))
            found[name] = Exits(int(float(r["seen"])), float(r["mean"]), spread, *scores, errors[name])
    return found


def from_beginning(kept: dict[str, Rows], event: str) -> Rows:
    """Scores of an event, forecast from the beginnings."""
    return [r for r in kept[f"{LEFT_OUT}/scores.csv"] if (r["origins"], r["event"]) == ("beginning", event)]


def left_out_counts(kept: dict[str, Rows]) -> str:
    """A row an alliance: exits, freezes and dissolution, forecast from the beginning and seen."""
    body: list[list[str]] = []
    for name, exits in exits_of(kept).items():
        of = [r for r in kept[f"{LEFT_OUT}/counts.csv"] if r["alliance"] == name]
        exit_, freeze, end = (next(r for r in of if r["event"] == e) for e in ("exit", "freeze", "dissolution"))
        who = [
            f"{m['name']} {m['date'][:4]}"
            for m in kept[f"{LEFT_OUT}/moves.csv"]
            if (m["alliance"], m["move"]) == (name, "exit")
        ]
        seen = f"{exits.seen} ({', '.join(who)})" if who else f"{exits.seen}"
        hazard = f"{float(exit_['integrated_hazard']):.1f}" if exit_["integrated_hazard"] else ""
        several = name == ALL
        chance = f"{float(end['mean']):.1f} alliances" if several else f"{100 * float(end['mean']):.0f} %"
        happened = f"{int(float(end['seen']))}" if several else ("yes" if float(end["seen"]) else "no")
        rate = float(exit_["base_rate"])
        frozen = [f"{int(float(freeze['seen']))}", f"{float(freeze['mean']):.1f}"]
        body.append(
            [name, seen, exits.median, f"{exits.expected:.1f}", f"{rate:.1f}", hazard, *frozen, happened, chance]
        )
    head = ["", "exits seen", "forecast: median (90 %)", "mean", "base rate expects", "integrated hazard"]
    return table([*head, "freezes seen", "forecast: mean", "dissolved", "forecast"], body)


def left_out_scores(kept: dict[str, Rows], origins: str) -> str:
    """A row an alliance and forecaster: log score, Brier score and ranking of exits; scores of the other events."""
    rows_ = [r for r in kept[f"{LEFT_OUT}/scores.csv"] if r["origins"] == origins]
    cells = {(r["alliance"], r["forecaster"], r["event"]): r for r in rows_}
    body = []
    for name, who in dict.fromkeys((r["alliance"], r["forecaster"]) for r in rows_):
        exit_, freeze, end = (cells.get((name, who, e)) for e in ("exit", "freeze", "dissolution"))
        ranking = f"{float(exit_['concordance']):.2f}" if exit_ and exit_["concordance"] else ""
        scored = [score_of(r, k) for r in (exit_, freeze, end) for k in ("log", "brier")]
        body.append([name, f"**{who}**" if who == "model" else who, *scored[:2], ranking, *scored[2:]])
    head = ["", "", "exits: log score", "Brier score", "ranking", "freezes: log score", "Brier score"]
    return table([*head, "dissolution: log score", "Brier score"], body)


def score_of(row: dict[str, str] | None, kind: str) -> str:
    """A score with its error; empty where there is none."""
    value = (row or {}).get("log_score" if kind == "log" else "brier", "")
    return with_error(float(value), float((row or {})[f"{kind}_mcse"] or 0)) if value else ""


def left_out_section(kept: dict[str, Rows]) -> str:
    """All tables of the section."""
    if not exits_of(kept):
        return "Not made yet: `cohesion backtest experiments/leave-one-out.toml`."
    parts = [
        left_out_counts(kept),
        "From the beginning of each alliance:",
        left_out_scores(kept, "beginning"),
        "From every tenth year on, stances as the record of membership then puts them:",
        left_out_scores(kept, "rolling"),
        *(f"![{name}, forecast by what others teach, and what happened]({figure})" for name, figure in figures(kept)),
    ]
    return "\n\n".join(parts)


def figures(kept: dict[str, Rows]) -> list[tuple[str, str]]:
    """Each alliance and its figure."""
    return [(name, f"findings/{LEFT_OUT}/{slug(name)}.png") for name in exits_of(kept) if name != ALL]


def quoted(kept: dict[str, Rows]) -> str:
    """The table that scenarios quote."""
    lines = ["alliance,seen,expected,log_score,log_mcse,base_rate"]
    lines += [
        f"{n},{x.seen},{x.expected:.4g},{x.model:.4g},{x.error:.4g},{x.base_rate:.4g}"
        for n, x in exits_of(kept).items()
    ]
    return "\n".join(lines) + "\n"


def carried_over(kept: dict[str, Rows]) -> str:
    """How alliances that were left out have been forecast; empty where none was."""
    found = exits_of(kept)
    if not found:
        return ""
    total = found.pop(ALL)
    better = sum(x.model < x.base_rate for x in found.values())
    each = ", ".join(f"{name} {x.seen} and {x.expected:.1f}" for name, x in found.items())
    return (
        f"Left out of the fit in turn, {len(found)} alliances had {total.seen} exits where {total.expected:.1f} were "
        f"forecast ({each}); log score (less is better) {total.model:.2f}, base rate {total.base_rate:.2f}, "
        f"better in {better} of {len(found)}; by the priors alone {total.priors:.2f}{_unsupported(total)}.\n\n"
    )


def _unsupported(total: Exits) -> str:
    """What follows where coefficients that were fitted to nothing forecast as well."""
    if total.model < total.priors:
        return ""
    return (
        ": **the backtest does not support** that fitting other alliances improves exit probabilities "
        "([findings](docs/findings.md))"
    )


CONDUCT, MOVES = "conduct", "change of membership"


def held_out(kept: Rows, question: str, forecaster: str = "model", inputs: str = "as published") -> float:
    """The log score of what was forecast from 2012 on, made as the published forecasts are."""
    (row,) = [
        r
        for r in kept
        if (r["scheme"], r["question"], r["score"]) == ("split of 2012", question, "log score")
        and (r["forecaster"], r["inputs"]) == (forecaster, inputs)
    ]
    return float(row["value"])


def trust(kept: Rows) -> str:
    """How forecasts made as the published ones are have done."""
    return (
        f"The CSTO fitted to 2012, forecast to 2023: {held_out(kept, CONDUCT):.2f} in conduct "
        f"(logit {held_out(kept, CONDUCT, 'logit', 'held'):.2f}), {held_out(kept, MOVES):.3f} in membership "
        f"(base rate {held_out(kept, MOVES, 'base rate', ''):.3f})."
    )


def unsupported(kept: Rows) -> str:
    """What these scores do not support, a paragraph each, as reports say it."""
    conduct, logit = held_out(kept, CONDUCT), held_out(kept, CONDUCT, "logit", "held")
    moves, rate = held_out(kept, MOVES), held_out(kept, MOVES, "base rate", "")
    found = []
    if conduct >= logit:
        found.append(
            "Conduct forecast better than by a simple regression (logit). For the CSTO from 2013 to 2023 the model's "
            f"log score was {conduct:.2f}, the regression's {logit:.2f} (less is better)."
        )
    if moves >= rate:
        found.append(
            "Changes of membership forecast better than by the average rate of all pacts. For the CSTO from 2013 to "
            f"2023 the model's log score was {moves:.3f}, the average rate's {rate:.3f} (less is better). "
            "Exits of alliances that were left out of the fit, from their beginning on, are another test."
        )
    return "\n\n".join(found) + "\n"


def quotes(kept: dict[str, Rows]) -> dict[str, str]:
    """What is shipped for scenarios and reports, by file."""
    return {
        left_out.TABLE: quoted(kept),
        left_out.WORDS: unmarked(trusted(kept)),
        left_out.UNSUPPORTED: unsupported(kept["backtest-csto/scores.csv"]),
    }


def trusted(kept: dict[str, Rows]) -> str:
    """The README's section: alliances that were left out, and the CSTO's held-out years."""
    return carried_over(kept) + trust(kept["backtest-csto/scores.csv"])


def unmarked(text: str) -> str:
    """The words of a Markdown text, without its marks and links."""
    return re.sub(r" ?\(\[[^]]*\]\([^)]*\)\)|\*\*", "", text) + "\n"


def mechanisms(kept: Rows) -> str:
    """A row a mechanism, the most useful first."""
    body = [
        [
            r["mechanism"],
            *(f"{float(r[k]):+.1f} ± {float(r[f'{k}_se']):.1f}" for k in ("evidence", "held_out")),
            r["verdict"],
        ]
        for r in sorted(kept, key=lambda r: -float(r["evidence"]))
    ]
    head = ["mechanism", "log evidence, with minus without", "held-out log score, with minus without", "verdict"]
    return table(head, body)


def learned(kept: Rows) -> str:
    """A row a coefficient, prior against posterior."""

    def about(r: dict[str, str], what: str) -> str:
        low, middle, high = (f"{float(r[f'{what}_{q}']):.3g}" for q in ("q05", "median", "q95"))
        return f"{middle} ({low} to {high})"

    body = [
        [
            f"`{r['coefficient']}`",
            about(r, "prior"),
            about(r, "posterior"),
            f"{float(r['shift']):+.2f}",
            f"{float(r['variance_ratio']):.2f} ± {float(r['variance_ratio_se']):.2f}",
        ]
        for r in kept
    ]
    head = ["coefficient", "prior median (90 %)", "posterior median (90 %)", "shift", "ratio of variances"]
    return table(head, body)


def outlook(folder: Path) -> str:
    """The answer of the outlook as the command gives it."""
    result = sim.open(folder)
    s, dates = result.summary(), horizons(result)
    error = max(100 * monte_carlo_error(s, dates), 0.1)
    return f"{answer(s, dates)} Monte Carlo standard error at most {error:.1f} points."


def what_if(folder: Path) -> str:
    """The answer of the comparison as the command gives it, and its error."""
    c = sim.open(folder)
    last = c.table[(c.table.horizon_years == c.table.horizon_years.max()) & c.table.outcome.isin(names("event"))]
    (sentences,) = c.sentences().values()
    error = monte_carlo(last).removeprefix("; ").partition(";")[0]
    return f"> {' '.join(f'{x}.' for x in sentences)}\n\n{error}."


def history(folder: Path) -> str:
    """The probability that each state is outside, on the days of the record that matter."""
    result = sim.open(folder)
    ticks = result.ticks[result.ticks.outcome == "outside"]
    ticks = ticks.assign(date=ticks.date.astype(str).str[:10]).set_index(["member", "date"])["mean"]
    body = [
        [m.name, *(f"{100 * ticks[code, day]:.0f}" for day in OUTSIDE_ON.values()), AS_IT_WAS.get(code, "in")]
        for code, m in result.scenario.tables.members.items()
    ]
    return table(["", *OUTSIDE_ON, "as it was"], body)


ANSWERS = {OUTLOOK: outlook, WHAT_IF: what_if, HISTORY: history}
"""By the folder of results: what the documents say of it."""
INLINE = re.compile(r"<!-- n (\S+) (\S+) (\S+) -->.*?<!-- /n -->", re.DOTALL)
CELL = re.compile(r"<!-- c (\S+) ([^>]*?) -->.*?<!-- /c -->", re.DOTALL)
WRITTEN = re.compile(r"<!-- written for (\S+) (\S+) -->")


def cell(file: str, keys: list[str], kept: dict[str, Rows]) -> str:
    """One number of another table: ``column=value`` of its row, then the column and the format."""
    *where, column, form = keys
    pairs = [pair.split("=") for pair in where]
    (row,) = [r for r in kept[file] if all(r[k] == v for k, v in pairs)]
    return format(float(row[column]), form).replace("%", " %")


def tables(folder: Path) -> dict[str, Rows]:
    """Every kept table by folder and name, empty where there is none."""
    files = {f"{where}/{name}": folder / where / name for where, names in TABLES.items() for name in names}
    return {name: rows(f) if f.exists() else [] for name, f in files.items()}


def blocks(document: str, kept: dict[str, Rows], folder: Path) -> dict[str, str]:
    """Everything that stands between markers of a document, by name."""
    if document == CALIBRATION:
        found = {"learned": kept["calibrate-pooled/summary.csv"], "learned-alone": kept["calibrate-csto/summary.csv"]}
        return {name: learned(table) for name, table in found.items()}
    answers = {name: (folder / name / ANSWER).read_text("utf-8").strip() for name in ANSWERS}
    if document == README:
        return {"trust": trusted(kept), **{n: answers[n] for n in (OUTLOOK, WHAT_IF)}}
    ledger, tests = kept["claims/ledger.csv"], kept["claims/tests.csv"]
    provenance = json.loads((folder / "claims" / PROVENANCE).read_text("utf-8"))
    scored, skilled = kept["backtest-csto/scores.csv"], kept["backtest-csto/skill.csv"]
    schemes = list(dict.fromkeys(r["scheme"] for r in scored if r["question"] == "conduct"))
    return {
        "ledger": summary(ledger),
        "source": f"{provenance['runs']:,} runs of each scenario, seed {provenance['seed']}, "
        f"{ledger[0]['draws']} draws of what is uncertain, code of commit `{str(provenance['commit'])[:12]}`.",
        **{r["claim"]: of_claim(r["claim"], ledger, tests) for r in ledger},
        "backtest": scores(scored, schemes),
        "skill": skills(skilled, schemes),
        "origins": origins(kept["backtest-csto/origins.csv"]),
        LEFT_OUT: left_out_section(kept),
        "mechanisms": mechanisms(kept["mechanisms-csto/mechanisms.csv"]),
        HISTORY: answers[HISTORY],
    }


def filled(text: str, folder: Path, document: str = FINDINGS) -> str:
    """The text of a document with all its numbers made anew. Raises ValueError where a marker is missing."""
    kept = tables(folder)
    ledger, tests = kept["claims/ledger.csv"], kept["claims/tests.csv"]
    for name, content in blocks(document, kept, folder).items():
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

    def one(match: re.Match[str]) -> str:
        file, keys = match.groups()
        value = cell(file, [k.strip() for k in keys.split(";")], kept)
        return f"<!-- c {file} {keys} -->{value}<!-- /c -->"

    return CELL.sub(one, INLINE.sub(inline, text))


def outdated(text: str, folder: Path) -> list[str]:
    """Paragraphs written for another verdict than the ledger's."""
    verdicts = {r["claim"]: r["verdict"] for r in rows(folder / "claims" / "ledger.csv")}
    return [
        f"{claim}: the text was written for {verdict}, the ledger says {verdicts.get(claim)}"
        for claim, verdict in WRITTEN.findall(text)
        if verdicts.get(claim) != verdict
    ]


def take_over(results: Path, text: str) -> None:
    """Copy the tables of a folder of results and the figures that the document shows. Raises ValueError for another."""
    provenance = json.loads((results / PROVENANCE).read_text("utf-8"))
    where = results.name if results.name in ANSWERS else provenance.get("name", "claims")
    if where not in (*ANSWERS, *TABLES):
        wrong = f"{results}: {where} is none of {', '.join(TABLES)}"
        raise ValueError(wrong)
    (KEPT / where).mkdir(parents=True, exist_ok=True)
    if where in ANSWERS:
        (KEPT / where / ANSWER).write_text(ANSWERS[where](results) + "\n", encoding="utf-8")
        if where == OUTLOOK:
            shutil.copyfile(results / "figures" / LADDER, DOCS / "images" / LADDER)
    else:
        for name in TABLES[where]:
            shutil.copyfile(results / name, KEPT / where / name)
        kept = {
            k: v for k, v in provenance.items() if k not in ("command", "seal")
        }  # which names folders; and seals it
        (KEPT / where / PROVENANCE).write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    shown = re.findall(rf"findings/{where}/([^/)]+\.png)", text)
    if where == LEFT_OUT:
        shown = [Path(figure).name for _, figure in figures(tables(KEPT))]
    for name in shown:
        shutil.copyfile(next(results.rglob(name)), KEPT / where / name)


def run_all() -> list[Path]:
    """Run every command whose numbers the documents have; their folders."""
    for command in COMMANDS:
        subprocess.run([sys.executable, "-m", "sim", *command], check=True, cwd=DOCS.parent)
    found = (DOCS.parent / "results" / name for name in (*TABLES, *ANSWERS))
    return [folder for folder in found if folder.exists()]


def main() -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="*", type=Path, help="folders that the commands wrote")
    parser.add_argument("--all", action="store_true", help="run the commands first")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    given = parser.parse_args()
    before = {name: (DOCS / name).read_text(encoding="utf-8") for name in (FINDINGS, CALIBRATION, README)}
    try:
        for folder in run_all() if given.all else given.results:
            take_over(folder, before[FINDINGS])
        after = {name: filled(text, KEPT, name) for name, text in before.items()}
        before |= {file: (DOCS / file).read_text(encoding="utf-8") for file in QUOTES.values()}
        after |= {QUOTES[name]: text for name, text in quotes(tables(KEPT)).items()}
    except (ValueError, OSError, KeyError, IndexError, StopIteration) as error:
        print(f"{DOCS}: {error}", file=sys.stderr)
        return 2
    warnings = outdated(after[FINDINGS], KEPT)
    for warning in warnings:
        print(f"{DOCS / FINDINGS}: {warning}; read and rewrite it", file=sys.stderr)
    if given.check and (after != before or warnings):
        print(f"{DOCS}: stale; run python docs/findings.py", file=sys.stderr)
        return 1
    if not given.check:
        for name, text in after.items():
            (DOCS / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
