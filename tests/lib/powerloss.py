# SPDX-License-Identifier: GPL-2.0-or-later
"""A file on a disk that loses its power: what was not flushed is there in part, in any order."""
import errno
import struct
import threading

from faultyfs import FaultyFile, KINDS

SECTOR = 512


class PowerLoss(FaultyFile):
    """`data` is what programs see; what the medium has is known when the power is gone: at
    the write or the flush of a number."""

    def __init__(self, content, what, number):
        super().__init__(0)
        with self.lock:
            self.what, self.left_before = what, number
            self.gone = threading.Event()
            self.data = bytearray(content)
            self.medium = bytearray(content)
            self.written = []           # (offset, bytes) since the last flush

    def write(self, node, body):
        offset, size = struct.unpack_from('<8xQI', body)
        data = body[40:40 + size]
        put(self.data, offset, data)
        self.written.append((offset, data))
        self.count('write')
        return struct.pack('<II', size, 0)

    def sync(self, *what):
        self.count('flush')
        if self.gone.is_set():
            raise OSError(errno.EIO, 'the power is gone')
        for offset, data in self.written:
            put(self.medium, offset, data)
        self.written = []
        return super().sync(*what)

    def count(self, what):
        if what == self.what:
            self.left_before -= 1
            if not self.left_before:
                self.cut()

    def cut(self):
        """From now on nothing is answered, and nothing counts."""
        if not self.gone.is_set():
            self.left = bytearray(self.medium), list(self.written)
            self.holds = [KINDS[kind] for kind in ('read', 'write', 'sync')]
            self.gone.set()

    def lose(self, rng, seconds):
        """What is left: each sector since the last flush came or did not, whole writes more
        often than parts.  If there are not so many writes, the power goes after that time."""
        if not self.gone.wait(seconds):
            with self.lock:
                self.cut()
        left, writes = self.left
        rng.shuffle(writes)
        for offset, data in writes:
            chance = rng.choice([0, 0, 1, 1, 0.5])
            for at in range(0, len(data), SECTOR):
                if rng.random() < chance:
                    put(left, offset + at, data[at:at + SECTOR])
        return bytes(left)


def put(where, offset, data):
    if len(where) < offset:
        where.extend(bytes(offset - len(where)))
    where[offset:offset + len(data)] = data
