#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What only KVM has, as the distribution's QEMU: see schema-and-classes.py, states.py."""
import os
import sys

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import classes                                      # noqa: E402
import vmdtest                                      # noqa: E402
from peer import Peer, need_peer                    # noqa: E402
from reasons import complain                        # noqa: E402
from states import NO_INSTRUCTION, scenario          # noqa: E402
from vmdtest import Daemon, accel_class, on_kvm     # noqa: E402


@on_kvm
def models(recorder):
    """CPU models, and their features with KVM, match QEMU's"""
    need_peer()
    with Peer('-machine', 'none', '-accel', 'kvm') as peer, Daemon(recorder) as daemon:
        own = daemon.client()
        own.call('object-add', qom_type=accel_class())
        keys = list(classes.compare_cpus(peer.client(), own))
    complain(keys, ('cpu',))


if __name__ == '__main__':
    vmdtest.main([models, scenario(on_kvm, *NO_INSTRUCTION)])
