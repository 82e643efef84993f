"""Trivial tasks of plain Python: `plain.py COUNT [recorded]`. Prints the seconds that the tasks took."""

import sys
import time

from progress import progress


def one(number: int) -> int:
    progress()
    return number + 1


if sys.argv[2:]:
    from whence_collector import job

    one = job("many.one")(one)

begun = time.perf_counter()
for number in range(int(sys.argv[1])):
    one(number)
print(time.perf_counter() - begun)
