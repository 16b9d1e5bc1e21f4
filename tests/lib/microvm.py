# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines for whole-system tests: microvm with the project's guest, or with a
kernel of a few instructions that the test writes itself."""
import struct
import time

import vmdtest
from vmdtest import GUESTS

MIB = 1 << 20
KERNEL = GUESTS + '/guest.elf'
BZIMAGE = GUESTS + '/guest.bzImage'
MULTIBOOT = GUESTS + '/guest.multiboot'
# Where the guest expects the ports that it ends by and speaks through.
DEBUG_EXIT = 0x501
DEBUG_CONSOLE = 0xe9


def build(client, append='', kernel=KERNEL, console='ringbuf', cpu='qemu64-x86_64-cpu', cpus=1,
          ram=None, cpu_props=None, accel_props=None, machine_type='microvm', **machine):
    """Accelerator, memory, microvm, CPUs, serial port, debug exit.

    console is a chardev's id, 'ringbuf' to make one called `con`, or None for no
    serial port.  ram are arguments of the memory backend.
    """
    client.call('object-add', qom_type=vmdtest.accel_class(), id='accel', **(accel_props or {}))
    client.call('object-add', **{'qom-type': 'memory-backend-ram', 'id': 'ram',
                                 'size': 64 * MIB, **(ram or {})})
    client.call('object-add', qom_type=machine_type + '-machine', id='machine',
                memory_backend='ram', kernel=kernel, append=append, **machine)
    for number in range(cpus):
        client.call('device_add', driver=cpu, id='cpu%d' % number,
                    **(cpu_props or {'tsc-deadline': True, 'x2apic': True}))
    if console == 'ringbuf':
        console = 'con'
        client.call('chardev-add', id=console, backend={'type': 'ringbuf', 'data': {}})
    if console:
        client.call('device_add', driver='isa-serial', id='com1', chardev=console)
    client.call('device_add', driver='isa-debug-exit', id='exit', iobase=DEBUG_EXIT, iosize=4)


def console_text(client, device='con'):
    """What the guest has printed since the last call."""
    return client.call('ringbuf-read', device=device, size=65536)


def wait_console(client, text, device='con', seen=''):
    """Waits until the guest has printed text; returns all that it printed."""
    deadline = time.monotonic() + vmdtest.TIMEOUT
    while text not in seen:
        assert time.monotonic() < deadline, 'no %r in %r' % (text, seen)
        seen += console_text(client, device)
        time.sleep(0.002)
    return seen


def run(client, shutdown='pause'):
    """Starts the machine and waits for its end; returns SHUTDOWN's data."""
    if shutdown:
        client.call('set-action', shutdown=shutdown)
    client.call('cont')
    return client.wait_event('SHUTDOWN')['data']


# ---- Kernels of a few instructions, in 32-bit mode without paging

LOAD_ADDRESS = 0x100000
XEN_ELFNOTE_PHYS32_ENTRY = 18


def out8(port, value):
    """mov dx, port; mov al, value; out dx, al"""
    return b'\x66\xba' + struct.pack('<H', port) + b'\xb0' + bytes([value]) + b'\xee'


def out32(port, value):
    """mov dx, port; mov eax, value; out dx, eax"""
    return b'\x66\xba' + struct.pack('<HBI', port, 0xb8, value) + b'\xef'


def jump_to(address):
    """mov eax, address; jmp eax"""
    return b'\xb8' + struct.pack('<I', address) + b'\xff\xe0'


def exit_with(value):
    """Ends the machine, or stands still."""
    return out32(DEBUG_EXIT, value) + b'\xfa\xf4\xeb\xfd'


def write_kernel(path, code):
    """An ELF file with a PVH entry note, whose entry is the code."""
    note = struct.pack('<III4sI', 4, 4, XEN_ELFNOTE_PHYS32_ENTRY, b'Xen\0', LOAD_ADDRESS)
    headers = 64 + 2 * 56
    segments = ((1, 5, headers + len(note), LOAD_ADDRESS, code), (4, 4, headers, 0, note))
    data = b'\x7fELF\x02\x01\x01' + bytes(9)
    data += struct.pack('<HHIQQQIHHHHHH', 2, 62, 1, LOAD_ADDRESS, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    for kind, flags, offset, address, content in segments:
        data += struct.pack('<IIQQQQQQ', kind, flags, offset, address, address, len(content),
                            len(content), 4)
    with open(path, 'wb') as f:
        f.write(data + note + code)
    return path
