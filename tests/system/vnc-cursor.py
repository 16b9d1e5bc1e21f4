#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VNC servers: the cursor that a card shows over its picture, and sizes that viewers wish for."""
import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import gpuprogram as gpu                            # noqa: E402
import vmdtest                                      # noqa: E402
import vncclient                                    # noqa: E402
from vncclient import (ALPHA_CURSOR, CURSOR, DESKTOP_SIZE, POINTER, RAW, SCREENS, TIGHT,
                       rgb)                         # noqa: E402
from vncrig import SLOT, Rig, pattern               # noqa: E402

PICTURE, SHAPE = 0x200000, 0x400000                 # in the guest's memory
WIDTH, HEIGHT, SIDE = 200, 120, 64


class GpuRig(Rig):
    """A virtio-vga that shows a picture, and a program that moves its cursor."""

    def __init__(self, recorder, **options):
        super().__init__(recorder, card='virtio-vga', **options)
        self.client.call('cont')
        self.program = gpu.GpuProgram()
        self.program.attach(SLOT)
        self.show(1, WIDTH, HEIGHT)

    def submit(self):
        """Runs the program; the card has taken the commands then."""
        self.run(self.program)
        deadline = time.monotonic() + vmdtest.TIMEOUT
        for place, n in ((0, self.program.sent), (gpu.CURSOR, self.program.pointed)):
            while struct.unpack('<H', self.port.read(gpu.USED + place + 2, 2))[0] != n & 0xffff:
                assert time.monotonic() < deadline

    def upload(self, number, width, height, address, data):
        self.program.write(address, data)
        for words in ((gpu.CREATE, number, 1, width, height),
                      (gpu.ATTACH, number, 1, address, 0, len(data), 0),
                      (gpu.TRANSFER, 0, 0, width, height, 0, 0, number, 0)):
            self.program.command(*words)
            self.submit()

    def show(self, number, width, height):
        data = b''.join(struct.pack('<I', 0xff000000 | (x * 7 ^ y * 5) * 0x010301 & 0xffffff)
                        for y in range(height) for x in range(width))
        self.upload(number, width, height, PICTURE, data)
        for words in ((gpu.SET_SCANOUT, 0, 0, width, height, 0, number),
                      (gpu.FLUSH, 0, 0, width, height, number, 0)):
            self.program.command(*words)
            self.submit()
        self.look()

    def cursor(self, *arguments, **options):
        self.program.cursor(*arguments, **options)
        self.submit()
        self.look()

    def define(self, number, pixels):
        self.upload(number, SIDE, SIDE, SHAPE,
                    b''.join(struct.pack('<I', pixel) for pixel in pixels))


def shape(seed=0):
    """A square of all opacities."""
    return [((x * 4) << 24) | ((x * y + seed) * 0x010305 & 0xffffff)
            for y in range(SIDE) for x in range(SIDE)]


def painted(rig, pixels, left, top):
    """screendump's picture with the cursor over it."""
    width, height, picture = rig.screendump()
    data = bytearray(picture)
    for i, pixel in enumerate(pixels):
        x, y = left + i % SIDE, top + i // SIDE
        if 0 <= x < width and 0 <= y < height:
            at, alpha = 3 * (y * width + x), pixel >> 24
            for j in range(3):
                data[at + j] = ((pixel >> (16 - 8 * j) & 0xff) * alpha +
                                data[at + j] * (255 - alpha) + 127) // 255
    return bytes(data)


def wait(viewer, condition):
    while not condition():
        viewer.ask(incremental=True)
        viewer.take_update()


def by_client(recorder):
    """a viewer that shows cursors gets image, hot spot and mask; it is hidden and comes back"""
    with GpuRig(recorder) as rig:
        pixels = shape()
        rig.define(2, pixels)
        with rig.connect((RAW, CURSOR, DESKTOP_SIZE)) as mask, \
                rig.connect((RAW, CURSOR, ALPHA_CURSOR, DESKTOP_SIZE)) as alpha:
            for viewer in mask, alpha:
                viewer.set_format(vncclient.FORMAT_32)
                viewer.picture()
                assert viewer.cursor is None            # the card has none yet
            rig.cursor(gpu.UPDATE_CURSOR, 50, 30, 2, hot_x=3, hot_y=60)
            wait(mask, lambda: mask.cursor)
            wait(alpha, lambda: alpha.cursor)
            assert mask.cursor[:4] == alpha.cursor[:4] == (SIDE, SIDE, 3, 60)
            assert rgb(mask.cursor[4]) == rgb(struct.pack('<%dI' % len(pixels), *pixels))
            bits = ''.join('{:08b}'.format(byte) for byte in mask.cursor[5])
            assert bits == ''.join(str(pixel >> 31) for pixel in pixels)
            assert alpha.cursor[4] == b''.join(
                bytes(((pixel >> s & 0xff) * (pixel >> 24) + 127) // 255 for s in (16, 8, 0)) +
                bytes([pixel >> 24]) for pixel in pixels)
            mask.picture()
            rig.check(mask)                             # it is not in the picture
            for viewer in mask, alpha:
                viewer.cursor = None
            rig.cursor(gpu.MOVE_CURSOR, 0, 0, 0)
            for viewer in mask, alpha:
                wait(viewer, lambda viewer=viewer: viewer.cursor)
                assert viewer.cursor[:2] == (0, 0)
            rig.cursor(gpu.MOVE_CURSOR, 7, 7, 2)
            wait(mask, lambda: mask.cursor[0] == SIDE)
            with rig.connect((RAW, CURSOR), pixel_format=vncclient.FORMAT_16) as late:
                late.picture()
                assert late.cursor[0] == SIDE and len(late.cursor[4]) == SIDE * SIDE * 2


def in_picture(recorder):
    """for a viewer that does not, it is in the picture, also in part, and what is below comes back"""
    with GpuRig(recorder) as rig:
        first, second = shape(), shape(77)
        rig.define(2, first)
        rig.define(3, second)
        with rig.connect((TIGHT, DESKTOP_SIZE)) as viewer, rig.connect((RAW,)) as keeps:
            for one in viewer, keeps:
                one.set_format(vncclient.FORMAT_32)
                one.picture()
            rig.check(viewer)
            for number, x, y in ((2, 50, 30), (2, 51, 30), (3, 51, 30), (3, -20, -50),
                                 (2, WIDTH - 5, HEIGHT - 9), (2, WIDTH, HEIGHT), (2, -70, 5),
                                 (2, -64, -64), (2, 0, 0)):
                rig.cursor(gpu.UPDATE_CURSOR, x & 0xffffffff, y & 0xffffffff, number)
                expected = painted(rig, first if number == 2 else second, x, y)
                for one in viewer, keeps:
                    wait(one, lambda one=one, expected=expected: rgb(one.pixels) == expected)
            viewer.ask(incremental=True)
            assert viewer.silent(0.3)                   # nothing changes
            rig.show(4, WIDTH - 30, HEIGHT)             # another picture below it
            viewer.picture()
            assert rgb(viewer.pixels) == painted(rig, first, 0, 0)
            rig.cursor(gpu.MOVE_CURSOR, 0, 0, 0)
            wait(viewer, lambda: rgb(viewer.pixels) == rig.screendump()[2])
            rig.cursor(gpu.MOVE_CURSOR, 9, 9, 2)
            viewer.set_encodings((RAW, CURSOR, DESKTOP_SIZE))       # it has learned
            wait(viewer, lambda: viewer.cursor)
            viewer.picture()
            rig.check(viewer)


def places(recorder):
    """a pointer that the guest moves is moved, unless positions come from the viewer"""
    with GpuRig(recorder) as rig:
        rig.define(2, shape())
        with rig.connect((RAW, CURSOR, POINTER, DESKTOP_SIZE)) as viewer:
            viewer.picture()
            rig.cursor(gpu.UPDATE_CURSOR, 50, 30, 2, hot_x=3, hot_y=4)
            wait(viewer, lambda: viewer.place)
            assert viewer.place == (53, 34), viewer.place
            rig.cursor(gpu.MOVE_CURSOR, 10, -2 & 0xffffffff, 2)
            wait(viewer, lambda: viewer.place != (53, 34))
            assert viewer.place == (13, 2)
            rig.client.call('device_add', driver='qemu-xhci', id='xhci')
            rig.client.call('device_add', driver='usb-tablet', id='tablet')
            rig.cursor(gpu.MOVE_CURSOR, 20, 20, 2)
            viewer.picture()
            viewer.ask(incremental=True)
            assert viewer.silent(0.3) and viewer.place == (13, 2), viewer.place


def sizes(recorder):
    """the size is told with its screen; a wish for one reaches the guest, by its card's way"""
    with GpuRig(recorder) as rig:
        with rig.connect((RAW, SCREENS)) as viewer, rig.connect((RAW, DESKTOP_SIZE)) as other:
            viewer.picture()
            assert set(viewer.told) == {(0, 0, WIDTH, HEIGHT)}
            other.picture()
            for wish, answer in (((800, 600), 4), ((0, 600), 3), ((65535, 65535), 4),
                                 ((640, 480, [(0, 0, 320, 480), (320, 0, 320, 480)]), 3),
                                 ((640, 480, []), 3), ((640, 480, [(0, 1, 640, 480)]), 3),
                                 ((640, 480, [(0, 0, 640, 479)]), 3), ((1024, 700), 4)):
                viewer.told.clear()
                viewer.wish(*wish)
                while not viewer.told:
                    viewer.take_update()
                assert viewer.told == [(1, answer, WIDTH, HEIGHT)], (wish, viewer.told)
            assert wanted(rig) == (1024, 700), wanted(rig)
            viewer.told.clear()
            rig.show(5, 300, 100)                       # the guest follows, or does what it likes
            viewer.ask(incremental=True)
            while not viewer.told:
                viewer.take_update()
            assert viewer.told == [(0, 0, 300, 100)], viewer.told
            for one in viewer, other:
                one.set_format(vncclient.FORMAT_32)
                one.picture()
                rig.check(one)


def wanted(rig):
    """What the card tells the guest that it should show."""
    rig.program.command(gpu.GET_DISPLAY_INFO)
    rig.submit()
    return struct.unpack('<II', rig.port.read(gpu.RESPONSE + 24 + 8, 8))


def prohibited(recorder):
    """a card that cannot tell the guest: the wish is refused, and so without a card"""
    with Rig(recorder) as rig:
        rig.run(pattern())
        with rig.connect((RAW, SCREENS)) as viewer:
            viewer.picture()
            for wish in (800, 600), (0, 0), (640, 480, []):
                viewer.told.clear()
                viewer.wish(*wish)
                while not viewer.told:
                    viewer.take_update()
                assert viewer.told == [(1, 1, 320, 200)], viewer.told


if __name__ == '__main__':
    vmdtest.main([by_client, in_picture, places, sizes, prohibited])
