#!/usr/bin/env python3
"""Compares the judges' scores with the floors that they must not fall below, and counts all tests.

  floors.py FLOORS [--scores cases=FILE] [--scores models=FILE] [--junit FOLDER] [--check NAME=0|1]...
  floors.py FLOORS --raise --scores ...   writes better scores into FLOORS; nothing is ever lowered
  floors.py --self-test

FILE is what the judge writes with --out: a line a case of source, target, operator, variant, verdict, why.
FLOORS has a line a score of what, source, target, least percent right, most wrong, most crashed.
A floor whose FILE is not given is skipped; one whose FILE has no such line fails. The last line is the count.
"""

import argparse
import collections
import io
import math
import sys
import tempfile
import xml.etree.ElementTree as xml
from contextlib import redirect_stdout
from pathlib import Path

COLUMNS = ["what", "source", "target", "right", "wrong", "crashed"]
JUDGED = ["right", "wrong", "refused", "crashed"]


def read_scores(path):
    """(source, target) -> operator -> how often each verdict."""
    scores = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))
    for line in Path(path).read_text().splitlines():
        source, target, operator, variant, verdict = line.split("\t")[:5]
        if operator == "node":  # ONNX's own node tests: the operator's name opens the variant
            operator = variant.split("_")[0]
        scores[source, target][operator][verdict] += 1
    return scores


def total(operators):
    return sum(operators.values(), collections.Counter())


def percent(counts):
    judged = sum(counts[v] for v in JUDGED)
    return 100 * counts["right"] / judged if judged else 0


def read_floors(path):
    floors = []
    for line in Path(path).read_text().splitlines():
        if line and not line.startswith(("#", "what\t")):
            row = dict(zip(COLUMNS, line.split("\t"), strict=True))
            floors.append({**row, "right": float(row["right"]), "wrong": int(row["wrong"]), "crashed": int(row["crashed"])})
    return floors


def breaches(floor, counts):
    """What of a score is worse than its floor."""
    if not sum(counts[v] for v in JUDGED):
        return ["nothing was scored"]
    bad = []
    if percent(counts) < floor["right"]:
        bad.append(f"{percent(counts):.2f} % right, the floor is {floor['right']:g} %")
    for verdict in ("wrong", "crashed"):
        if counts[verdict] > floor[verdict]:
            bad.append(f"{counts[verdict]} {verdict}, at most {floor[verdict]} allowed")
    return bad


def print_scores(what, scores):
    print(f"\n{what:8} {'source':14} {'target':10}" + "".join(f"{v:>9}" for v in JUDGED + ["skipped"]) + "   % right")
    for (source, target), operators in sorted(scores.items()):
        c = total(operators)
        print(f"{'':8} {source:14} {target:10}" + "".join(f"{c[v]:9}" for v in JUDGED + ["skipped"]) + f"{percent(c):10.2f}")
    if what == "models":
        return
    for (source, target), operators in sorted(scores.items()):
        rest = {op: c for op, c in operators.items() if any(c[v] for v in JUDGED if v != "right")}
        print(f"\n{source} -> {target}: {len(operators) - len(rest)} of {len(operators)} operators without a fault" + ("; the others:" if rest else ""))
        order = sorted(rest, key=lambda op: (-rest[op]["wrong"], -rest[op]["crashed"], -rest[op]["refused"], op))
        for op in order:
            c = rest[op]
            print(f"  {op:40}" + "".join(f" {v} {c[v]:<4}" if c[v] else " " * (len(v) + 6) for v in JUDGED).rstrip())


def junit_counts(folder):
    """(passed, failed, skipped) of all Surefire reports below a folder."""
    passed = failed = skipped = 0
    for report in Path(folder).glob("**/target/surefire-reports/TEST-*.xml"):
        suite = xml.parse(report).getroot()
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        left = int(suite.get("skipped", 0))
        failed += bad
        skipped += left
        passed += int(suite.get("tests", 0)) - bad - left
    return passed, failed, skipped


def raise_floors(path, floors, scores):
    by = {(f["what"], f["source"], f["target"]): f for f in floors}
    for what, found in scores.items():
        for (source, target), operators in found.items():
            c = total(operators)
            if not c["right"]:
                continue
            new = {"right": math.floor(percent(c) * 10) / 10, "wrong": c["wrong"], "crashed": c["crashed"]}
            old = by.get((what, source, target))
            if old:
                new = {"right": max(old["right"], new["right"]), "wrong": min(old["wrong"], new["wrong"]), "crashed": min(old["crashed"], new["crashed"])}
            by[what, source, target] = {"what": what, "source": source, "target": target, **new}
    head = [line for line in Path(path).read_text().splitlines() if line.startswith(("#", "what\t"))]
    rows = ["\t".join(f"{by[k][c]:g}" if c == "right" else str(by[k][c]) for c in COLUMNS) for k in sorted(by)]
    Path(path).write_text("\n".join(head + rows) + "\n")


def main(args):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("floors")
    p.add_argument("--scores", action="append", default=[], metavar="WHAT=FILE")
    p.add_argument("--junit", action="append", default=[], metavar="FOLDER")
    p.add_argument("--check", action="append", default=[], metavar="NAME=STATUS", help="another check and its exit status")
    p.add_argument("--raise", dest="lift", action="store_true")
    o = p.parse_args(args)
    floors = read_floors(o.floors)
    scores = {what: read_scores(path) for what, path in (s.split("=", 1) for s in o.scores)}
    passed = failed = skipped = 0
    for what, found in scores.items():
        print_scores(what, found)
    if o.lift:
        raise_floors(o.floors, floors, scores)
        return 0
    print()
    for floor in floors:
        name = f"{floor['what']} {floor['source']} -> {floor['target']}"
        if floor["what"] not in scores:
            skipped += 1
            print(f"skipped: {name} was not scored here")
            continue
        bad = breaches(floor, total(scores[floor["what"]][floor["source"], floor["target"]]))
        failed += bool(bad)
        passed += not bad
        for why in bad:
            print(f"BELOW THE FLOOR: {name}: {why}")
    for check in o.check:
        name, status = check.rsplit("=", 1)
        failed += status != "0"
        passed += status == "0"
        if status != "0":
            print(f"FAILED: {name} (exit status {status})")
    for folder in o.junit:
        p, f, s = junit_counts(folder)
        print(f"JUnit: {p} passed, {f} failed, {s} skipped in all")
        passed, failed, skipped = passed + p, failed + f, skipped + s
    print(f"\n{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


def self_test():
    with tempfile.TemporaryDirectory() as t:
        floors, scores = Path(t) / "floors.tsv", Path(t) / "scores.tsv"
        reports = Path(t) / "m/target/surefire-reports"
        reports.mkdir(parents=True)
        (reports / "TEST-a.xml").write_text('<testsuite tests="5" failures="1" errors="0" skipped="1"/>')

        def run(floor, verdicts, *more):
            floors.write_text("\t".join(COLUMNS) + "\n" + floor)
            scores.write_text("".join(f"a\tb\tOp\tv\t{v}\twhy\n" for v in verdicts.split()))
            out = io.StringIO()
            with redirect_stdout(out):
                status = main([str(floors), "--scores", f"cases={scores}", *more])
            return status, out.getvalue().splitlines()[-1]

        at = "cases\ta\tb\t50\t0\t0\n"
        expected = {
            "at the floor": (run(at, "right refused skipped"), (0, "1 passed, 0 failed")),
            "too few right": (run(at, "right refused refused"), (1, "0 passed, 1 failed")),
            "a wrong one": (run(at, "right right wrong"), (1, "0 passed, 1 failed")),
            "a crash": (run(at, "right right crashed"), (1, "0 passed, 1 failed")),
            "not one scored": (run(at, "skipped"), (1, "0 passed, 1 failed")),
            "no such line": (run(at.replace("\ta\t", "\tz\t"), "right"), (1, "0 passed, 1 failed")),
            "not scored here": (run(at.replace("cases", "models"), "right"), (0, "0 passed, 0 failed, 1 skipped")),
            "no floors": (run("", "wrong"), (0, "0 passed, 0 failed")),
            "a failed check": (run(at, "right", "--check", "verify=1"), (1, "1 passed, 1 failed")),
            "tests": (run(at, "right", "--junit", t), (1, "4 passed, 1 failed, 1 skipped")),
        }
        for name, (got, want) in expected.items():
            assert got == want, f"{name}: {got}, expected {want}"
        run(at, "right right wrong refused", "--raise")
        assert floors.read_text().splitlines()[1] == "cases\ta\tb\t50\t0\t0", "a floor was lowered"
        run("cases\ta\tb\t50\t3\t2\n", "right right right wrong", "--raise")
        assert floors.read_text().splitlines()[1] == "cases\ta\tb\t75\t1\t0", "a floor was not raised"
    print("floors.py: 12 checks passed")


if __name__ == "__main__":
    sys.exit(self_test() if sys.argv[1:] == ["--self-test"] else main(sys.argv[1:]))
