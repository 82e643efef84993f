"""Texts as the indexes have them: short, and in an order that Neo4j and Python agree on."""

from whence_schemas.identity import digest

_LENGTH = 200
"""Characters of a facet's name in the index; an index key has room for about 8 kB."""
_BETWEEN = "\0"
"""Between a node's folded name and namespace: no folded text has it, and it is less than any other character."""


def sortable(text: str) -> str:
    """The text without characters beyond U+FFFE; each is three others that sort as it does.

    Neo4j's indexes compare by code point, as Python and SQLite do, but Cypher's own `<` and ORDER BY by UTF-16. Which
    of them answers is the planner's choice, so texts that are compared must have one order in both.
    """
    if text.isascii() or max(text) < "\uffff":
        return text
    return "".join(
        c if c < "\uffff" else f"\uffff{chr(0xE000 + (ord(c) >> 12))}{chr(0xE000 + (ord(c) & 0xFFF))}" for c in text
    )


def place_text(folded_name: str, folded_namespace: str) -> str:
    """Both as one text that is ordered as the two are."""
    return sortable(f"{folded_name}{_BETWEEN}{folded_namespace}")


def facet_name(facet: str) -> str:
    """A facet's name as the index has it: short, sortable, and another for each name."""
    return sortable(facet if len(facet) <= _LENGTH else facet[:_LENGTH] + digest(facet))
