"""Run the cells of the tutorial's pages in order and put what they show below them.

``python docs/tutorial/make.py`` rewrites outputs and figures; with ``--check`` it writes nothing and exits with 1 where
a page is not what its cells show. A cell is a block of ``sh`` or ``python``; one below the
line ``<!-- not run -->`` is left alone. All pages share a folder, so that each goes on where the one before it ended.
``--notebooks FOLDER`` makes Jupyter notebooks of the pages as they are, with their outputs (extra ``docs``).
"""

import argparse
import ast
import base64
import difflib
import hashlib
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from sim.model.version import VERSION  # noqa: E402

PAGES = sorted(HERE.glob("[0-9]*.md"))
IMAGES = "images"
CELL = re.compile(
    r"(?ms)^(?P<skip><!-- not run -->\n)?```(?P<language>sh|python)\n(?P<code>.*?)^```\n"
    r"(?P<output>(?:\n```text\n.*?^```\n|\n!\[[^\n]*\]\(images/[^\n]*\)\n)*)"
)
EACH_TIME = (
    (re.compile(r"Forecast of [0-9-]{10}"), "Forecast of YYYY-MM-DD"),
    (re.compile(r"seal(\s+)[0-9a-f]{16}"), r"seal\1..."),
)
"""What is another each time, and stands for it."""
STAMP = re.compile(r"\n<!-- made from \w+ -->\n\Z")


class Shown(NamedTuple):
    """What a cell shows: text, and figures by the name of their file."""

    text: str
    figures: dict[str, Any]


def stamp() -> str:
    """Of all cells and the model's version: another one means that outputs are old."""
    cells = [m["code"] for page in PAGES for m in CELL.finditer(page.read_text("utf-8")) if not m["skip"]]
    return hashlib.sha256("".join([VERSION, *cells]).encode()).hexdigest()[:12]


def shell(code: str) -> Shown:
    """In bash, with `cohesion` as it is here. Raises RuntimeError where a command fails."""
    begin = f'set -euo pipefail\ncohesion() {{ "{sys.executable}" -W ignore -m sim "$@"; }}\n'
    env = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(["bash", "-c", begin + code], capture_output=True, encoding="utf-8", env=env, check=False)
    if done.returncode:
        raise RuntimeError(f"{code}\n{done.stdout}{done.stderr}")
    return Shown(done.stdout, {})


def python(code: str, names: dict[str, Any], image: str) -> Shown:
    """In this process; what the last line gives is shown, as a notebook does."""
    from matplotlib.figure import Figure

    *first, last = ast.parse(code).body
    value = None
    with redirect_stdout(io.StringIO()) as out:
        exec(compile(ast.Module(first, []), image, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), image, "eval"), names)
        else:
            exec(compile(ast.Module([last], []), image, "exec"), names)
    if isinstance(value, Figure):
        return Shown(out.getvalue(), {f"{image}.png": value})
    return Shown(out.getvalue() + ("" if value is None else f"{value!r}\n"), {})


def executed(page: Path, figures: dict[str, Any]) -> str:
    """The page with what its cells show now."""
    names: dict[str, Any] = {}
    count = iter(range(1, 100))

    def run(cell: re.Match[str]) -> str:
        if cell["skip"]:
            return cell[0]
        image = f"{page.stem}-{next(count)}"
        shown = shell(cell["code"]) if cell["language"] == "sh" else python(cell["code"], names, image)
        figures.update(shown.figures)
        text = "\n".join(line.rstrip() for line in shown.text.strip("\n").split("\n"))
        for changing, stands_for in EACH_TIME:
            text = changing.sub(stands_for, text)
        below = [f"\n```text\n{text}\n```\n"] if text else []
        below += [f"\n![The figure that the cell draws]({IMAGES}/{name})\n" for name in shown.figures]
        return "".join([f"```{cell['language']}\n{cell['code']}```\n", *below])

    return f"{CELL.sub(run, STAMP.sub('', page.read_text('utf-8')))}\n<!-- made from {stamp()} -->\n"


def made() -> Iterator[tuple[Path, str, dict[str, Any]]]:
    """Each page, executed in a folder that all share."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for page in PAGES:
            figures: dict[str, Any] = {}
            yield page, executed(page, figures), figures
        os.chdir(ROOT)


BELOW = re.compile(r"(?ms)^```text\n(?P<text>.*?)^```\n|^!\[[^\n]*\]\((?P<image>[^\n]*)\)\n")
"""What stands below a cell: text, or a figure."""


FIGURES_SHOW = "%matplotlib inline"
"""Without it Jupyter prints of a figure its name alone."""


def notebook(page: Path) -> Any:
    """A page as a notebook: its prose, its cells, and what stands below them as their outputs."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

    def output(shown: re.Match[str]) -> Any:
        if shown["image"]:
            png = base64.b64encode((page.parent / shown["image"]).read_bytes()).decode()
            return new_output("display_data", {"image/png": png})
        return new_output("stream", name="stdout", text=shown["text"])

    text = STAMP.sub("", page.read_text("utf-8"))
    cells, at = [new_code_cell(FIGURES_SHOW)], 0
    for cell in (m for m in CELL.finditer(text) if not m["skip"]):
        cells.append(new_markdown_cell(text[at : cell.start()].strip()))
        code = "%%bash\n" * (cell["language"] == "sh") + cell["code"].rstrip("\n")
        cells.append(new_code_cell(code, outputs=[output(m) for m in BELOW.finditer(cell["output"])]))
        at = cell.end()
    cells = [c for c in [*cells, new_markdown_cell(text[at:].strip())] if c.source]
    for number, cell in enumerate(cells):
        cell.id = f"{page.stem}-{number}"  # the same each time
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def notebooks(folder: Path) -> None:
    """Every page as a notebook."""
    import nbformat

    folder.mkdir(parents=True, exist_ok=True)
    for page in PAGES:
        made = notebook(page)
        nbformat.validate(made)
        nbformat.write(made, folder / f"{page.stem}.ipynb")


def main() -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--notebooks", type=Path, metavar="FOLDER")
    given, stale = parser.parse_args(), 0
    if given.notebooks:
        notebooks(given.notebooks)
        return 0
    check = given.check
    for page, text, figures in made():
        old = page.read_text("utf-8")
        if check and text != old:
            sys.stdout.writelines(
                difflib.unified_diff(old.splitlines(True), text.splitlines(True), str(page), "made now")
            )
            stale = 1
        if not check:
            page.write_text(text, "utf-8", newline="\n")
            for name, figure in figures.items():
                figure.savefig(HERE / IMAGES / name, dpi=110)
    return stale


if __name__ == "__main__":
    sys.exit(main())
