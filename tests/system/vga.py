#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Screens: what firmware, GRUB and Linux show on cards with a BIOS, as text and as pictures;
screendump's files and descriptors; vmctl's side of it.  tests/conformance/screens.py and cirrus.py
have the modes."""
import base64
import contextlib
import os
import pty
import re
import resource
import select
import struct
import subprocess
import sys
import time
import zlib

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import debianguest                                  # noqa: E402
import grubdisk                                     # noqa: E402
import pc                                           # noqa: E402
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from linuxguest import Guest                        # noqa: E402
from vgaprogram import FRAME_BUFFER, Program        # noqa: E402
from vmdtest import VMCTL, Daemon, QmpError, Skip, on_each_accel, on_tcg    # noqa: E402

MACHINE = 'pc-i440fx-7.2'
VGABIOS = '/usr/share/seabios/vgabios-stdvga.bin'
CARDS = 'VGA', 'cirrus-vga'
SLOT = 2
EJECT = 0xae08                      # of ACPI's hotplug controller
GRAY = 0xa8                         # of the DAC's 6 bits
# What GRUB shows, up to its version.
MENU = '''
terminal_input console
terminal_output console
set timeout=-1
menuentry "the first" { true }
menuentry "Linux" { linux /linux %s; initrd /initrd }
'''
FRAME = [
    '                       GNU GRUB  version ',
    '',
    ' ┌' + '─' * 76 + '┐',
    ' │*the first' + ' ' * 66 + '│',
    ' │ Linux' + ' ' * 70 + '│',
    *[' │' + ' ' * 76 + '│'] * 11,
    ' └' + '─' * 76 + '┘',
    '',
    '      Use the ↑ and ↓ keys to select which entry is highlighted.',
    "      Press enter to boot the selected OS, `e' to edit the commands",
    "      before booting or `c' for a command-line.",
]


def need_bios():
    for path in pc.SEABIOS, VGABIOS:
        if not os.path.exists(path):
            raise Skip('needs package seabios')


def read_png(path):
    """(width, height, bytes red, green, blue), of the kind that screendump writes."""
    with open(path, 'rb') as f:
        data = f.read()
    assert data[:8] == b'\x89PNG\r\n\x1a\n', data[:8]
    chunks, at = [], 8
    while at < len(data):
        size, kind = struct.unpack_from('>I4s', data, at)
        body = data[at + 8:at + 8 + size]
        assert struct.unpack_from('>I', data, at + 8 + size)[0] == zlib.crc32(kind + body), kind
        chunks.append((kind, body))
        at += 12 + size
    assert chunks[-1][0] == b'IEND'
    width, height, depth, color, *rest = struct.unpack('>IIBBBBB', chunks[0][1])
    assert (depth, color, rest) == (8, 2, [0, 0, 0])
    return width, height, unfiltered(
        zlib.decompress(b''.join(body for kind, body in chunks if kind == b'IDAT')), 3 * width)


def unfiltered(data, pitch):
    """Lines of PNG without their filters."""
    lines, before = [], bytes(pitch)
    for start in range(0, len(data), pitch + 1):
        kind, line = data[start], bytearray(data[start + 1:start + 1 + pitch])
        for i in range(pitch if kind else 0):
            left, up = line[i - 3] if i >= 3 else 0, before[i]
            corner = before[i - 3] if i >= 3 else 0
            guess = left + up - corner
            paeth = min((left, up, corner), key=lambda value: abs(guess - value))
            line[i] = (line[i] + (0, left, up, (left + up) // 2, paeth)[kind]) & 0xff
        lines.append(bytes(line))
        before = line
    return b''.join(lines)


def read_ppm(path):
    with open(path, 'rb') as f:
        magic, size, depth, pixels = f.read().split(b'\n', 3)
    assert (magic, depth) == (b'P6', b'255')
    width, height = map(int, size.split())
    assert len(pixels) == width * height * 3
    return width, height, pixels


def wait_screen(client, text, timeout=None):
    """Waits until the screen has it; its lines."""
    deadline = time.monotonic() + (timeout or 4 * vmdtest.TIMEOUT)
    lines = []
    while not any(text in line for line in lines):
        assert time.monotonic() < deadline, 'no %r in %r' % (text, lines)
        time.sleep(0.05)
        with contextlib.suppress(QmpError):         # another mode, meanwhile
            lines = client.call('query-screen-text')['lines']
    return lines


def add_screen(client, disk, driver='VGA'):
    client.call('device_add', driver=driver, id='video', addr=str(SLOT))
    client.call('blockdev-add', node_name='disk', driver='raw',
                file={'driver': 'file', 'filename': disk})
    client.call('device_add', driver='virtio-blk-pci', drive='disk', id='disk0')


def build(daemon, disk, driver):
    client = daemon.client()
    pc.build(client, machine=MACHINE)
    add_screen(client, disk, driver)
    return client


# ---- Guests

@on_each_accel
def firmware(recorder):
    """SeaBIOS writes on the screen, and a boot sector after it; the text is where the cursor is"""
    need_bios()
    for driver in CARDS:
        with Daemon(recorder) as daemon:
            disk = pc.write_disk(daemon.path('disk'), 'a disk', 'h')
            client = build(daemon, disk, driver)
            client.call('cont')
            lines = wait_screen(client, 'Booting from Hard Disk')
            assert lines[0].startswith('SeaBIOS (version '), lines
            screen = client.call('query-screen-text', device='video', head=0)
            assert (screen['columns'], screen['rows']) == (80, 25) and len(screen['lines']) == 25
            row = screen['cursor']['row']
            assert not any(screen['lines'][row + 1:]), screen
            client.call('screendump', filename=daemon.path('a.png'), format='png', device='video')
            width, height, pixels = read_png(daemon.path('a.png'))
            assert (width, height) == (720, 400)
            assert set(pixels) == {0, GRAY}, set(pixels)


@on_tcg                         # where KVM emulates protected mode, it takes a minute
def grub(recorder):
    """GRUB's menu as text, line by line, and the picture of it"""
    need_bios()
    for driver in CARDS:
        with Daemon(recorder) as daemon:
            disk = grubdisk.write(daemon.folder, MENU % '', {'linux': b'', 'initrd': b''})
            client = build(daemon, disk, driver)
            client.call('cont')
            lines = wait_screen(client, '│ Linux')
            while lines and not lines[0]:
                lines.pop(0)
            assert lines[0].startswith(FRAME[0]), lines[0]
            assert lines[1:len(FRAME)] == FRAME[1:], lines
            client.call('screendump', filename=daemon.path('a.ppm'))
            client.call('screendump', filename=daemon.path('a.png'), format='png')
            picture = read_ppm(daemon.path('a.ppm'))
            assert read_png(daemon.path('a.png')) == picture
            width, _, pixels = picture
            selected = [pixels[(y * width + 400) * 3] for y in range(56, 88)]
            assert selected == [0] * 8 + [GRAY] * 16 + [0] * 8, selected


# The first characters of SeaBIOS's first line, a row of pixels each.
SEABIOS = '''
00000000000000 00000000000000 7c0000fc3c7c7c c600006618c6c6 c600006618c6c6 607c786618c660
38c60c7c18c638 0cfe7c6618c60c 06c0cc6618c606 c6c0cc6618c6c6 c6c6cc6618c6c6 7c7c76fc3c7c7c
00000000000000 00000000000000 00000000000000 00000000000000'''.split()


def glyphs(width, pixels, count):
    """Rows of the first 8x16 characters, as in SEABIOS."""
    rows = []
    for y in range(16):
        bits = ''.join('1' if pixels[(y * width + x) * 3] else '0' for x in range(8 * count))
        rows.append('%0*x' % (2 * count, int(bits, 2)))
    return rows


@on_each_accel
def ramfb(recorder):
    """SeaBIOS draws its text in a frame buffer in RAM"""
    need_bios()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        pc.build(client, machine=MACHINE)
        client.call('device_add', driver='ramfb', id='video')
        error = client.error('device_add', {'driver': 'ramfb'})
        assert error['reason'] == 'not-supported', error
        client.call('cont')
        assert client.error('query-screen-text')['reason'] == 'not-supported'
        deadline, rows = time.monotonic() + 4 * vmdtest.TIMEOUT, []
        while rows != SEABIOS:
            assert time.monotonic() < deadline, rows
            time.sleep(0.2)
            client.call('screendump', filename=daemon.path('a'))
            width, height, pixels = read_ppm(daemon.path('a'))
            rows = glyphs(width, pixels, 7)
        assert (width, height) == (1024, 768) and set(pixels) == {0, 0xaa}


@contextlib.contextmanager
def linux(recorder, driver='VGA', further=None):
    """Linux, started by GRUB from a text mode, with its messages on the screen and a shell on the
    serial port."""
    kernel, initrd = debianguest.images(hardware=True)
    files = {}
    for name, path in (('linux', kernel), ('initrd', initrd)):
        with open(path, 'rb') as f:
            files[name] = f.read()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, machine_type=MACHINE, own={}, size=256 << 20)
        add_screen(client, grubdisk.write(daemon.folder, MENU % 'console=tty0 console=ttyS0', files),
                   driver)
        if further:
            client.request({'execute': 'device_add', 'arguments': further})
        client.call('cont')
        wait_screen(client, '│ Linux')
        for key in 'down', 'ret':
            client.call('send-key', keys=[{'type': 'qcode', 'data': key}])
        guest.wait_shell()
        yield daemon, client, guest


@on_tcg
def linux_console(recorder):
    """Linux's console: in text mode, then in the mode that the monitor prefers (bochs-drm)"""
    need_bios()
    with linux(recorder) as (daemon, client, guest):
        guest.run("printf '\\033[2J\\033[HHello, \\033[7mscreen\\033[0m' >/dev/tty0")
        screen = client.call('query-screen-text')
        assert screen['lines'][0] == 'Hello, screen' and not any(screen['lines'][1:]), screen
        assert screen['cursor'] == {'column': 13, 'row': 0}, screen
        frame_buffer_console(daemon, client, guest, 'video', 'virtio-gpu', 'bochs-drm', (1280, 800))
        assert client.error('query-screen-text')['reason'] == 'not-supported'


def frame_buffer_console(daemon, client, guest, device, but, name, size, level=0xaa):
    """Linux's console on a card with this name, of whose drivers one is not loaded: a red line at
    the top, and a text."""
    guest.run('for m in $(grep -v %s /lib/modules/optional); do insmod /lib/modules/$m; done 2>&-'
              % but)
    assert name in guest.run('cat /proc/fb'), guest.text[-2000:]
    assert guest.run('cat /sys/class/graphics/fb0/virtual_size').split()[-1] == '%d,%d' % size
    guest.run("printf '\\033[2J\\033[H\\033[?25l\\033[41m\\033[K\\n' >/dev/tty0")
    red_line(daemon, client, device, size, False, level)
    guest.run("printf '\\033[0mHello, screen' >/dev/tty0")
    pixels = red_line(daemon, client, device, size, True, level)
    lines = [pixels[y * size[0] * 3:y * size[0] * 3 + 13 * 8 * 3] for y in range(16)]
    assert 100 < sum(line.count(level) for line in lines) // 3 < 13 * 8 * 16 // 2
    assert sum(line.count(level) for line in lines) == pixels.count(level)


def red_line(daemon, client, device, size, text, level):
    """What is below the red line, once the screen stays so, with some text or without."""
    deadline = time.monotonic() + vmdtest.TIMEOUT
    before = None
    while True:
        client.call('screendump', filename=daemon.path('a.png'), format='png', device=device)
        width, height, pixels = read_png(daemon.path('a.png'))
        assert (width, height) == size
        below = pixels[width * 48:]
        if (pixels[:width * 48] == bytes((level, 0, 0)) * (width * 16) and below == before and
                any(below) == text):
            return below
        assert time.monotonic() < deadline, set(pixels)
        before = below
        time.sleep(0.1)


@on_tcg
def linux_virtio_vga(recorder):
    """GRUB and Linux's first messages on virtio-vga's VGA, then virtio's driver; and SeaBIOS again"""
    need_bios()
    with linux(recorder, 'virtio-vga') as (daemon, client, guest):
        assert client.call('query-screen-text', device='video')['columns'] == 80
        frame_buffer_console(daemon, client, guest, 'video', 'bochs', 'virtio_gpu', (1280, 800))
        assert client.error('query-screen-text')['reason'] == 'not-supported'
        client.call('system_reset')
        wait_screen(client, 'SeaBIOS (version ')


@on_tcg
def linux_virtio_gpu(recorder):
    """Linux's console on a virtio-gpu-pci, beside a VGA that has no driver"""
    need_bios()
    card = {'driver': 'virtio-gpu-pci', 'id': 'gpu', 'xres': 1024, 'yres': 768, 'max_outputs': 2}
    with linux(recorder, further=card) as (daemon, client, guest):
        frame_buffer_console(daemon, client, guest, 'gpu', 'bochs', 'virtio_gpu', (1024, 768))
        modes = guest.run('cat /sys/class/drm/card0-Virtual-1/modes')
        assert [word for word in modes.split() if word[0].isdigit()][0] == '1024x768', modes
        edid = guest.run('od -An -tx1 -N8 /sys/class/drm/card0-Virtual-1/edid')
        assert '00 ff ff ff ff ff ff 00' in edid, edid
        assert not [error for error in client.call('query-guest-errors')
                    if 'gpu' in str(error)], client.call('query-guest-errors')
        client.call('screendump', filename=daemon.path('b.ppm'), device='gpu', head=1)
        assert not any(read_ppm(daemon.path('b.ppm'))[2])


def blits_by_cpu(guest):
    """A program in the guest fills a part of the video memory, then writes the source of a blit, once
    where sources go, and once where the memory is, which it is again afterwards."""
    resources = guest.run('cat /sys/bus/pci/devices/0000:00:%02x.0/resource' % SLOT).split()
    memory, registers = int(resources[0], 16), int(resources[3], 16)
    start = (0x140, 8, 0), (0x140, 8, 2)

    def poke(*values):
        guest.run('; '.join('devmem %#x %d %#x' % (registers + offset, bits, value)
                            for offset, bits, value in values))

    def peek(offset):
        return int(guest.run('devmem %#x' % (memory + offset)).split()[-1], 16)

    poke((0x104, 8, 0xa5), (0x108, 16, 15), (0x10a, 16, 99), (0x10c, 16, 16), (0x110, 32, 0x200000),
         (0x118, 8, 0xc0), (0x11a, 8, 0x0d), (0x11b, 8, 4), *start)
    assert [peek(0x1ffffc), peek(0x200000), peek(0x20063c)] == [0, 0xa5a5a5a5, 0xa5a5a5a5]
    for source in 16 << 20, 0x300000:
        poke((0x108, 16, 3), (0x10a, 16, 1), (0x110, 32, 0x200010), (0x118, 8, 4), (0x11b, 8, 0),
             *start)
        guest.run('devmem %#x 32 %#x; devmem %#x 32 %#x' % (memory + source, source + 1,
                                                          memory + source, source + 2))
        assert [peek(0x200010), peek(0x200020), peek(0x300000)] == [source + 1, source + 2, 0]


@on_tcg
def linux_on_cirrus(recorder):
    """Linux's console on a cirrus-vga: in text mode, then with 16 bits (driver cirrus)"""
    need_bios()
    with linux(recorder, 'cirrus-vga') as (daemon, client, guest):
        guest.run("printf '\\033[2J\\033[HHello, cirrus' >/dev/tty0")
        assert client.call('query-screen-text')['lines'][0] == 'Hello, cirrus'
        blits_by_cpu(guest)
        frame_buffer_console(daemon, client, guest, 'video', 'bochs', 'cirrus', (1024, 768), 0xad)
        assert client.error('query-screen-text')['reason'] == 'not-supported'


# ---- screendump

def driven(daemon, *cards, **options):
    """A machine that the test drives, with cards (class, id); its client and qtest."""
    client = daemon.client()
    qtest = qtestclient.serve(daemon, client)
    qtestclient.build(client, MACHINE + '-machine')
    for number, (driver, name) in enumerate(cards or [('VGA', 'video')]):
        client.request({'execute': 'device_add', 'arguments': {
            'driver': driver, 'id': name, 'addr': str(SLOT + number), **options}})
    client.call('cont')
    return client, qtest


def draw(qtest, width=64, height=48):
    """A mode of 32 bits with a pattern; its pixels."""
    program = Program()
    program.attach(SLOT)
    program.vbe(width, height, 32)
    data = program.noise(width * height * 4)
    program.write(FRAME_BUFFER, data)
    assert all(answer.startswith('OK') for answer in qtest.ask_all(program.lines))
    return b''.join(bytes((data[i + 2], data[i + 1], data[i])) for i in range(0, len(data), 4))


def files(recorder):
    """to a file that exists or not; a file that cannot be written is not left behind in part"""
    with Daemon(recorder) as daemon:
        client, qtest = driven(daemon)
        pixels = draw(qtest)
        path = daemon.path('a')
        for _ in range(2):
            client.call('screendump', filename=path)
            assert read_ppm(path) == (64, 48, pixels)
        client.call('screendump', filename=path, format='png')
        assert read_png(path) == (64, 48, pixels)
        for bad in daemon.path('none/a'), daemon.folder, '/dev/full':
            error = client.error('screendump', {'filename': bad})
            assert (error['reason'], error['path']) == ('file-not-usable', 'filename'), error
        assert os.path.exists('/dev/full')


def read_file(path):
    with open(path, 'rb') as f:
        return f.read()


def no_room(recorder):
    """a picture that there is no room for leaves files and links as they are, and nothing beside"""
    with Daemon(recorder) as daemon:
        client, qtest = driven(daemon)
        pixels = draw(qtest)
        os.mkdir(daemon.path('here'))
        old, link, loose, pipe = (daemon.path('here/' + name)
                                  for name in ('old', 'link', 'loose', 'pipe'))
        client.call('screendump', filename=old)
        os.chmod(old, 0o640)
        os.symlink('old', link)
        os.symlink('nothing', loose)
        os.mkfifo(pipe)
        before, names = read_file(old), sorted(os.listdir(daemon.path('here')))
        size = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (4096, size[1]))
        draw(qtest)
        for path in old, link, daemon.path('here/new'), pipe:
            error = client.error('screendump', {'filename': path})
            assert (error['reason'], error['path']) == ('file-not-usable', 'filename'), error
        assert sorted(os.listdir(daemon.path('here'))) == names
        assert os.readlink(link) == 'old' and read_file(old) == before
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, size)
        pixels = draw(qtest, 80, 40)
        for path in link, loose:
            client.call('screendump', filename=path)
            assert os.path.islink(path) and read_ppm(path) == (80, 40, pixels)
        assert os.stat(old).st_mode & 0o777 == 0o640
        assert sorted(os.listdir(daemon.path('here'))) == sorted([*names, 'nothing'])


def descriptors(recorder):
    """to a descriptor: a pipe that nobody reads holds up only the client that passed it"""
    with Daemon(recorder) as daemon:
        client, qtest = driven(daemon)
        pixels = draw(qtest, 640, 480)
        read, write = os.pipe()
        patient = daemon.client()
        patient.request({'execute': 'getfd', 'arguments': {'fdname': 'pipe'}}, [write])
        os.close(write)
        patient.send({'execute': 'screendump', 'arguments': {'fdname': 'pipe'}})
        client.call('screendump', filename=daemon.path('a'))
        assert read_ppm(daemon.path('a')) == (640, 480, pixels)
        with os.fdopen(read, 'rb') as pipe:
            assert pipe.read() == b'P6\n640 480\n255\n' + pixels
        assert patient.reply()['return'] == {}
        with open(daemon.path('b'), 'wb') as file:
            patient.request({'execute': 'getfd', 'arguments': {'fdname': 'file'}}, [file.fileno()])
        patient.call('screendump', fdname='file', format='png')
        assert read_png(daemon.path('b')) == (640, 480, pixels)
        error = patient.error('screendump', {'fdname': 'pipe'})
        assert error['reason'] == 'fd-not-found', error
        read, write = os.pipe()
        patient.request({'execute': 'getfd', 'arguments': {'fdname': 'pipe'}}, [write])
        os.close(read)
        os.close(write)
        error = patient.error('screendump', {'fdname': 'pipe'})
        assert (error['reason'], error['path']) == ('file-not-usable', 'fdname'), error


def pipe_to(client):
    """A pipe whose other end the client has passed."""
    read, write = os.pipe()
    client.request({'execute': 'getfd', 'arguments': {'fdname': 'pipe'}}, [write])
    os.close(write)
    return os.fdopen(read, 'rb')


def stuck_readers(recorder):
    """a reader that takes nothing is given up; so is the picture of a client that is gone"""
    with Daemon(recorder) as daemon:
        _, qtest = driven(daemon)
        draw(qtest, 640, 480)
        stuck, gone = daemon.client(), daemon.client()
        with pipe_to(stuck) as first, pipe_to(gone) as second:
            for client in stuck, gone:
                client.send({'execute': 'screendump', 'arguments': {'fdname': 'pipe'}})
            select.select([second], [], [])         # it has begun
            gone.close()
            hangup = select.poll()
            hangup.register(second, 0)
            assert hangup.poll(5000), 'the picture of a client that is gone is still written'
            error = stuck.reply()['error']
            assert (error['reason'], error['path']) == ('file-not-usable', 'fdname'), error
            for pipe in first, second:
                assert 0 < len(pipe.read()) < 640 * 480 * 3


def cards(recorder):
    """a second card has a screen of its own, and takes it along when it is unplugged"""
    with Daemon(recorder) as daemon:
        client, qtest = driven(daemon, ('VGA', 'a'), ('secondary-vga', 'b'), xres=800, yres=600,
                               xmax=1024, ymax=768, refresh_rate=60000, edid=True, vgamem_mb=8,
                               **{'qemu-extended-regs': True})
        pixels = draw(qtest)
        for device in {}, {'device': 'a'}, {'device': '/machine/peripheral/a', 'head': 0}:
            client.call('screendump', filename=daemon.path('x'), **device)
            assert read_ppm(daemon.path('x')) == (64, 48, pixels)
        client.call('screendump', filename=daemon.path('x'), device='b')
        assert not any(read_ppm(daemon.path('x'))[2])
        head = client.call('qom-get', path='/machine/peripheral/b/console[0]', property='head')
        recorder.read('console', 'head')
        assert head == 0
        assert client.error('device_add', {'driver': 'VGA'})['reason'] == 'not-hotpluggable'
        client.call('device_del', id='b')
        qtest.ok('outl %#x %#x' % (EJECT, 1 << SLOT + 1))
        client.wait_event('DEVICE_DELETED')
        error = client.error('screendump', {'filename': daemon.path('x'), 'device': 'b'})
        assert error['reason'] == 'device-not-found', error
        client.call('device_add', driver='secondary-vga', id='b')
        client.call('screendump', filename=daemon.path('x'), device='b')


def state_has_registers(recorder):
    """the registers of the card by name"""
    with Daemon(recorder) as daemon:
        client, qtest = driven(daemon, mmio=False)
        draw(qtest)
        state = client.call('query-device-state', path='video')
        text = str(state)
        assert "'misc'" in text and "'vbe'" in text, text


# ---- vmctl

def vmctl(daemon, *words, **options):
    return subprocess.run([VMCTL, '--socket', daemon.socket, *words], capture_output=True,
                          check=False, timeout=vmdtest.TIMEOUT, **options)


def screenshots(recorder):
    """vmctl screenshot: a PNG or PPM, to a file in its own directory or to standard output"""
    with Daemon(recorder) as daemon:
        client, qtest = driven(daemon)
        pixels = draw(qtest)
        os.mkdir(daemon.path('here'))
        for words, name, read in ((['video', '-o', 'a.png'], 'a.png', read_png),
                                  (['-o', 'a.ppm'], 'a.ppm', read_ppm)):
            done = vmctl(daemon, 'screenshot', *words, cwd=daemon.path('here'))
            assert done.returncode == 0, done
            assert read(daemon.path('here/' + name)) == (64, 48, pixels)
        done = vmctl(daemon, 'screenshot')
        with open(daemon.path('out'), 'wb') as f:
            f.write(done.stdout)
        assert read_png(daemon.path('out')) == (64, 48, pixels)
        done = vmctl(daemon, 'screenshot', '-o', daemon.path('b.png'), 'nobody')
        assert done.returncode == 1 and b"Device 'nobody' not found" in done.stderr, done
        assert not os.path.exists(daemon.path('b.png'))
        os.symlink('a.ppm', daemon.path('here/link'))
        before = read_file(daemon.path('here/a.ppm'))
        for name in 'a.ppm', 'link', '/dev/full':
            done = vmctl(daemon, 'screenshot', '-o', name, 'nobody', cwd=daemon.path('here'))
            assert done.returncode == 1 and b"Device 'nobody' not found" in done.stderr, done
        assert os.path.exists('/dev/full')
        assert read_file(daemon.path('here/link')) == before
        assert sorted(os.listdir(daemon.path('here'))) == ['a.png', 'a.ppm', 'link']


def on_terminal(daemon, answer, *words):
    """vmctl on a terminal that answers the question what it can do: (exit status, what came)."""
    pid, master = pty.fork()
    if pid == 0:
        os.execv(VMCTL, [VMCTL, '--socket', daemon.socket, 'screenshot', *words])
    output = b''
    with open(master, 'r+b', buffering=0) as terminal, contextlib.suppress(OSError):
        while True:
            data = terminal.read(1 << 16)
            if not data:
                break
            output += data
            if answer and b'\033[c' in output:
                terminal.write(answer)
                answer = b''
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output


def read_sixels(text):
    """(width, height, percentages of red, green and blue of each pixel)."""
    start = re.match(rb'\033P0;1q"1;1;(\d+);(\d+)', text)
    width, height = int(start[1]), int(start[2])
    pixels, colors, x, y, color = [None] * (width * height), {}, 0, 0, None
    for number, definition, count, sixel, move in re.findall(
            rb'#(\d+)(?:;2;([0-9;]+))?|(?:!(\d+))?([?-~])|([$-])', text[start.end():-2]):
        if number and definition:
            colors[int(number)] = tuple(map(int, definition.split(b';')))
        elif number:
            color = colors[int(number)]
        elif sixel:
            for column in range(x, x + int(count or 1)):
                for bit in range(6):
                    if (sixel[0] - 0x3f) >> bit & 1:
                        assert pixels[(y + bit) * width + column] is None
                        pixels[(y + bit) * width + column] = color
            x += int(count or 1)
        else:
            x, y = 0, y + (6 if move == b'-' else 0)
    return width, height, pixels


def percent(pixels):
    return [tuple((value * 100 + 127) // 255 for value in pixels[i:i + 3])
            for i in range(0, len(pixels), 3)]


def shown(recorder):
    """vmctl screenshot --show: by kitty's protocol, as sixels, or an error that says why not"""
    kitty, device = b'\033_Gi=31;OK\033\\', b'\033[?62;4;22c'
    with Daemon(recorder) as daemon:
        _, qtest = driven(daemon)
        pixels = draw(qtest)
        status, output = on_terminal(daemon, kitty + device, '--show', 'video')
        assert status == 0, output[-300:]
        parts = re.findall(rb'\033_G([^;]*);([^\033]*)\033\\', output)[1:]
        assert parts[0][0] == b'a=T,f=100,m=1' and parts[-1][0] == b'm=0', parts
        with open(daemon.path('shown'), 'wb') as f:
            f.write(base64.b64decode(b''.join(data for _, data in parts)))
        assert read_png(daemon.path('shown')) == (64, 48, pixels)
        # More colours than sixels have: six levels of each.
        status, output = on_terminal(daemon, device, '--show')
        seen = read_sixels(output[output.index(b'\033P'):].rstrip())
        levels = bytes((value * 5 + 127) // 255 * 51 for value in pixels)
        assert status == 0 and seen == (64, 48, percent(levels)), output[-300:]
        program = Program()
        program.attach(SLOT)
        program.mode('text80')
        program.colors()
        program.write(0xb8000, bytes(range(256)) * 8)
        assert all(answer.startswith('OK') for answer in qtest.ask_all(program.lines))
        client = daemon.client()
        client.call('screendump', filename=daemon.path('a'))
        width, height, pixels = read_ppm(daemon.path('a'))
        status, output = on_terminal(daemon, device, '--show')
        seen = read_sixels(output[output.index(b'\033P'):].rstrip())
        assert status == 0 and seen == (width, height, percent(pixels)), output[-300:]
        for answer, why in ((b'\033[?62;22c', b'shows no pictures'), (b'\033[?44c', b'no pictures'),
                            (b'', b'does not say'), (b'\033[?' + b'4;' * 4000, b'does not say')):
            status, output = on_terminal(daemon, answer, '--show')
            assert status == 1 and why in output, (answer[:20], output)
        status, output = on_terminal(daemon, kitty + device, '--show', 'nobody')
        assert status == 1 and b"Device 'nobody' not found" in output, output
        for words, why in ((['--show'], b'needs a terminal'),
                           (['--show', '-o', daemon.path('x')], b'exclude each other')):
            done = vmctl(daemon, 'screenshot', *words)
            assert done.returncode == 2 and why in done.stderr, done


def text_of_screens(recorder):
    """vmctl screen: lines of text, or JSON"""
    with Daemon(recorder) as daemon:
        _, qtest = driven(daemon)
        program = Program()
        program.attach(SLOT)
        program.mode('text80')
        program.write(0xb8000, b'V\7M\7D\7 \7\x03\4')
        assert all(answer.startswith('OK') for answer in qtest.ask_all(program.lines))
        done = vmctl(daemon, 'screen', '--text')
        assert done.stdout.decode() == 'VMD ♥\n' + '\n' * 24, done
        done = vmctl(daemon, 'screen', '--json', 'video')
        assert '"VMD ♥"' in done.stdout.decode() and b'"columns": 80' in done.stdout, done


if __name__ == '__main__':
    vmdtest.main([firmware, grub, ramfb, linux_console, linux_virtio_vga, linux_virtio_gpu,
                  linux_on_cirrus, files, no_room, descriptors, stuck_readers, cards,
                  state_has_registers, screenshots, shown, text_of_screens])
