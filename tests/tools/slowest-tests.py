#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""slowest-tests.py [--count N] BUILD-FOLDER...: the tests that took longest when they last ran."""
import argparse
import os
import re

TIME = re.compile(r'^:milliseconds: (\d+)$', re.MULTILINE)


def results_below(folder):
    """(seconds, name) of each test that has run in the build folder."""
    for path, _, names in os.walk(os.path.join(folder, 'tests')):
        for name in names:
            if not name.endswith('.trs'):
                continue
            path_of_result = os.path.join(path, name)
            with open(path_of_result, encoding='utf-8') as f:
                time = TIME.search(f.read())
            if time:
                test = os.path.relpath(path_of_result, folder)[:-len('.trs')]
                yield int(time.group(1)) / 1000, test


def print_table(folder, count):
    results = sorted(results_below(folder), key=lambda result: (-result[0], result[1]))
    total = sum(seconds for seconds, _ in results)
    print(f'{os.path.basename(os.path.abspath(folder))}: {len(results)} tests took '
          f'{total:.1f} s one after another; the slowest {min(count, len(results))}:')
    for seconds, test in results[:count]:
        print(f'{seconds:8.1f} s  {test}')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--count', type=int, default=20, metavar='N')
    parser.add_argument('folders', nargs='+', metavar='BUILD-FOLDER')
    arguments = parser.parse_args()
    for folder in arguments.folders:
        print_table(folder, arguments.count)


if __name__ == '__main__':
    main()
