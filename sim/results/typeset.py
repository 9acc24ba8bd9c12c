"""Texts and tables in Markdown and LaTeX, in which no sign of a text steers how it is set."""

import re
from collections.abc import Sequence

MARKS = re.compile(r"([\\`*_\[\]<>#|~$&])")
"""What Markdown may read as markup within a line."""
SIGNS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"\textquotedbl{}",
    "_": r"\_\allowbreak{}",
    "/": r"/\allowbreak{}",
    "[": r"{[}",
    "]": r"{]}",
    "*": r"{*}",
    "±": r"\(\pm\)",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "’": r"\textquoteright{}",
    "‘": r"\textquoteleft{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "…": r"\textellipsis{}",
    "−": r"\(-\)",
    "≥": r"\(\ge\)",
    "≤": r"\(\le\)",
    "→": r"\(\to\)",
    "×": r"\(\times\)",
    "≈": r"\(\approx\)",
    "≠": r"\(\ne\)",
    "′": r"\('\)",
    "″": r"\(''\)",
} | {sign: f"\\{sign}" for sign in "{}$&%#"}
"""What LaTeX would read as a command, join with its neighbours, or not find in its fonts; ``[`` and ``*`` after the end
of a row would be read as its options."""


FOREIGN = re.compile("[^\\x00-\u017fȘ-țẞ€•†]|[ĦħĸĿŀŉŦŧſ]")
"""Letters and signs that pdfLaTeX does not find in its European fonts (T1, TS1)."""
TWICE = re.compile(r"([-,'])(?=\1)")
"""What LaTeX would join to one sign."""


def _line(text: str) -> str:
    return " ".join(text.split())


def markdown_text(text: str) -> str:
    """A text in one line, as Markdown shows it unchanged."""
    return MARKS.sub(r"\\\1", _line(text))


def latex_text(text: str) -> str:
    """A text in one line, as LaTeX sets it unchanged."""
    return TWICE.sub(r"\1{}", "".join(SIGNS.get(sign, sign) for sign in _line(text)))


def foreign(text: str) -> list[str]:
    """The letters and signs of a text that pdfLaTeX cannot set, each once."""
    return sorted({sign for sign in FOREIGN.findall(text) if sign not in SIGNS})


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; how wide columns are is left to the reader's program."""
    lines = [columns, ["---"] * len(columns), *([markdown_text(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def latex_table(columns: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float]) -> str:
    """A table in LaTeX over as many pages as it needs, its columns by their shares of the line."""
    column = r">{{\raggedright\arraybackslash\hspace{{0pt}}}}p{{\dimexpr {share:g}\linewidth-2\tabcolsep}}"
    form = "@{}" + "".join(column.format(share=share / sum(shares)) for share in shares) + "@{}"
    head = " & ".join(map(latex_text, columns)) + r" \\"
    lines = [" & ".join(map(latex_text, row)) + r" \\" for row in rows]
    top = [
        r"\begingroup\footnotesize\setlength{\tabcolsep}{3pt}\setlength{\extrarowheight}{2pt}",
        rf"\begin{{longtable}}{{{form}}}",
        r"\toprule",
        head,
        r"\midrule",
        r"\endhead",
    ]
    return "\n".join([*top, r"\bottomrule", r"\endfoot", *lines, r"\end{longtable}", r"\endgroup"])
