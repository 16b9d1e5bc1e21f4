#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine pc-i440fx: firmware, boot, reset, power, and its recipe."""
import base64
import os
import re
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from microvm import KERNEL, exit_with, write_kernel  # noqa: E402
from microvm import out8 as kernel_out8             # noqa: E402
from pc import (DEBUG_PORT, HALT, MAP_PM, MIB, PM_BASE, POWER_OFF, SEABIOS, build,  # noqa: E402
                config32, out8, say, sleep, wait_text, write_disk, write_firmware, write_rom, wrmsr)
from vmdtest import Daemon, Skip, on_each_accel, on_tcg, split_irqchip    # noqa: E402

GUEST_SHUTDOWN = {'guest': True, 'reason': 'guest-shutdown'}


def need_seabios():
    if not os.path.exists(SEABIOS):
        raise Skip('no SeaBIOS at %s' % SEABIOS)


def start(client):
    client.call('set-action', shutdown='pause')
    client.call('cont')


def run_firmware(recorder, code, parts=(), **options):
    """A daemon and a client whose PC has begun to run code."""
    daemon = Daemon(recorder)
    client = daemon.client()
    path = write_firmware(daemon.path('firmware'), code, parts)
    build(client, firmware=path, **options)
    start(client)
    return daemon, client


# ---- SeaBIOS

@on_each_accel
def firmware_post(recorder):
    """SeaBIOS finds the chips, runs an option ROM, finds nothing to boot, and does so again"""
    need_seabios()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, boot={'order': 'c', 'menu': False, 'reboot-timeout': 60000})
        client.call('device_add', driver='pci-testdev', id='test',
                    romfile=write_rom(daemon.path('rom')))
        start(client)
        text = wait_text(client, 'No bootable device')
        for line in ('Running on QEMU (i440fx)', 'Found QEMU fw_cfg', 'Moving pm_base to 0x600',
                     'len 0x0000000004000000 [RAM]', 'init bdf=00:00.0 id=8086:1237',
                     'init bdf=00:01.0 id=8086:7000', 'init bdf=00:01.3 id=8086:7113',
                     'PIIX3/PIIX4 init: elcr=00 0c', 'Copying SMBIOS', 'ACPI: parse DSDT',
                     'Found 1 cpu(s)', 'Found 1 serial ports', 'PS2 keyboard initialized',
                     'ROM: initialised', 'Booting from Hard Disk'):
            assert line in text, (line, text)
        assert text.index('from Hard Disk') < text.index('from Floppy'), text
        client.call('system_reset')
        text = wait_text(client, 'No bootable device')
        assert 'ROM: initialised' in text, text


def add_disk(daemon, client, number, action):
    """A boot disk that prints its number, with that boot index."""
    disk = write_disk(daemon.path('disk%d' % number), 'disk %d' % number, action)
    client.call('blockdev-add', node_name='disk%d' % number, driver='raw',
                file={'driver': 'file', 'filename': disk})
    client.call('device_add', driver='virtio-blk-pci', id='d%d' % number,
                drive='disk%d' % number, bootindex=number)


def boots_disk(recorder, machine, accel_props=None, **options):
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, machine=machine, accel_props=accel_props, **options)
        add_disk(daemon, client, 1, 'o')
        add_disk(daemon, client, 0, 'o')
        client.call('device_add', driver='virtio-net-pci', id='n0', bootindex=3, romfile='')
        client.call('device_add', driver='e1000', id='n1', bootindex=2, romfile='')
        start(client)
        assert client.wait_event('SHUTDOWN', timeout=4 * vmdtest.TIMEOUT)['data'] == \
            GUEST_SHUTDOWN
        for device in 'debug', 'serial':
            text = client.call('ringbuf-read', device=device, size=65536)
            assert 'BOOT: sector started\ndisk 0\n' in text, text
            if device == 'debug':
                order = re.findall(r'\n\d: (\S+)', text)
                assert order[:4] == ['/pci@i0cf8/scsi@3/disk@0,0', '/pci@i0cf8/scsi@2/disk@0,0',
                                     '/pci@i0cf8/ethernet@5/ethernet-phy@0',
                                     '/pci@i0cf8/ethernet@4/ethernet-phy@0'], order
                assert ('HALT' in order) == bool(options), order


@on_each_accel
def boot_sector(recorder):
    """SeaBIOS boots the disk with the lowest bootindex; it switches the machine off"""
    need_seabios()
    boots_disk(recorder, 'pc-i440fx-2.7')


@on_each_accel
def newer_type(recorder):
    """pc-i440fx-7.2 boots as well"""
    need_seabios()
    boots_disk(recorder, 'pc-i440fx-7.2', smbios_entry_point_type='64',
               boot={'strict': True, 'once': 'c'})


# ---- Interrupt controllers of the machine

@on_each_accel
def split_firmware(recorder):
    """with local APICs alone in the accelerator, SeaBIOS runs by the machine's own chips, twice"""
    need_seabios()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, accel_props=split_irqchip(), boot={'order': 'c', 'menu': False,
                                               'reboot-timeout': 60000})
        start(client)
        text = wait_text(client, 'No bootable device')
        assert 'PS2 keyboard initialized' in text, text
        assert client.call('qom-get', path='/machine', property='irqchip') == 'split'
        for chip, driver in (('ioapic', 'ioapic'), ('i8259', 'isa-i8259'), ('i8254', 'isa-pit')):
            assert client.call('qom-get', path='/machine/' + chip, property='type') == driver
        client.call('system_reset')
        wait_text(client, 'No bootable device')


@on_each_accel
def split_boot_sector(recorder):
    """with local APICs alone in the accelerator, SeaBIOS boots a disk"""
    need_seabios()
    boots_disk(recorder, 'pc-i440fx-2.7', accel_props=split_irqchip())


TICK_HANDLER = 0x8000
# Vector 0x20 at F000:8000; ss:sp = 0:7000.
TICK_VECTOR = b'\x31\xc0\x8e\xd8\xc7\x06\x80\x00' + struct.pack('<H', TICK_HANDLER) + \
    b'\xc7\x06\x82\x00\x00\xf0\xbc\x00\x70\x8e\xd0'
# The first 8259A with line 0 open, the 8254's counter 0 in mode 2 with 1 kHz.
TICK_CHIPS = b''.join(out8(port, value) for port, value in (
    (0x20, 0x11), (0x21, 0x20), (0x21, 0x04), (0x21, 0x01), (0x21, 0xfe),
    (0x43, 0x34), (0x40, 0xa9), (0x40, 0x04)))
# inc bx; cmp bx, 50; je off; mov al, 0x20; out 0x20, al; iret
TICK_COUNT = b'\x43\x83\xfb\x32\x74\x05\xb0\x20\xe6\x20\xcf'


@on_each_accel
def split_ticks(recorder):
    """the machine's 8254 interrupts a halted CPU by the machine's 8259A, again and again"""
    code = MAP_PM + TICK_VECTOR + TICK_CHIPS + b'\x31\xdb\xfb' + HALT
    parts = ((TICK_HANDLER, TICK_COUNT + POWER_OFF),)
    daemon, client = run_firmware(recorder, code, parts, accel_props=split_irqchip())
    with daemon:
        assert client.wait_event('SHUTDOWN')['data'] == GUEST_SHUTDOWN


# A byte at 1 MiB + 0x500 and one at 0x500, and what is read at the first one's address.
A20_BYTES = b'\xb8\xff\xff\x8e\xc0\x31\xc0\x8e\xd8' + \
    b'\x26\xc6\x06\x10\x05A\xc6\x06\x00\x05B'         # es = 0xffff, ds = 0
SAY_A20 = b'\xba' + struct.pack('<H', DEBUG_PORT) + b'\x26\xa0\x10\x05\xee'


def keyboard_a20(value):
    """Writes the keyboard controller's output port."""
    return out8(0x64, 0xd1) + out8(0x60, value)


@on_tcg                         # KVM has no such gates
def address_line_20(recorder):
    """address line 20 passes after a reset, and unless both of its gates are closed"""
    for options, expected in (({}, 'AABABA'), ({'i8042': False}, 'AAAAAA')):
        code = MAP_PM + A20_BYTES + SAY_A20 + out8(0x92, 2) + keyboard_a20(0xdd) + SAY_A20 + \
            out8(0x92, 0) + SAY_A20 + keyboard_a20(0xdf) + SAY_A20 + \
            keyboard_a20(0xdd) + SAY_A20 + out8(0x92, 2) + SAY_A20 + \
            out8(0x92, 0) + POWER_OFF
        daemon, client = run_firmware(recorder, code, **options)
        with daemon:
            for _ in range(2):
                assert client.wait_event('SHUTDOWN')['data'] == GUEST_SHUTDOWN
                text = client.call('ringbuf-read', device='debug', size=4096)
                assert text == expected, (options, text)
                client.call('system_reset')
                client.call('cont')


# ---- Resets

@on_each_accel
def reset_control(recorder):
    """port 0xcf9 resets: RAM keeps its content, the firmware runs again"""
    flag = b'\x31\xc0\x8e\xd8\x80\x3e\x00\x05\x5a'       # ds = 0; cmp byte [0x500], 0x5a
    first = b'\xc6\x06\x00\x05\x5a' + say('first ') + out8(0xcf9, 0x06) + HALT
    code = flag + b'\x0f\x84' + struct.pack('<H', len(first)) + first + say('second') + MAP_PM + \
        POWER_OFF
    daemon, client = run_firmware(recorder, code)
    with daemon:
        assert client.wait_event('RESET')['data'] == {'guest': True, 'reason': 'guest-reset'}
        assert client.wait_event('SHUTDOWN')['data'] == GUEST_SHUTDOWN
        assert client.call('ringbuf-read', device='debug', size=64) == 'first second'


@on_each_accel
def shadow_ram(recorder):
    """firmware copies itself into the RAM below it, and continues there"""
    # PAM0: reads from PCI, writes to RAM; copies F000; reads RAM alone.
    copy = b'\xb8\x00\xf0\x8e\xd8\x8e\xc0\x31\xf6\x31\xff\xb9\x00\x80\xfc\xf3\xa5'
    code = config32(0, 0x58, 0x00002010) + copy + config32(0, 0x58, 0x00003010) + \
        b'\xc6\x06\x00\x80\x41' + say('shadow ') + \
        b'\xa0\x00\x80\xba' + struct.pack('<H', DEBUG_PORT) + b'\xee' + MAP_PM + POWER_OFF
    daemon, client = run_firmware(recorder, code)
    with daemon:
        assert client.wait_event('SHUTDOWN', timeout=4 * vmdtest.TIMEOUT)['data'] == \
            GUEST_SHUTDOWN
        assert client.call('ringbuf-read', device='debug', size=64) == 'shadow A'


# ---- Power

@on_each_accel
def suspend(recorder):
    """S3: SUSPEND, system_wakeup, WAKEUP; RAM is unchanged, and the chip reports the wake-up"""
    flag = b'\x31\xc0\x8e\xd8\x80\x3e\x00\x05\x5a'
    first = b'\xc6\x06\x00\x05\x5a' + say('asleep ') + MAP_PM + sleep(1) + HALT
    put = b'\xba' + struct.pack('<H', DEBUG_PORT) + b'\xee'
    status = b'\xba' + struct.pack('<H', PM_BASE + 1) + b'\xec' + put   # PMSTS, high byte
    status += out8(0x70, 0x0f) + b'\xe4\x71' + put                      # shutdown status
    code = flag + b'\x0f\x84' + struct.pack('<H', len(first)) + first + MAP_PM + \
        say('awake ') + status + POWER_OFF
    daemon, client = run_firmware(recorder, code)
    with daemon:
        client.wait_event('SUSPEND')
        assert client.call('query-status')['status'] == 'suspended'
        assert client.call('query-current-machine') == {'wakeup-suspend-support': True}
        client.call('cont')                         # wakes nobody
        assert client.call('query-status')['status'] == 'suspended'
        client.call('system_wakeup')
        client.wait_event('WAKEUP')
        assert client.wait_event('SHUTDOWN')['data'] == GUEST_SHUTDOWN
        text = client.call('ringbuf-read', device='debug', size=64, format='base64')
        assert text == 'YXNsZWVwIGF3YWtlIID+', text
        assert client.error('system_wakeup')['reason'] == 'wrong-state'


@on_each_accel
def seabios_resume(recorder):
    """SeaBIOS resumes, and finds its memory unchanged"""
    need_seabios()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client)
        add_disk(daemon, client, 0, 's')
        start(client)
        client.wait_event('SUSPEND', timeout=4 * vmdtest.TIMEOUT)
        client.call('ringbuf-read', device='debug', size=65536)
        client.call('system_wakeup')
        text = wait_text(client, 'In resume (status=254)')
        # Nobody has set a resume vector, so that it restarts soon afterwards.
        assert 'SeaBIOS (version' not in text.split('In resume')[0], text


def sleeper(before):
    """A firmware that does `before`, sleeps, and when woken says PMSTS' upper half."""
    flag = b'\x31\xc0\x8e\xd8\x80\x3e\x00\x05\x5a'
    first = b'\xc6\x06\x00\x05\x5a' + MAP_PM + before + sleep(1) + HALT
    put = b'\xba' + struct.pack('<H', DEBUG_PORT) + b'\xee'
    status = b'\xba' + struct.pack('<H', PM_BASE + 1) + b'\xec' + put
    return flag + b'\x0f\x84' + struct.pack('<H', len(first)) + first + MAP_PM + status + POWER_OFF


def check_woken(client, status):
    client.wait_event('WAKEUP')
    assert client.wait_event('SHUTDOWN')['data'] == GUEST_SHUTDOWN
    text = client.call('ringbuf-read', device='debug', size=64, format='base64')
    assert base64.b64decode(text)[-1:] == bytes([status]), text


def cmos(register, value):
    return out8(0x70, register) + out8(0x71, value)


@on_each_accel
def suspend_alarm(recorder):
    """the alarm of the RTC wakes the guest that asked for it, a key or a mouse's button any"""
    alarm = b''.join(cmos(register, 0xff) for register in (1, 3, 5)) + cmos(0x0b, 0x22)
    daemon, client = run_firmware(recorder, sleeper(alarm + out8(PM_BASE + 3, 0x04)))
    with daemon:
        client.wait_event('SUSPEND')
        check_woken(client, 0x84)
    for event in ({'type': 'key', 'data': {'down': True, 'key': {'type': 'qcode', 'data': 'a'}}},
                  {'type': 'btn', 'data': {'down': True, 'button': 'left'}}):
        daemon, client = run_firmware(recorder, sleeper(alarm))
        with daemon:
            client.wait_event('SUSPEND')
            assert client.call('query-status')['status'] == 'suspended'
            client.call('input-send-event', events=[event])
            check_woken(client, 0x80)


@on_each_accel
def suspend_serial(recorder):
    """a byte that a serial port receives wakes the guest, if its property says so"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        path = write_firmware(daemon.path('firmware'), sleeper(b''), ())
        build(client, firmware=path)
        ends = []
        for name, wakeup in ('asleep', False), ('awake', True):
            client.call('chardev-add', id=name, backend={'type': 'socket', 'data': {
                'addr': {'type': 'unix', 'data': {'path': daemon.path(name)}},
                'server': True, 'wait': False}})
            client.call('device_add', driver='isa-serial', chardev=name, wakeup=wakeup)
            ends.append(socket.socket(socket.AF_UNIX))
            ends[-1].connect(daemon.path(name))
        start(client)
        client.wait_event('SUSPEND')
        ends[0].sendall(b'x')
        assert client.call('query-status')['status'] == 'suspended'
        ends[1].sendall(b'x')
        check_woken(client, 0x80)


@on_each_accel
def suspend_reset(recorder):
    """a reset ends the sleep"""
    flag = b'\x31\xc0\x8e\xd8\x80\x3e\x00\x05\x5a'
    first = b'\xc6\x06\x00\x05\x5a' + MAP_PM + sleep(1) + HALT
    code = flag + b'\x0f\x84' + struct.pack('<H', len(first)) + first + say('again') + MAP_PM + \
        POWER_OFF
    daemon, client = run_firmware(recorder, code)
    with daemon:
        client.wait_event('SUSPEND')
        client.call('system_reset')
        assert client.wait_event('SHUTDOWN')['data'] == GUEST_SHUTDOWN
        assert client.call('ringbuf-read', device='debug', size=64) == 'again'


@on_each_accel
def suspend_disk(recorder):
    """S4: SUSPEND_DISK, then SHUTDOWN"""
    daemon, client = run_firmware(recorder, MAP_PM + sleep(2) + HALT)
    with daemon:
        client.wait_event('SUSPEND_DISK')
        assert client.wait_event('SHUTDOWN')['data'] == GUEST_SHUTDOWN


@on_each_accel
def no_sleep(recorder):
    """machine defaults disable the sleep states"""
    defaults = [{'driver': 'PIIX4_PM', 'property': name, 'value': 1}
                for name in ('disable_s3', 'disable_s4')]
    daemon, client = run_firmware(recorder, MAP_PM + sleep(1) + sleep(2) + say('on') + POWER_OFF,
                                  defaults=defaults)
    with daemon:
        assert client.wait_event('SHUTDOWN')['data'] == GUEST_SHUTDOWN
        assert client.call('ringbuf-read', device='debug', size=64) == 'on'
        names = [e['event'] for e in client.events]
        assert 'SUSPEND' not in names and 'SUSPEND_DISK' not in names, names


@on_each_accel
def power_button(recorder):
    """system_powerdown: POWERDOWN, and the guest sees the button"""
    status = b'\xba' + struct.pack('<H', PM_BASE + 1) + b'\xec\xa8\x01\x74\xfb'  # until bit 8
    daemon, client = run_firmware(recorder, MAP_PM + say('ready') + status + POWER_OFF)
    with daemon:
        wait_text(client, 'ready')
        client.call('system_powerdown')
        client.wait_event('POWERDOWN')
        assert client.wait_event('SHUTDOWN')['data'] == GUEST_SHUTDOWN


@on_each_accel
def nmi(recorder):
    """inject-nmi reaches only CPUs whose LINT1 delivers it"""
    handler = 0x8000
    vector = b'\x31\xc0\x8e\xd8\xc7\x06\x08\x00' + struct.pack('<H', handler) + \
        b'\xc7\x06\x0a\x00\x00\xf0\xbc\x00\x70\x8e\xd0'     # IVT entry 2; ss:sp = 0:7000
    x2apic = wrmsr(0x1b, 0xfee00d00) + wrmsr(0x80f, 0x1ff)
    # Until the power button is pressed, which is how the test says: go on.
    wait = b'\xba' + struct.pack('<H', PM_BASE + 1) + b'\xec\xa8\x01\x74\xfb'
    code = MAP_PM + vector + x2apic + wrmsr(0x836, 0x10400) + say('masked ') + wait + \
        wrmsr(0x836, 0x400) + say('open ') + HALT
    parts = ((handler, say('nmi') + POWER_OFF),)
    daemon, client = run_firmware(recorder, code, parts)
    with daemon:
        seen = wait_text(client, 'masked ')
        client.call('inject-nmi')
        client.call('system_powerdown')
        seen = wait_text(client, 'open ', seen=seen)
        client.call('inject-nmi')
        assert client.wait_event('SHUTDOWN')['data'] == GUEST_SHUTDOWN
        assert wait_text(client, 'nmi', seen=seen) == 'masked open nmi'


def refusals(recorder):
    """devices that a machine lacks are errors that say so"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for command in 'system_powerdown', 'system_wakeup', 'inject-nmi':
            assert client.error(command)['reason'] == 'wrong-state', command
        client.call('object-add', qom_type='qtest-accel', id='accel')
        client.call('object-add', **{'qom-type': 'memory-backend-ram', 'id': 'ram',
                                     'size': 16 * MIB})

        def machine(**options):
            return client.error('object-add', {'qom-type': 'pc-i440fx-2.7-machine', 'id': 'm',
                                               'memory-backend': 'ram', **options})
        assert machine(smm='on')['reason'] == 'not-supported'
        assert machine(firmware='/nonexistent')['reason'] == 'file-not-usable'
        assert machine(firmware='/etc/hostname')['reason'] == 'file-not-usable'
        for order in 'xyz', 'cdna':
            assert machine(boot={'order': order})['reason'] == 'invalid-value', order
            assert machine(boot={'once': order})['reason'] == 'invalid-value', order
        assert machine(boot={'splash': '/etc/hostname', 'menu': True})['reason'] == \
            'file-not-usable'
        client.call('object-add', **{'qom-type': 'microvm-machine', 'id': 'm',
                                     'memory-backend': 'ram'})
        client.call('cont')
        assert client.error('system_powerdown')['reason'] == 'not-supported'
        assert client.error('inject-nmi')['reason'] == 'not-supported'


def no_effect(recorder):
    """a property that depends on another one is refused without that"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel')
        client.call('object-add', **{'qom-type': 'memory-backend-ram', 'id': 'ram',
                                     'size': 16 * MIB})
        both = ('microvm-machine', 'pc-i440fx-2.7-machine'), ({'append': 'x'}, {'initrd': KERNEL})
        pc = ('pc-i440fx-2.7-machine',), ({'firmware': '/etc/hostname', 'kernel': KERNEL},
                                          {'boot': {'splash': '/etc/hostname'}},
                                          {'boot': {'splash-time': 5, 'menu': False}})
        for names, cases in both, pc:
            for name in names:
                for options in cases:
                    error = client.error('object-add', {'qom-type': name, 'memory-backend': 'ram',
                                                        **options})
                    key, value = next(iter(options.items()))
                    path = 'boot.' + next(iter(value)) if key == 'boot' else key
                    assert error['reason'] == 'invalid-value' and error['path'] == path, error
        client.call('object-add', **{
            'qom-type': 'pc-i440fx-2.7-machine', 'memory-backend': 'ram', 'kernel': KERNEL,
            'append': 'x', 'initrd': KERNEL, 'boot': {'splash-time': 5, 'menu': True}})


# ---- A kernel without firmware

@on_each_accel
def direct_kernel(recorder):
    """the project's guest runs on a PC without firmware"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, kernel=KERNEL, append='print=hello end=exit:1')
        client.call('device_add', driver='isa-debug-exit', id='exit', iobase=0x501, iosize=4)
        start(client)
        assert client.wait_event('SHUTDOWN')['data'] == GUEST_SHUTDOWN
        text = client.call('ringbuf-read', device='serial', size=65536)
        assert 'hello' in text and 'entered by PVH' in text, text


@on_each_accel
def firmware_work(recorder):
    """a kernel finds PCI and power management as firmware would have left them"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        # SUS_EN by 16 bits: mov dx, 0x604; mov eax, 0x2000; out dx, ax.
        off = b'\x66\xba' + struct.pack('<H', PM_BASE + 4) + b'\xb8\x00\x20\x00\x00\x66\xef'
        code = kernel_out8(DEBUG_PORT, ord('K')) + off + exit_with(1)
        build(client, kernel=write_kernel(daemon.path('kernel'), code), pit='off', hpet=False,
              i8042=False, acpi='off')
        start(client)
        assert client.wait_event('SHUTDOWN')['data'] == GUEST_SHUTDOWN
        assert client.call('ringbuf-read', device='debug', size=16) == 'K'
        assert client.call('query-current-machine') == {'wakeup-suspend-support': False}
        names = [c['name'] for c in client.call('qom-list', path='/machine')]
        assert not {'hpet0', 'kbc', 'i8254'} & set(names), names
        assert client.call('qom-get', path='/machine/piix4-pm', property='disable_s3') == 1


# ---- What it is made of

def chips(recorder):
    """each chip is in the tree, with readable properties, also without KVM"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, accel='qtest-accel', cpu=False, machine='pc-i440fx-7.2', pit='on',
              smm='auto', max_ram_below_4g=32 * MIB, uuid='12345678-9abc-def0-1234-56789abcdef0')
        client.call('cont')
        classes = {c['name']: c['type'] for c in client.call('qom-list', path='/machine')}
        for name, klass in (('i440fx', 'i440FX-pcihost'), ('piix3', 'PIIX3'),
                            ('piix4-pm', 'PIIX4_PM'), ('ioapic', 'ioapic'),
                            ('i8259', 'isa-i8259'), ('i8254', 'isa-pit'), ('hpet0', 'hpet'),
                            ('mc146818', 'mc146818rtc'), ('kbc', 'i8042'),
                            ('fw_cfg', 'fw_cfg_io')):
            assert classes[name] == 'child<%s>' % klass, (name, classes)

        def get(path, name):
            return client.call('qom-get', path=path, property=name)
        assert get('/machine', 'smm') == 'off'
        assert get('/machine/i440fx', 'pci-hole-start') == 32 * MIB
        assert get('/machine/i440fx', 'pci-hole-end') == 0xfec00000
        assert get('/machine/i440fx', 'pci-hole64-start') == 0x140000000
        assert get('/machine/i440fx', 'pci-hole64-end') == 0x1c0000000
        assert get('/machine/i440fx', 'pci-hole64-size') == 0x80000000
        assert get('/machine/i440fx', 'x-pci-hole64-fix') is True
        assert get('/machine/piix3', 'multifunction') is True
        assert get('/machine/piix4-pm', 'addr') == 0x0b
        assert get('/machine/piix4-pm', 'smb_io_base') == 0xb100
        assert get('/machine/piix4-pm', 's4_val') == 2
        for name in ('acpi-pci-hotplug-with-bridge-support', 'acpi-root-pci-hotplug'):
            assert get('/machine/piix4-pm', name) is True
        assert get('/machine/piix4-pm', 'smm-enabled') is False
        for chip in ('i440fx', 'i440fx/i440FX', 'piix3', 'piix4-pm'):
            for prop in client.call('qom-list', path='/machine/' + chip):
                get('/machine/' + chip, prop['name'])


def set_otherwise(recorder):
    """the guest and clients see the chips as machine defaults change them"""
    defaults = {('i440FX-pcihost', 'pci-hole64-size'): 1 << 30,
                ('i440FX-pcihost', 'x-pci-hole64-fix'): True, ('PIIX4_PM', 's4_val'): 4,
                ('PIIX4_PM', 'acpi-root-pci-hotplug'): False,
                ('PIIX4_PM', 'acpi-pci-hotplug-with-bridge-support'): False}
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, accel='qtest-accel', cpu=False,
              defaults=[{'driver': d, 'property': p, 'value': v}
                        for (d, p), v in defaults.items()])
        for (driver, name), value in defaults.items():
            path = '/machine/' + {'PIIX4_PM': 'piix4-pm'}.get(driver, 'i440fx')
            assert client.call('qom-get', path=path, property=name) == value, name
        assert client.call('qom-get', path='/machine/i440fx',
                           property='pci-hole64-end') == 0x140000000
        client.call('cont')
        error = client.error('device_add', {'driver': 'pci-testdev', 'id': 'test'})
        assert error['reason'] == 'bus-not-hotpluggable', error


def recipe(recorder):
    """query-machine-recipe: the chips of a type, and their conditions"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        whole = client.call('query-machine-recipe', name='pc-i440fx-2.7')
        assert whole['name'] == 'pc-i440fx-2.7', whole
        assert {'driver': 'i440FX-pcihost', 'property': 'x-pci-hole64-fix', 'value': False} in \
            whole['defaults']
        hpet = [e for e in whole['entries'] if e.get('name') == 'hpet0']
        assert hpet == [{'driver': 'hpet', 'name': 'hpet0',
                         'if': [{'property': 'hpet', 'value': True, 'accel': False}]}], hpet
        standard = client.call('query-machine-recipe', name='pc-i440fx-7.2', properties=[])
        assert [e for e in standard['entries'] if e.get('name') == 'hpet0' and 'if' not in e]
        assert standard['defaults'] == [
            {'driver': 'hpet', 'property': 'hpet-intcap', 'value': 4}]
        bridge = [e for e in standard['entries'] if e.get('name') == 'piix4-pm']
        assert {'property': 'smb_io_base', 'value': 0xb100} in bridge[0]['props'], bridge
        without = client.call('query-machine-recipe', name='pc-i440fx-7.2-machine',
                              properties=[{'property': 'hpet', 'value': False}])
        assert not [e for e in without['entries'] if 'hpet0' in str(e)], without
        for arguments, reason in (({'name': 'x'}, 'class-not-found'),
                                  ({'name': 'pc-i440fx'}, 'class-not-found'),
                                  ({'name': 'pc', 'properties': [
                                      {'property': 'x', 'value': 1}]}, 'property-not-found'),
                                  ({'name': 'pc', 'properties': [
                                      {'property': 'hpet', 'value': 1}]}, 'invalid-type')):
            error = client.error('query-machine-recipe', arguments)
            assert error['reason'] == reason, error


HPET = 0xfed00000


def event_timer(recorder):
    """the event timer has as many timers, lines and messages as the machine's defaults say"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        qtestclient.build(client, 'pc-i440fx-7.2-machine', defaults=[
            {'driver': 'hpet', 'property': name, 'value': value} for name, value in (
                ('timers', 7), ('msi', True), ('hpet-intcap', 0x00f00000),
                ('hpet-offset-saved', False))])
        qtest = qtestclient.serve(daemon, client)
        client.call('cont')
        assert qtest.readl(HPET) >> 8 & 31 == 7 - 1
        assert qtest.readl(HPET + 0x100 + 6 * 0x20) & 1 << 15       # FSB interrupts
        assert qtest.readl(HPET + 0x104 + 6 * 0x20) == 0x00f00000
        assert qtest.readl(HPET + 0x100 + 7 * 0x20) == 0            # no such timer


if __name__ == '__main__':
    vmdtest.main([firmware_post, boot_sector, newer_type, split_firmware, split_boot_sector,
                  split_ticks, address_line_20, reset_control, shadow_ram, suspend,
                  seabios_resume, suspend_alarm, suspend_serial, suspend_reset, suspend_disk,
                  no_sleep, power_button, nmi, refusals, no_effect, direct_kernel, firmware_work,
                  chips, set_otherwise, event_timer, recipe])
