#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qcow2 images, held against qemu-img and qemu-io, which read and write them, too.

QCOW2_SEED chooses the random images, QCOW2_COUNT how many there are (make check-qcow2).
"""
import os
import random
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qcow2images                                  # noqa: E402
import tap                                          # noqa: E402
from qcow2images import DiskIo, Model, random_chain, random_lines, same_files   # noqa: E402

SEED = int(os.environ.get('QCOW2_SEED', '1'))
COUNT = int(os.environ.get('QCOW2_COUNT', '8'))


def each(name, test):
    """Runs a test for each of some seeds, in a folder of its own."""
    qcow2images.need_tools()
    print('# %s: seeds %d to %d' % (name, SEED, SEED + COUNT - 1))
    for seed in range(SEED, SEED + COUNT):
        with tempfile.TemporaryDirectory(prefix='vmd-qcow2-') as folder:
            try:
                test(random.Random('%s %d' % (name, seed)), folder)
            except Exception as error:
                raise AssertionError('seed %d: %s' % (seed, error)) from error


def compare(image, folder, seed):
    """What the driver reads is what qemu-img reads."""
    ours, theirs = os.path.join(folder, 'ours.raw'), os.path.join(folder, 'theirs.raw')
    image.raw(theirs)
    disk = DiskIo('--read-only', *image.chain())
    disk.send('dump %s %d' % (ours, seed))
    answers = disk.finish()
    assert answers[1] == 'ok', answers
    assert same_files(ours, theirs), 'the disk differs: %s' % image.options


def reads(rng, folder):
    image = random_chain(rng, folder)
    compare(image, folder, rng.randrange(1 << 30))


def test_reads():
    each('reads', reads)


def check_disk(image, model, folder, rng):
    """Driver and qemu-img agree with the model, and qemu-img finds nothing wrong."""
    image.check()
    ours, theirs = os.path.join(folder, 'ours.raw'), os.path.join(folder, 'theirs.raw')
    image.raw(theirs)
    at = model.differs(theirs)
    assert at is None, 'qemu-img reads another byte at %d: %s' % (at, image.options)
    disk = DiskIo('--read-only', *image.chain())
    disk.send('dump %s %d' % (ours, rng.randrange(1 << 30)))
    assert disk.finish()[1] == 'ok'
    at = model.differs(ours)
    assert at is None, 'another byte at %d: %s' % (at, image.options)


def writes(rng, folder):
    image = random_chain(rng, folder, writable=True)
    before = os.path.join(folder, 'before.raw')
    image.raw(before)
    model = Model(before)
    for _ in range(2):
        lines = random_lines(rng, image.size, rng.randrange(1, 60))
        disk = DiskIo(*rng.choice([[], [], ['--lazy']] if image.options['compat'] == '1.1'
                                  else [[]]), *image.chain())
        disk.send(*lines)
        disk.all_ok()
        for line in lines:
            model.apply(line)
        check_disk(image, model, folder, rng)


def flushed(lines, answers, model):
    """Makes the model what must be there: up to the last flush that was answered."""
    last = max((n for n, line in enumerate(lines, 1) if line == 'flush' and n in answers),
               default=0)
    for number, line in enumerate(lines, 1):
        if number < last:
            model.apply(line)
        else:
            model.allow(line)


def dies(rng, folder):
    image = random_chain(rng, folder, writable=True)
    before = os.path.join(folder, 'before.raw')
    image.raw(before)
    model = Model(before)
    lazy = image.options['compat'] == '1.1' and rng.random() < 0.3
    for _ in range(3):
        lines = []
        for line in random_lines(rng, image.size, 60):
            lines += ['wait', 'flush', 'wait'] if line == 'flush' else [line]
        disk = DiskIo(*(['--lazy'] if lazy else []), *image.chain())
        disk.send(*lines)
        time.sleep(rng.random() ** 2 * 0.3)
        flushed(lines, disk.kill(), model)
        if lazy or image.options.get('lazy_refcounts') == 'on':
            # Marked dirty, and repaired when it is opened.
            DiskIo(*image.chain()).all_ok()
            image.check()
        else:
            image.check_leaks()
        # Where a flush did not come, what is there now is what stays.
        theirs = os.path.join(folder, 'theirs.raw')
        image.raw(theirs)
        at = model.differs(theirs)
        assert at is None, 'what was flushed is not there at %d: %s' % (at, image.options)
        model = Model(theirs)


def test_dies():
    each('dies', dies)


def test_writes():
    each('writes', writes)


sys.exit(tap.run([
    ('chains written by qemu-io read the same', test_reads),
    ('what is written to chains is there, and qemu-img finds no fault', test_writes),
    ('killed at any moment, what was flushed is there, and at most space is lost', test_dies),
]))
