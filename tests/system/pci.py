#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""PCI of a PC over QMP, with the qtest protocol in the guest's place: where functions sit, what
query-pci says, bridges, expansion ROMs, and functions that come and go."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import Daemon                          # noqa: E402

MIB = 1 << 20
MEMORY = 0xe0000000
# ACPI's hotplug registers.
UP, DOWN, EJECT = 0xae00, 0xae04, 0xae08


class Pc:
    """A PC without CPUs; client and guest."""

    def __init__(self, daemon):
        self.client = client = daemon.client()
        self.daemon = daemon
        self.guest = None
        qtestclient.build(client, 'pc-i440fx-2.7-machine')

    def ask(self, *lines):
        self.guest = self.guest or qtestclient.serve(self.daemon, self.client)
        answers = self.guest.ask_all(lines)
        assert all(a.startswith('OK') for a in answers), answers
        return [int(a.split()[1], 16) if ' ' in a else None for a in answers]

    def config(self, bus, slot, register, value=None):
        """A register of 4 bytes."""
        address = 1 << 31 | bus << 16 | slot << 11 | register
        access = 'inl 0xcfc' if value is None else 'outl 0xcfc 0x%x' % value
        return self.ask('outl 0xcf8 0x%x' % address, access)[1]

    def add(self, driver, **properties):
        """Names as they are: some have underscores."""
        self.client.request({'execute': 'device_add', 'arguments': {'driver': driver, **properties}})

    def get(self, path, name):
        return self.client.call('qom-get', path='/machine/peripheral/' + path, property=name)

    def functions(self):
        """query-pci's functions by id, those behind bridges included."""
        found = {}

        def note(devices):
            for device in devices:
                found[device['qdev_id'] or (device['slot'], device['function'])] = device
                note(device.get('pci_bridge', {}).get('devices', []))
        for root in self.client.call('query-pci'):
            assert root['bus'] == 0
            note(root['devices'])
        return found


def places(recorder):
    """addr as text, as a number, and chosen"""
    with Daemon(recorder) as daemon:
        pc = Pc(daemon)
        for name, addr, devfn in (('a', '5', 0x28), ('b', '0x6', 0x30), ('c', '1f.0x7', 0xff),
                                  ('d', 0x38, 0x38), ('e', -1, 0x10)):
            pc.add('pci-testdev', id=name, addr=addr)
            assert pc.get(name, 'addr') == devfn, (name, pc.get(name, 'addr'))
        pc.add('pci-testdev', id='f', multifunction='on')
        assert pc.get('f', 'addr') == 0x18
        pc.add('pci-testdev', id='g', addr='3.1')
        for addr, reason in (('5', 'address-in-use'), ('5.1', 'address-in-use'),
                             ('x', 'invalid-value'), (256, 'out-of-range')):
            error = pc.client.error('device_add', {'driver': 'pci-testdev', 'id': 'z', 'addr': addr})
            assert error['reason'] == reason and error['path'] == 'addr', error
        for number in range(32 - 2 - 6):
            pc.add('pci-testdev', id='slot%d' % number)
        error = pc.client.error('device_add', {'driver': 'pci-testdev', 'bus': 'pci.0'})
        assert error['reason'] == 'bus-full', error


def functions(recorder):
    """query-pci, as the guest sees and maps it"""
    with Daemon(recorder) as daemon:
        pc = Pc(daemon)
        pc.add('pci-testdev', id='t', addr='5', membar=65536, **{'acpi-index': 3})
        found = pc.functions()
        assert found[0, 0] == {
            'bus': 0, 'slot': 0, 'function': 0, 'qdev_id': '', 'irq_pin': 0, 'regions': [],
            'class_info': {'class': 0x600, 'desc': 'Host bridge'},
            'id': {'vendor': 0x8086, 'device': 0x1237, 'subsystem-vendor': 0x1af4,
                   'subsystem': 0x1100}}, found[0, 0]
        assert found[1, 0]['class_info']['desc'] == 'ISA bridge'
        memory = {'type': 'memory', 'address': -1}
        assert found['t']['class_info'] == {'class': 0xff}
        assert found['t']['regions'] == [
            {'bar': 0, 'size': 4096, 'prefetch': False, 'mem_type_64': False, **memory},
            {'bar': 1, 'size': 256, 'type': 'io', 'address': -1},
            {'bar': 2, 'size': 65536, 'prefetch': True, 'mem_type_64': True, **memory}]
        pc.config(0, 5, 0x10, MEMORY)
        pc.config(0, 5, 0x14, 0xc100)
        pc.config(0, 5, 0x18, 0x10000)
        pc.config(0, 5, 0x1c, 9)
        pc.config(0, 5, 4, 3)
        addresses = [r['address'] for r in pc.functions()['t']['regions']]
        assert addresses == [MEMORY, 0xc100, 0x900010000], addresses
        # Test 2 of pci-testdev: one byte value at an offset of its own counts.
        assert pc.ask('writeb 0x%x 2' % MEMORY, 'writeb 0x%x 0xfa' % (MEMORY + 0x802),
                      'writeb 0x%x 0xfb' % (MEMORY + 0x802), 'readl 0x%x' % (MEMORY + 12))[3] == 1
        assert pc.ask('outb 0xc100 0', 'outb 0xc183 0xfa', 'outb 0xc183 0xfa', 'inb 0xc10c')[3] == 2
        error = pc.client.error('device_add', {'driver': 'pci-testdev', 'membar': 5})
        assert error['reason'] == 'invalid-value', error


def bridges(recorder):
    """a bridge: its bus by name, numbers and windows by the guest, and functions behind it"""
    with Daemon(recorder) as daemon:
        pc = Pc(daemon)
        pc.add('pci-bridge', id='br', addr='6', chassis_nr=1, shpc=False, msi='auto')
        pc.add('pci-testdev', id='t', bus='br', addr='2')
        assert pc.get('br', 'msi') == 'off'
        for key, value, reason in (('chassis_nr', 0, 'invalid-value'), ('shpc', True, 'not-supported'),
                                   ('msi', 'on', 'not-supported')):
            error = pc.client.error('device_add', {'driver': 'pci-bridge', 'chassis_nr': 2, key: value})
            assert error['reason'] == reason and error['path'] == key, error
        assert 'devices' not in pc.functions()['br']['pci_bridge']
        pc.config(0, 6, 0x18, 0x00050500)
        pc.config(0, 6, 0x1c, 0xd0d0)
        pc.config(0, 6, 0x20, 0xe010e010)
        pc.config(0, 6, 0x24, 0x0000fff0)
        pc.config(0, 6, 4, 7)
        pc.config(5, 2, 0x10, MEMORY + MIB)
        pc.config(5, 2, 4, 3)
        found = pc.functions()
        assert found['t']['bus'] == 5 and found['t']['slot'] == 2
        assert found['br']['id'] == {'vendor': 0x1b36, 'device': 1}, found['br']['id']
        assert found['br']['pci_bridge']['bus'] == {
            'number': 0, 'secondary': 5, 'subordinate': 5,
            'io_range': {'base': 0xd000, 'limit': 0xdfff},
            'memory_range': {'base': 0xe0100000, 'limit': 0xe01fffff},
            'prefetchable_range': {'base': 0xfff00000, 'limit': 0xfffff}}
        pc.ask('writeb 0x%x 1' % (MEMORY + MIB))
        assert pc.ask('readb 0x%x' % (MEMORY + MIB + 1))[0] == 1
        assert pc.client.error('device_del', {'id': 'br'})['reason'] == 'in-use'
        pc.client.call('device_del', id='t')
        pc.client.call('device_del', id='br')
        assert pc.config(0, 6, 0) == 0xffffffff


def roms(recorder):
    """expansion ROMs from files"""
    with Daemon(recorder) as daemon:
        pc = Pc(daemon)
        path = daemon.path('rom')
        with open(path, 'wb') as rom:
            rom.write(b'\x55\xaa' + bytes(3000))
        pc.add('pci-testdev', id='r', addr='4', romfile=path)
        pc.add('pci-testdev', id='s', addr='5', romfile=path, romsize=65536, rombar=1)
        assert pc.get('r', 'romsize') == 4096
        assert [r['size'] for r in pc.functions()['s']['regions'] if r['bar'] == 6] == [65536]
        pc.config(0, 4, 0x30, MEMORY | 1)
        pc.config(0, 4, 4, 2)
        assert pc.ask('readw 0x%x' % MEMORY)[0] == 0xaa55
        for properties, reason in (({'romfile': path, 'rombar': 0}, 'not-supported'),
                                   ({'romfile': path, 'romsize': 2048}, 'file-not-usable'),
                                   ({'romfile': path, 'romsize': 5000}, 'invalid-value'),
                                   ({'romfile': 'no such file'}, 'file-not-usable')):
            error = pc.client.error('device_add', {'driver': 'pci-testdev', **properties})
            assert error['reason'] == reason, error


def hotplug(recorder):
    """functions are plugged and ejected by ACPI's registers"""
    with Daemon(recorder) as daemon:
        pc = Pc(daemon)
        pc.add('pci-bridge', id='br', addr='6', chassis_nr=1)
        pc.client.call('device_add', driver='qemu64-x86_64-cpu')
        pc.client.call('cont')
        pc.add('pci-testdev', id='hot', addr='7')
        assert pc.ask('inl 0x%x' % UP)[0] == 1 << 7
        assert pc.config(0, 7, 0) == 0x00051b36
        pc.client.call('device_del', id='hot')
        assert pc.ask('inl 0x%x' % DOWN)[0] == 1 << 7
        assert 'hot' in pc.functions()
        # The guest sees the slot empty at once.
        address = 1 << 31 | 7 << 11
        assert pc.ask('outl 0x%x 0x80' % EJECT, 'outl 0xcf8 0x%x' % address,
                      'inl 0xcfc')[2] == 0xffffffff
        gone = pc.client.wait_event('DEVICE_DELETED')['data']
        assert gone == {'device': 'hot', 'path': '/machine/peripheral/hot'}, gone
        assert 'hot' not in pc.functions()
        pc.add('pci-testdev', id='hot', addr='7')


if __name__ == '__main__':
    vmdtest.main([places, functions, bridges, roms, hotplug])
