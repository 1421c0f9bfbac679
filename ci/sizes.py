#!/usr/bin/env python3
"""Prints lines of Java per module, and their change since a revision: sizes.py [REVISION]

Generated packages (schema) are left out. Files past 500 lines are named: each hides something.
"""

import re
import statistics
import subprocess
import sys


def git(*args):
    return subprocess.run(["git", *args], capture_output=True, text=True, check=True).stdout


def lines_by_file(revision):
    """Module, kind and path -> lines, of the Java files in a revision."""
    empty = git("hash-object", "-t", "tree", "/dev/null").strip()
    found = {}
    for row in git("diff", "--numstat", "--no-renames", empty, revision, "--", "*.java").splitlines():
        added, _, path = row.split("\t")
        part = re.match(r"(.+?)/src/(main|test)/java/", path)
        if part and "/schema/" not in path:
            found[part[1], part[2], path] = int(added)
    return found


def by_module(files):
    sums = {}
    for (module, kind, _), lines in files.items():
        sums[module, kind] = sums.get((module, kind), 0) + lines
    return sums


def main(revision):
    now = lines_by_file("HEAD")
    new = by_module(now)
    old = by_module(lines_by_file(revision)) if revision else {}
    print(f"{'lines of Java':16} {'main':>14} {'test':>14}   (change since {revision[:9] or 'nothing'})")
    for module in sorted({m for m, _ in new}):
        cells = [f"{new.get((module, k), 0):6} {new.get((module, k), 0) - old.get((module, k), 0):+7}" for k in ("main", "test")]
        print(f"{module:16} " + " ".join(cells))
    main_files = [lines for (_, kind, path), lines in now.items() if kind == "main" and not path.endswith("package-info.java")]
    if main_files:
        print(f"median file {statistics.median(main_files):g} lines, of {len(main_files)}")
    for (_, kind, path), lines in sorted(now.items(), key=lambda x: -x[1]):
        if kind == "main" and lines > 500:
            print(f"past 500: {lines} {path}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
