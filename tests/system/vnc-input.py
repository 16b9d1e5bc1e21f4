#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VNC servers: what clients press and move."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from eventguest import (BTN_LEFT, EV_ABS, EV_KEY, EV_REL, EV_SYN, boot, events, watch,
                        without_scans)              # noqa: E402
from vmdtest import Daemon, on_tcg                  # noqa: E402
from vncclient import DESKTOP_SIZE, KEYS, LEDS, MOTION, RAW, VncClient  # noqa: E402
from vncrig import Rig                              # noqa: E402

SHIFT, ISO_LEVEL3, KP_ENTER, EURO = 0xffe1, 0xfe03, 0xff8d, 0x20ac


def typing(recorder):
    """keys by their number and by characters reach the keyboard; held ones are let go of"""
    with Rig(recorder) as rig:
        rig.client.call('cont')
        with rig.connect((RAW, KEYS, DESKTOP_SIZE)) as viewer:
            viewer.update()
            assert viewer.features == {KEYS}
            viewer.key_number(0x1e, True)
            viewer.key_number(0x1e, False)
            rig.expect_keys(0x1c, 0xf0, 0x1c)
            viewer.key_number(0x9d, True)               # the right Ctrl
            viewer.key_number(0xe01d, False)            # as some clients call it
            rig.expect_keys(0xe0, 0x14, 0xe0, 0xf0, 0x14)
            viewer.key_number(0, True, ord('a'))        # it does not know the number
            viewer.key_number(0, False, ord('a'))
            rig.expect_keys(0x1c, 0xf0, 0x1c)
            viewer.type('b')
            rig.expect_keys(0x32, 0xf0, 0x32)
            viewer.key(SHIFT, True)
            viewer.type('B')
            viewer.key(SHIFT, False)
            rig.expect_keys(0x12, 0x32, 0xf0, 0x32, 0xf0, 0x12)
            viewer.type('B')                            # without Shift
            rig.expect_keys(0x12, 0x32, 0xf0, 0x12, 0xf0, 0x32)
            viewer.key(SHIFT, True)
            viewer.type('b')                            # in spite of Shift
            viewer.key(SHIFT, False)
            rig.expect_keys(0x12, 0xf0, 0x12, 0x32, 0x12, 0xf0, 0x32, 0xf0, 0x12)
            viewer.key(KP_ENTER, True)
            viewer.key(0x12345678, True)                # no key of this layout
            rig.expect_keys(0xe0, 0x5a)
            viewer.key(ord('x'), True)
            rig.expect_keys(0x22)
        rig.expect_keys(0xf0, 0x22, 0xe0, 0xf0, 0x5a)


def layouts(recorder):
    """characters are those of the layout that the server was told"""
    with Rig(recorder, keyboard_layout='de') as rig:
        rig.client.call('cont')
        with rig.connect() as viewer:
            viewer.type('z')
            rig.expect_keys(0x35, 0xf0, 0x35)
            viewer.type('@')                            # AltGr and Q
            rig.expect_keys(0xe0, 0x11, 0x15, 0xe0, 0xf0, 0x11, 0xf0, 0x15)
            viewer.key(ISO_LEVEL3, True)
            viewer.type('@')
            rig.expect_keys(0xe0, 0x11, 0x15, 0xf0, 0x15)
            viewer.key(0x01000000 | EURO, True)         # by its Unicode
            viewer.key(0x01000000 | EURO, False)
            viewer.key(ISO_LEVEL3, False)
            rig.expect_keys(0x24, 0xf0, 0x24, 0xe0, 0xf0, 0x11)
        for layout in 'fr(nodeadkeys)', 'en-gb', 'ja':
            rig.serve('other', keyboard_layout=layout)
            rig.client.call('object-del', id='other')
        for layout in 'no-such-layout', 'de(nothing)', '':
            error = rig.client.error('object-add', {
                'qom-type': 'vnc-server', 'id': 'other', 'keyboard-layout': layout})
            assert (error['reason'], error['path']) == ('invalid-value', 'keyboard-layout'), error


def lights(recorder):
    """the LEDs of the guest's keyboard are told, and Caps Lock changes what Shift means"""
    with Rig(recorder) as rig:
        rig.client.call('cont')
        with rig.connect((RAW, LEDS, DESKTOP_SIZE)) as viewer:
            viewer.update()
            assert viewer.leds == 0
            for byte in 0xed, 4:
                rig.port.outb(0x60, byte)
            assert rig.read_keys() == [0xfa, 0xfa]
            viewer.ask(incremental=True)
            assert viewer.take_update() == [LEDS] and viewer.leds == 4
            viewer.type('A')
            rig.expect_keys(0x1c, 0xf0, 0x1c)
            viewer.type('!')
            rig.expect_keys(0x12, 0x16, 0xf0, 0x12, 0xf0, 0x16)


def mouse(recorder):
    """a mouse gets the ways between positions, movements, buttons and the wheel"""
    with Rig(recorder) as rig:
        rig.client.call('cont')
        for byte in 0xf4, 0xf3, 200, 0xf3, 100, 0xf3, 80:       # and it has a wheel
            rig.port.outb(0x64, 0xd4)
            rig.port.outb(0x60, byte)
            rig.expect_keys(0xfa)
        with rig.connect((RAW, MOTION, DESKTOP_SIZE)) as viewer:
            viewer.update()
            assert viewer.absolute == 0
            viewer.pointer(0x7fff + 5, 0x7fff - 3)
            rig.expect_keys(0x08, 5, 3, 0)
            viewer.pointer(0x7fff, 0x7fff, 1)
            rig.expect_keys(0x09, 0, 0, 0)
            viewer.pointer(0x7fff, 0x7fff, 1 | 16)
            rig.expect_keys(0x09, 0, 0, 1)
        rig.expect_keys(0x08, 0, 0, 0)                 # it has let go
        with rig.connect() as viewer:
            viewer.pointer(100, 100)                    # from where is unknown
            viewer.pointer(90, 107)
            viewer.pointer(90, 107, 4)
            rig.expect_keys(0x38, 0xf6, 0xf9, 0, 0x0a, 0, 0, 0)


# ---- What a guest makes of pointers

AXIS_MAX = 0x7fff


def axis(position, size):
    return position * AXIS_MAX // (size - 1)


def serve(daemon, guest):
    path = daemon.path('vnc')
    guest.client.call('object-add', qom_type='vnc-server', id='vnc0',
                      addr={'type': 'unix', 'path': path})
    return path


def point(guest, viewer, name):
    """A viewer's pointer moves, presses and lets go: the guest's driver sees that place."""
    x, y = viewer.width // 3, viewer.height - 1
    watch(guest, name, 3)
    viewer.pointer(x, y)
    assert events(guest) == [(EV_ABS, 0, axis(x, viewer.width)), (EV_ABS, 1, AXIS_MAX),
                             (EV_SYN, 0, 0)]
    watch(guest, name, 6 if 'USB' in name else 4)
    viewer.pointer(x, y, 1)
    viewer.pointer(x, y, 0)
    assert [event for event in without_scans(events(guest)) if event[0] == EV_KEY] == [
        (EV_KEY, BTN_LEFT, 1), (EV_KEY, BTN_LEFT, 0)]


@on_tcg
def tablets(recorder):
    """a pointer's place arrives by usb-tablet and virtio-tablet-pci; the pointer's kind is told"""
    for driver, name, controller in (('usb-tablet', 'USB Tablet', ('qemu-xhci', 'xhci', {})),
                                     ('virtio-tablet-pci', 'QEMU Virtio Tablet', None)):
        with Daemon(recorder) as daemon:
            guest = boot(daemon, ('VGA', 'video', {}), *([controller] if controller else []),
                         (driver, 'tablet', {}))
            with VncClient(serve(daemon, guest), encodings=(RAW, MOTION, DESKTOP_SIZE)) as viewer:
                viewer.picture()
                assert viewer.absolute == 1
                point(guest, viewer, name)
                guest.client.call('device_del', id='tablet')
                while viewer.absolute:
                    viewer.ask(incremental=True)
                    viewer.take_update()
            assert guest.client.call('query-guest-errors') == []


@on_tcg
def movements(recorder):
    """without a tablet, movements arrive by usb-mouse (by PS/2 they are in `mouse`)"""
    with Daemon(recorder) as daemon:
        guest = boot(daemon, ('VGA', 'video', {}), ('qemu-xhci', 'xhci', {}),
                     ('usb-mouse', 'mouse', {}))
        with VncClient(serve(daemon, guest), encodings=(RAW, MOTION, DESKTOP_SIZE)) as viewer:
            viewer.picture()
            assert viewer.absolute == 0
            watch(guest, 'USB Mouse', 6)
            viewer.pointer(AXIS_MAX + 7, AXIS_MAX - 4)
            viewer.pointer(AXIS_MAX, AXIS_MAX, 1)
            assert without_scans(events(guest)) == [
                (EV_REL, 0, 7), (EV_REL, 1, -4), (EV_SYN, 0, 0), (EV_KEY, BTN_LEFT, 1),
                (EV_SYN, 0, 0)]
        assert guest.client.call('query-guest-errors') == []


if __name__ == '__main__':
    vmdtest.main([typing, layouts, lights, mouse, tablets, movements])
