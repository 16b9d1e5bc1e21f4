#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The virtio-gpu of vmd and of the distribution's QEMU: the same commands, the same responses and
pictures.

Different on purpose: what vmd refuses and QEMU takes is in REFUSED, with the reason."""
import os
import struct
import sys
import time

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import gpuprogram as gpu                            # noqa: E402
import vmdtest                                      # noqa: E402
from gpuprogram import GpuProgram                   # noqa: E402
from screens import SLOT, Pair                      # noqa: E402
from vgaprogram import MMIO, Program                # noqa: E402

MEMORY = 0x200000                   # of the guest, for pictures
WIDTH, HEIGHT = 100, 60
FORMATS = 1, 2, 3, 4, 67, 68, 121, 134


class GpuPair(Pair):
    """Both programs with a virtio-vga that has been set up."""

    def __init__(self, recorder, **card):
        super().__init__(recorder, 'virtio-vga', **card)
        self.program = GpuProgram()
        self.program.attach(SLOT)

    def command(self, kind, *words, flags=0):
        """(ours, theirs): the responses, as far as the ring says."""
        self.program.command(kind, *words, flags=flags)
        self.ask(self.program.lines)
        self.program.lines = []
        want = struct.pack('<H', self.program.sent & 0xffff).hex()
        deadline = time.monotonic() + vmdtest.TIMEOUT
        while {answer for answers in self.ask(['read %#x 2' % (gpu.USED + 2)])
               for answer in answers} != {'OK 0x' + want}:
            assert time.monotonic() < deadline, (kind, words)
        used = gpu.USED + 4 + (self.program.sent - 1) % gpu.SIZE * 8
        return [(bytes.fromhex(response[5:]), length) for response, length in
                self.ask(['read %#x %d' % (gpu.RESPONSE, gpu.RESPONSE_BYTES),
                          'read %#x 8' % used])]

    def same(self, kind, *words, flags=0, response=gpu.OK):
        ours, theirs = self.command(kind, *words, flags=flags)
        assert ours == theirs, (hex(kind), words, ours[0][:64], ours[1], theirs[0][:64], theirs[1])
        assert struct.unpack_from('<I', ours[0])[0] == response, (hex(kind), words, ours[0][:64])

    def picture(self, number, kind=2, width=WIDTH, height=HEIGHT):
        self.same(gpu.CREATE, number, kind, width, height)
        size = width * height * 4
        self.same(gpu.ATTACH, number, 3, MEMORY, 0, 1001, 0, MEMORY + 0x8000, 0, 6, 0,
                  MEMORY + 0x4000, 0, size - 1007, 0)

    def see(self, what):
        self.compare(Program(), what)


def configuration(recorder):
    """configuration space and registers, byte by byte, in each layout"""
    for driver, card in (('virtio-vga', {}), ('virtio-vga', {'modern-pio-notify': True}),
                         ('virtio-vga', {'page-per-vq': True, 'max_outputs': 16}),
                         ('virtio-gpu-pci', {}), ('virtio-gpu-pci', {'modern-pio-notify': True})):
        with Pair(recorder, driver, **card) as pair:
            program = Program()
            for register in range(0, 0x100, 4):
                program.lines += ['outl 0xcf8 %#x' % (0x80000000 | SLOT << 11 | register),
                                  'inl 0xcfc']
            ours, theirs = pair.ask(program.lines)
            assert ours == theirs, (driver, card, [
                (i // 2 * 4, our, their) for i, (our, their) in enumerate(zip(ours, theirs))
                if our != their])
            if driver == 'virtio-vga' and 'page-per-vq' not in card:
                program.lines = ['read %#x 0x10' % (MMIO + 0x2000), 'read %#x 0x38' % (MMIO + 0x1000),
                                 'read %#x 0x20' % MMIO, 'read %#x 0x16' % (MMIO + 0x500),
                                 'read %#x 8' % (MMIO + 0x600)]
                pair.run(program)


def monitors(recorder):
    """what drivers are told of monitors"""
    with GpuPair(recorder, max_outputs=3, xres=1920, yres=1080) as pair:
        pair.same(gpu.GET_DISPLAY_INFO, response=0x1101)
        for output in range(2):
            pair.same(gpu.GET_EDID, output, 0, response=0x1104, flags=1)
        pair.same(gpu.GET_EDID, 3, 0, response=gpu.BAD_PARAMETER)


def pictures(recorder):
    """pictures of each format, from memory in pieces, whole and in part"""
    with GpuPair(recorder) as pair:
        noise = pair.program.noise(WIDTH * HEIGHT * 4)
        for offset, piece in ((0, noise[:1001]), (0x8000, noise[1001:1007]),
                              (0x4000, noise[1007:])):
            for at in range(0, len(piece), 4096):
                pair.program.write(MEMORY + offset + at, piece[at:at + 4096])
        for number, kind in enumerate(FORMATS, 1):
            pair.picture(number, kind)
            pair.same(gpu.SET_SCANOUT, 0, 0, WIDTH, HEIGHT, 0, number)
            pair.same(gpu.TRANSFER, 0, 0, WIDTH, HEIGHT, 0, 0, number, 0, flags=1)
            pair.same(gpu.FLUSH, 0, 0, WIDTH, HEIGHT, number, 0)
            pair.see('format %d' % kind)
        for _ in range(20):
            x, y, offset = (pair.program.random.randrange(n) for n in (WIDTH, HEIGHT, 4 * WIDTH))
            rect = (x, y, pair.program.random.randrange(WIDTH - x + 1),
                    pair.program.random.randrange(HEIGHT - y))
            # QEMU crashes if the guest has no memory there.
            pair.same(gpu.TRANSFER, *rect, offset * y // HEIGHT, 0, len(FORMATS), 0)
            pair.same(gpu.FLUSH, *rect, len(FORMATS), 0)
        pair.see('parts')
        pair.same(gpu.SET_SCANOUT, 7, 9, 32, 17, 0, 1)       # QEMU pads lines to 4 bytes
        pair.see('a part of a picture')
        pair.same(gpu.DETACH, 1, 0)
        pair.see('a picture without memory')


# Commands with a bad argument, after picture 1 was made.
BAD = [
    (0x107, 9, 0), (0x102, 9, 0), (0x108, 0, 0), (0x200,) + (0,) * 12, (0x999, 0, 0),
    (gpu.CREATE, 0, 1, 8, 8), (gpu.CREATE, 1, 1, 8, 8), (gpu.CREATE, 2, 0, 8, 8),
    (gpu.CREATE, 2, 1, 16000, 16000),
    (gpu.SET_SCANOUT, 0, 0, 16, 16, 1, 1), (gpu.SET_SCANOUT, 0, 0, 16, 16, 0, 9),
    (gpu.SET_SCANOUT, 0, 0, 15, 16, 0, 1), (gpu.SET_SCANOUT, 0, 0, 16, 15, 0, 1),
    (gpu.SET_SCANOUT, WIDTH - 15, 0, 16, 16, 0, 1), (gpu.SET_SCANOUT, 0, HEIGHT - 15, 16, 16, 0, 1),
    (gpu.SET_SCANOUT, 0xfffffff8, 0, 16, 16, 0, 1),
    (gpu.FLUSH, 0, 0, 1, 1, 9, 0), (gpu.FLUSH, 0, 1, 1, HEIGHT, 1, 0),
    (gpu.FLUSH, 0xffffffff, 0, 2, 1, 1, 0),
    (gpu.TRANSFER, 0, 0, 1, 1, 0, 0, 9, 0), (gpu.TRANSFER, 1, 0, WIDTH, 1, 0, 0, 1, 0),
    (gpu.TRANSFER, 0, 0xffffffff, 1, 2, 0, 0, 1, 0), (gpu.TRANSFER, 0, 0, 1, 1, 0, 0, 3, 0),
    (gpu.ATTACH, 9, 0), (gpu.ATTACH, 3, 16385), (gpu.ATTACH, 3, 2, MEMORY, 0, 4, 0),
    (gpu.ATTACH, 1, 1, MEMORY, 0, 4, 0), (gpu.DETACH, 3, 0),
]
# What QEMU takes, and vmd does not: it has no memory to show there.
REFUSED = [
    ((gpu.CREATE, 4, 1, 0, 8), gpu.BAD_PARAMETER),
    ((gpu.CREATE, 5, 1, 20000, 1), gpu.BAD_PARAMETER),
]


def bad_commands(recorder):
    """responses to commands with bad arguments"""
    with GpuPair(recorder) as pair:
        pair.picture(1)
        pair.same(gpu.CREATE, 3, 1, 8, 8)
        for command in BAD:
            (ours, _), (theirs, _) = pair.command(*command)
            assert ours[:24] == theirs[:24], (command, ours[:24], theirs[:24])
            assert ours[1] == 0x12, (command, ours[:24])
        for command, response in REFUSED:
            (ours, _), _ = pair.command(*command)
            assert struct.unpack_from('<I', ours)[0] == response, command


if __name__ == '__main__':
    vmdtest.main([configuration, monitors, pictures, bad_commands])
