#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rings, gates, tasks and V86: a firmware that walks through them (tests/guest/rings.asm)."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from pc import build, wait_text                     # noqa: E402
from vmdtest import Daemon, Skip, on_tcg            # noqa: E402

SOURCE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'guest', 'rings.asm')
TRACE = 'icrGspn*02023*018AngRbtT*00402*0000v*0000vV*0000vESL'


def assemble(path):
    if not shutil.which('nasm'):
        raise Skip('no nasm')
    subprocess.run(['nasm', '-f', 'bin', '-o', path, SOURCE], check=True)
    return path


@on_tcg
def walk(recorder):
    """real mode, ring 3, call gates, task gates and V86 are as the manual has them, twice"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, firmware=assemble(daemon.path('rings')))
        client.call('cont')
        wait_text(client, 2 * (TRACE + '\n'))


vmdtest.main([walk])
