# SPDX-License-Identifier: GPL-2.0-or-later
"""A driver for one virtio-blk device on virtio-mmio (VIRTIO 1.2), over the qtest protocol.

It has one request at a time in flight, or several reads or writes that begin together.
"""
import struct
import time

import vmdtest

BASE, STRIDE, SLOTS = 0xfeb00000, 0x200, 32
MAGIC, DEVICE_ID, QUEUE_SEL, QUEUE_NUM, QUEUE_READY, NOTIFY, STATUS = \
    0x000, 0x008, 0x030, 0x038, 0x044, 0x050, 0x070
DRIVER_FEATURES, DRIVER_SEL, DESC, DRIVER, DEVICE = 0x020, 0x024, 0x080, 0x090, 0x0a0
SIZE = 64                               # of the queue
RING, HEADERS, BUFFERS = 0x100000, 0x110000, 0x200000
IN, OUT, FLUSH = 0, 1, 4
READ, WRITTEN = 0, 2                    # descriptor flags; 1 is NEXT


class VirtioBlk:
    def __init__(self, port):
        """port: a QtestClient of a microvm that runs."""
        self.port = port
        self.base = self._find()
        self.next = 0                   # of the available ring, and of the used one
        for status in 0, 1, 3:
            self._set(STATUS, status)
        for word, features in (0, 1 << 9), (1, 1):      # FLUSH, VERSION_1
            self._set(DRIVER_SEL, word)
            self._set(DRIVER_FEATURES, features)
        self._set(STATUS, 11)
        self._set(QUEUE_SEL, 0)
        self._set(QUEUE_NUM, SIZE)
        for register, offset in (DESC, 0), (DRIVER, 0x1000), (DEVICE, 0x2000):
            self._set(register, RING + offset)
            self._set(register + 4, 0)
        port.write(RING + 0x1000, bytes(4))
        port.write(RING + 0x2000, bytes(4))
        self._set(QUEUE_READY, 1)
        self._set(STATUS, 15)

    def _find(self):
        for slot in range(SLOTS):
            base = BASE + slot * STRIDE
            if self.port.readl(base + MAGIC) == 0x74726976 and \
                    self.port.readl(base + DEVICE_ID) == 2:
                return base
        raise AssertionError('no virtio-blk')

    def _set(self, register, value):
        self.port.writel(self.base + register, value)

    def _put(self, number, kind, sector, size):
        """The descriptors of request `number` of those that begin together."""
        header, data = HEADERS + number * 32, BUFFERS + number * (1 << 20)
        self.port.write(header, struct.pack('<IIQB', kind, 0, sector, 255))
        flags = WRITTEN if kind == IN else READ
        chain = [(header, 16, READ)] + ([(data, size, flags)] if size else []) + \
            [(header + 16, 1, WRITTEN)]
        for i, (address, length, flag) in enumerate(chain):
            last = i + 1 == len(chain)
            self.port.write(RING + 16 * (number * 3 + i), struct.pack(
                '<QIHH', address, length, flag | (0 if last else 1), number * 3 + i + 1))
        self.port.write(RING + 0x1004 + 2 * (self.next % SIZE), struct.pack('<H', number * 3))
        self.next += 1

    def _go(self):
        self.port.write(RING + 0x1002, struct.pack('<H', self.next & 0xffff))
        self._set(NOTIFY, 0)

    def begin(self, number, kind, sector, size):
        """One request, whose number no other in flight has."""
        self._put(number, kind, sector, size)
        self._go()

    def done(self):
        """How many requests have ended, of all so far."""
        used = struct.unpack('<H', self.port.read(RING + 0x2002, 2))[0]
        return self.next - ((self.next - used) & 0xffff)

    def wait(self):
        deadline = time.monotonic() + vmdtest.TIMEOUT
        while self.done() != self.next:
            assert time.monotonic() < deadline, 'a request does not end'

    def status(self, number=0):
        """0: the request succeeded; 1: it failed."""
        return self.port.read(HEADERS + number * 32 + 16, 1)[0]

    def data(self, number, size):
        return self.port.read(BUFFERS + number * (1 << 20), size)

    def begin_writes(self, sectors, data):
        """Writes the same data to several sectors."""
        for number, sector in enumerate(sectors):
            self.port.write(BUFFERS + number * (1 << 20), data)
            self._put(number, OUT, sector, len(data))
        self._go()

    def write(self, sector, data):
        self.begin_writes([sector], data)
        self.wait()
        return self.status()

    def read(self, sector, size):
        """The data, or None if it failed."""
        self._put(0, IN, sector, size)
        self._go()
        self.wait()
        return self.port.read(BUFFERS, size) if self.status() == 0 else None

    def flush(self):
        self._put(0, FLUSH, 0, 0)
        self._go()
        self.wait()
        return self.status()
