# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests that need no daemon, as TAP; vmdtest.py has those that do."""


class Skip(Exception):
    """The test cannot run here, and why."""


def run(tests):
    """Calls the functions of (name, function) pairs; returns the exit status."""
    tests = list(tests)
    print('1..%d' % len(tests))
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print('ok %d - %s' % (number, name))
        except Skip as why:
            print('ok %d - %s # SKIP %s' % (number, name, why))
        except Exception as e:      # pylint: disable=broad-except
            failed += 1
            print('not ok %d - %s' % (number, name))
            for line in ('%s: %s' % (type(e).__name__, e)).split('\n'):
                print('# ' + line)
    return 1 if failed else 0
