#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The VGA of vmd and of the distribution's QEMU: the same accesses, the same pictures.

A test program drives both by the qtest protocol: it sets modes by their registers, draws, and
compares what screendump shows, pixel by pixel; then what registers and memory contain.

Different on purpose, because the hardware does it so: panning, blinking characters, underlines
and a split within a line of characters, which this version of QEMU does not show
(tests/device/test-vga-picture.c tests them); and what cases below expect to differ.
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
import qtestclient                                  # noqa: E402
import vgaprogram                                   # noqa: E402
import vmdtest                                      # noqa: E402
from peer import Peer, need_peer                    # noqa: E402
from vgaprogram import FRAME_BUFFER, MMIO, Program  # noqa: E402
from vmdtest import Daemon, on_tcg                  # noqa: E402

SLOT = 2
PLANES = range(4)
MENU = '''
terminal_input console
terminal_output console
set timeout=-1
menuentry "first" { true }
menuentry "second" { true }
'''


def batches(lines):
    """Pieces that fit into a socket's buffers: QEMU does not read while nobody reads from it."""
    batch, size = [], 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if size > 8192:
            yield batch
            batch, size = [], 0
    yield batch


class Pair:
    """Both programs with the same card."""

    def __init__(self, recorder, driver='VGA', **card):
        need_peer()
        self.driver = driver
        self.folder = tempfile.TemporaryDirectory(prefix='vmd-screens-')
        self.peer = self.daemon = None
        try:
            self.start(recorder, card)
        except Exception:
            self.__exit__()
            raise

    def start(self, recorder, card):
        qtest = os.path.join(self.folder.name, 'qt.sock')
        words = ['%s,addr=%d' % (self.driver, SLOT)] + [
            '%s=%s' % (name, {True: 'on', False: 'off'}.get(value, value))
            for name, value in card.items()]
        self.peer = Peer('-machine', 'pc', '-accel', 'tcg', '-S', '-m', '64', '-device',
                         ','.join(words), '-qtest-log', 'none',
                         '-qtest', 'unix:%s,server=on,wait=off' % qtest)
        self.theirs = self.peer.client(), qtestclient.QtestClient(qtest)
        self.daemon = Daemon(recorder)
        client = self.daemon.client()
        self.ours = client, qtestclient.serve(self.daemon, client)
        qtestclient.build(client, 'pc-i440fx-7.2-machine')
        client.request({'execute': 'device_add', 'arguments': {
            'driver': self.driver, 'id': 'video', 'addr': str(SLOT), **card}})
        client.call('cont')
        program = Program()
        program.attach(SLOT)
        self.run(program)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.peer, self.daemon:
            if process:
                process.__exit__()
        self.folder.cleanup()

    def ask(self, lines):
        """The answers of both."""
        answers = [], []
        for (_, qtest), list_ in zip((self.ours, self.theirs), answers):
            for batch in batches(lines):
                list_ += qtest.ask_all(batch)
        for answer in answers[0] + answers[1]:
            assert answer.startswith('OK'), answer[:100]
        return answers

    def run(self, program):
        """What both read is equal."""
        ours, theirs = self.ask(program.lines)
        for line, our, their in zip(program.lines, ours, theirs):
            assert line.startswith('in') or our == their, (line, our[:100], their[:100])

    def pictures(self):
        """(size, bytes) of ours and of theirs."""
        result = []
        for name, (client, _) in (('ours', self.ours), ('theirs', self.theirs)):
            path = os.path.join(self.folder.name, name)
            client.call('screendump', filename=path)
            with open(path, 'rb') as f:
                _, size, _, pixels = f.read().split(b'\n', 3)
            result.append((size.decode(), pixels))
        return result

    def compare(self, program, what):
        self.run(program)
        (our_size, ours), (their_size, theirs) = self.pictures()
        assert our_size == their_size, (what, our_size, their_size)
        assert len(set(ours)) > 2, '%s: nothing was drawn' % what
        if ours != theirs:
            different = [i // 3 for i in range(0, len(ours), 3) if ours[i:i + 3] != theirs[i:i + 3]]
            width = int(our_size.split()[0])
            raise AssertionError('%s: %d pixels of %s differ, the first at %d, %d' % (
                what, len(different), our_size, different[0] % width, different[0] // width))


# ---- Text

def cells(program, n, bits=0x7f):
    """Characters and attributes; none of those whose ninth column differs, as nine_dots()
    shows."""
    noise = bytearray(program.noise(2 * n))
    for i in range(0, 2 * n, 2):
        noise[i] ^= 0x40 if 0xb0 <= noise[i] < 0xc0 else 0
        noise[i + 1] &= bits
    return bytes(noise)


def text(pair, name, window=0xb8000, bits=0x7f, cursor=False):
    program = Program(name)
    program.mode(name)
    program.font()
    program.font(3)
    program.colors()
    program.crt(0x0a, 0x0d if cursor else 0x20)
    program.crt(0x0f, 85)
    program.write(window, cells(program, 0x2000, bits))
    pair.compare(program, name)
    return program


def text_modes(recorder):
    """text modes: 40 and 80 columns, colours and monochrome, fonts, cursor, start, split"""
    with Pair(recorder) as pair:
        text(pair, 'text80', cursor=True)
        program = text(pair, 'text80')
        program.lines.clear()
        for register, value in ((0x0c, 1), (0x0d, 0x23), (0x13, 0x30)):
            program.crt(register, value)
        program.sequencer(3, 0x0e)
        pair.compare(program, 'start address, pitch and second font')
        for register, value in ((0x18, 159), (0x07, 0x0f), (0x09, 0x0f)):
            program.crt(register, value)
        pair.compare(program, 'split screen')
        for register, value in ((0x07, 0x1f), (0x09, 0x47), (0x12, 0x5f), (0x01, 63)):
            program.crt(register, value)
        program.sequencer(1, 0x01)
        pair.compare(program, '64 columns of 8x8 characters')
        text(pair, 'text40')
        text(pair, 'mono', 0xb0000, 0x7e)


def nine_dots(recorder):
    """codes 0xb0 to 0xbf have no ninth column, unlike in QEMU: IBM repeats that of 0xc0 to 0xdf"""
    with Pair(recorder) as pair:
        program = text(pair, 'text80')
        program.write(0xb8000, b'\xdb\x0f\xb2\x0f')
        pair.run(program)
        ours, theirs = (pixels for _, pixels in pair.pictures())
        assert ours != theirs
        for i in range(0, len(ours), 3):
            assert ours[i:i + 3] == theirs[i:i + 3] or i // 3 % 720 == 17


# ---- Graphics

def planes(program, size=0xa000):
    for plane in PLANES:
        program.sequencer(2, 1 << plane)
        program.write(0xa0000, program.noise(size))
    program.sequencer(2, 0x0f)


def graphics(pair, name, draw):
    program = Program(name)
    program.mode(name)
    program.colors()
    draw(program)
    pair.compare(program, name)
    program.lines.clear()
    return program


def graphics_modes(recorder):
    """graphics modes: CGA, planes, chain 4, mode X; pages, pitch and split"""
    with Pair(recorder) as pair:
        for name in 'cga4', 'cga2':
            graphics(pair, name, lambda p: p.write(0xb8000, p.noise(0x4000)))
        graphics(pair, 'vga256', lambda p: p.write(0xa0000, p.noise(0x10000)))
        for name in 'ega320', 'vga640', 'modex':
            program = graphics(pair, name, planes)
            for register, value in ((0x0c, 0x10), (0x0d, 0x05), (0x13, 0x30)):
                program.crt(register, value)
            pair.compare(program, name + ': start address and pitch')
            for register, value in ((0x18, 0x63), (0x07, 0x2e), (0x09, 0x01)):
                program.crt(register, value)
            pair.compare(program, name + ': split screen')
            program.attribute(0x12, 0x05)
            program.attribute(0x14, 0x0b)
            program.attribute(0x10, 0x81)
            pair.compare(program, name + ': enabled planes and colour select')


def write_modes(recorder):
    """all write modes, functions, rotations and masks of the planes, and both read modes"""
    with Pair(recorder) as pair:
        program = graphics(pair, 'vga640', planes)
        rng = program.random
        for _ in range(400):
            for register in 0, 1, 2, 3, 4, 7, 8:
                program.graphics(register, rng.randrange(256))
            program.graphics(5, rng.choice((0, 1, 2, 3, 8, 9, 10, 11)))
            program.sequencer(2, rng.randrange(16))
            where = 0xa0000 + rng.randrange(0x9000)
            program.lines.append('read %#x %d' % (where, 1 + rng.randrange(8)))
            program.write(where, program.noise(1 + rng.randrange(300)))
        pair.compare(program, 'writes')
        program.lines = ['read %#x %d' % (FRAME_BUFFER, 0x40000)]
        pair.run(program)


# ---- DISPI

def linear(pair, width, height, bpp, **registers):
    program = Program('%d %d %d' % (width, height, bpp))
    program.colors()
    program.vbe(width, height, bpp)
    for name, value in registers.items():
        program.dispi(getattr(vgaprogram, name.upper()), value)
    noise = program.noise(1 << 16)
    size = registers.get('virt_width', width) * (height + registers.get('y_offset', 0)) * \
        max(bpp + 7, 8) // 8
    for offset in range(0, size, len(noise)):
        program.write(FRAME_BUFFER + offset, noise[:size - offset])
    return program


def linear_modes(recorder):
    """modes of DISPI: each depth, a part of a larger picture, 8-bit colours, banks, 4K"""
    with Pair(recorder, vgamem_mb=64) as pair:
        for bpp in 4, 8, 16, 24, 32:
            pair.compare(linear(pair, 640, 200, bpp), '%d bits' % bpp)
            pair.compare(linear(pair, 640, 200, bpp, virt_width=808, x_offset=64, y_offset=33),
                         '%d bits, a part' % bpp)
        program = linear(pair, 800, 200, 8)
        program.vbe(800, 200, 8, 0xa1)
        program.out(0x3c8, 0)
        program.out(0x3c9, *program.noise(768))
        program.dispi(vgaprogram.BANK, 1)
        program.write(0xa0000, program.noise(0x8000))
        pair.compare(program, '8-bit colours, a bank')
        pair.compare(linear(pair, 3840, 2160, 32), '4K')


def banks(recorder):
    """the bank that the window shows, and its register, after writes of ENABLE and other depths"""
    with Pair(recorder) as pair:
        program = linear(pair, 640, 400, 8)
        look = ['outw 0x1ce %#x' % vgaprogram.BANK, 'inw 0x1cf', 'read 0xa0000 64']
        for value in 0x41, 0x01, 0x00, 0xc1, 0x00, 0x81:
            for bank in 2, 3, 0x1234:
                program.dispi(vgaprogram.BANK, bank)
                program.lines += look
                program.dispi(vgaprogram.ENABLE, value)
                program.lines += look[:2]
                if not value:
                    program.dispi(vgaprogram.ENABLE, 0xc1)
                program.lines += look
        program.dispi(vgaprogram.BANK, 3)
        for bpp in 4, 8, 32:
            program.dispi(vgaprogram.BPP, bpp)
            program.lines += look[:2] if bpp == 4 else look
        ours, theirs = pair.ask(program.lines)
        for i, (our, their) in enumerate(zip(ours, theirs)):
            assert our == their, (program.lines[i - 8:i + 1], our, their)


def bochs_display(recorder):
    """a bochs-display: its memory, registers and EDID, and pictures of 16 and 32 bits"""
    with Pair(recorder, 'bochs-display', vgamem=5000000) as pair:
        for bpp in 16, 32:
            program = Program(bpp)
            for index, value in ((vgaprogram.XRES, 640), (vgaprogram.YRES, 480),
                                 (vgaprogram.BPP, bpp), (vgaprogram.ENABLE, 0x41)):
                program.lines.append('writew %#x %#x' % (MMIO + 0x500 + 2 * index, value))
            program.write(FRAME_BUFFER, program.noise(640 * 480 * bpp // 8))
            pair.compare(program, '%d bits' % bpp)
        program.lines = ['read %#x 0x100' % MMIO, 'read %#x 2' % (MMIO + 0x514),
                         'read %#x 8' % (MMIO + 0x600)]
        pair.run(program)


def fifteen_bits(recorder):
    """with 15 bits, white is white; QEMU leaves the low bits of colours 0"""
    with Pair(recorder) as pair:
        pair.run(linear(pair, 640, 200, 15))
        (our_size, ours), (their_size, theirs) = pair.pictures()
        assert our_size == their_size and ours != theirs
        assert bytes(b & 0xf8 for b in ours) == theirs


# ---- Registers

def registers(recorder):
    """registers contain what was written to them as far as the card has the bits"""
    rng = random.Random('registers')
    with Pair(recorder) as pair:
        program = Program()
        for _ in range(2000):
            port, n = rng.choice(((0x3c4, 5), (0x3ce, 9), (0x3d4, 25)))
            program.indexed(port, rng.randrange(n), rng.randrange(256))
            program.attribute(rng.randrange(21), rng.randrange(256))
            program.out(0x3c2, rng.randrange(256) | 1)
        for port, n in ((0x3c4, 5), (0x3ce, 9), (0x3d4, 25)):
            for index in range(n):
                program.out(port, index)
                program.lines.append('inb %#x' % (port + 1))
        for index in range(21):
            program.lines.append('inb 0x3da')
            program.out(0x3c0, index)
            program.lines += ['inb 0x3c1', 'inb 0x3c0']
        program.lines += ['inb 0x3c2', 'inb 0x3ca', 'inb 0x3cc']
        ours, theirs = pair.ask(program.lines)
        for line, our, their in zip(program.lines, ours, theirs):
            assert line == 'inb 0x3da' or our == their, (line, our, their)


def dispi_registers(recorder):
    """DISPI's registers after a mode is set, also with values that do not fit"""
    with Pair(recorder) as pair:
        for width, height, bpp in ((640, 480, 8), (641, 1, 16), (0, 0, 0), (1024, 4000, 24),
                                   (800, 600, 17), (2048, 2048, 32)):
            program = Program()
            program.vbe(width, height, bpp)
            for index, value in ((6, 300), (8, 70), (9, 4000), (8, 8), (6, 4000)):
                program.dispi(index, value)
                for i in range(11):
                    program.lines += ['outw 0x1ce %#x' % i, 'inw 0x1cf']
            ours, theirs = pair.ask(program.lines)
            for line, our, their in zip(program.lines, ours, theirs):
                assert our == their, (width, height, bpp, line, our, their)


def edid_and_configuration(recorder):
    """EDID and configuration space, byte by byte"""
    for card in ({}, {'xres': 1920, 'yres': 1080, 'xmax': 2560, 'ymax': 1600, 'vgamem_mb': 20,
                      'refresh_rate': 60000}, {'xres': 640, 'yres': 4095},
                 {'mmio': False}, {'qemu-extended-regs': False},
                 {'mmio': False, 'qemu-extended-regs': False},
                 {'driver': 'secondary-vga', 'qemu-extended-regs': False}):
        with Pair(recorder, **card) as pair:
            program = Program()
            if card.get('mmio', True):
                program.lines = ['read %#x 0x180' % MMIO, 'read %#x 0x16' % (MMIO + 0x500)]
                if card.get('qemu-extended-regs', True):
                    program.lines.append('read %#x 8' % (MMIO + 0x600))
            pair.run(program)
            for register in range(0, 0x40, 4):
                program.lines = ['outl 0xcf8 %#x' % (0x80000000 | SLOT << 11 | register),
                                 'inl 0xcfc']
                ours, theirs = pair.ask(program.lines)
                assert ours == theirs, (card, register, ours, theirs)


# ---- Guests

def grub_menu(recorder):
    """the firmware's and GRUB's screens, in the end, when both show the menu"""
    need_peer()
    with tempfile.TemporaryDirectory(prefix='vmd-screens-') as folder, Daemon(recorder) as daemon:
        disk = grubdisk.write(folder, MENU, {})
        with Peer('-machine', 'pc', '-m', '64', '-device', 'VGA,addr=2', '-drive',
                  'file=%s,format=raw,if=virtio,readonly=on' % disk) as peer:
            client = daemon.client()
            pc.build(client, machine='pc-i440fx-7.2')
            client.call('device_add', driver='VGA', addr='2')
            client.call('blockdev-add', driver='raw', node_name='disk', read_only=True, file={
                'driver': 'file', 'filename': disk, 'read-only': True})
            client.call('device_add', driver='virtio-blk-pci', drive='disk')
            client.call('cont')
            deadline = time.monotonic() + 4 * vmdtest.TIMEOUT
            pictures = [b'', b'-']
            while pictures[0] != pictures[1] or not menu_is_there(client):
                assert time.monotonic() < deadline, 'the screens stay different'
                time.sleep(0.3)
                pictures = [dump(side, os.path.join(folder, 'picture'))
                            for side in (client, peer.client())]


def menu_is_there(client):
    try:
        return any('second' in line for line in client.call('query-screen-text')['lines'])
    except vmdtest.QmpError:
        return False


def dump(client, path):
    client.call('screendump', filename=path)
    with open(path, 'rb') as f:
        return f.read()


if __name__ == '__main__':
    vmdtest.main([text_modes, nine_dots, graphics_modes, write_modes, linear_modes, banks,
                  bochs_display,
                  fifteen_bits,
                  registers, dispi_registers, edid_and_configuration, on_tcg(grub_menu)])
