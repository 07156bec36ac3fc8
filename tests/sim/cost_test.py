#!/usr/bin/python3
"""One seed of a usual size costs three seconds of the processor at most: a hunt of thousands must end the same day.

usage: cost_test.py KIZ_SIM
"""
import os
import sys

SECONDS_MAX = 3
BESIDE_OTHERS = 2  # processors that are shared with other tests do half as much in a second
TRIES = 3  # the cheapest counts


def seconds_of(*command):
    child = os.posix_spawn(command[0], command, os.environ)
    _, status, used = os.wait4(child, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime


def main():
    cheapest = min(seconds_of(sys.argv[1], "--seed", "17", "--offices", "8", "--edits", "500") for _ in range(TRIES))
    print(f"{cheapest:.2f} s of the processor; {SECONDS_MAX} at most where nothing else runs")
    return 0 if cheapest <= SECONDS_MAX * BESIDE_OTHERS else 1


if __name__ == "__main__":
    sys.exit(main())
