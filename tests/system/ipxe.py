#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""iPXE boots from the network: SeaBIOS, the card's own expansion ROM, and a program that
comes by TFTP or HTTP.

None of that code is this project's, and not all of it runs on every KVM, so the processor is
the accelerator's in software; once it is one of a library (tests/softcpu/) that drives
the machine by the qtest protocol."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import pc                                           # noqa: E402
import softcpu                                      # noqa: E402
import vmdtest                                      # noqa: E402
from httpserver import HttpServer                   # noqa: E402
from pc import POWER_OFF                            # noqa: E402
from softcpu import content                         # noqa: E402
from vmdtest import Daemon, Skip, on_tcg            # noqa: E402

ROMS = '/usr/lib/ipxe/qemu'
MAC = '52:54:00:aa:bb:cc'
TEXT = 'loaded, all of it'
# A network boot program is started at 0000:7c00.
NBP_START = 0x7c00
DHCP_MAGIC = bytes.fromhex('63825363')


def network_program(text_at):
    """mov ax, segment of the text; mov ds, ax; xor si, si; mov dx, port; then lodsb, out
    until a zero."""
    code = b'\xb8' + struct.pack('<H', (NBP_START + text_at) >> 4)
    code += b'\x8e\xd8\x31\xf6\xba' + struct.pack('<H', pc.DEBUG_PORT)
    code += b'\xac\x84\xc0\x74\x03\xee\xeb\xf8' + POWER_OFF
    return code.ljust(text_at, b'\xf4') + TEXT.encode() + b'\0'


def add_card(daemon, client, driver, bootfile, **options):
    client.call('netdev_add', type='user', id='net', tftp=daemon.path('tftp'), bootfile=bootfile,
                disable_host_loopback=False)
    client.call('object-add', qom_type='filter-dump', id='dump', netdev='net',
                file=daemon.path('frames'))
    client.call('device_add', driver=driver, id='nic', netdev='net', mac=MAC, bootindex=1,
                **options)


def check_frames(frames):
    """A discovery and a request by DHCP, from the card's address."""
    source = bytes.fromhex(MAC.replace(':', ''))
    assert frames.count(b'\xff' * 6 + source + b'\x08\0') >= 2
    for kind in 1, 3:
        assert DHCP_MAGIC + bytes([53, 1, kind]) in frames, 'no DHCP message of kind %d' % kind


class SoftCpu:
    """The processor that drives the machine from outside."""

    def build(self, daemon, client):
        softcpu.build(daemon, client)

    def run(self, daemon, client):
        return softcpu.run(daemon, client)


class Tcg:
    """The accelerator's."""

    def build(self, daemon, client):
        pc.build(client, machine='pc-i440fx-7.2')

    def run(self, daemon, client):
        client.call('set-action', shutdown='pause')
        client.call('cont')
        event = client.wait_event('SHUTDOWN', 4 * vmdtest.TIMEOUT)
        assert event['data'] == {'guest': True, 'reason': 'guest-shutdown'}, event
        client.call('object-del', id='dump')        # its file has all then
        return client.call('ringbuf-read', device='debug', size=65536)


def boot(recorder, driver, rom, bootfile='program', size=9008, processor=Tcg(), **options):
    for path, package in ((os.path.join(ROMS, rom), 'ipxe-qemu'), (pc.SEABIOS, 'seabios')):
        if not os.path.exists(path):
            raise Skip('needs package ' + package)
    with Daemon(recorder) as daemon, HttpServer(network_program(size)) as server:
        client = daemon.client()
        processor.build(daemon, client)
        os.mkdir(daemon.path('tftp'))
        with open(daemon.path('tftp/program'), 'wb') as f:
            f.write(network_program(size))
        add_card(daemon, client, driver, bootfile or server.url, **options)
        printed = processor.run(daemon, client)
        assert 'Running option rom' in printed and printed.endswith(TEXT), printed[-500:]
        frames = content(daemon.path('frames'))
        check_frames(frames)
        request = b'\0\1program\0octet\0' if bootfile else b'GET /program HTTP/1.1\r\n'
        assert request in frames


@on_tcg
def e1000(recorder):
    """over an e1000"""
    boot(recorder, 'e1000', 'efi-e1000.rom')


@on_tcg
def e1000_stream(recorder):
    """over an e1000 by TCP, several frames at a time"""
    boot(recorder, 'e1000', 'efi-e1000.rom', bootfile=None, size=300 << 10)


@on_tcg
def virtio_modern(recorder):
    """over virtio's registers in memory"""
    boot(recorder, 'virtio-net-pci', 'efi-virtio.rom')


@on_tcg
def virtio_legacy(recorder):
    """over virtio's registers from before 1.0, by TCP"""
    boot(recorder, 'virtio-net-pci', 'efi-virtio.rom', bootfile=None, size=300 << 10,
         disable_modern=True)


def from_outside(recorder):
    """over an e1000, by a processor outside the daemon"""
    softcpu.need()
    boot(recorder, 'e1000', 'efi-e1000.rom', processor=SoftCpu())


vmdtest.main([e1000, e1000_stream, virtio_modern, virtio_legacy, from_outside])
