"""The order of the work: a job after all jobs that write what it reads, as jobs read and write now."""

from collections.abc import Callable, Iterable, Mapping, Sequence


def components(nodes: Iterable[str], before: Mapping[str, set[str]]) -> list[list[str]]:
    """The strongly connected components (Tarjan), each after those that it depends on; nodes in them by key.

    before: of each node those that go before it.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    open_: set[str] = set()
    found: list[list[str]] = []
    for root in sorted(nodes):
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        open_.add(root)
        path = [(root, iter(sorted(before[root])))]
        while path:
            node, rest = path[-1]
            for other in rest:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    open_.add(other)
                    path.append((other, iter(sorted(before[other]))))
                    break
                if other in open_:
                    low[node] = min(low[node], index[other])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == index[node]:
                    at = stack.index(node)
                    found.append(sorted(stack[at:]))
                    open_.difference_update(stack[at:])
                    del stack[at:]
    return found


def waves(
    ordered: Sequence[str], before: Mapping[str, set[str]], group: Callable[[str], str]
) -> list[dict[str, list[str]]]:
    """Waves of groups of nodes, so that every node comes after those before it: in an earlier wave, or earlier in its
    group. A group takes as much at once as it can, for what runs it can keep the order inside.

    ordered: nodes in an order in which they could run one by one. group: what may run nodes together.
    """
    found: list[dict[str, list[str]]] = []
    done: set[str] = set()
    left = list(ordered)
    while left:
        wave: dict[str, dict[str, None]] = {}
        for node in left:
            beside = wave.get(group(node), {})
            if all(one in done or one in beside for one in before[node]):
                wave.setdefault(group(node), {})[node] = None
        taken = {node for nodes in wave.values() for node in nodes}
        done |= taken
        left = [node for node in left if node not in taken]
        found.append({name: list(nodes) for name, nodes in wave.items()})
    return found
