#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""-smp all the way: what CPUID tells each CPU about its place and its caches is what the
distribution's QEMU tells it, leaf by leaf, and so are the MADT and the places for CPUs."""
import json
import os
import re
import subprocess
import sys

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import vmdtest                                      # noqa: E402
from microvm import KERNEL, wait_console            # noqa: E402
from peer import Peer, need_peer                    # noqa: E402
from vmdtest import Daemon, VMCTL                   # noqa: E402

HEADER = 36
HTT, CMP_LEGACY = 1 << 28, 1 << 1
# Of these leaves some bits only, as others are features, which accelerators have or lack.
MASKS = {
    (0x1, 0): (0xffffffff, 0xffffffff, 0, HTT),
    (0x80000001, 0): (0xffffffff, 0, CMP_LEGACY, 0),
    (0x80000008, 0): (0xff, 0, 0xffffffff, 0),
}
WHOLE = (0xffffffff,) * 4

SMP = ['1', '2', '4,sockets=2,cores=2', '4,threads=2', '6,sockets=1,cores=3,threads=2',
       '4,dies=2,cores=2,threads=1,sockets=1', '12,sockets=2,dies=2,cores=3,threads=1',
       '8,sockets=1,dies=2,cores=2,threads=2', '3,maxcpus=3', '16,sockets=16', '2,maxcpus=4',
       '3,sockets=2,cores=2,threads=2,maxcpus=8', '9,sockets=3,dies=2,cores=3,maxcpus=18']
INTEL, AMD = ',vendor=GenuineIntel', ',vendor=AuthenticAMD'
# As in `-cpu`; the vendor is otherwise the accelerator's, as is `phys-bits`.
CPUS = ['qemu64' + AMD, 'qemu64' + INTEL, 'qemu64,cpuid-0xb=off' + AMD,
        'Nehalem' + INTEL, 'Conroe,l3-cache=off' + INTEL, 'Skylake-Client' + INTEL,
        'Icelake-Server' + INTEL, 'Opteron_G3' + AMD, 'EPYC' + AMD, 'EPYC-Rome,l3-cache=off' + AMD,
        'EPYC-Milan' + AMD, 'EPYC,legacy-cache=on' + AMD]


def number_of(smp):
    return int(smp.split(',')[0])


def options(cpu, smp):
    return ['-M', 'pc-i440fx-7.2', '-m', '64', '-cpu', cpu + ',phys-bits=40,check=off',
            '-smp', smp, '-S', '-kernel', KERNEL,
            '-append', 'acpi=APIC cpuid=%d end=halt' % number_of(smp),
            '-chardev', 'ringbuf,id=con,size=65536', '-device', 'isa-serial,chardev=con']


def run(client):
    """What there is of a machine: places as it tells them, the MADT but for its header, and
    (APIC id, leaf, subleaf) -> registers, as the guest has seen them."""
    places = client.call('query-hotpluggable-cpus')
    client.call('cont')
    text = wait_console(client, 'end: halt')
    madt = re.search(r'acpi: APIC, bytes ([ 0-9a-f]*)\r', text).group(1).split()[HEADER:]
    found = re.findall(r'cpuid: (\w+) (\w+)\.(\w+) (\w+) (\w+) (\w+) (\w+)\r', text)
    values = [tuple(int(word, 16) for word in line) for line in found]
    return places, madt, {line[:3]: line[3:] for line in values}


def peers(arguments):
    with Peer('-accel', 'tcg', *arguments) as peer:
        return run(peer.client())


def own(recorder, arguments):
    command = [VMCTL, 'translate', '--', '-nodefaults', '-display', 'none', '-accel', 'tcg']
    text = subprocess.run(command + arguments, capture_output=True, text=True, check=True).stdout
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for line in text.splitlines():
            client.request(json.loads(line))
        return run(client)


def last_leaf(leaves, key):
    """What leaf 0 or 0x80000000 says; leaves behind it repeat another one, or are zero."""
    cpu, leaf, _ = key
    return leaves[cpu, leaf & 0x80000000, 0][0]


def masked(key, registers):
    return tuple(r & m for r, m in zip(registers, MASKS.get(key[1:], WHOLE)))


class Place:
    """How many threads and how many ids a topology has in a core, and in a package."""

    def __init__(self, smp):
        given = dict(part.split('=') for part in smp.split(',')[1:])
        left = int(given.get('maxcpus', number_of(smp)))
        for level in ('sockets', 'dies', 'threads'):
            left //= int(given.get(level, 1))
        self.threads = int(given.get('threads', 1))
        self.in_package = self.threads * left * int(given.get('dies', 1))
        self.thread_ids = ids_for(self.threads)
        self.package_ids = self.thread_ids * ids_for(left) * ids_for(int(given.get('dies', 1)))


def ids_for(n):
    """How many ids n places need: numbers of bits."""
    return 1 << (n - 1).bit_length()


def field(value, shift, width, new):
    """The value with a field of it replaced."""
    mask = (1 << width) - 1
    return value & ~(mask << shift) | (new & mask) << shift


def mended(key, registers, cpu, place):
    """What QEMU 7.2 would tell if it did as the vendors' manuals say; its later versions do, but
    for the last one."""
    eax, ebx, ecx, edx = registers
    _, leaf, subleaf = key
    amd = AMD in cpu
    if leaf == 1 and place.in_package > 1:
        # The ids of a package, or AMD's number of its threads; not the threads of a die.
        ebx = field(ebx, 16, 8, place.in_package if amd else place.package_ids)
    elif leaf == 4 and eax:
        # The ids of cores in a package, not cores in a die; and threads share level 1.
        eax = field(eax, 26, 6, place.package_ids // place.thread_ids - 1)
        if subleaf < 2:
            eax = field(eax, 14, 12, place.thread_ids - 1)
    elif leaf == 0xb and subleaf == 1 and ebx:
        ebx = place.in_package          # not those of a die: this leaf knows none
    elif leaf == 0x80000008 and place.in_package > 1:
        ecx = field(ecx, 0, 8, place.in_package - 1)    # the same
    elif leaf == 0x8000001d and subleaf == 3 and 'l3-cache=off' in cpu:
        eax = ebx = ecx = edx = 0       # there is none
    return eax, ebx, ecx, edx


def differences(cpu, smp, theirs, ours):
    where, place = '-cpu %s -smp %s' % (cpu, smp), Place(smp)
    if set(theirs) != set(ours):
        yield '%s: CPUs %s, not %s' % (where, *(sorted({k[0] for k in d}) for d in (ours, theirs)))
        return
    for key in sorted(theirs):
        wanted = masked(key, mended(key, theirs[key], cpu, place))
        if masked(key, ours[key]) != wanted and key[1] <= last_leaf(theirs, key):
            yield '%s: CPU %d leaf %x.%x is %s, not %s' % (where, *key, *(
                ' '.join('%08x' % r for r in d) for d in (masked(key, ours[key]), wanted)))


def shown(places):
    """QEMU leaves the die out where packages have one, and names CPUs otherwise."""
    return [{'type': p['type'], 'is taken': 'qom-path' in p, 'die-id': 0, **p['props']}
            for p in places]


def compare(recorder, cases):
    need_peer()
    wrong = []
    for cpu, smp in cases:
        arguments = options(cpu, smp)
        (their_places, their_madt, theirs), (places, madt, ours) = (
            peers(arguments), own(recorder, arguments))
        assert len({k[0] for k in theirs}) == number_of(smp), theirs
        assert shown(places) == shown(their_places), (cpu, smp, places, their_places)
        assert madt == their_madt, (cpu, smp, madt, their_madt)
        wrong += differences(cpu, smp, theirs, ours)
    assert not wrong, '\n'.join(wrong)


def topologies(recorder):
    """Sockets, dies, cores and threads, on an Intel and an AMD model"""
    compare(recorder, [(cpu, smp) for cpu in ('Nehalem' + INTEL, 'EPYC' + AMD)
                       for smp in SMP])


def models(recorder):
    """Models and properties that choose what a CPU tells, of four CPUs"""
    compare(recorder, [(cpu, '4,sockets=1,cores=2,threads=2') for cpu in CPUS])


if __name__ == '__main__':
    vmdtest.main([topologies, models])
