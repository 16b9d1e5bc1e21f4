#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run states and their events, as QEMU has them: see states.py."""
import os
import sys

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import vmdtest                                      # noqa: E402
from states import SCENARIOS, endings, scenario     # noqa: E402
from vmdtest import on_one_accel                    # noqa: E402

if __name__ == '__main__':
    vmdtest.main([scenario(on_one_accel, *row) for row in SCENARIOS] + [on_one_accel(endings)])
