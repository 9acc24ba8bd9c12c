"""docs/model.md: its tables are made from the code, and its equations use every symbol of them."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim.model.variables import COEFFICIENTS, LEADER_INPUTS, MEMBER_INPUTS

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _tables():
    spec = importlib.util.spec_from_file_location("docs_tables", DOCS / "tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tables = _tables()
TEXT = (DOCS / "model.md").read_text(encoding="utf-8")


def equations(text: str) -> str:
    """All mathematics of the document outside the generated tables, a formula a line."""
    for name in tables.BLOCKS:
        text = tables.block(name).sub("", text)
    shown = re.findall(r"```math\n(.*?)```", text, re.DOTALL)
    inline = re.findall(r"\$([^$\n]+)\$", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return "\n".join([*shown, *inline])


def occurs(symbol: str, text: str) -> bool:
    """Whether a symbol stands in a text as a whole: not tau in tau_o, nor b_o in b_other."""
    return bool(re.search(rf"(?<![A-Za-z\\]){re.escape(symbol)}(?![A-Za-z0-9_{{])", text))


def test_tables_are_current():
    assert tables.filled(TEXT) == TEXT, "run python docs/tables.py"


VARIABLES = (*COEFFICIENTS, *MEMBER_INPUTS, *LEADER_INPUTS)


@pytest.mark.parametrize("of", VARIABLES, ids=lambda v: v.name)
def test_every_symbol_occurs_in_an_equation(of):
    symbol = tables.tex(of.symbol)
    assert occurs(symbol, equations(TEXT)), f"docs/model.md, III.iv: no equation has {symbol} ({of.name})"


def test_symbols_are_distinct():
    symbols = [v.symbol for v in VARIABLES]
    assert len(set(symbols)) == len(symbols)


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("mu", r"\mu"),
        ("b_D", "b_D"),
        ("tau_o", r"\tau_o"),
        ("d_ic", "d_{ic}"),
        ("lambda_pair", r"\lambda_{\mathrm{pair}}"),
    ],
)
def test_tex(symbol, expected):
    assert tables.tex(symbol) == expected


def test_a_symbol_is_not_found_inside_another():
    assert not occurs(r"\tau", r"\tau_o + \taux")
    assert not occurs("b_o", r"b_{other} + b_ox")
    assert occurs("b_o", "(b_o(x))")


def test_a_missing_marker_is_an_error():
    with pytest.raises(ValueError, match="inputs"):
        tables.filled(TEXT.replace("<!-- inputs -->", ""))


@pytest.mark.parametrize(("change", "code"), [("", 0), ("stale\n", 1)])
def test_check_tells_by_its_exit_code(tmp_path, change, code):
    model = (DOCS.parent / "sim" / "model").glob("*.py")
    for part in (DOCS / "tables.py", DOCS.parent / "sim" / "__init__.py", *model):
        copy = tmp_path / part.relative_to(DOCS.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(part.read_text(encoding="utf-8"), encoding="utf-8")
    document = tmp_path / "docs" / "model.md"
    document.write_text(TEXT.replace("<!-- inputs -->\n", f"<!-- inputs -->\n{change}"), encoding="utf-8")
    before = document.read_text(encoding="utf-8")
    command = [sys.executable, str(tmp_path / "docs" / "tables.py")]
    done = subprocess.run([*command, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert document.read_text(encoding="utf-8") == before
    assert subprocess.run(command, check=False).returncode == 0
    assert document.read_text(encoding="utf-8") == TEXT


def test_files_named_in_how_to_change_the_model_exist():
    text = (DOCS / "changing-the-model.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:sim|tests|docs|benchmarks|experiments)/[\w./-]*\w\.(?:py|md|toml)", text))
    assert len(named) > 10
    assert [name for name in named if "VERB" not in name and not (DOCS.parent / name).exists()] == []
