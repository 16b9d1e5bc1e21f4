# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's own kernels and an initramfs with a shell, for accelerators that run stock
kernels.

From VMD_TEST_KERNEL and VMD_TEST_INITRD, else what docs/examples/debian has put into
its folder (VMD_GUESTS, ~/.cache/vmd-guests).  Only with VMD_TEST_FETCH in the
environment is it run for that here: a test that nobody told so uses no network.
"""
import hashlib
import os
import subprocess

from vmdtest import Skip

SCRIPT = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'docs', 'examples', 'debian')
APPEND = 'console=ttyS0 quiet reboot=t panic=-1 guest.end=reboot'
FETCH_TIMEOUT = 300


def folder():
    """Where the files are kept, as the script says it, too."""
    cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return os.environ.get('VMD_GUESTS') or os.path.join(cache, 'vmd-guests')


def mark():
    """What the script leaves beside what it made, so as to know it again."""
    with open(SCRIPT, 'rb') as f:
        return hashlib.sha256(f.read()).hexdigest() + '  -\n'


def is_made(suffix):
    """Whether the files are there, and of this very script."""
    try:
        with open(os.path.join(folder(), 'maker' + suffix), encoding='ascii') as f:
            return f.read() == mark()
    except OSError:
        return False


def images(hardware=False):
    """(kernel, initramfs): of the cloud kernel, or of the one for real hardware, which has
    modules for e1000, IDE and watchdogs."""
    if 'VMD_TEST_KERNEL' in os.environ and 'VMD_TEST_INITRD' in os.environ:
        return os.environ['VMD_TEST_KERNEL'], os.environ['VMD_TEST_INITRD']
    suffix = '-amd64' if hardware else ''
    kernel, initrd = (os.path.join(folder(), name + suffix) for name in ('linux', 'initrd'))
    if not is_made(suffix):
        option = '--fetch-all' if hardware else '--fetch'
        if not os.environ.get('VMD_TEST_FETCH'):
            raise Skip('no guest: run docs/examples/debian %s, or set VMD_TEST_FETCH, or '
                       'VMD_TEST_KERNEL and VMD_TEST_INITRD' % option)
        done = subprocess.run([SCRIPT, option], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, timeout=FETCH_TIMEOUT, check=False)
        if done.returncode:
            raise Skip('docs/examples/debian %s: %s' % (option, done.stdout.strip()[-500:]))
    return kernel, initrd
