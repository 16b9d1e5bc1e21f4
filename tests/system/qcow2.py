#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qcow2 images, compared with qemu-img and qemu-io, which read and write them, too.

QCOW2_SEED chooses the random images, QCOW2_COUNT how many there are (make qcow2).
"""
import json
import os
import random
import struct
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import powerloss                                    # noqa: E402
import qcow2images                                  # noqa: E402
import tap                                          # noqa: E402
import vmdtest                                      # noqa: E402
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
            except (tap.Skip, vmdtest.Skip):
                raise
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
    if image.options.get('data_file_raw') == 'on':
        # QEMU makes the file longer, so that it ends with a cluster.
        at = model.differs(image.data_file, longer=True)
        assert at is None, 'the data file has another byte at %d: %s' % (at, image.options)
    disk = DiskIo('--read-only', *image.chain())
    disk.send('dump %s %d' % (ours, rng.randrange(1 << 30)))
    assert disk.finish()[1] == 'ok'
    at = model.differs(ours)
    assert at is None, 'another byte at %d: %s' % (at, image.options)


def options_for(image, rng):
    options = [[], [], ['--small']]
    if image.options['compat'] == '1.1':
        options.append(['--lazy'])
    # On most disks, files need requests of whole 4 KiB then.
    if image.options['cluster_size'] >= 1 << 17 and image.size >= 4096:
        options.append(['--direct'])
    return rng.choice(options)


def write_some(image, model, rng, *more):
    """Sends random requests to the driver and to the model."""
    options = options_for(image, rng)
    lines = random_lines(rng, image.size, rng.randrange(1, 60),
                         4096 if '--direct' in options else 512) + list(more)
    disk = DiskIo(*options, *image.chain())
    disk.send(*lines)
    disk.all_ok()
    for line in lines:
        model.apply(line)
        if line.startswith('resize'):
            image.size = int(line.split()[1])


def writes(rng, folder):
    image = random_chain(rng, folder, writable=True)
    before = os.path.join(folder, 'before.raw')
    image.raw(before)
    model = Model(before)
    if image.may_snapshot() and rng.random() < 0.3:
        image.snapshot()
    for _ in range(2):
        more = []
        if image.may_resize() and rng.random() < 0.3:
            more = ['resize %d' % (512 * rng.randrange(1, 20000))]
        write_some(image, model, rng, *more)
        check_disk(image, model, folder, rng)
    if image.has_snapshot:
        after = os.path.join(folder, 'after.raw')
        image.raw(after, '-l', 'kept')
        # A snapshot of version 2 has no size of its own.
        size = min(os.path.getsize(after), os.path.getsize(before))
        for path in after, before:
            os.truncate(path, size)
        assert same_files(before, after), 'a snapshot has changed: %s' % image.options


def bitmaps(rng, folder):
    path = os.path.join(folder, 'image')
    qcow2images.run('qemu-img', 'create', '-q', '-f', 'qcow2', path, '1M')
    for name in 'follows', 'rests':
        qcow2images.run('qemu-img', 'bitmap', '--add', path, name)
    qcow2images.run('qemu-img', 'bitmap', '--disable', path, 'rests')
    disk = DiskIo('qcow2:' + path)
    disk.send('write 0 4096 1')
    disk.all_ok()
    found = json.loads(qcow2images.run('qemu-img', 'info', '--output=json', path))
    flags = {b['name']: b['flags'] for b in found['format-specific']['data']['bitmaps']}
    assert 'in-use' in flags['follows'] and 'in-use' not in flags['rests'], flags
    qcow2images.run('qemu-img', 'check', '-q', path)
    # Their length is that of the disk: none is right for another size.
    disk = DiskIo('qcow2:' + path)
    disk.send('resize 67108864', 'write 67100672 4096 1')
    disk.all_ok()
    found = json.loads(qcow2images.run('qemu-img', 'info', '--output=json', path))
    assert found['virtual-size'] == 64 << 20, found
    for bitmap in found['format-specific']['data']['bitmaps']:
        assert 'in-use' in bitmap['flags'], bitmap
    qcow2images.run('qemu-img', 'check', '-q', path)


def number(data, at):
    return struct.unpack_from('>Q', data, at)[0]


def test_corrupt():
    qcow2images.need_tools()
    with tempfile.TemporaryDirectory(prefix='vmd-qcow2-') as folder:
        path = os.path.join(folder, 'image')
        qcow2images.run('qemu-img', 'create', '-q', '-f', 'qcow2', path, '1M')
        qcow2images.run('qemu-io', '-c', 'write 0 64k', path)
        with open(path, 'r+b') as f:
            data = f.read()
            table = number(data, number(data, 40)) & (1 << 56) - 512
            f.seek(table)
            f.write(struct.pack('>Q', number(data, table) + 512))
        disk = DiskIo('qcow2:' + path)
        disk.send('write 0 512 1', 'wait', 'write 131072 512 1', 'flush')
        answers = disk.finish()
        assert answers == {1: 'Input/output error', 2: 'ok', 3: 'Input/output error', 4: 'ok'}, \
            answers
        with open(path, 'rb') as f:
            assert number(f.read(104), 72) == 2
        try:
            DiskIo('qcow2:' + path)
        except AssertionError as refused:
            assert 'corrupt' in str(refused), refused
        else:
            raise AssertionError('an image that is marked corrupt was opened for writing')
        disk = DiskIo('--read-only', 'qcow2:' + path)
        disk.send('dump %s 1' % os.path.join(folder, 'raw'))
        assert disk.finish() == {1: 'Input/output error'}


def test_bitmaps():
    qcow2images.need_tools()
    with tempfile.TemporaryDirectory(prefix='vmd-qcow2-') as folder:
        bitmaps(random, folder)


def flushed(lines, answers, model):
    """Sets the model to what the disk must have: requests up to the last answered flush."""
    last = max((n for n, line in enumerate(lines, 1) if line == 'flush' and n in answers),
               default=0)
    for number, line in enumerate(lines, 1):
        if number < last:
            model.apply(line)
        else:
            model.allow(line)


def repaired(image, lazy):
    """A crash leaves a consistent image, which is repaired."""
    if lazy or image.options.get('lazy_refcounts') == 'on':
        # The image is marked dirty, and repaired when it is opened.
        DiskIo(*image.chain()).all_ok()
        image.check()
    else:
        image.check_leaks()


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
        repaired(image, lazy)
        # Where no flush was answered, the current contents are what must stay.
        theirs = os.path.join(folder, 'theirs.raw')
        image.raw(theirs)
        at = model.differs(theirs)
        assert at is None, 'what was flushed is not there at %d: %s' % (at, image.options)
        model = Model(theirs)


def test_dies():
    each('dies', dies)


def loses_power(rng, folder):
    image = random_chain(rng, folder, writable=True)
    if image.data_file:
        return
    before, path = os.path.join(folder, 'before.raw'), image.path
    image.raw(before)
    lazy = image.options['compat'] == '1.1' and rng.random() < 0.3
    lines = []
    for line in random_lines(rng, image.size, 60):
        lines += ['wait', 'flush', 'wait'] if line == 'flush' else [line]
    with open(path, 'rb') as f:
        content = f.read()
    # During a flush, most data are not on the medium yet.
    cut = rng.choice([('write', rng.randrange(1, 120)), ('flush', rng.randrange(1, 8)),
                      ('flush', rng.randrange(1, 20))])
    with powerloss.PowerLoss(content, *cut) as file:
        image.path = file.path
        disk = DiskIo(*(['--lazy'] if lazy else []), *image.chain())
        image.path = path
        disk.send(*lines)
        left = file.lose(rng, 0.5)
        answers = disk.kill(file.release)
    with open(path, 'wb') as f:
        f.write(left)
    model = Model(before)
    flushed(lines, answers, model)
    repaired(image, lazy)
    theirs = os.path.join(folder, 'theirs.raw')
    image.raw(theirs)
    at = model.differs(theirs)
    assert at is None, 'what was flushed is not there at %d: %s' % (at, image.options)


def test_loses_power():
    try:
        each('loses power', loses_power)
    except vmdtest.Skip as why:
        raise tap.Skip(str(why)) from why


def test_writes():
    each('writes', writes)


sys.exit(tap.run([
    ('chains written by qemu-io read the same', test_reads),
    ('what is written to chains is there, and qemu-img finds no fault', test_writes),
    ('an image that turns out to be malformed is marked corrupt', test_corrupt),
    ('a bitmap that follows changes is marked, others are not', test_bitmaps),
    ('killed at any moment, what was flushed is there, and at most space is lost', test_dies),
    ('the same without power, which loses what was not flushed', test_loses_power),
]))
