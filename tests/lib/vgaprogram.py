# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program does to a VGA, as lines of the qtest protocol: modes by their registers, as
IBM's BIOS sets them, colours, fonts, and patterns in video memory.

The same lines go to vmd and to QEMU, so that their pictures can be compared."""
import random

FRAME_BUFFER, MMIO = 0xe0000000, 0xfe000000
DISPI_INDEX, DISPI_DATA = 0x1ce, 0x1cf
XRES, YRES, BPP, ENABLE, BANK, VIRT_WIDTH, X_OFFSET, Y_OFFSET = 1, 2, 3, 4, 5, 6, 8, 9
ENABLED, DAC_8BIT, LINEAR, NOCLEAR = 0x01, 0x20, 0x40, 0x80

TEXT_COLORS = '00 01 02 03 04 05 14 07 38 39 3a 3b 3c 3d 3e 3f'
ALL_COLORS = '00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f'

# Miscellaneous output, sequencer, CRT controller, graphics controller, attribute controller.
MODES = {
    'text80': ('67', '03 00 03 00 02',
               '5f 4f 50 82 55 81 bf 1f 00 4f 0d 0e 00 00 00 50 9c 8e 8f 28 1f 96 b9 a3 ff',
               '00 00 00 00 00 10 0e 00 ff', TEXT_COLORS + ' 0c 00 0f 08 00'),
    'text40': ('67', '03 09 03 00 02',
               '2d 27 28 90 2b a0 bf 1f 00 4f 0d 0e 00 00 00 a0 9c 8e 8f 14 1f 96 b9 a3 ff',
               '00 00 00 00 00 10 0e 00 ff', TEXT_COLORS + ' 0c 00 0f 00 00'),
    'mono': ('66', '03 00 03 00 02',
             '5f 4f 50 82 55 81 bf 1f 00 4d 0b 0c 00 00 00 50 83 85 5d 28 0d 63 ba a3 ff',
             '00 00 00 00 00 10 0a 00 ff',
             '00 08 08 08 08 08 08 08 10 18 18 18 18 18 18 18 06 00 0f 08 00'),
    'cga4': ('63', '03 09 03 00 02',
             '2d 27 28 90 2b 80 bf 1f 00 c1 00 00 00 00 00 00 9c 8e 8f 14 00 96 b9 a2 ff',
             '00 00 00 00 00 30 0f 00 ff',
             '00 13 15 17 02 04 06 07 10 11 12 13 14 15 16 17 01 00 03 00 00'),
    'cga2': ('63', '03 01 01 00 06',
             '5f 4f 50 82 54 80 bf 1f 00 c1 00 00 00 00 00 00 9c 8e 8f 28 00 96 b9 c2 ff',
             '00 00 00 00 00 00 0d 00 ff', '00' + ' 17' * 15 + ' 01 00 01 00 00'),
    'ega320': ('63', '03 09 0f 00 06',
               '2d 27 28 90 2b 80 bf 1f 00 c0 00 00 00 00 00 00 9c 8e 8f 14 00 96 b9 e3 ff',
               '00 00 00 00 00 00 05 0f ff', TEXT_COLORS + ' 01 00 0f 00 00'),
    'vga640': ('e3', '03 01 0f 00 06',
               '5f 4f 50 82 54 80 0b 3e 00 40 00 00 00 00 00 00 ea 8c df 28 00 e7 04 e3 ff',
               '00 00 00 00 00 00 05 0f ff', TEXT_COLORS + ' 01 00 0f 00 00'),
    'vga256': ('63', '03 01 0f 00 0e',
               '5f 4f 50 82 54 80 bf 1f 00 41 00 00 00 00 00 00 9c 8e 8f 28 40 96 b9 a3 ff',
               '00 00 00 00 00 40 05 0f ff', ALL_COLORS + ' 41 00 0f 00 00'),
    'modex': ('e3', '03 01 0f 00 06',
              '5f 4f 50 82 54 80 0d 3e 00 41 00 00 00 00 00 00 ea ac df 28 00 e7 06 e3 ff',
              '00 00 00 00 00 40 05 0f ff', ALL_COLORS + ' 41 00 0f 00 00'),
}


class Program:
    """Lines, in order."""

    def __init__(self, seed=1):
        self.lines = []
        self.random = random.Random(seed)
        self.crtc = 0x3d4

    def out(self, port, *values):
        self.lines += ['outb %#x %#x' % (port, value) for value in values]

    def indexed(self, port, index, value):
        self.lines.append('outw %#x %#x' % (port, value << 8 | index))

    def sequencer(self, index, value):
        self.indexed(0x3c4, index, value)

    def graphics(self, index, value):
        self.indexed(0x3ce, index, value)

    def crt(self, index, value):
        self.indexed(self.crtc, index, value)

    def attribute(self, index, value):
        """Its index keeps the display on."""
        self.lines.append('inb %#x' % (self.crtc + 6))
        self.out(0x3c0, index | 0x20, value)

    def write(self, address, data):
        self.lines.append('write %#x %d 0x%s' % (address, len(data), data.hex()))

    def noise(self, n):
        return self.random.randbytes(n)

    def attach(self, slot):
        """Maps the card and lets it respond."""
        for register, value in ((0x10, FRAME_BUFFER), (0x18, MMIO), (0x04, 3)):
            self.lines.append('outl 0xcf8 %#x' % (0x80000000 | slot << 11 | register))
            self.lines.append('outl 0xcfc %#x' % value)

    def mode(self, name):
        misc, sequencer, crt, graphics, attribute = (bytes.fromhex(text) for text in MODES[name])
        self.dispi(ENABLE, 0)
        self.out(0x3c2, *misc)
        self.crtc = 0x3d4 if misc[0] & 1 else 0x3b4
        for index, value in enumerate(sequencer):
            self.sequencer(index, value)
        self.crt(0x11, 0)
        for index, value in enumerate(crt):
            self.crt(index, value)
        for index, value in enumerate(graphics):
            self.graphics(index, value)
        for index, value in enumerate(attribute):
            self.attribute(index, value)
        self.out(0x3c6, 0xff)

    def colors(self):
        """Different ones in the whole DAC."""
        self.out(0x3c8, 0)
        for i in range(256):
            self.out(0x3c9, i & 0x3f, i * 7 >> 2 & 0x3f, 63 - (i >> 2))

    def font(self, number=0):
        """Glyphs of noise in one of the eight fonts, as BIOSes load them."""
        saved = ((0x3c4, 2, 3), (0x3c4, 4, 2), (0x3ce, 4, 0), (0x3ce, 5, 0x10))
        loading = ((0x3c4, 2, 4), (0x3c4, 4, 6), (0x3ce, 4, 2), (0x3ce, 5, 0))
        for port, index, value in loading + ((0x3ce, 6, 4),):
            self.indexed(port, index, value)
        self.write(0xa0000 + number * 0x2000, self.noise(0x2000))
        for port, index, value in saved:
            self.indexed(port, index, value)
        self.graphics(6, 0x0e if self.crtc == 0x3d4 else 0x0a)

    def dispi(self, index, value):
        self.lines += ['outw %#x %#x' % (DISPI_INDEX, index), 'outw %#x %#x' % (DISPI_DATA, value)]

    def vbe(self, width, height, bpp, flags=ENABLED | LINEAR):
        for index, value in ((0x10, 0x41), (0x12, 0x0f), *((i, i) for i in range(16))):
            self.attribute(index, value)
        self.dispi(ENABLE, 0)
        for index, value in ((XRES, width), (YRES, height), (BPP, bpp), (ENABLE, flags)):
            self.dispi(index, value)
