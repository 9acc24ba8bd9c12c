"""The leader's rival in words: the West, as the model's declarations have it, or by the name that a scenario gives."""

WEST = "the West"


def named(meaning: str, rival: str | None) -> str:
    """What a declaration says, of the rival by its name.

    >>> named("what a quarrel with the West would cost", "Iran")
    'what a quarrel with Iran would cost'
    """
    return meaning.replace(WEST, rival).replace("Western ties", f"ties with {rival}") if rival else meaning


def plain(key: str, rival: str | None) -> str:
    """An input or channel in words, the rival's own by its name: ``western_ties`` and ``west`` are those."""
    own = {"western_ties": f"ties with {rival}", "west": rival} if rival else {}
    return own.get(key) or key.replace("_", " ")
