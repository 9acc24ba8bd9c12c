"""The command `cohesion`: one verb a file, imported when it is called."""

import io
import logging
import os
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from sim.cli import streams
from sim.errors import InputError, WorkerDied, on_command_line

# looking for pydantic plugins costs a tenth of the time that `check` may take
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

app = typer.Typer(name="cohesion", no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

UsageError = cast("type[typer.BadParameter]", typer.BadParameter.__base__)
INTERRUPTED = 130


def _names(key: str = "") -> Callable[[str], list[str]]:
    """What completes names of shipped scenarios, or of studies with such a key; files are completed by the shell."""

    def complete(incomplete: str) -> list[str]:
        from sim.scenario.reading import names_of

        return [name for name in names_of(key) if name.startswith(incomplete)]

    return complete


def _study(key: str) -> Any:
    return typer.Argument(metavar="STUDY", help="A study file, or a shipped one's name.", autocompletion=_names(key))


ScenarioName = Annotated[
    str,
    typer.Argument(metavar="SCENARIO", help="A scenario file, or the name of a shipped one.", autocompletion=_names()),
]
Runs = Annotated[int, typer.Option(help="Number of runs of each scenario.")]
Seed = Annotated[int, typer.Option(help="Seed of all chance.")]
Jobs = Annotated[int | None, typer.Option(help="Workers; default all cores. Does not change the result.")]
Scheduler = Annotated[str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, e.g. tcp://host:8786.")]
Set = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change a value: PATH=high from the start on, PATH=high@2025-01-01, or PATH=high@always. May be repeated.",
    ),
]
By = Annotated[
    list[str],
    typer.Option(
        "--by", metavar="YYYY-MM-DD", help="Probabilities by this date, in place of the horizons. May be repeated."
    ),
]
Out = Annotated[Path | None, typer.Option(help="Folder for results; default in results/, by name.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite other results there.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of tables.")]


def _verb(name: str) -> Any:
    return import_module(f"sim.cli.{name}")


def _overrides(texts: list[str]) -> dict[str, Any]:
    from sim.scenario.overrides import parse_overrides

    return parse_overrides(texts)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"cohesion {version('alliance-cohesion')}")
        raise typer.Exit


@app.callback()
def cohesion(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What holds an alliance together, who leaves it, when, and what would change that."""


@app.command()
def run(
    scenario: ScenarioName,
    runs: Runs = 10_000,
    seed: Seed = 1,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    engine: Annotated[str, typer.Option(help="ensemble (numpy) or agents (Mesa); same results.")] = "ensemble",
    set_: Set = [],  # noqa: B006
    by: By = [],  # noqa: B006
    out: Out = None,
    force: Force = False,
    keep_runs: Annotated[
        bool, typer.Option("--keep-runs", help="Keep the runs one by one too: runs.csv, and `cohesion find`.")
    ] = False,
    detail: Annotated[
        bool, typer.Option("--detail", help="Also print conduct, freezes, outsiders, errors and shares of uncertainty.")
    ] = False,
    json: Json = False,
) -> None:
    """Run a scenario: print the answer and its table, write tables, dataset and figures."""
    how = {"runs": runs, "seed": seed, "engine": engine, "jobs": jobs, "scheduler": scheduler, "force": force, "by": by}
    how["keep_runs"] = keep_runs
    _verb("run").main(scenario, _overrides(set_), out, detail, json, **how)


@app.command()
def compare(
    scenario: ScenarioName,
    others: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[OTHER...]",
            autocompletion=_names(),
            help="Scenarios to compare with it; default itself, as --set changes it.",
        ),
    ] = None,
    runs: Runs = 10_000,
    seed: Seed = 1,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    set_: Set = [],  # noqa: B006
    by: By = [],  # noqa: B006
    out: Out = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Say what would change: levels without and with the change, differences, and their uncertainty."""
    how = {"runs": runs, "seed": seed, "jobs": jobs, "scheduler": scheduler, "force": force, "by": by}
    _verb("compare").main(scenario, others or [], _overrides(set_), out, json, **how)


@app.command()
def claims(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME...]",
            autocompletion=_names("tests"),
            help="Claims such as C03, or claim files; default all of the paper's.",
        ),
    ] = None,
    runs: Annotated[
        int, typer.Option(help="Number of runs of each scenario, rounded up to a multiple of 16.")
    ] = 10_000,
    seed: Seed = 1,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    out: Out = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Test the paper's claims on the model: a ledger of verdicts, a figure each."""
    how = {"runs": runs, "seed": seed, "jobs": jobs, "scheduler": scheduler, "force": force}
    _verb("claims").main(names or [], out, json, **how)


@app.command()
def sweep(
    study: Annotated[str, _study("factors")],
    out: Out = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    yes: Annotated[bool, typer.Option("--yes", help="Very many points are meant.")] = False,
    force: Force = False,
    json: Json = False,
) -> None:
    """Run a study of many points; the same command resumes an interrupted one."""
    _verb("sweep").main(study, out, jobs, scheduler, yes, force, json)


@app.command()
def drivers(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `cohesion run --keep-runs` wrote.")],
    out: Out = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Say which coded value to check first, from the draws of a finished run."""
    _verb("drivers").main(folder, out, force, json)


@app.command()
def discover(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A finished sweep, or what `cohesion run --keep-runs` wrote.")
    ],
    when: Annotated[str, typer.Option(metavar="GOAL", help='What is to be so, e.g. "some exit by 10 years > 50 %".')],
    seed: Annotated[int, typer.Option(help="Of the half of the points that is held out.")] = 1,
    out: Out = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Say under which conditions something is so, in sentences checked on points held out."""
    _verb("discover").main(folder, when, seed, out, force, json)


@app.command()
def sensitivity(
    study: Annotated[str, _study("factors")],
    out: Out = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    yes: Annotated[bool, typer.Option("--yes", help="Very many points are meant.")] = False,
    force: Force = False,
    json: Json = False,
) -> None:
    """Say which factors of a study its outcomes hang on; the same command resumes an interrupted one."""
    _verb("sensitivity").main(study, out, jobs, scheduler, yes, force, json)


@app.command()
def status(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that a command writes, or wrote.")],
    json: Json = False,
) -> None:
    """Say how far a computation is."""
    _verb("status").main(folder, json)


@app.command()
def calibrate(
    study: Annotated[str, _study("observations")],
    out: Out = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    until: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Use no observation after this date.")] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Sample the posterior of the coefficients; the same command resumes an interrupted one."""
    _verb("calibrate").main(study, out, jobs, scheduler, until, force, json)


@app.command()
def backtest(
    study: Annotated[str, _study("(schemes|leave_out)")],
    out: Out = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Fit to the past, or to all alliances but one; forecast, score against baseline rules."""
    _verb("backtest").main(study, out, jobs, scheduler, force, json)


@app.command()
def mechanisms(
    study: Annotated[str, _study("mechanisms")],
    out: Out = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Remove each mechanism in turn and say which earns its place; the same command resumes."""
    _verb("mechanisms").main(study, out, jobs, scheduler, force, json)


@app.command()
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Scenario files.")], json: Json = False
) -> None:
    """Check scenario files and say everything that is wrong with them."""
    _verb("check").main(files, json)


@app.command()
def explain(
    scenario: ScenarioName,
    path: Annotated[str, typer.Argument(metavar="PATH", help="A dotted path, e.g. members.ARM.dependence.trade.")],
    set_: Set = [],  # noqa: B006
    json: Json = False,
) -> None:
    """Say where a value comes from: its path over time, coding rule and sources."""
    _verb("explain").main(scenario, path, _overrides(set_), json)


@app.command(name="list")
def list_(json: Json = False) -> None:
    """List the shipped scenarios."""
    _verb("list").main(json)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="ALLIANCE", help="Its name, e.g. warsaw-pact.")],
    leader: Annotated[str, typer.Option(metavar="CODE[=NAME]", help="The leading state, e.g. SUN.")],
    member: Annotated[list[str], typer.Option(metavar="CODE=NAME", help="Another state; once for each.")],
    start: Annotated[str, typer.Option(metavar="DATE", help="When the history begins.")],
    end: Annotated[str, typer.Option(metavar="DATE", help="When it ends, whole quarters later.")],
    out: Annotated[Path, typer.Option(help="Where its folder is made.")] = Path(),
    sheet: Annotated[
        bool, typer.Option("--sheet", help="Values are coded in a sheet, which the scenario reads.")
    ] = False,
    rival: Annotated[
        str,
        typer.Option(metavar="NAME", help='Who is confronted, if not the West, with its article: "the Soviet Union".'),
    ] = "",
) -> None:
    """Write the files of a new alliance, with every value that is to be coded."""
    _verb("new").main(name, leader, member, start, end, out, sheet, rival)


@app.command()
def sheet(
    scenario: ScenarioName,
    out: Annotated[Path | None, typer.Option(help="The CSV file; default the scenario's name.")] = None,
    blank: Annotated[bool, typer.Option("--blank", help="Without values, for somebody who codes it anew.")] = False,
) -> None:
    """Write what a scenario codes as a sheet: a CSV table with a row for each value."""
    _verb("sheet").main(scenario, out, blank)


@app.command()
def codebook(
    scenario: ScenarioName,
    out: Annotated[
        Path | None, typer.Option(help="The file, with or without its ending; default the scenario's name.")
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", help="csv, md or tex; several with commas between them, csv,tex.")
    ] = "csv",
    set_: Set = [],  # noqa: B006
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    json: Json = False,
) -> None:
    """Write every coded value with its rule, width, sources and quotations, for a spreadsheet or an appendix."""
    _verb("codebook").main(scenario, out, format_, _overrides(set_), force, json)


@app.command()
def agreement(
    first: Annotated[str, typer.Argument(metavar="FIRST", help="A coder's sheet, or a scenario.")],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="The other's.")],
    json: Json = False,
) -> None:
    """Say how far two coders agree, by input, and where they differ most."""
    _verb("agreement").main(first, second, json)


@app.command()
def find(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `cohesion run --keep-runs` wrote.")],
    condition: Annotated[
        str | None,
        typer.Argument(metavar="[CONDITION]", help='"ARM leaves before 2028 and KAZ leaves within 3 years".'),
    ] = None,
    given: Annotated[
        str | None, typer.Option(metavar="CONDITION", help="Say what follows if this is so: every probability.")
    ] = None,
    out: Out = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """List the runs in which something is so, or say what follows if it is."""
    _verb("find").main(folder, condition, given, out, force, json)


@app.command()
def signals(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `cohesion run` wrote.")],
    out: Out = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Say how long before an exit or a freeze its signs show, in runs and on the record."""
    _verb("signals").main(folder, out, force, json)


@app.command()
def replay(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `cohesion run` wrote.")],
    run: Annotated[int, typer.Option(metavar="K", help="Which run, counted from 0.")] = 0,
    member: Annotated[
        list[str], typer.Option(metavar="STATE", help="Only what concerns this state. May be repeated.")
    ] = [],  # noqa: B006
    only: Annotated[
        list[str], typer.Option(metavar="KIND", help="Only crisis, stance, freeze, exit ... May be repeated.")
    ] = [],  # noqa: B006
    votes: Annotated[bool, typer.Option("--votes", help="Also tell of votes that change.")] = False,
    json: Json = False,
) -> None:
    """Replay one run of a finished ensemble in Mesa and tell its story."""
    _verb("replay").main(folder, run, json, member=member, only=only, votes=votes)


@app.command()
def why(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `cohesion run` wrote.")],
    run: Annotated[int, typer.Option(metavar="K", help="Which run, counted from 0.")],
    member: Annotated[str, typer.Option(metavar="STATE", help="Which state, e.g. ARM or Armenia.")],
    date: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD", help="What the state did then; default its last move, or change of conduct."
        ),
    ] = None,
    out: Out = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Say why a state did what it did in one run: terms, causes, chance."""
    _verb("why").main(folder, run, member, date, out, force, json)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A finished folder that a command wrote.")],
    out: Annotated[
        Path | None, typer.Option(help="The file, in folders made as needed; default DIR.html, beside it.")
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", help="html, one page that opens anywhere; or docx, to be edited.")
    ] = "html",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    json: Json = False,
) -> None:
    """Make one file to hand on: answer, numbers, certainty, figures, assumptions, how to do it again."""
    _verb("report").main(folder, out, format_, force, json)


@app.command(name="app")
def app_(
    scenario: Annotated[
        str,
        typer.Argument(metavar="[SCENARIO]", help="A scenario file, or a shipped one's name.", autocompletion=_names()),
    ] = "csto/outlook-2023",
    host: Annotated[str, typer.Option(help="Where it listens; by default only this machine can ask.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Its port; 0 for any that is free.")] = 8765,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> None:
    """Serve a page to move levers, see what would change, and step through single runs."""
    _verb("serve").main(scenario, host, port, browser)


@app.command()
def plot(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A finished folder that a command wrote.")],
    figures: Annotated[
        list[str] | None, typer.Argument(metavar="[FIGURE...]", help="Figures by name; default all it has.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the files; default DIR-figures, beside it.")] = None,
    format_: Annotated[
        str, typer.Option("--format", help="png, svg or pdf; several with commas between them.")
    ] = "png",
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    width: Annotated[float, typer.Option(help="Width in inches, 6 to 14; letters keep their size.")] = 10.0,
    json: Json = False,
) -> None:
    """Draw figures of a result as files, each with the table of what is drawn."""
    _verb("plot").main(folder, figures or [], format_, out, force, width, json)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A finished folder that a command wrote.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the files; default DIR-tables, beside it.")] = None,
    format_: Annotated[
        str, typer.Option("--format", help="csv, xlsx, stata or netcdf; several with commas between them.")
    ] = "csv",
    wide: Annotated[bool, typer.Option("--wide", help="Outcomes as columns, a row for each state and date.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    run: Annotated[
        list[int], typer.Option(metavar="K", help="Also what happened in run K, as `replay` tells; may be repeated.")
    ] = [],  # noqa: B006
    json: Json = False,
) -> None:
    """Write the tables of a result for other programs, with what each column is and its unit."""
    _verb("export").main(folder, out, format_, wide, force, run, json)


@app.command()
def threshold(
    scenario: ScenarioName,
    lever: Annotated[str, typer.Option(metavar="PATH[@DATE]", help="What is moved: an input, dispute or coefficient.")],
    reach: Annotated[
        str, typer.Option(metavar="GOAL", help='The level to be reached, e.g. "exit ARM by 5 years = 10 %".')
    ],
    low: Annotated[float | None, typer.Option(help="From where the lever is moved; default its least value.")] = None,
    high: Annotated[float | None, typer.Option(help="To where; default its greatest value.")] = None,
    way: Annotated[
        str, typer.Option(help="value: what is coded is replaced; scale: multiplied; shift: moved.")
    ] = "value",
    runs: Runs = 4096,
    seed: Seed = 1,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    set_: Set = [],  # noqa: B006
    out: Out = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Say when it tips: the value of a lever at which an outcome reaches a level."""
    how = {"low": low, "high": high, "way": way, "runs": runs, "seed": seed, "jobs": jobs, "scheduler": scheduler}
    _verb("threshold").main(scenario, lever, reach, _overrides(set_), out, force, json, **how)


@app.command()
def attribute(
    a: ScenarioName,
    b: Annotated[str, typer.Argument(metavar="OTHER", help="The other scenario.", autocompletion=_names())],
    parts: Annotated[
        list[str],
        typer.Option(
            "--part",
            metavar="NAME=PATH,PATH",
            help="Paths that are changed together, * for any state; default one part a path or input. May be repeated.",
        ),
    ] = [],  # noqa: B006
    outcomes: Annotated[
        list[str],
        typer.Option(
            "--outcome", metavar="OUTCOME", help='E.g. "exit ARM"; default cohesion and some exit. May be repeated.'
        ),
    ] = [],  # noqa: B006
    runs: Runs = 2048,
    seed: Seed = 1,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    set_: Set = [],  # noqa: B006
    by: By = [],  # noqa: B006
    out: Out = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Share out the gap between two scenarios among the parts in which they differ (Shapley values)."""
    how = {"outcomes": outcomes, "runs": runs, "seed": seed, "jobs": jobs, "scheduler": scheduler, "by": by}
    _verb("attribute").main(a, b, parts, _overrides(set_), out, force, json, **how)


@app.command()
def contagion(
    scenario: ScenarioName,
    event: Annotated[str, typer.Option(help="exit or freeze.")] = "exit",
    at: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="When a member is made to; default at the start.")
    ] = None,
    runs: Runs = 4096,
    seed: Seed = 1,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    set_: Set = [],  # noqa: B006
    by: By = [],  # noqa: B006
    out: Out = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Say who pulls whom: what each member's exit or freeze does to the others' probability of exit."""
    how = {"event": event, "at": at, "runs": runs, "seed": seed, "jobs": jobs, "scheduler": scheduler, "by": by}
    _verb("contagion").main(scenario, _overrides(set_), out, force, json, **how)


@app.command()
def archive(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `cohesion run` wrote.")],
    out: Annotated[Path | None, typer.Option(help="The file; default the scenario's name and the day.")] = None,
    since: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An earlier archive: say what moved since, and why.")
    ] = None,
    json: Json = False,
) -> None:
    """Keep a forecast as a dated file, sealed by a hash of what it says."""
    _verb("archive").main(folder, out, since, json)


@app.command()
def score(
    what: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO|ARCHIVE",
            autocompletion=_names(),
            help="A history such as nato/history-1949-2023, or what `cohesion archive` wrote.",
        ),
    ],
    outcomes: Annotated[
        Path | None, typer.Argument(metavar="[OUTCOMES]", help="With an archive: a CSV table, state,event,date.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            help="To which day outcomes are complete, default today; of a history the last day, default its end.",
        ),
    ] = None,
    posterior: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="With a scenario: draws in place of its own, from here or shipped; or none for the priors.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Score an archived forecast by what has happened, or the history of any coded alliance without fitting anew."""
    _verb("score").main(what, outcomes, until, posterior, json)


def main() -> None:
    """Entry point. Bad input exits with 2 and no traceback, an interruption with 130, a lost output with 1."""
    output = streams.lasting()
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # of every text in a font without bold letters
    warnings.showwarning = lambda message, *_: _verb("show").notice(f"warning: {message}")
    sys.exit(streams.ended(output, _call()))


def _call() -> int:
    """Do what the arguments say; the exit code."""
    notice = _verb("show").notice
    try:
        if (code := app(standalone_mode=False)) == INTERRUPTED:
            notice("Interrupted.")
    except UsageError as error:
        said = io.StringIO()
        error.show(said)
        for line in said.getvalue().rstrip("\n").split("\n"):
            notice(line)
        return int(error.exit_code)
    except InputError as error:
        for problem in error.problems:
            notice(str(on_command_line(problem)))
        return 2
    except WorkerDied as error:
        notice(f"A worker died ({error}); nothing was written.")
        return 1
    except SystemExit as end:
        code = end.code
    return code if isinstance(code, int) else 0
