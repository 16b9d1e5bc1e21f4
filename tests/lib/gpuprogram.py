# SPDX-License-Identifier: GPL-2.0-or-later
"""A driver of a virtio-vga as lines of the qtest protocol: the card's set-up, and commands by its
control queue (VIRTIO 1.2 sections 4.1 and 5.7).

The same lines go to vmd and to QEMU, so that responses and pictures can be compared."""
import struct

from vgaprogram import MMIO, Program

COMMON, NOTIFY = MMIO + 0x1000, MMIO + 0x3000
# In RAM: the control queue's ring, requests and responses; the cursor queue's are CURSOR further.
DESC, AVAIL, USED, REQUEST, RESPONSE = 0x100000, 0x101000, 0x102000, 0x110000, 0x180000
CURSOR = 0x8000
SIZE = 16
GET_DISPLAY_INFO, CREATE, UNREF, SET_SCANOUT, FLUSH, TRANSFER, ATTACH, DETACH = range(0x100, 0x108)
GET_EDID = 0x10a
UPDATE_CURSOR, MOVE_CURSOR = 0x300, 0x301
OK, FAILED, NO_MEMORY, NO_SCANOUT, NO_RESOURCE, BAD_PARAMETER = (
    0x1100, 0x1200, 0x1201, 0x1202, 0x1203, 0x1205)
RESPONSE_BYTES = 1056


class GpuProgram(Program):
    def __init__(self):
        super().__init__()
        self.sent = self.pointed = 0                    # commands of each queue

    def attach(self, slot):
        super().attach(slot)
        self.lines += ['outl 0xcf8 %#x' % (0x80000000 | slot << 11 | 4), 'outl 0xcfc 7']
        for offset, size, value in (
                (20, 'b', 0), (20, 'b', 1), (20, 'b', 3),
                (8, 'l', 0), (12, 'l', 2),              # EDID
                (8, 'l', 1), (12, 'l', 1),              # VIRTIO 1
                (20, 'b', 11), *self.queue(0, 0), *self.queue(1, CURSOR), (20, 'b', 15)):
            self.lines.append('write%s %#x %#x' % (size, COMMON + offset, value))

    @staticmethod
    def queue(number, place):
        return ((22, 'w', number), (24, 'w', SIZE), (32, 'l', DESC + place), (36, 'l', 0),
                (40, 'l', AVAIL + place), (44, 'l', 0), (48, 'l', USED + place), (52, 'l', 0),
                (28, 'w', 1))

    @staticmethod
    def request(kind, words, flags=0):
        return (struct.pack('<IIQII', kind, flags, 0x1234567890, 5, 0) +
                struct.pack('<%dI' % len(words), *words))

    def command(self, kind, *words, flags=0):
        """Sends one; its response is at RESPONSE once the ring says that it was used."""
        data = self.request(kind, words, flags)
        self.write(REQUEST, data)
        self.write(RESPONSE, b'\xee' * RESPONSE_BYTES)
        self.write(DESC, struct.pack('<QIHHQIHH', REQUEST, len(data), 1, 1, RESPONSE,
                                     RESPONSE_BYTES, 2, 0))
        self.write(AVAIL + 4 + self.sent % SIZE * 2, struct.pack('<H', 0))
        self.sent += 1
        self.write(AVAIL, struct.pack('<HH', 1, self.sent & 0xffff))
        self.lines.append('writew %#x 0' % NOTIFY)

    def cursor(self, kind, x, y, picture, hot_x=0, hot_y=0):
        """A command of the cursor queue, which has no response."""
        data = self.request(kind, (0, x, y, 0, picture, hot_x, hot_y, 0))
        self.write(REQUEST + CURSOR, data)
        self.write(DESC + CURSOR, struct.pack('<QIHH', REQUEST + CURSOR, len(data), 0, 0))
        self.write(AVAIL + CURSOR + 4 + self.pointed % SIZE * 2, struct.pack('<H', 0))
        self.pointed += 1
        self.write(AVAIL + CURSOR, struct.pack('<HH', 1, self.pointed & 0xffff))
        self.lines.append('writew %#x 1' % (NOTIFY + 4))
