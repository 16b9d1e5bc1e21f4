#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SeaBIOS and its drivers on a processor in software (tests/softcpu/), as pc.py has them on
KVM: what must work on a host without it."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import softcpu                                      # noqa: E402
import vmdtest                                      # noqa: E402
from pc import write_disk                           # noqa: E402
from vmdtest import Daemon                          # noqa: E402


def add_disk(daemon, client, number, **options):
    """A disk that says its number, with that boot index, and switches the machine off."""
    node = 'disk%d' % number
    path = write_disk(daemon.path(node), 'disk %d' % number, 'o')
    client.call('blockdev-add', node_name=node, driver='raw',
                file={'driver': 'file', 'filename': path})
    client.call('device_add', driver='virtio-blk-pci', drive=node, bootindex=number, **options)


def boot(recorder, machine, **options):
    softcpu.need()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        softcpu.build(daemon, client, machine)
        for number in 1, 0:
            add_disk(daemon, client, number, **options)
        printed = softcpu.run(daemon, client)
        assert printed.endswith('BOOT: sector started\ndisk 0\n'), printed[-500:]
        assert 'Found 6 PCI devices' in printed, printed


def modern(recorder):
    """boots the disk with the lowest bootindex by virtio's registers in memory"""
    boot(recorder, 'pc-i440fx-7.2')


def legacy(recorder):
    """likewise by its registers from before 1.0"""
    boot(recorder, 'pc-i440fx-2.7', disable_modern=True)


vmdtest.main([modern, legacy])
