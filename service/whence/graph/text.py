"""Text as it is searched for."""

SEARCHED_LENGTH = 300
"""Characters of a name that a search looks at."""


def fold_text(text: str) -> str:
    """Case folded, control characters as spaces (NUL would end a text in SQL functions), cut to what is searched."""
    folded = text[:SEARCHED_LENGTH].casefold()
    return folded if folded.isprintable() else "".join(c if c.isprintable() else " " for c in folded)
