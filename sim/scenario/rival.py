"""The leader's rival in words: the West, as the model's declarations have it, or by the name that a scenario gives."""

WEST = "the West"


def named(meaning: str, rival: str | None) -> str:
    """What a declaration says, of the rival by its name.

    >>> named("what a quarrel with the West would cost", "Iran")
    'what a quarrel with Iran would cost'
    """
    if not rival:
        return meaning
    said = meaning.replace(WEST, rival).replace("Western ties of {}", f"ties of {{}} with {rival}")
    return said.replace("Western ties", f"ties with {rival}")


def plain(key: str, rival: str | None) -> str:
    """An input, channel or coefficient in words; what is the rival's, ``western_ties`` and ``west``, by its name.

    >>> plain("western_ties", None), plain("western_ties", "Iran"), plain("west", None)
    ('Western ties', 'ties with Iran', 'the West')
    """
    if key == "west":
        return rival or WEST
    words = key.replace("_", " ").replace("western ties", "Western ties")
    return named("China" if words == "china" else words, rival)
