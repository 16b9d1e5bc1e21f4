#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the documentation shows: the examples fit the schema, the demonstration does
what it says, and the project's guest finds its disk by either transport."""
import glob
import os
import re
import select
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import debianguest                                  # noqa: E402
import microvm                                      # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import BUILDDIR, Daemon, SRCDIR, VMCTL, on_each_accel, on_tcg   # noqa: E402

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


def without_kvm(command):
    """The command where there is no KVM: not each has stock kernels run."""
    if not os.path.exists('/dev/kvm'):
        return command
    vmdtest.need_mounts()
    return ['unshare', '--mount', 'sh', '-c', 'mount --bind /dev/null /dev/kvm && exec "$@"', '-',
            *command]


def talk(process, steps):
    """Each step is (what to wait for, what to say then); returns what was printed."""
    printed = ''
    for text, answer in steps:
        while text not in printed:
            heard = select.select([process.stdout], [], [], 4 * vmdtest.TIMEOUT)[0]
            data = os.read(process.stdout.fileno(), 65536) if heard else b''
            assert data, (text, printed)
            printed += data.decode(errors='replace')
        process.stdin.write(answer)
        process.stdin.flush()
    return printed + process.communicate(timeout=4 * vmdtest.TIMEOUT)[0].decode(errors='replace')


@on_tcg
def debian(recorder):
    """Debian's kernel with a shell: what is typed arrives, and poweroff ends it"""
    kernel, initrd = debianguest.images()
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (('maker', debianguest.mark()),
                              ('disk.img', 'on-the-disk'.ljust(4096, '\n'))):
            with open(os.path.join(folder, name), 'w', encoding='ascii') as f:
                f.write(content)
        os.symlink(os.path.abspath(kernel), os.path.join(folder, 'linux'))
        os.symlink(os.path.abspath(initrd), os.path.join(folder, 'initrd'))
        for option, words in (((), b'head -n 1 /dev/vda; ip addr'), (('--microvm',), b'true')):
            command = without_kvm([debianguest.SCRIPT, *option])
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, env={
                                      **os.environ, 'VMD_BUILD': os.path.abspath(BUILDDIR),
                                      'VMD_GUESTS': folder}) as process:
                try:
                    printed = talk(process, (('GUEST: ready', b''),
                                             ('# ', words + b'; poweroff\n')))
                finally:
                    process.kill()
            assert process.returncode == 0, printed
            for text in ('\non-the-disk', 'inet 10.0.2.15/24') if not option else ():
                assert text in printed, printed


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
    vmdtest.main([examples_fit, demonstration, debian, over_mmio])
