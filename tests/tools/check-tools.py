#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs of this folder, on small trees made here."""
import os
import shutil
import subprocess
import sys
import tempfile

SRCDIR = os.environ.get('G_TEST_SRCDIR', os.path.join(os.path.dirname(__file__), '..', '..'))
TOOLS = os.path.join(SRCDIR, 'tests', 'tools')
sys.path.insert(0, os.path.join(SRCDIR, 'tests', 'lib'))
import tap                                          # noqa: E402


def run(*command, status=0):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
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


if __name__ == '__main__':
    sys.exit(tap.run([
        ('the driver adds how long a test took', test_driver_adds_the_time),
        ('the table has the slowest tests', test_table_has_the_slowest),
        ('a tarball has the files that git has', test_tarball_is_what_git_has),
    ]))
