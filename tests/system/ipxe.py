#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""iPXE boots from the network: SeaBIOS, the card's own expansion ROM, and a program that
comes by TFTP.

None of that code is this project's, and not all of it runs on every KVM, so the processor
is one in software (tests/softcpu/) that drives the machine by the qtest protocol."""
import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import pc                                           # noqa: E402
import vmdtest                                      # noqa: E402
from pc import MIB, POWER_OFF, SEABIOS              # noqa: E402
from vmdtest import Daemon, Skip                    # noqa: E402

SOFTCPU = os.path.join(vmdtest.BUILDDIR, 'tests', 'softcpu', 'softcpu')
ROMS = '/usr/lib/ipxe/qemu'
MAC = '52:54:00:aa:bb:cc'
TEXT = 'loaded by TFTP, all of it'
# A network boot program is started at 0000:7c00.
NBP_START, TEXT_AT = 0x7c00, 9000
DHCP_MAGIC = bytes.fromhex('63825363')


def network_program():
    """xor ax, ax; mov ds, ax; mov si, text; mov dx, port; then lodsb, out until a zero."""
    code = b'\x31\xc0\x8e\xd8\xbe' + struct.pack('<H', NBP_START + TEXT_AT)
    code += b'\xba' + struct.pack('<H', pc.DEBUG_PORT)
    code += b'\xac\x84\xc0\x74\x03\xee\xeb\xf8' + POWER_OFF
    return code.ljust(TEXT_AT, b'\xf4') + TEXT.encode() + b'\0'


def add_chardev(client, name, backend, **data):
    client.call('chardev-add', id=name, backend={'type': backend, 'data': data})


def build(daemon, client, driver, **options):
    """A PC whose processor is its qtest client, and the card."""
    client.call('object-add', qom_type='qtest-accel')
    client.call('object-add', **{
        'qom-type': 'memory-backend-file', 'id': 'ram', 'size': 64 * MIB,
        'mem-path': daemon.path('ram'), 'share': True})
    client.call('object-add', qom_type='pc-i440fx-7.2-machine', memory_backend='ram')
    add_chardev(client, 'debug', 'file', out=daemon.path('debug'))
    client.call('device_add', driver='isa-debugcon', iobase=pc.DEBUG_PORT, chardev='debug')
    os.mkdir(daemon.path('tftp'))
    with open(daemon.path('tftp/program'), 'wb') as f:
        f.write(network_program())
    client.call('netdev_add', type='user', id='net', tftp=daemon.path('tftp'),
                bootfile='program')
    client.call('object-add', qom_type='filter-dump', id='dump', netdev='net',
                file=daemon.path('frames'))
    client.call('device_add', driver=driver, id='nic', netdev='net', mac=MAC, bootindex=1,
                **options)
    add_chardev(client, 'qtest', 'socket', server=True, wait=False,
                addr={'type': 'unix', 'data': {'path': daemon.path('qtest')}})
    client.call('object-add', **{'qom-type': 'qtest', 'id': 'processor', 'chardev': 'qtest'})


def content(path):
    with open(path, 'rb') as f:
        return f.read()


def run(daemon, client):
    """Until the guest has switched itself off."""
    with open(daemon.path('screen'), 'wb') as screen:
        cpu = subprocess.Popen([SOFTCPU, daemon.path('qtest'), daemon.path('ram')],
                               stdout=screen, stderr=screen)
    try:
        event = client.wait_event('SHUTDOWN', 10 * vmdtest.TIMEOUT)
        assert event['data'] == {'guest': True, 'reason': 'guest-shutdown'}, event
        assert daemon.wait() == 0
        assert cpu.wait(vmdtest.TIMEOUT) == 0
    except Exception as error:
        raise AssertionError('%s; the screen: %s' % (
            error, content(daemon.path('screen')).decode('latin-1')[-2000:])) from error
    finally:
        cpu.kill()
        cpu.wait()


def check_frames(frames):
    """A discovery and a request by DHCP, and the file by its name, from the card's address."""
    source = bytes.fromhex(MAC.replace(':', ''))
    assert frames.count(b'\xff' * 6 + source + b'\x08\0') >= 2
    for kind in 1, 3:
        assert DHCP_MAGIC + bytes([53, 1, kind]) in frames, 'no DHCP message of kind %d' % kind
    assert b'\0\1program\0octet\0' in frames


def boot(recorder, driver, rom, **options):
    for needed, package in ((SOFTCPU, 'libx86emu-dev, when configure ran'),
                            (SEABIOS, 'seabios'), (os.path.join(ROMS, rom), 'ipxe-qemu')):
        if not os.path.exists(needed):
            raise Skip('needs package %s' % package)
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(daemon, client, driver, **options)
        client.call('cont')
        run(daemon, client)
        printed = content(daemon.path('debug')).decode('latin-1')
        assert 'Running option rom' in printed and printed.endswith(TEXT), printed[-500:]
        check_frames(content(daemon.path('frames')))


def e1000(recorder):
    """over an e1000"""
    boot(recorder, 'e1000', 'efi-e1000.rom')


def virtio_modern(recorder):
    """over virtio's registers in memory"""
    boot(recorder, 'virtio-net-pci', 'efi-virtio.rom')


def virtio_legacy(recorder):
    """over virtio's registers from before 1.0"""
    boot(recorder, 'virtio-net-pci', 'efi-virtio.rom', disable_modern=True)


vmdtest.main([e1000, virtio_modern, virtio_legacy])
