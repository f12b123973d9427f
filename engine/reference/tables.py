#!/usr/bin/env python3
"""Writes what `tests/accuracy` compares `phalanx_engine::math` with.

    pip install -r requirements.txt
    ./tables.py                                  the checked-in tables, always the same bytes
    ./tables.py --check                          fails if the checked-in tables are not those
    ./tables.py --sweep N --seed S --out DIR     N drawn points per function, for a longer run

A file per function. A line per point: the arguments' bits and the exact result in units of 2^-16 step, rounded to
odd, all in hexadecimal with a sign; or `max`, `min` for a result beyond twice the range and `end` at a pole.
"""

import argparse
import filecmp
import multiprocessing
import pathlib
import sys
import tempfile

import gmpy2

import points
from functions import CONTEXT, FIX32, FUNCTIONS

CHECKED_IN = pathlib.Path(__file__).parent.parent / "tests" / "reference"

# A point per line costs 20 to 50 bytes, and the tables are to stay below a megabyte. Every argument of the small
# scalar's functions of one argument is tested elsewhere.
POINTS = 1500
POINTS_TESTED_ELSEWHERE = 750
SEARCHED = 200_000
SEED = 20_000

BY_FILE = {function.file: function for function in FUNCTIONS}


def text(number):
    return number if isinstance(number, str) else f"{number:x}"


def write(function, arguments, directory):
    with open(directory / f"{function.file}.txt", "w", newline="\n") as file:
        for point in arguments:
            print(*map(text, point), text(function.at(point)), file=file)


def write_table(job):
    file, directory = job
    function = BY_FILE[file]
    few = function.scalar is FIX32 and function.arity == 1
    count = POINTS_TESTED_ELSEWHERE if few else POINTS
    write(function, points.chosen(function, SEED, count, SEARCHED), directory)


def write_sweep(job):
    file, directory, seed, count = job
    function = BY_FILE[file]
    write(function, points.drawn(function, f"sweep {seed}", count), directory)


def in_parallel(work, jobs):
    # Each process sets MPFR's precision and rounding as `functions` did here.
    with multiprocessing.Pool(initializer=gmpy2.set_context, initargs=[CONTEXT]) as pool:
        for _ in pool.imap_unordered(work, jobs):
            pass


def write_tables(directory):
    in_parallel(write_table, [(file, directory) for file in BY_FILE])


def check():
    """The exit code: 0 if the checked-in tables are what this script writes."""
    with tempfile.TemporaryDirectory() as fresh:
        write_tables(pathlib.Path(fresh))
        names = sorted(f"{file}.txt" for file in BY_FILE)
        stray = sorted(path.name for path in CHECKED_IN.iterdir() if path.name not in names)
        _, other, missing = filecmp.cmpfiles(CHECKED_IN, fresh, names, shallow=False)
    for name in other + missing + stray:
        print(f"{CHECKED_IN / name} is not what tables.py writes")
    return 1 if other or missing or stray else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--sweep", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.sweep is not None and arguments.out is None:
        parser.error("--sweep needs --out")
    if arguments.check:
        return check()
    directory = arguments.out or CHECKED_IN
    directory.mkdir(parents=True, exist_ok=True)
    if arguments.sweep is None:
        write_tables(directory)
    else:
        jobs = [(file, directory, arguments.seed, arguments.sweep) for file in BY_FILE]
        in_parallel(write_sweep, jobs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
