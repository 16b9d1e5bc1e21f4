#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the documentation shows: the examples fit the schema, the demonstration does
what it says, and the project's guest finds its disk by either transport."""
import glob
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import microvm                                      # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import BUILDDIR, Daemon, SRCDIR, VMCTL, on_each_accel   # noqa: E402

EXAMPLES = os.path.join(SRCDIR, 'docs', 'examples')
TEXT = os.path.join(EXAMPLES, 'disk.txt')


def lines_of_disk():
    with open(TEXT, encoding='utf-8') as f:
        return f.read().rstrip().split('\n')


def examples_fit(recorder):
    """each request of docs/examples fits the schema"""
    paths = sorted(glob.glob(os.path.join(EXAMPLES, '*.qmp')))
    assert len(paths) >= 4, paths
    for path in paths:
        run = subprocess.run([VMCTL, 'apply', '--check', path], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, check=False)
        assert run.returncode == 0, (path, run.stdout)


@on_each_accel
def demonstration(recorder):
    """the demonstration: a PC, whose guest reads its disk and switches it off"""
    run = subprocess.run([os.path.join(EXAMPLES, 'demonstration')], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, check=False, timeout=120,
                         env={**os.environ, 'VMD_BUILD': os.path.abspath(BUILDDIR)})
    assert run.returncode == 0, run.stdout
    printed = run.stdout.replace('\r', '')
    for line in lines_of_disk():
        assert '\ndisk: ' + line in printed, (line, printed)
    for pattern in (r'\nmemory: 0{16}-[0-9a-f]{16} ram\n', r'\ntime: \d{4}-\d\d-\d\d ',
                    r'\nvirtio: device 2 at PCI 00:', r'\nend: power off, type \d at port 0x',
                    r'ended with status 0'):
        assert re.search(pattern, printed), (pattern, printed)
    assert 'wrong checksum' not in printed, printed


@on_each_accel
def over_mmio(recorder):
    """the same guest finds its disk behind virtio-mmio"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        microvm.build(client, append='pci=print disk=print end=exit:0')
        client.call('blockdev-add', **{
            'node-name': 'disk0', 'driver': 'raw', 'read-only': True,
            'file': {'driver': 'file', 'filename': os.path.abspath(TEXT), 'read-only': True}})
        client.call('device_add', driver='virtio-blk-device', drive='disk0')
        microvm.run(client)
        printed = microvm.console_text(client).replace('\r', '')
        assert '\npci: none\n' in printed and '\nvirtio: device 2 at 0xfeb' in printed, printed
        for line in lines_of_disk():
            assert '\ndisk: ' + line in printed, (line, printed)


if __name__ == '__main__':
    vmdtest.main([examples_fit, demonstration, over_mmio])
