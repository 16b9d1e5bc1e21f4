#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The tutorial in docs/schema.md: what it makes has been built (subdir.am), and runs."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import extract                                      # noqa: E402

SOURCE = os.environ.get('G_TEST_SRCDIR', os.path.join(HERE, '..', '..'))
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'lib'))
import tap                                          # noqa: E402

BUILD = os.environ.get('G_TEST_BUILDDIR', '.')
TREE = os.path.join(BUILD, 'tests', 'tutorial', 'tree')


def run(name):
    """Runs a program of the tutorial, whose source folder is the tree."""
    program = os.path.join(BUILD, 'tests', 'tutorial', name)
    return subprocess.run([program, '--tap'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, env={**os.environ, 'G_TEST_SRCDIR': TREE})


def tree_is_of_this_tutorial():
    """the tree has what the text says now, in each file that it names"""
    made = extract.files(SOURCE)
    assert len(made) >= 11, sorted(made)
    for name, text in made.items():
        with open(os.path.join(TREE, name), encoding='utf-8') as f:
            assert f.read() == text, name


def device_test_passes():
    """the device's test runs each of its cases"""
    result = run('test-isa-doorbell')
    cases = len(re.findall(r'^ok ', result.stdout, re.M))
    assert result.returncode == 0 and cases == 5, result.stdout


def fuzz_target_replays():
    """the fuzz target runs its corpus"""
    result = run('fuzz-isa-doorbell')
    assert result.returncode == 0 and '/fuzz/isa-doorbell/rings' in result.stdout, result.stdout


def schema_has_its_class():
    """the generator made rows and a manual entry's data of the class"""
    with open(os.path.join(TREE, 'qmp', 'qapi-schema.json'), encoding='utf-8') as f:
        assert '"name": "isa-doorbell"' in f.read()


def undocumented_is_refused():
    """without one of its comments, the generator stops and says where, as the text promises"""
    path = os.path.join(TREE, 'qmp', 'schema', 'misc.json')
    spoiled = os.path.join(TREE, 'qmp', 'schema', 'spoiled.json')
    with open(path, encoding='utf-8') as f:
        text = f.read()
    line = '# @irq: its interrupt line\n#\n# Example:\n#\n# -> { "execute": "device_add",\n' \
        '#      "arguments": { "driver": "isa-doorbell"'
    assert text.count(line) == 1
    with open(spoiled, 'w', encoding='utf-8') as f:
        f.write(text.replace(line, line[line.index('# Example'):]))
    with open(os.path.join(TREE, 'qmp', 'schema', 'vmd.json'), encoding='utf-8') as f:
        whole = f.read()
    with open(os.path.join(TREE, 'qmp', 'schema', 'all.json'), 'w', encoding='utf-8') as f:
        f.write(whole.replace("'misc.json'", "'spoiled.json'"))
    result = subprocess.run(
        [sys.executable, os.path.join(SOURCE, 'qmp', 'qapi-gen.py'), '--check-only',
         os.path.join(TREE, 'qmp', 'schema', 'all.json')],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert result.returncode == 1, result.stdout
    assert re.search(r'spoiled\.json:[0-9]+: .*irq', result.stdout), result.stdout


TESTS = (tree_is_of_this_tutorial, schema_has_its_class, device_test_passes, fuzz_target_replays,
         undocumented_is_refused)


if __name__ == '__main__':
    sys.exit(tap.run((test.__doc__, test) for test in TESTS))
