"""1,000 trivial tasks of plain Python: `plain.py COUNT [recorded]`. Prints the seconds that the tasks took."""

import sys
import time


def task(number: int) -> int:
    return number + 1


if sys.argv[2:]:
    from whence_collector import job

    task = job("task")(task)

begun = time.perf_counter()
for number in range(int(sys.argv[1])):
    task(number)
print(time.perf_counter() - begun)
