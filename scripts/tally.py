#!/usr/bin/python3
"""Adds up JUnit-style reports: prints "PASSED FAILED SKIPPED", and what failed on standard error.

tally.py pytest FILE            one pytest report
tally.py ctest FILE GTEST_DIR   a ctest report, with the GoogleTest reports of the programs that it ran
"""
import pathlib
import sys
import xml.etree.ElementTree as xml


def cases(path):
    return list(xml.parse(path).getroot().iter("testcase"))


def name_of(case):
    return f'{case.get("classname", "")}.{case.get("name")}'.lstrip(".")


def failed(case):
    return case.get("status") == "fail" or any(child.tag in ("failure", "error") for child in case)


def skipped(case):
    return case.get("status") in ("notrun", "disabled") or any(child.tag == "skipped" for child in case)


def count(found):
    bad = [name_of(case) for case in found if failed(case)]
    idle = [case for case in found if skipped(case) and not failed(case)]
    return len(found) - len(bad) - len(idle), bad, len(idle)


def ctest(report, gtest_dir):
    """A GoogleTest program counts by its cases; one that died before writing its report counts as one failure."""
    passed, bad, idle = 0, [], 0
    written = sorted(pathlib.Path(gtest_dir).glob("*.xml"))
    by_program = {path.stem: cases(path) for path in written}
    for case in cases(report):
        program = case.get("name").removeprefix("unit.") + "_test"
        inner = by_program.pop(program, None)
        if inner is None:
            inner = [case]
        elif failed(case) and not any(failed(one) for one in inner):
            bad.append(f'{case.get("name")} (ended badly after its tests)')
        more, names, unused = count(inner)
        passed, bad, idle = passed + more, bad + names, idle + unused
    return passed, bad, idle


def main():
    kind, report = sys.argv[1:3]
    try:
        result = ctest(report, sys.argv[3]) if kind == "ctest" else count(cases(report))
    except (OSError, xml.ParseError) as error:
        result = 0, [f"{kind}: no report ({error})"], 0
    passed, bad, idle = result
    for name in bad:
        print(f"FAILED {name}", file=sys.stderr)
    print(passed, len(bad), idle)


main()
