#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The DSDT of random machines describes what the distribution's QEMU describes for the same command
lines: devices and their resources, the windows of the host bridge, CPUs, slots and sleep states.

Different on purpose:

* Names and paths, the alignment of ports that cannot be moved, and how CPUs are declared: QEMU has
  Processor objects, which ACPI 6.0 removed, and a device for the block of events.
* QEMU's clock has 8 ports, of which the chip decodes 2.
* The ports that the methods of NVDIMMs use are reserved here, and windows leave reserved ports out,
  which QEMU both reserves and passes on.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import vmdtest                                      # noqa: E402
from firmware import Firmware, tables_of            # noqa: E402
from peer import Peer, need_peer                    # noqa: E402
from qtestclient import QtestClient, serve          # noqa: E402
from vmdtest import Daemon, Skip, VMCTL             # noqa: E402

SEED = int(os.environ.get('VMD_SEED', '17'))
MACHINES = int(os.environ.get('VMD_DSDT_MACHINES', '50'))
# Devices that stand for ports and memory which others must leave alone.
RESERVED = {'PNP0C02', 'PNP0A06'}
# Devices without resources of their own, which only one side has.
DECLARATIONS = {'ACPI0006', 'ACPI0007'}
NVDIMM_PORTS = 'IO', 0xa18, 4
RESOURCE = re.compile(r'(IO|IRQNoFlags|IRQ|DMA|Memory32Fixed|Interrupt|WordIO|DWordMemory|'
                      r'QWordMemory|WordBusNumber) \(')


# ---- Machines

def arguments(number):
    """The command line of a random machine."""
    choose = random.Random('%d.%d' % (SEED, number))

    def maybe(share, *some):
        return list(some) if choose.random() < share else []

    properties, cpus = '', choose.randint(1, 6)
    for text in (',hpet=off', ',usb=on', ',nvdimm=on'):
        properties += text if choose.random() < 0.3 else ''
    memory = '64M'
    if 'nvdimm' in properties or choose.random() < 0.4:
        memory += ',slots=%d,maxmem=1G' % choose.randint(1, 6)
    words = ['-M', 'pc-i440fx-7.2' + properties, '-m', memory,
             '-smp', '%d,maxcpus=%d' % (choose.randint(1, cpus), cpus)]
    for state in ('s3', 's4'):
        words += maybe(0.3, '-global', 'PIIX4_PM.disable_%s=1' % state)
    for port in range(choose.randint(0, 2)):
        words += ['-device', 'isa-serial,chardev=c%d' % port, '-chardev', 'null,id=c%d' % port]
    words += maybe(0.4, '-device', 'isa-parallel,chardev=p', '-chardev', 'null,id=p')
    words += maybe(0.4, '-device', 'pvpanic')
    slots = choose.sample(range(4, 31), 4)
    words += maybe(0.6, '-device', 'virtio-rng-pci,addr=%#x' % slots[0])
    words += maybe(0.4, '-device', 'virtio-balloon-pci,addr=%#x,acpi-index=%d' % (
        slots[1], choose.randint(1, 99)))
    words += maybe(0.4, '-device', 'pci-bridge,id=b,chassis_nr=1,shpc=off,addr=%#x' % slots[2],
                   '-device', 'virtio-rng-pci,bus=b,addr=%#x' % choose.randint(1, 31))
    return words


# ---- What a table says

class Source:
    """A disassembled table: what it says of each device, by the device's path."""

    def __init__(self, text):
        self.devices, self.sleep, self.cpus = {}, {}, set()
        self.blocks, previous = [], ''
        text = re.sub(r'/\*.*?\*/|//[^\n]*', '', text, flags=re.S)
        # A resource's or a package's arguments are on lines of their own.
        text = re.sub(r',\s*\n\s*', ', ', text)
        for line in map(str.strip, text.splitlines()):
            if line == '{':
                self.blocks.append(previous)
            elif line.startswith('}'):
                self.blocks.pop()
            elif line:
                self.line(line)
                previous = line

    def path(self):
        path = []
        for block in self.blocks:
            found = re.match(r'(?:Device|Scope|Processor) \(([\\\w.]+)', block)
            if found:
                name = found.group(1)
                path = ([] if name[0] == '\\' else path) + name.strip('\\').split('.')
        return tuple(part.rstrip('_') for part in path if part)

    def line(self, line):
        path = self.path()
        found = re.match(r'Name \(\\?(_S[345]), Package', line)
        if found:
            self.sleep[found.group(1)] = []
        found = re.match(r'Name \(\\?(_S[345])', self.blocks[-1] if self.blocks else '')
        if found:
            self.sleep[found.group(1)] += numbers(line)[:1]
        device = self.devices.setdefault(path, {'resources': []})
        found = re.match(r'Name \((_HID|_ADR|_SUN), (?:EisaId \()?"?(\w+)', line)
        if found:
            name, value = found.groups()
            device[name] = value if name == '_HID' else numbers(value)[0]
        if line.startswith('Method (_EJ0'):
            device['_EJ0'] = True
        found = re.match(r'Processor \(\w+, (\w+)', line)
        if found:
            self.cpus.add(numbers(found.group(1))[0])
        found = re.match(r'Name \(_UID, (\w+)', line)
        if found and device.get('_HID') == 'ACPI0007':
            self.cpus.add(numbers(found.group(1))[0])
        self.resource(line, device['resources'])

    def resource(self, line, resources):
        """Of the templates that say what a device has and what it can have."""
        template = re.compile(r'Name \(_[CP]RS,').match
        if self.blocks and template(self.blocks[-1]):
            found = RESOURCE.match(line)
            if found and found.group(1) == 'IO':
                first, _, _, size = numbers(line)
                resources.append(('IO', first, size))
            elif found:
                resources.append((found.group(1), *numbers(line)))
            elif line[0] == '{':
                resources[-1] += tuple(int(word) for word in re.findall(r'\d+', line))
        elif self.blocks[-1:] and 'Interrupt (' in self.blocks[-1] and template(self.blocks[-2]):
            resources[-1] += tuple(numbers(line))

    def slots(self):
        """Those for PCI functions that can be ejected: addresses from the root bus on, and _SUN."""
        found = {}
        for path, device in self.devices.items():
            if '_EJ0' in device and '_SUN' in device and '_ADR' in device:
                steps = [self.devices.get(path[:i], {}).get('_ADR')
                         for i in range(3, len(path) + 1)]
                found[tuple(steps)] = device['_SUN']
        return found

    def meaning(self):
        kinds, reserved, windows = {}, set(), set()
        for device in self.devices.values():
            name, resources = device.get('_HID'), set(device['resources'])
            if name in RESERVED:
                reserved |= {item for item in resources if item[0] == 'IO'}
            elif name == 'PNP0A03':
                windows |= resources
            elif name and name not in DECLARATIONS:
                if name == 'PNP0B00':
                    resources = {item[:2] for item in resources}
                kinds.setdefault(name, []).append(sorted(resources))
        ports = {port for item in windows if item[0] == 'WordIO'
                 for port in range(item[2], item[3] + 1)}
        for _, first, size in reserved | {NVDIMM_PORTS}:
            ports -= set(range(first, first + size))
        return {'devices': {name: sorted(list_) for name, list_ in kinds.items()},
                'reserved': reserved - {NVDIMM_PORTS}, 'ports': ports,
                'windows': {item for item in windows if item[0] != 'WordIO'}, 'cpus': self.cpus,
                'slots': self.slots(), 'sleep': self.sleep}


def numbers(line):
    text = re.sub(r'\bZero\b', '0x0', re.sub(r'\bOne\b', '0x1', line))
    return [int(word, 16) for word in re.findall(r'\b0x[0-9A-F]+\b', text)]


def read(tables, folder):
    """What iasl makes of the DSDT and of what QEMU has in a table of its own."""
    text = ''
    for name in 'DSDT', 'SSDT':
        path = os.path.join(folder, name)
        if name not in tables:
            continue
        with open(path + '.dat', 'wb') as f:
            f.write(tables[name])
        done = subprocess.run(['iasl', '-p', path, '-d', path + '.dat'], capture_output=True,
                              text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        with open(path + '.dsl', encoding='utf-8') as f:
            text += f.read()
    return Source(text)


# ---- Both sides

def theirs(words):
    with tempfile.TemporaryDirectory(prefix='vmd-dsdt-') as folder:
        socket = os.path.join(folder, 'qt.sock')
        with Peer('-accel', 'tcg', '-S', '-qtest-log', 'none', '-qtest',
                  'unix:%s,server=on,wait=off' % socket, *words) as peer:
            peer.client()           # greets when all is set up
            qtest = QtestClient(socket)
            tables = tables_of(*Firmware(qtest).acpi())
            qtest.close()
        return read(tables, folder)


def ours(recorder, words):
    text = subprocess.run([VMCTL, 'translate', '--', '-nodefaults', '-display', 'none', '-accel',
                           'qtest', '-S', *words], capture_output=True, text=True, check=True)
    with Daemon(recorder) as daemon:
        client = daemon.client()
        qtest = serve(daemon, client)
        for line in text.stdout.splitlines():
            client.request(json.loads(line))
        client.call('cont')
        tables = tables_of(*Firmware(qtest).acpi())
        return read(tables, daemon.folder)


def machines(recorder):
    """devices, slots, sleep states of random machines"""
    need_peer()
    if not shutil.which('iasl'):
        raise Skip('iasl is not installed (Debian: acpica-tools)')
    seen, depths, states = set(), set(), set()
    for number in range(MACHINES):
        words = arguments(number)
        want, have = theirs(words).meaning(), ours(recorder, words).meaning()
        for name, value in want.items():
            assert have[name] == value, (SEED, number, name, ' '.join(words), have[name], value)
        seen |= set(want['devices'])
        depths |= {len(steps) for steps in want['slots']}
        states.add(len(want['sleep']))
        assert want['ports'] and want['windows'] and want['reserved'] and want['cpus'], want
    assert {'PNP0400', 'PNP0501', 'PNP0C0F', 'PNP0C80', 'QEMU0001'} <= seen, seen
    assert depths == {1, 2} and states == {1, 2, 3}, (depths, states)
    print('# %d machines of seed %d' % (MACHINES, SEED))


if __name__ == '__main__':
    vmdtest.main([machines])
