#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""cirrus-vga of vmd and of the distribution's QEMU: the same accesses, the same video memory and
the same pictures.

Blits have random parameters from a fixed seed.  Different on purpose, because the chip's manual
has it so, each with a case in tests/device/test-cirrus.c:

* A pattern in video memory is found by the size of its own pixels, and the low bits of its address
  choose its first line; QEMU goes by the depth of the screen and begins with line 0.
* With GR33[0], lines of bits from the processor are multiples of 4 bytes; in QEMU they have a
  fourth of their bytes.
* With 24 bits, GR2F counts bytes always; in QEMU pixels, for bits that are not transparent, and
  patterns read beyond their line.
* A pattern of 24-bit pixels from the processor has 256 bytes, 192 in QEMU.
* Bits and patterns of a line are read before it is drawn over them, pixel by pixel in QEMU (here
  only if it is transparent).
* Blits whose lines overlap are refused, and a pitch does not matter if there is one line.
* A bank that ends behind the memory shows nothing; in QEMU it shows the first bytes.
* QEMU does not double lines with 16 and 32 bits, unless there is a cursor.
* Four reads of the DAC's mask return the mask, which is 0xff in QEMU always.
"""
import os
import random
import sys
import tempfile
import time

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import grubdisk                                     # noqa: E402
import pc                                           # noqa: E402
import vmdtest                                      # noqa: E402
from peer import Peer, need_peer                    # noqa: E402
from screens import SLOT, Pair, dump                # noqa: E402
from vgaprogram import FRAME_BUFFER, Program        # noqa: E402
from vmdtest import Daemon, Skip, on_tcg            # noqa: E402

MMIO = 0xfd000000
SOURCE = FRAME_BUFFER + (16 << 20)
MEMORY = 4 << 20
USED = 1 << 18                      # of the memory, by blits; bits and patterns come after it
CURSORS = MEMORY - 16384
ROPS = (0x00, 0x05, 0x06, 0x09, 0x0b, 0x0d, 0x0e, 0x50, 0x59, 0x6d, 0x90, 0x95, 0xad, 0xd0, 0xd6,
        0xda)
BACKWARD, TRANSPARENT, PATTERN, EXPAND, FROM_SYSTEM = 0x01, 0x08, 0x40, 0x80, 0x04
INVERTED, SOLID = 2, 4
# SR7 and the hidden DAC register.
DEPTHS = {8: (0x01, 0x00), 15: (0x07, 0xf0), 16: (0x07, 0xe1), 24: (0x05, 0xe5), 32: (0x09, 0xe5)}
# Where the registers of the blitter are in memory.
IN_MEMORY = {0x00: 0, 0x10: 1, 0x12: 2, 0x14: 3, 0x01: 4, 0x11: 5, 0x13: 6, 0x15: 7, 0x31: 0x40,
             **{0x20 + i: 8 + i for i in range(16)}, 0x30: 0x18, 0x32: 0x1a, 0x33: 0x1b,
             0x34: 0x1c, 0x35: 0x1d}
MENU = '''
set prefix=(hd0,msdos1)/
insmod vbe
insmod font
insmod gfxterm
loadfont (hd0,msdos1)/ascii.pf2
set gfxmode=%s
terminal_input console
terminal_output gfxterm
set timeout=-1
menuentry "first" { true }
menuentry "second" { true }
'''


class Cirrus(Program):
    """A program for this card."""

    def __init__(self, seed=1):
        super().__init__(seed)
        self.in_memory = False

    def map(self):
        self.lines += ['outl 0xcf8 %#x' % (0x80000000 | SLOT << 11 | 0x14),
                       'outl 0xcfc %#x' % MMIO]

    def picture(self, width, height, bpp, pitch=None):
        """A mode of packed pixels."""
        super().mode('vga640')
        pitch = (pitch or width * ((bpp + 7) // 8)) // 8
        mode, dac = DEPTHS[bpp]
        last = height - 1
        for index, value in ((0x01, width // 8 - 1), (0x12, last & 0xff), (0x13, pitch & 0xff),
                             (0x1b, 0x22 | pitch >> 4 & 0x10), (0x09, 0x40), (0x17, 0xe3),
                             (0x07, last >> 7 & 2 | last >> 3 & 0x40 | 0x10), (0x18, 0xff)):
            self.crt(index, value)
        self.graphics(0x05, 0x40)
        self.graphics(0x06, 0x05)
        self.graphics(0x0b, 0)
        self.sequencer(0x04, 0x0e)
        self.sequencer(0x07, mode)
        self.attribute(0x10, 0x41)
        self.lines += ['inb 0x3c6'] * 4
        self.out(0x3c6, dac)
        self.colors()

    def set(self, index, value, size=1):
        for i in range(size):
            byte = value >> 8 * i & 0xff
            if self.in_memory and index + i in IN_MEMORY:
                self.lines.append('writeb %#x %#x' % (MMIO + 0x100 + IN_MEMORY[index + i], byte))
            else:
                self.graphics(index + i, byte)

    def blit(self, mode, size, to, source=(0, 0), rop=0x0d, extended=0, skip=0, data=None,
             autostart=False):
        """size: bytes and lines; to, source: address and pitch."""
        self.set(0x31, 0)
        self.set(0x20, size[0] - 1, 2)
        self.set(0x22, size[1] - 1, 2)
        self.set(0x24, to[1], 2)
        self.set(0x26, source[1], 2)
        self.set(0x28, to[0], 2)
        self.set(0x2c, source[0], 3)
        self.set(0x2f, skip)
        self.set(0x30, mode)
        self.set(0x32, rop)
        self.set(0x33, extended)
        if autostart:
            self.set(0x31, 0x80)
        self.set(0x2a, to[0] >> 16)
        if not autostart:
            self.set(0x31, 2)
        for start in range(0, len(data or ''), 3000):
            self.write(SOURCE + start, data[start:start + 3000])
        self.check_status()

    def check_status(self):
        self.out(0x3ce, 0x31)
        self.lines.append('inb 0x3cf')

    def color_registers(self):
        for index in 0x00, 0x01, *range(0x10, 0x16), 0x34, 0x35:
            self.set(index, self.random.randrange(256))

    def fill(self, start=0, size=USED):
        for offset in range(start, start + size, 1 << 14):
            self.write(FRAME_BUFFER + offset, self.noise(1 << 14))

    def read(self, start=0, size=USED):
        self.lines.append('read %#x %d' % (FRAME_BUFFER + start, size))


def pair(recorder, **card):
    both = Pair(recorder, 'cirrus-vga', **card)
    program = Cirrus()
    program.map()
    try:
        run(both, program)
    except Exception:
        both.__exit__()
        raise
    return both


def run(both, program):
    """All that is read is equal, but for what four reads of the mask return; ours."""
    ours, theirs = both.ask(program.lines)
    for i, (line, our, their) in enumerate(zip(program.lines, ours, theirs)):
        if our != their and line not in ('inb 0x3c6', 'inb 0x3da'):
            where = next((n for n in range(0, len(our), 2) if our[n:n + 2] != their[n:n + 2]), 0)
            raise AssertionError((line, where // 2, our[:40], their[:40],
                                  program.lines[max(i - 45, 0):i]))
    program.lines.clear()
    return ours


class Shape:
    """Random sizes and places for one blit, which fit."""

    def __init__(self, rng, bytes_, backward=False):
        self.width = rng.randrange(1, 60) * bytes_
        self.height = rng.randrange(1, 40)
        self.pitch = rng.randrange(self.width, 900) & ~3 | 4 * 256
        self.source_pitch = rng.randrange(self.width, 900) & ~3 | 4 * 256
        reach = 40 * 2048 + 1024
        self.to, self.source = (rng.randrange(reach, USED - reach) // bytes_ * bytes_
                                for _ in range(2))
        if backward:
            self.to += bytes_ - 1
            self.source += bytes_ - 1


def each_rop(recorder, modes, make, rounds=3, depth=8):
    """make(program, rng, mode, rop) adds one blit; all rops and modes, then the memory."""
    with pair(recorder) as both:
        program = Cirrus()
        program.picture(640, 400, depth)
        program.fill(0, 2 * USED)
        rng = random.Random('blits')
        memories = set()
        for mode in modes:
            for rop in ROPS + (0x33,):
                for number in range(rounds):
                    program.in_memory = number % 2 == 1
                    program.color_registers()
                    make(program, rng, mode, rop)
                program.read()
                memories.add(run(both, program)[-1])
        # All but two of the operations change something, unless the margin is wider than the line.
        assert len(memories) > len(modes) * (len(ROPS) - 1) * 0.9, len(memories)
        program.read(0, MEMORY)
        run(both, program)


def bytes_of(mode):
    return (mode >> 4 & 3) + 1


def copies(recorder):
    """copies in video memory, forward and backward, each raster operation, overlapping or not"""
    def make(program, rng, mode, rop):
        shape = Shape(rng, bytes_of(mode), mode & BACKWARD)
        if rng.randrange(2):
            shape.source = shape.to + rng.randrange(-40, 40) * bytes_of(mode)
        program.blit(mode, (shape.width, shape.height), (shape.to, shape.pitch),
                     (shape.source, shape.source_pitch), rop, autostart=rng.randrange(2))
    each_rop(recorder, [m | b for m in (0, 0x10, 0x20, 0x30) for b in (0, BACKWARD)], make)


def transparent_copies(recorder):
    """transparent copies with 8 and 16 bits"""
    def make(program, rng, mode, rop):
        shape = Shape(rng, bytes_of(mode), mode & BACKWARD)
        program.set(0x34, rng.choice((0, 0xff, 0x55)))
        program.set(0x35, rng.choice((0, 0xff)))
        program.blit(mode, (shape.width, shape.height), (shape.to, shape.pitch),
                     (shape.source, shape.source_pitch), rop)
    each_rop(recorder, [m | b | TRANSPARENT for m in (0, 0x10) for b in (0, BACKWARD)], make)


def expansions(recorder):
    """bits to colours, in video memory, transparent and inverted, with a margin"""
    def make(program, rng, mode, rop):
        shape = Shape(rng, bytes_of(mode))
        skip = rng.randrange(8) if bytes_of(mode) != 3 else 0
        if mode & TRANSPARENT and bytes_of(mode) == 3:
            skip = rng.randrange(8) * 3
        program.blit(mode, (shape.width, shape.height), (shape.to, shape.pitch),
                     (USED + shape.source & ~3, shape.source_pitch), rop,
                     rng.choice((0, INVERTED)), skip)
    each_rop(recorder, [m | t | EXPAND for m in (0, 0x10, 0x20, 0x30) for t in (0, TRANSPARENT)],
             make)


def patterns(recorder):
    """patterns of pixels, for each depth, with a margin"""
    for depth, mode in ((8, 0), (16, 0x10), (24, 0x20), (32, 0x30)):
        def make(program, rng, mode, rop):
            shape = Shape(rng, bytes_of(mode))
            program.blit(mode, (shape.width, shape.height), (shape.to, shape.pitch),
                         (USED + shape.source & ~255, 0), rop, 0,
                         rng.randrange(8) if bytes_of(mode) != 3 else 0)
        each_rop(recorder, [mode | PATTERN], make, depth=depth)


def bit_patterns(recorder):
    """patterns of bits, transparent and inverted; solid fills"""
    def make(program, rng, mode, rop):
        shape = Shape(rng, bytes_of(mode))
        skip = rng.randrange(8) if bytes_of(mode) != 3 else 0
        program.blit(mode, (shape.width, shape.height), (shape.to, shape.pitch),
                     (USED + shape.source & ~255, 0), rop, rng.choice((0, INVERTED, SOLID)), skip)
    each_rop(recorder, [m | t | PATTERN | EXPAND for m in (0, 0x10, 0x20, 0x30)
                        for t in (0, TRANSPARENT)], make)


def from_processor(recorder):
    """sources that the processor writes: pixels, bits, patterns"""
    def make(program, rng, mode, rop):
        shape = Shape(rng, bytes_of(mode))
        pixels = shape.width // bytes_of(mode)
        size = (shape.width + 3 & ~3) * shape.height
        if mode & PATTERN:
            size = 8 if mode & EXPAND else 64 * bytes_of(mode)
        elif mode & EXPAND:
            size = (pixels + 7) // 8 * shape.height
        program.blit(mode | FROM_SYSTEM, (shape.width, shape.height), (shape.to, shape.pitch),
                     (rng.randrange(8), 0), rop, rng.choice((0, INVERTED)), 0, program.noise(size))
    depths = (0, 0x10, 0x20, 0x30)
    each_rop(recorder, [*depths, *(m | EXPAND | t | p for m in depths for t in (0, TRANSPARENT)
                                   for p in (0, PATTERN)), 0x40, 0x50, 0x70], make, rounds=2)


def refused(recorder):
    """blits that leave the memory change nothing, and the blitter is not busy"""
    with pair(recorder) as both:
        program = Cirrus()
        program.picture(640, 400, 8)
        program.fill(0, 1 << 15)
        program.fill(MEMORY - (1 << 16), 1 << 16)
        program.read(0, MEMORY)
        before = run(both, program)[-1]
        rng = random.Random('refused')
        for _ in range(150):
            mode = rng.choice((0, 1, 0x80, 0xc0, 0x04, 0x02, 0x38, 0x06, 0x84))
            size = rng.choice(((8192, 8192), (64, 100), (200, 8192)))
            near = rng.choice((0, 50) if mode == 1 else (MEMORY - 50, MEMORY - 1))
            pitch = rng.choice((0, 8191, 1000))
            program.blit(mode, size, (near, pitch), (rng.choice((0, MEMORY - 9)), 8191))
            program.set(0x31, 4)
            program.set(0x31, 0)
        program.read(0, MEMORY)
        assert run(both, program)[-1] == before, 'the memory has changed'


def without_blitter(recorder):
    """a card without a blitter"""
    with pair(recorder, blitter='off') as both:
        program = Cirrus()
        program.picture(640, 400, 8)
        program.fill()
        program.blit(0, (100, 100), (0x2000, 640), (0, 640))
        program.blit(0xc4, (100, 100), (0x2000, 640), (0, 640), data=bytes(8))
        program.read()
        run(both, program)


def windows(recorder):
    """the window at 0xa0000: banks, addresses by 8 and 16, write modes 4 and 5"""
    with pair(recorder) as both:
        program = Cirrus()
        program.picture(640, 400, 8)
        program.fill()
        program.fill(MEMORY - USED)
        rng = random.Random('windows')
        for _ in range(300):
            program.color_registers()
            program.graphics(0x0b, rng.choice((0, 1, 2, 4, 0x14, 0x20, 0x21, 0x25, 0x35)))
            program.graphics(0x09, rng.choice((0, 1, 3, 0x0f, 0xf0, 0xfc)))
            program.graphics(0x0a, rng.choice((0, 2, 0xf8, 0xfe)))
            program.graphics(0x05, 0x40 | rng.choice((0, 1, 4, 4, 5, 5, 6, 7)))
            for _ in range(4):
                where = rng.choice((0, 0x7ff0, 0x8000, 0xfff0)) + rng.randrange(16)
                program.write(0xa0000 + where, program.noise(1 + rng.randrange(16)))
                program.lines.append('read %#x 8' % (0xa0000 + where))
                where = rng.choice((0, MEMORY - 64)) + rng.randrange(32)
                program.write(FRAME_BUFFER + where, program.noise(1 + rng.randrange(16)))
                program.read(where, 8)
        program.graphics(0x0b, 0)
        program.graphics(0x05, 0x40)
        program.read(0, MEMORY)
        run(both, program)


def mapped_registers(recorder):
    """the blitter's registers at 0xb8000, at the end of the memory, and in BAR 1 with the ports"""
    with pair(recorder) as both:
        program = Cirrus()
        program.picture(640, 400, 8)
        for place, address in ((0x04, 0xb8000), (0x44, FRAME_BUFFER + MEMORY - 256),
                               (0x00, MMIO + 0x100)):
            program.sequencer(0x17, place)
            for offset in range(0x3c):
                if offset != 0x12:
                    program.lines.append('writeb %#x %#x' % (address + offset, 0xa0 + offset))
            program.lines.append('read %#x 0x100' % address)
            for index in range(0x3a):
                program.out(0x3ce, index)
                program.lines.append('inb 0x3cf')
        program.lines += ['readb %#x' % (MMIO + i) for i in range(0x100) if i not in (6, 0x1a)]
        run(both, program)


def registers(recorder):
    """what registers contain after a reset, and after anything was written"""
    rng = random.Random('registers')
    with pair(recorder) as both:
        for round_ in range(2):
            program = Cirrus()
            for _ in range(4000 * round_):
                port = rng.choice((0x3c4, 0x3ce, 0x3d4))
                index = rng.randrange(256)
                if (port, index) not in ((0x3ce, 0x31), (0x3ce, 0x2a)):
                    program.indexed(port, index, rng.randrange(256))
            program.out(0x3c2, 1)
            for port in 0x3c4, 0x3ce, 0x3d4:
                for index in range(256):
                    program.out(port, index)
                    program.lines += ['inb %#x' % port, 'inb %#x' % (port + 1)]
            run(both, program)
        for register in range(0, 0x40, 4):
            program.lines += ['outl 0xcf8 %#x' % (0x80000000 | SLOT << 11 | register),
                              'inl 0xcfc']
        run(both, program)


def pictures(recorder):
    """modes of each depth, pages, pitches, doubled and interlaced lines"""
    with pair(recorder) as both:
        for bpp in DEPTHS:
            program = Cirrus()
            program.picture(640, 200, bpp)
            program.fill(0, 640 * 200 * 4)
            program.sequencer(0x12, 0)
            compare(both, program, '%d bits' % bpp, bpp)
            program.sequencer(0xf0, 0xff)       # a cursor that is beside the picture
            program.sequencer(0x12, 1)
            program.crt(0x13, 0x20)
            program.crt(0x1b, 0x32)
            program.crt(0x0d, 0x21)
            compare(both, program, '%d bits, start and pitch' % bpp, bpp)
            program.crt(0x09, 0xc0)
            compare(both, program, '%d bits, lines twice' % bpp, bpp)
            program.crt(0x1a, 1)
            compare(both, program, '%d bits, interlaced' % bpp, bpp)
            program.crt(0x1a, 0)


def compare(both, program, what, bpp):
    """QEMU leaves the low bits of colours 0 in some modes with 15 and 16 bits."""
    if bpp not in (15, 16):
        both.compare(program, what)
        program.lines.clear()
        return
    run(both, program)
    (our_size, ours), (their_size, theirs) = both.pictures()
    assert our_size == their_size, (what, our_size, their_size)
    mask = bytes((0xf8, 0xf8 if bpp == 15 else 0xfc, 0xf8)) * (len(ours) // 3)
    assert [a & m for a, m in zip(ours, mask)] == [b & m for b, m in zip(theirs, mask)], what


def cursors(recorder):
    """the hardware cursor: both sizes, its patterns and colours, at the edges"""
    with pair(recorder) as both:
        for bpp in 8, 16, 32:
            program = Cirrus()
            program.picture(640, 200, bpp)
            program.fill(0, 640 * 200 * 4)
            program.fill(CURSORS, 16384)
            program.sequencer(0x12, 2)
            program.out(0x3c8, 0)
            program.out(0x3c9, *program.noise(3), *[0] * 42, *program.noise(3))
            for shape, x, y in ((1, 100, 50), (5, 100, 50), (1, 630, 190), (5, 623, 150), (5, 0, 0),
                                (5, 700, 20)):
                program.sequencer(0x13, program.random.randrange(64))
                program.sequencer(0x10 | (x & 7) << 5, x >> 3)
                program.sequencer(0x11 | (y & 7) << 5, y >> 3)
                program.sequencer(0x12, shape)
                compare(both, program, 'cursor %d at %d, %d with %d bits' % (shape, x, y, bpp), bpp)


def vga_modes(recorder):
    """IBM's modes on this card"""
    with pair(recorder) as both:
        for name in 'text80', 'cga4', 'vga640', 'vga256', 'modex':
            program = Cirrus(name)
            program.sequencer(0x07, 0)
            program.mode(name)
            program.colors()
            if name == 'text80':
                program.font()
                program.crt(0x0a, 0x20)
                program.write(0xb8000, bytes(b & 0x7f for b in program.noise(0x1000)))
            else:
                for plane in range(4) if name in ('vga640', 'modex') else (None,):
                    program.sequencer(2, 0x0f if plane is None else 1 << plane)
                    program.write(0xb8000 if name == 'cga4' else 0xa0000, program.noise(0x4000))
            both.compare(program, name)


@on_tcg
def grub_graphics(recorder):
    """GRUB's graphical menu, in modes that the card's BIOS sets"""
    need_peer()
    font = '/usr/share/grub/ascii.pf2'
    if not os.path.exists(font):
        raise Skip('needs package grub-common')
    with open(font, 'rb') as f:
        files = {'ascii.pf2': f.read(), **grubdisk.modules('vbe', 'font', 'gfxterm')}
    for mode in '1024x768x24', '1280x1024x16':
        with tempfile.TemporaryDirectory(prefix='vmd-cirrus-') as folder, \
                Daemon(recorder) as daemon:
            disk = grubdisk.write(folder, MENU % mode, files)
            with Peer('-machine', 'pc', '-m', '64', '-device', 'cirrus-vga,addr=2', '-drive',
                      'file=%s,format=raw,if=virtio,readonly=on' % disk) as peer:
                client = daemon.client()
                pc.build(client, machine='pc-i440fx-7.2')
                client.call('device_add', driver='cirrus-vga', addr='2')
                client.call('blockdev-add', driver='raw', node_name='disk', read_only=True, file={
                    'driver': 'file', 'filename': disk, 'read-only': True})
                client.call('device_add', driver='virtio-blk-pci', drive='disk')
                client.call('cont')
                size = b'P6\n%s %s\n' % tuple(mode.encode().split(b'x')[:2])
                wait_same((client, peer.client()), os.path.join(folder, 'picture'), size)


def wait_same(clients, path, size):
    """Waits until both show the same picture of that size, with a frame around the menu."""
    deadline = time.monotonic() + 4 * vmdtest.TIMEOUT
    ours, theirs = b'', None
    while ours != theirs or not ours.startswith(size) or len(ours) - ours.count(0) < 10000:
        assert time.monotonic() < deadline, 'the screens stay different'
        time.sleep(0.3)
        ours, theirs = (dump(client, path) for client in clients)


if __name__ == '__main__':
    vmdtest.main([copies, transparent_copies, expansions, patterns, bit_patterns, from_processor,
                  refused, without_blitter, windows, mapped_registers, registers, pictures, cursors,
                  vga_modes, grub_graphics])
