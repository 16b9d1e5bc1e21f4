# SPDX-License-Identifier: GPL-2.0-or-later
"""PCs for whole-system tests: with SeaBIOS, or with a firmware of a few
instructions that the test writes itself."""
import struct
import time

import vmdtest
from vmdtest import GUESTS

MIB = 1 << 20
BOOT_SECTOR = GUESTS + '/boot-sector.bin'
OPTION_ROM = GUESTS + '/option-rom.bin'
SEABIOS = '/usr/share/seabios/bios-256k.bin'
# Where SeaBIOS says what it does.
DEBUG_PORT = 0x402


def build(client, machine='pc-i440fx-2.7', accel=None, ram=64 * MIB, cpu=True,
          accel_props=None, **options):
    """Accelerator, memory, PC, CPU, debug console `debug`, serial port `serial`."""
    client.call('object-add', qom_type=accel or vmdtest.accel_class(), id='accel', **(accel_props or {}))
    client.call('object-add', **{'qom-type': 'memory-backend-ram', 'id': 'ram', 'size': ram})
    client.call('object-add', qom_type=machine + '-machine', id='machine', memory_backend='ram',
                **options)
    if cpu:
        client.call('device_add', driver='qemu64-x86_64-cpu', id='cpu0', tsc_deadline=True,
                    x2apic=True)
    for name in ('debug', 'serial'):
        client.call('chardev-add', id=name,
                    backend={'type': 'ringbuf', 'data': {'size': 65536}})
    client.call('device_add', driver='isa-debugcon', id='debugcon', iobase=DEBUG_PORT,
                chardev='debug')
    client.call('device_add', driver='isa-serial', id='com1', chardev='serial')


def wait_text(client, text, device='debug', seen='', timeout=None):
    """Waits until the guest has printed text; returns all that it printed."""
    deadline = time.monotonic() + (timeout or 4 * vmdtest.TIMEOUT)
    while text not in seen:
        assert time.monotonic() < deadline, 'no %r in %r' % (text, seen)
        seen += client.call('ringbuf-read', device=device, size=65536)
        time.sleep(0.01)
    return seen


# ---- Firmware of a few instructions, in real mode

def out8(port, value):
    """mov dx, port; mov al, value; out dx, al"""
    return b'\xba' + struct.pack('<H', port) + b'\xb0' + bytes([value]) + b'\xee'


def out16(port, value):
    """mov dx, port; mov ax, value; out dx, ax"""
    return b'\xba' + struct.pack('<HBH', port, 0xb8, value) + b'\xef'


def out32(port, value):
    """mov dx, port; mov eax, value; out dx, eax"""
    return b'\xba' + struct.pack('<H', port) + b'\x66\xb8' + struct.pack('<I', value) + b'\x66\xef'


def say(text):
    """Prints text on the debug console."""
    return b''.join(out8(DEBUG_PORT, byte) for byte in text.encode())


def config32(devfn, register, value):
    """Writes a register of a PCI function on bus 0."""
    return out32(0xcf8, 0x80000000 | devfn << 8 | register) + out32(0xcfc, value)


def wrmsr(index, low):
    """mov ecx, index; xor edx, edx; mov eax, low; wrmsr"""
    return b'\x66\xb9' + struct.pack('<I', index) + b'\x66\x31\xd2\x66\xb8' + \
        struct.pack('<I', low) + b'\x0f\x30'


HALT = b'\xf4\xeb\xfd'                          # hlt; jmp to it
PM_BASE = 0x600
# The PIIX4's registers at PM_BASE.
MAP_PM = config32(0x0b, 0x40, PM_BASE | 1) + config32(0x0b, 0x80, 1)


def sleep(kind):
    """Writes SUS_TYP and SUS_EN."""
    return out16(PM_BASE + 4, kind << 10 | 0x2000)


POWER_OFF = sleep(0) + HALT


def write_firmware(path, code, parts=()):
    """64 KiB that begin with code at F000:0000; parts are (offset, bytes)."""
    image = bytearray(b'\xf4' * 0x10000)
    for offset, content in ((0, code), (0xfff0, b'\xea\x00\x00\x00\xf0'), *parts):
        image[offset:offset + len(content)] = content
    with open(path, 'wb') as f:
        f.write(image)
    return path


def write_rom(path):
    """The option ROM with its checksum."""
    with open(OPTION_ROM, 'rb') as f:
        image = bytearray(f.read())
    image[-1] = -sum(image[:-1]) & 0xff
    with open(path, 'wb') as f:
        f.write(image)
    return path


def write_disk(path, text, action):
    """A disk with the boot sector, and behind it what it prints and does."""
    with open(BOOT_SECTOR, 'rb') as f:
        image = f.read()
    second = text.encode().ljust(32, b'\0') + action.encode()
    with open(path, 'wb') as f:
        f.write((image + second).ljust(MIB, b'\0'))
    return path
