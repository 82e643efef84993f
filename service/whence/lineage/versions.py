"""Which version of a dataset was read: resolved when asked, never frozen at arrival.

That of the version that the input names; else, of those produced at or before the attempt's start, complete, among
overlapping partitions, the last one; none where the dataset was dropped since. Functions of many uses ask the store a
fixed number of questions, however many they are, and take the names of their datasets as joined.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence

from whence.graph.facts import Role
from whence.graph.port import GraphStore, Page
from whence.lineage.names import Names
from whence_schemas.identity import version_key
from whence_schemas.read import Use

_NEVER, _EVER = -(2**62), 2**62
_FIRST, _PAGE = 4, 100
"""Uses that are read at first, and then: mostly the newest one is what is looked for."""


async def newest_first(store: GraphStore, datasets: Sequence[str], role: Role, until: int) -> AsyncIterator[Use]:
    """Uses of a dataset, under all its names, at `until` or before; those of one attempt in the order of the names."""
    pages: dict[str, Page | None] = dict.fromkeys(datasets)
    heads: dict[str, list[Use]] = {}
    while pages or heads:
        for dataset in list(pages):
            if not heads.get(dataset):
                limit = _PAGE if pages[dataset] else _FIRST
                rows = await store.uses_of_dataset(dataset, role, until, pages[dataset], limit)
                if rows:
                    heads[dataset] = rows[::-1]
                    last = rows[-1]
                    pages[dataset] = Page(last.at, last.run, last.number)
                else:
                    heads.pop(dataset, None)
                    del pages[dataset]
        if not heads:
            return
        newest = max((name for name in datasets if heads.get(name)), key=lambda name: heads[name][-1].order)
        yield heads[newest].pop()


def merged(lists: Iterable[Sequence[Use]], limit: int) -> tuple[list[Use], bool]:
    """Lists of uses, each newest first and of `limit` at most, as one; and whether there may be more. What is older
    than the end of a list that may go on is left out: what that list goes on with might come before it."""
    lists = list(lists)
    oldest = max((uses[-1].order for uses in lists if len(uses) == limit), default=None)
    known = (use for uses in lists for use in uses if oldest is None or use.order >= oldest)
    return sorted(known, key=lambda use: use.order, reverse=True), oldest is not None


async def productions_read(
    store: GraphStore, names: Names, readings: Sequence[Use], as_of: int = _EVER
) -> dict[Use, Use]:
    """For each use that consumed a dataset the production of what it read, by `as_of`; those of which none is known are
    left out."""
    named = [use for use in readings if use.version]
    found = await _named(store, names, named, as_of) if named else {}
    if len(named) < len(readings):
        found |= await _inferred(store, names, [use for use in readings if not use.version])
    return found


async def _named(store: GraphStore, names: Names, readings: Sequence[Use], as_of: int) -> dict[Use, Use]:
    """By the version that was named: its last production that had ended when it was read, else (it was read while it
    was written) the last one."""
    keys = {use: _keys(names, use) for use in readings}
    made: dict[str, list[Use]] = defaultdict(list)
    for use in await store.uses_of_versions(sorted(set().union(*keys.values())), [Role.PRODUCED]):
        if use.at <= as_of:
            made[use.version].append(use)
    found: dict[Use, Use] = {}
    for reading, versions in keys.items():
        candidates = [use for version in versions for use in made[version]]
        if candidates:
            before = [use for use in candidates if use.at <= reading.at]
            found[reading] = max(before or candidates, key=lambda use: use.order)
    return found


async def _inferred(store: GraphStore, names: Names, readings: Sequence[Use]) -> dict[Use, Use]:
    """By times."""
    asked = {under: use for use in readings for under in _under_all_names(names, use)}
    found: dict[Use, Use] = {}
    for place, made in (await store.last_produced(list(asked))).items():
        reading = asked[place]
        if reading not in found or made.order > found[reading].order:
            found[reading] = made
    return {reading: made for reading, made in found.items() if made.complete > 0}


async def productions_of(store: GraphStore, names: Names, use: Use) -> list[Use]:
    """All productions of the version that was produced, or that an input names."""
    return await store.uses_of_versions(_keys(names, use), [Role.PRODUCED])


async def readers_of(store: GraphStore, names: Names, productions: Sequence[Use], as_of: int) -> dict[Use, list[Use]]:
    """For each production the uses by `as_of` that consumed it, oldest first: those that name its version, and those
    that it is inferred for."""
    keys = [key for use in productions if use.label for key in _keys(names, use)]  # others cannot be named
    readings = await store.uses_of_versions(keys, [Role.CONSUMED]) if keys else []
    whole = [under for use in productions if use.complete > 0 for under in _under_all_names(names, use)]
    readings += await store.read_since(whole) if whole else []
    readings = [use for use in readings if use.at <= as_of]
    await names.join({use.dataset for use in readings})
    found: dict[Use, list[Use]] = {use: [] for use in productions}
    for reading, made in (await productions_read(store, names, readings, as_of)).items():
        if made in found:
            found[made].append(reading)
    return {made: sorted(uses, key=lambda use: use.order) for made, uses in found.items()}


async def readers_of_unmade(store: GraphStore, names: Names, reading: Use, as_of: int) -> list[Use]:
    """The uses by `as_of` that read the same as a reading of which no production is known: they name the same version,
    or they read the dataset before anything of it was produced."""
    if reading.version:
        found = await store.uses_of_versions(_keys(names, reading), [Role.CONSUMED])
    else:
        nothing = reading._replace(at=_NEVER, partitions="")
        found = await store.read_since(_under_all_names(names, nothing))
    found = [use for use in found if use.at <= as_of]
    made = await productions_read(store, names, found, as_of)
    return [use for use in found if use not in made]


def _under_all_names(names: Names, use: Use) -> list[Use]:
    """The use as it would be under each of its dataset's names."""
    members = names.members(use.dataset)
    return [use] if len(members) == 1 else [use._replace(dataset=name) for name in members]


def _keys(names: Names, use: Use) -> list[str]:
    """Keys of the version that a use names or produced, under all names of its dataset."""
    if not use.label:
        return [use.version]
    return [version_key(name, use.label) for name in names.members(use.dataset)]
