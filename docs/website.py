"""Build the site of the documents: all pages, the front door's functions from their docstrings, a gallery of figures.

``python docs/website.py [OUT]`` (extra ``docs``) builds it in ``site/``, and fails on any warning.
"""

import inspect
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import sim  # noqa: E402

PARTS = ("*.md", "docs/**/*.md", "docs/**/*.png", "docs/**/*.csv", "experiments/**/*.md", "experiments/*.csv")
PARTS += ("CITATION.cff", "LICENSE")
"""What pages are made of and link to."""
FIGURE = re.compile(r"!\[([^\]]+)\]\(([^)]+\.png)\)")
CONFIGURATION = """
project, author = "alliance-cohesion", "the alliance-cohesion authors"
release = {version!r}
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx-mathjax-offline"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4
suppress_warnings = ["ref.python"]  # a word of a description that is the name of several attributes
html_theme = "furo"
html_title = project
html_show_sphinx = html_show_copyright = False
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_param = napoleon_use_rtype = False
napoleon_use_ivar = True
"""
INDEX = """# alliance-cohesion

{about}

```{{toctree}}
:maxdepth: 1
:caption: Begin

Overview <README>
{tutorial}
```

```{{toctree}}
:maxdepth: 1
:caption: Use

{use}
api
gallery
```

```{{toctree}}
:maxdepth: 1
:caption: More

{more}
```
"""


def api() -> str:
    """A page of every function, and of what they give back, from their docstrings."""
    found = {name: getattr(sim, name) for name in sim.__all__}
    lines = ["# Functions\n", "Every verb of the command is a function, and gives back one of the classes below.\n"]
    for heading, kind, options in (("", "function", ""), ("## What they give back\n", "class", "   :members:\n")):
        lines.append(heading)
        for name, thing in found.items():
            if inspect.isclass(thing) == (kind == "class"):
                lines.append(f"```{{eval-rst}}\n.. auto{kind}:: sim.{name}\n{options}```\n")
    return "\n".join(lines)


def gallery(pages: list[Path], source: Path) -> str:
    """Every figure of the documents, once, with what it shows and the page on which it stands."""
    seen: dict[Path, str] = {}
    for page in pages:
        for says, file in FIGURE.findall(page.read_text("utf-8")):
            image, where = (page.parent / file).resolve().relative_to(source), page.relative_to(source).as_posix()
            seen.setdefault(image, f"## {says}\n\n![{says}]({image.as_posix()})\n\nFrom [{where}]({where}).\n")
    return "\n".join(["# Figures\n", *seen.values()])


def one_title(text: str) -> str:
    """A page below one title, as a list of pages needs it: what has a second is put below the first."""
    titles, lines, code = 0, [], False
    for line in text.splitlines(keepends=True):
        code ^= line.startswith("```")
        titles += not code and line.startswith("# ")
        lines.append(f"#{line}" if titles > 1 and not code and re.match("#+ ", line) else line)
    return "".join(lines)


def write(source: Path) -> None:
    """All that the site is built of."""
    files = sorted({f for part in PARTS for f in ROOT.glob(part)})
    for file in files:
        copy = source / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
        if file.suffix == ".md":
            copy.write_text(one_title(file.read_text("utf-8")), "utf-8")
    pages = [source / f.relative_to(ROOT) for f in files if f.suffix == ".md" and f.name != "answer.md"]
    names = [p.relative_to(source).with_suffix("").as_posix() for p in pages]
    tutorial = [n for n in names if n.startswith("docs/tutorial/")]
    use = [n for n in names if n.startswith("docs/") and n not in tutorial]
    more = [n for n in names if n not in (*tutorial, *use, "README")]
    about = str(sim.__doc__).split("\n\n")[0].removeprefix("alliance-cohesion: ").capitalize()
    listed = {"tutorial": tutorial, "use": use, "more": more}
    index = INDEX.format(about=about, **{key: "\n".join(some) for key, some in listed.items()})
    made = {"index.md": index, "api.md": api(), "gallery.md": gallery(pages, source)}
    made["conf.py"] = CONFIGURATION.format(version=sim.__version__) + 'exclude_patterns = ["**/answer.md"]\n'
    for name, text in made.items():
        (source / name).write_text(text, "utf-8")


def main() -> int:
    """Build it; the exit code of sphinx-build."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "site").resolve()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder).resolve()
        write(source)
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(source), str(out)]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
