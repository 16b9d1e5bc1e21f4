#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs of this folder, on small trees made here."""
import functools
import os
import shutil
import subprocess
import sys
import tempfile

SRCDIR = os.environ.get('G_TEST_SRCDIR', os.path.join(os.path.dirname(__file__), '..', '..'))
TOOLS = os.path.join(SRCDIR, 'tests', 'tools')
sys.path.insert(0, os.path.join(SRCDIR, 'tests', 'lib'))
import tap                                          # noqa: E402


def run(*command, status=0, folder=None):
    result = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True)
    assert result.returncode == status, (result.returncode, result.stdout)
    return result.stdout


def tool(name):
    return os.path.join(TOOLS, name)


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    return path


def test_driver_adds_the_time():
    with tempfile.TemporaryDirectory() as folder:
        driver = write(folder, 'driver', 'while [ "$1" != --trs-file ]; do shift; done\n'
                       'echo ":test-result: FAIL" >"$2"\nexit 7\n')
        result = os.path.join(folder, 'a.trs')
        run('sh', tool('timed-driver.sh'), 'sh', driver, '--test-name', 'a', '--trs-file', result,
            '--', './a', status=7)
        with open(result, encoding='utf-8') as f:
            lines = f.read().splitlines()
        assert lines[0] == ':test-result: FAIL', lines
        name, milliseconds = lines[1].rsplit(' ', 1)
        assert name == ':milliseconds:' and milliseconds.isdigit(), lines


def test_table_has_the_slowest():
    with tempfile.TemporaryDirectory() as folder:
        for name, milliseconds in ('quick', 20), ('slow', 61234), ('middling', 5000):
            write(folder, f'build/tests/unit/{name}.trs',
                  f':test-result: PASS\n:milliseconds: {milliseconds}\n')
        write(folder, 'build/tests/unit/untimed.trs', ':test-result: PASS\n')
        table = run(sys.executable, tool('slowest-tests.py'), '--count', '2',
                    os.path.join(folder, 'build')).splitlines()
        assert table == ['build: 3 tests took 66.3 s one after another; the slowest 2:',
                         '    61.2 s  tests/unit/slow', '     5.0 s  tests/unit/middling'], table


def test_tarball_is_what_git_has():
    if not shutil.which('git'):
        raise tap.Skip('git is not installed')
    with tempfile.TemporaryDirectory() as folder:
        source, tarball = os.path.join(folder, 'source'), os.path.join(folder, 'tarball')
        for name in 'a/one.c', 'a/two.c', '.ci/run', 'm4/.gitkeep':
            write(source, name, '')
        write(tarball, 'a/one.c', '')
        check = ('sh', tool('check-tarball.sh'), source, tarball)
        assert run(*check) == ''                    # no clone: nothing to compare with
        run('git', '-C', source, 'init', '-q')
        run('git', '-C', source, 'add', '.')
        write(tarball, 'a/stray', '')
        assert run(*check, status=1).splitlines() == [
            'The tarball lacks, as no subdir.am names it: a/two.c',
            'The tarball has, but git does not: a/stray']
        os.rename(os.path.join(tarball, 'a/stray'), os.path.join(tarball, 'a/two.c'))
        write(tarball, 'configure', '')
        assert run(*check) == ''


SMALL_TREE = {
    'hw/char/bell.c': '#include "config.h"\n#include "hw/char/bell.h"\n'
                      'const TypeInfo bell_type = {\n    .schema = &qmp_class_isa_bell,\n};\n',
    'hw/char/bell.h': '',
    'hw/core/clock.c': '#include "config.h"\n#include "hw/core/clock.h"\n',
    'hw/core/clock.h': '',
    'hw/core/timer.c': '#include "config.h"\n#include "hw/core/timer.h"\n'
                       '#include "hw/core/clock.h"\n',
    'hw/core/timer.h': '',
    'daemon/cmd-ring.c': 'void qmp_ring_bell(QmpRequest *req, RingArgs *args)\n',
    'daemon/main.c': '',
    'docs/page.md': '',
    'qmp/schema/bell.json': "{ 'class': 'isa-bell', 'parent': 'isa-device' }\n",
    'tests/device/test-bell.c': '#include "tests/lib/rig.h"\n',
    'tests/lib/rig.c': '', 'tests/lib/rig.h': '',
    'tests/lib/board.py': '',
    'tests/unit/test-hw-timing.c': '#include "hw/core/timer.h"\n',
    'tests/system/isa.py': "import board\nadd('isa-bell', 'isa-bell-2')\n",
    'tests/system/rings.py': "call('ring-bell')\n",
}
SMALL_TESTS = ('tests/device/test-bell', 'tests/system/isa.py', 'tests/system/rings.py',
               'tests/unit/test-hw-timing')
WHICH = {
    'tests/device/test-bell.c': {'tests/device/test-bell': 'is it'},
    'tests/lib/rig.c': {'tests/device/test-bell': 'uses it'},
    'tests/lib/board.py': {'tests/system/isa.py': 'uses it'},
    'hw/char/bell.c': {'tests/device/test-bell': 'is named after it',
                       'tests/system/isa.py': 'names isa_bell'},
    'qmp/schema/bell.json': {'tests/device/test-bell': 'is named after it',
                             'tests/system/isa.py': 'names isa_bell'},
    'daemon/cmd-ring.c': {'tests/system/rings.py': 'names ring_bell'},
    'hw/core/timer.c': {'tests/unit/test-hw-timing': 'includes hw/core/timer.h'},
    'hw/core/clock.c': {'tests/unit/test-hw-timing':
                        'includes hw/core/timer.h, through hw/core/timer.c'},
    'daemon/main.c': {'tests/system/isa.py': 'runs the program',
                      'tests/system/rings.py': 'runs the program'},
}


def test_which():
    with tempfile.TemporaryDirectory() as folder:
        for name, text in SMALL_TREE.items():
            write(folder, name, text)
        which = functools.partial(run, sys.executable, os.path.abspath(tool('which-tests.py')),
                                  folder=folder)
        for name, expected in WHICH.items():
            lines = [line.split('#') for line in which(name, *SMALL_TESTS).splitlines()]
            found = {test.strip(): why.strip() for test, why in lines}
            assert found == expected, (name, found)
        assert 'no test says' in which('docs/page.md', *SMALL_TESTS, status=1)
        assert 'no such file' in which('docs/none.md', *SMALL_TESTS, status=1)


if __name__ == '__main__':
    sys.exit(tap.run([
        ('the driver adds how long a test took', test_driver_adds_the_time),
        ('the table has the slowest tests', test_table_has_the_slowest),
        ('a tarball has the files that git has', test_tarball_is_what_git_has),
        ('the tests of a file are found', test_which),
    ]))
