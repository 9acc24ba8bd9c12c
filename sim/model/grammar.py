"""Words within a sentence: names of states with their articles, capitals, and what is said in a row."""

import re
from collections.abc import Sequence

PATH = re.compile(r"\w+[._]\w")
"""Begins with a name of the program, which is written as it is."""
THE = re.compile(
    r"(.* )?(Union|States|Kingdom|Emirates|Republic|Federation|Confederation|Islands"
    r"|Netherlands|Philippines|Bahamas|Maldives|Comoros|Seychelles|Gambia|Congo)( of .*)?"
)
"""Names of states that take an article: of a kind of state or of islands, and plurals and rivers."""


def in_text(name: str) -> str:
    """A state's name as it stands within a sentence.

    >>> in_text("Soviet Union"), in_text("the United States"), in_text("Netherlands"), in_text("Armenia")
    ('the Soviet Union', 'the United States', 'the Netherlands', 'Armenia')
    """
    return f"the {name}" if THE.fullmatch(name) and not name.startswith("the ") else name


def possessive(name: str) -> str:
    """Of a state, with or without its article: plurals take the apostrophe alone.

    >>> possessive("the United States"), possessive("Belarus"), possessive("Armenia")
    ("the United States'", "Belarus's", "Armenia's")
    """
    return f"{name}'" if name.endswith("s") and THE.fullmatch(name.removeprefix("the ")) else f"{name}'s"


def lower_first(text: str) -> str:
    """The text as it stands within a sentence, where its first word is no name."""
    return text[:1].lower() + text[1:]


def sentence(text: str) -> str:
    """The text with a capital first, but where it begins with a dotted path."""
    return text if PATH.match(text) else text[:1].upper() + text[1:]


def conjunction(parts: Sequence[str]) -> str:
    """Several in a row.

    >>> conjunction(["stance"]), conjunction(["exit", "freeze", "end"])
    ('stance', 'exit, freeze and end')
    """
    return " and ".join([", ".join(parts[:-1])] * (len(parts) > 1) + [parts[-1]])
