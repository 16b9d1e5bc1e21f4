#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ramfb of vmd and of the distribution's QEMU: the same frame buffers in RAM, the same pictures.

Different on purpose: after a reset vmd's screen is dark until firmware says again where it is; a
stride may be no multiple of 4, which ends QEMU; up to 4096 bytes outside RAM are no frame buffer.
"""
import os
import random
import struct
import sys

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from peer import Peer                               # noqa: E402
from screens import Pair                            # noqa: E402
from vgaprogram import Program                      # noqa: E402
from vmdtest import Daemon                          # noqa: E402

RAM = 64 << 20
FRAME, DESCRIPTOR, BUFFER, DIRECTORY = 0x200000, 0x1000, 0x2000, 0x10000
SELECT_WRITE, SELECT_READ = 0x18, 0x0a


class RamPair(Pair):
    """Both programs with a ramfb, and RAM."""

    def start(self, recorder, card):
        qtest = os.path.join(self.folder.name, 'qt.sock')
        self.peer = Peer('-machine', 'pc', '-accel', 'tcg', '-S', '-m', '64', '-device', 'ramfb',
                         '-qtest-log', 'none', '-qtest', 'unix:%s,server=on,wait=off' % qtest)
        self.theirs = self.peer.client(), qtestclient.QtestClient(qtest)
        self.daemon = Daemon(recorder)
        client = self.daemon.client()
        self.ours = client, qtestclient.serve(self.daemon, client)
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=RAM)
        client.call('object-add', qom_type='qtest-accel')
        client.call('object-add', qom_type='pc-i440fx-7.2-machine', memory_backend='ram')
        client.call('device_add', driver='qemu64-x86_64-cpu')
        client.call('device_add', driver='ramfb', id='screen')
        client.call('cont')

    def transfer(self, control, length, address):
        """The same transfer by DMA in both, each with its own number of the file."""
        self.selectors = getattr(self, 'selectors', None) or self.find()
        for (_, qtest), selector in zip((self.ours, self.theirs), self.selectors):
            dma(qtest, selector << 16 | control, length, address)

    def find(self):
        """The numbers of the file."""
        found = []
        for _, qtest in self.ours, self.theirs:
            dma(qtest, 0x19 << 16 | SELECT_READ, 0x1000, DIRECTORY)
            data = bytes.fromhex(qtest.ask_all(['read %#x 0x1000' % DIRECTORY])[0].split('0x')[1])
            at = data.index(b'etc/ramfb\0') - 8
            found.append(struct.unpack_from('>IH', data, at)[1])
        return found

    def configure(self, address, fourcc, width, height, stride):
        program = Program()
        program.write(BUFFER, struct.pack('>Q4sIIII', address, fourcc[::-1], 0, width, height,
                                          stride))
        self.run(program)
        self.transfer(SELECT_WRITE, 28, BUFFER)


def dma(qtest, control, length, address):
    descriptor = struct.pack('>IIQ', control, length, address)
    lines = ['write %#x 16 0x%s' % (DESCRIPTOR, descriptor.hex()),
             'outl 0x518 %#x' % int.from_bytes(DESCRIPTOR.to_bytes(4, 'big'), 'little'),
             'read %#x 4' % DESCRIPTOR]
    assert qtest.ask_all(lines)[2].startswith('OK 0x00000000'), 'the transfer failed'


def pictures(recorder):
    """formats and strides; what is no frame buffer leaves the picture"""
    rng = random.Random('ramfb')
    with RamPair(recorder) as pair:
        program = Program()
        for offset in range(0, 100 * 1024, 1 << 14):
            program.write(FRAME + offset, program.noise(1 << 14))
        pair.run(program)
        for fourcc, size in ((b'XR24', 4), (b'AR24', 4), (b'RG24', 3)):
            for stride in 0, 100 * size, 128 * size, 40:
                pair.configure(FRAME, fourcc, 100, 64, stride)
                pair.compare(Program(), '%r with a stride of %d' % (fourcc, stride))
        pair.configure(FRAME + rng.randrange(100), b'XR24', 64, 48, 300)
        pair.compare(Program(), 'before')
        others = b'RG16', b'BG24', b'XB24', b'AB24', b'BX24', b'RX24', b'XR30', b'C8  ', bytes(4)
        for values in (*((FRAME, other, 64, 48, 0) for other in others),
                       (RAM - 64, b'XR24', 32, 32, 0), (1 << 63, b'XR24', 64, 48, 0),
                       (FRAME, b'XR24', 15, 48, 0), (FRAME, b'XR24', 64, 15, 0),
                       (FRAME, b'XR24', 1 << 30, 1 << 30, 0)):
            pair.configure(*values)
            pair.compare(Program(), 'after %r' % (values,))


if __name__ == '__main__':
    vmdtest.main([pictures])
