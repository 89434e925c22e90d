#!/usr/bin/env python3
"""unit-report.py REPORT.xml: "passed failed skipped" of a swift-testing run, from its xUnit report."""
import sys
import xml.etree.ElementTree


def main() -> None:
    try:
        report = xml.etree.ElementTree.parse(sys.argv[1]).getroot()
    except (OSError, xml.etree.ElementTree.ParseError) as problem:
        sys.exit(f"unit-report: {problem}")
    cases = list(report.iter("testcase"))
    failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    skipped = sum(1 for case in cases if case.find("skipped") is not None)
    if not cases:
        sys.exit("unit-report: no test ran")
    print(len(cases) - failed - skipped, failed, skipped)


main()
