"""The leader's rival in words: the West, as the model's declarations have it, or by the name that a scenario gives."""

WEST = "the West"


def named(meaning: str, rival: str | None) -> str:
    """What a declaration says, of the rival by its name.

    >>> named("what a quarrel with the West would cost", "Iran")
    'what a quarrel with Iran would cost'
    """
    return meaning.replace(WEST, rival).replace("Western ties", f"ties with {rival}") if rival else meaning


def plain(key: str, rival: str | None) -> str:
    """An input, channel or coefficient in words; what is the rival's, ``western_ties`` and ``west``, by its name."""
    words = key.replace("_", " ")
    if not rival:
        return words
    return rival if key == "west" else words.replace("western ties", f"ties with {rival}")
