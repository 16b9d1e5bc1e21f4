# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel on a PC with devices, and what it reads from those for input."""
import re
import struct

from linuxguest import Guest

MACHINE = 'pc-i440fx-7.2'
LOAD = 'for m in $(cat /lib/modules/optional); do insmod /lib/modules/$m 2>/dev/null; done'
# Waits until a command succeeds.
UNTIL = 'n=0; until %s; do [ $n = 300 ] && break; n=$((n + 1)); sleep 0.1; done; %s'
EV_SYN, EV_KEY, EV_REL, EV_ABS = range(4)
BTN_LEFT, KEY_A, KEY_LEFTSHIFT = 0x110, 30, 42


def boot(daemon, *devices, **machine):
    """Debian's kernel on a PC with these devices (class, id, and options), with its modules; machine
    are more properties of that."""
    client = daemon.client()
    client.call('set-action', shutdown='pause')
    guest = Guest(daemon, client, machine_type=MACHINE, size=128 << 20, hardware=True,
                  **machine)
    for driver, name, options in devices:
        client.request({'execute': 'device_add', 'arguments': {
            'driver': driver, 'id': name, **options}})
    guest.boot()
    guest.run(LOAD)
    return guest


def wait_for(guest, command):
    guest.run(UNTIL % (command, command), timeout=120)


def watch(guest, name, count):
    """Has the guest read that many events of an input device into a file."""
    wait_for(guest, 'grep -q "%s" /sys/class/input/event*/device/name' % name)
    path = guest.run('grep -l "%s" /sys/class/input/event*/device/name' % name).strip()
    event = re.search(r'event\d+', path).group()
    guest.run('rm -f /tmp/events /tmp/done; (dd if=/dev/input/%s of=/tmp/events bs=24 count=%d '
              '2>/dev/null; echo >/tmp/done) & sleep 0.5' % (event, count))


def events(guest):
    """What it has read: (type, code, value)."""
    wait_for(guest, '[ -e /tmp/done ]')
    text = guest.run("hexdump -v -e '24/1 \"%02x\" \"\\n\"' /tmp/events")
    return [struct.unpack('<16xHHi', bytes.fromhex(line)) for line in text.split()]


def without_scans(seen):
    """Without the numbers that HID gives keys (EV_MSC)."""
    return [event for event in seen if event[0] != 4]
