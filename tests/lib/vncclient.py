# SPDX-License-Identifier: GPL-2.0-or-later
"""A VNC client: the handshake step by step, the encodings that the server has, and input.

Pictures are kept as 0xRRGGBB pixels in 32 bits, little endian, as the server sends them in the
pixel format that the client asks for.
"""
import select
import socket
import struct
import subprocess
import time
import zlib

TIMEOUT = 30

RAW, RRE, CORRE, HEXTILE, ZLIB, TIGHT, ZRLE = 0, 2, 4, 5, 6, 7, 16
DESKTOP_SIZE, LAST_RECT, CURSOR, MOTION, KEYS, LEDS = -223, -224, -239, -257, -258, -261
POINTER, SCREENS, ALPHA_CURSOR, CLIPBOARD = -232, -308, -314, 0xc0a1e5ce - (1 << 32)
# Flags of the extended clipboard.
TEXT, CAPS, REQUEST, PEEK, NOTIFY, PROVIDE = 1, *(1 << n for n in range(24, 29))
NONE, VNC, VENCRYPT = 1, 2, 19
X509_NONE, X509_VNC = 260, 261

# Pixel formats: bits, depth, big endian, true colour, maxima, shifts.
FORMAT_32 = struct.pack('>BBBBHHHBBB3x', 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
FORMAT_16 = struct.pack('>BBBBHHHBBB3x', 16, 16, 0, 1, 31, 63, 31, 11, 5, 0)
FORMAT_8 = struct.pack('>BBBBHHHBBB3x', 8, 8, 0, 1, 7, 7, 3, 0, 3, 6)


def encrypt(password, challenge):
    """The response: DES with the password as key, each byte with its bits in reverse order."""
    key = bytes(int('{:08b}'.format(b)[::-1], 2) for b in password.encode()[:8].ljust(8, b'\0'))
    return subprocess.run(
        ['openssl', 'enc', '-des-ecb', '-K', key.hex(), '-nopad', '-provider', 'legacy',
         '-provider', 'default'], input=challenge, stdout=subprocess.PIPE, check=True).stdout


class Refused(Exception):
    """The server's reason."""


class VncClient:
    def __init__(self, address, version=8, password=None, shared=True, encodings=(RAW,),
                 pixel_format=None, start=True, tls=None):
        """address: a path, (host, port), or what is connected and used like a socket; tls: an
        ssl.SSLContext."""
        if not isinstance(address, (str, tuple)):
            self.sock = address
        else:
            family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
            self.sock = socket.socket(family, socket.SOCK_STREAM)
            self.sock.settimeout(TIMEOUT)
            self.sock.connect(address)
        self.sock.settimeout(TIMEOUT)
        self.version = version
        self.tls = tls
        self.features = set()
        self.leds = self.absolute = None
        self.sizes = 0                          # how often another size was told
        self.told = []                          # (reason, answer, width, height) of screens
        self.cursor = None                      # (width, height, hot x, hot y, pixels, mask)
        self.place = None                       # of the pointer, that the server said
        self.texts = []                         # of clipboards, in Latin-1
        self.cuts = []                          # (flags, content) of extended ones
        self.rectangles = self.covered = 0      # with pixels, and those, so far
        self.streams = {}
        if start:
            self.handshake(password)
            self.start(shared)
            if pixel_format:
                self.set_format(pixel_format)
            self.set_encodings(encodings)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- Bytes ----

    def read(self, size):
        data = bytearray()
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            if not part:
                raise EOFError('the server closed the connection')
            data += part
        return bytes(data)

    def unpack(self, layout):
        return struct.unpack('>' + layout, self.read(struct.calcsize('>' + layout)))

    def send(self, layout, *values):
        self.sock.sendall(struct.pack('>' + layout, *values))

    def ended(self, timeout=TIMEOUT):
        """Whether the server closes the connection; what it still sends is dropped."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if select.select([self.sock], [], [], deadline - time.monotonic())[0]:
                try:
                    if not self.sock.recv(1 << 20):
                        return True
                except ConnectionError:
                    return True
        return False

    def silent(self, timeout):
        """Whether nothing comes in that time."""
        return not select.select([self.sock], [], [], timeout)[0]

    # ---- Handshake ----

    def handshake(self, password=None):
        """Up to the server's consent."""
        self.greet()
        types = self.security_types()
        kind = VENCRYPT if VENCRYPT in types else VNC if VNC in types else NONE
        if self.version >= 7:
            self.send('B', kind)
        if kind == VENCRYPT:
            kind = self.encrypt()
        if kind in (VNC, X509_VNC):
            self.answer(password or '')
        if kind != NONE or self.version >= 8:
            self.result()

    def encrypt(self):
        """VeNCrypt; returns the subtype."""
        assert self.read(2) == b'\0\2'
        self.sock.sendall(b'\0\2')
        assert self.read(2) == b'\0\1'
        subtype, = self.unpack('I')
        self.send('I', subtype)
        assert self.read(1) == b'\1'
        self.sock = self.tls.wrap_socket(self.sock)
        return subtype

    def greet(self):
        assert self.read(12) == b'RFB 003.008\n'
        self.sock.sendall(b'RFB 003.%03d\n' % self.version)

    def reason(self):
        return Refused(self.read(self.unpack('I')[0]).decode())

    def security_types(self):
        if self.version < 7:
            types = [self.unpack('I')[0]]
        else:
            types = list(self.read(self.unpack('B')[0]))
        if not types or types == [0]:
            raise self.reason()
        return types

    def answer(self, password):
        self.sock.sendall(encrypt(password, self.read(16)))

    def result(self):
        if self.unpack('I')[0]:
            raise self.reason() if self.version >= 8 else Refused('')

    def start(self, shared=True):
        self.send('B', shared)
        self.width, self.height = self.unpack('HH')
        self.format = self.read(16)
        self.name = self.read(self.unpack('I')[0]).decode()
        self.bytes_per_pixel = self.format[0] // 8
        self.new_picture()

    def new_picture(self):
        self.pixels = bytearray(self.width * self.height * self.bytes_per_pixel)

    # ---- Messages ----

    def set_format(self, pixel_format):
        self.sock.sendall(b'\0\0\0\0' + pixel_format)
        self.format = pixel_format
        self.bytes_per_pixel = pixel_format[0] // 8
        self.new_picture()

    def set_encodings(self, encodings):
        self.send('BxH%di' % len(encodings), 2, len(encodings), *encodings)

    def ask(self, incremental=False, x=0, y=0, width=None, height=None):
        self.send('BBHHHH', 3, incremental, x, y, self.width if width is None else width,
                  self.height if height is None else height)

    def key(self, keysym, down):
        self.send('BBxxI', 4, down, keysym)

    def type(self, text):
        for character in text:
            self.key(ord(character), True)
            self.key(ord(character), False)

    def key_number(self, number, down, keysym=0):
        self.send('BBHII', 255, 0, down, keysym, number)

    def pointer(self, x, y, buttons=0):
        self.send('BBHH', 5, buttons, x, y)

    def cut_text(self, size, content=b''):
        self.send('BxxxI', 6, size & 0xffffffff)
        self.sock.sendall(content)

    def cut_extended(self, flags, content=b''):
        self.cut_text(-(4 + len(content)), struct.pack('>I', flags) + content)

    def provide(self, text):
        """text: bytes, with what ends them."""
        self.cut_extended(PROVIDE | TEXT, zlib.compress(struct.pack('>I', len(text)) + text))

    def wish(self, width, height, screens=None):
        """screens: (x, y, width, height) of each; one for all of it if left out."""
        screens = [(0, 0, width, height)] if screens is None else screens
        self.send('BxHHBx', 251, width, height, len(screens))
        for i, screen in enumerate(screens):
            self.send('IHHHHI', i, *screen, 0)

    def take_cut_text(self):
        """The rest of a server's clipboard."""
        size, = self.unpack('xxxi')
        if size >= 0:
            self.texts.append(self.read(size).decode('latin-1'))
        else:
            flags, = self.unpack('I')
            self.cuts.append((flags, self.read(-size - 4)))

    def take_cut(self):
        """Takes messages up to a clipboard, (flags, content) or a text."""
        before = len(self.texts), len(self.cuts)
        while before == (len(self.texts), len(self.cuts)):
            kind, = self.unpack('B')
            assert kind == 3, 'a message of type %d' % kind
            self.take_cut_text()
        return self.texts[-1] if len(self.texts) > before[0] else self.cuts[-1]

    # ---- Updates ----

    def update(self, incremental=False):
        """Asks for an update, and takes what comes up to pixels, or a new size."""
        before = self.rectangles, self.sizes
        self.ask(incremental)
        while before == (self.rectangles, self.sizes):
            self.take_update()

    def picture(self):
        """The whole picture, in the size that the server has now."""
        asked = None
        while asked != self.sizes or self.covered < self.width * self.height:
            if asked != self.sizes:
                asked = self.sizes
                self.covered = 0
                self.ask()
            self.take_update()
        return self.pixels

    def take_update(self):
        """Takes one; returns the encodings in it."""
        kind, = self.unpack('B')
        while kind == 3:
            self.take_cut_text()
            kind, = self.unpack('B')
        assert kind == 0, 'a message of type %d' % kind
        n, = self.unpack('xH')
        seen = []
        while n:
            x, y, width, height, encoding = self.unpack('HHHHi')
            seen.append(encoding)
            if encoding == LAST_RECT:
                break
            self.take_rectangle(x, y, width, height, encoding)
            n -= n != 0xffff
        return seen

    def take_rectangle(self, x, y, width, height, encoding):
        if encoding == DESKTOP_SIZE:
            self.width, self.height = width, height
            self.sizes += 1
            self.new_picture()
        elif encoding in (KEYS, MOTION):
            self.features.add(encoding)
            self.absolute = x if encoding == MOTION else self.absolute
        elif encoding == LEDS:
            self.leds = self.read(1)[0]
        elif encoding == SCREENS:
            self.take_screens(x, y, width, height)
        elif encoding == POINTER:
            self.place = x, y
        elif encoding == CURSOR:
            self.cursor = (width, height, x, y, self.read(width * height * self.bytes_per_pixel),
                           self.read((width + 7) // 8 * height))
        elif encoding == ALPHA_CURSOR:
            assert self.unpack('i') == (RAW,)
            self.cursor = width, height, x, y, self.read(width * height * 4), None
        else:
            assert x + width <= self.width and y + height <= self.height
            self.rectangles += 1
            self.covered += width * height
            {RAW: self.take_raw, HEXTILE: self.take_hextile, TIGHT: self.take_tight,
             ZRLE: self.take_zrle, ZLIB: self.take_zlib, RRE: self.take_rre,
             CORRE: self.take_corre}[encoding](x, y, width, height)

    def take_screens(self, reason, answer, width, height):
        """One, as large as the picture."""
        assert self.unpack('BxxxIHHHHI') == (1, 0, 0, 0, width, height, 0)
        self.told.append((reason, answer, width, height))
        if (width, height) != (self.width, self.height):
            self.width, self.height = width, height
            self.sizes += 1
            self.new_picture()

    def put(self, x, y, width, height, data):
        size = self.bytes_per_pixel
        assert len(data) == width * height * size
        for i in range(height):
            at = ((y + i) * self.width + x) * size
            self.pixels[at:at + width * size] = data[i * width * size:(i + 1) * width * size]

    def fill(self, x, y, width, height, pixel):
        self.put(x, y, width, height, pixel * (width * height))

    def take_raw(self, x, y, width, height):
        self.put(x, y, width, height, self.read(width * height * self.bytes_per_pixel))

    def take_rre(self, x, y, width, height, layout='HHHH'):
        n, = self.unpack('I')
        self.fill(x, y, width, height, self.read(self.bytes_per_pixel))
        for _ in range(n):
            pixel = self.read(self.bytes_per_pixel)
            sx, sy, sw, sh = self.unpack(layout)
            self.fill(x + sx, y + sy, sw, sh, pixel)

    def take_corre(self, x, y, width, height):
        self.take_rre(x, y, width, height, 'BBBB')

    def take_hextile(self, x, y, width, height):
        background = foreground = None
        for ty in range(y, y + height, 16):
            for tx in range(x, x + width, 16):
                tw, th = min(16, x + width - tx), min(16, y + height - ty)
                kind, = self.read(1)
                if kind & 1:
                    self.take_raw(tx, ty, tw, th)
                    continue
                background = self.read(self.bytes_per_pixel) if kind & 2 else background
                foreground = self.read(self.bytes_per_pixel) if kind & 4 else foreground
                self.fill(tx, ty, tw, th, background)
                for _ in range(self.read(1)[0] if kind & 8 else 0):
                    pixel = self.read(self.bytes_per_pixel) if kind & 16 else foreground
                    xy, wh = self.read(2)
                    self.fill(tx + (xy >> 4), ty + (xy & 15), (wh >> 4) + 1, (wh & 15) + 1, pixel)

    def inflate(self, stream, data, size=None):
        """The stream goes on from rectangle to rectangle."""
        stream = self.streams.setdefault(stream, zlib.decompressobj())
        plain = stream.decompress(data)
        assert size is None or len(plain) == size, (len(plain), size)
        return plain

    def take_zlib(self, x, y, width, height):
        data = self.read(self.unpack('I')[0])
        self.put(x, y, width, height,
                 self.inflate('zlib', data, width * height * self.bytes_per_pixel))

    # ---- Tight ----

    def is_packed(self):
        """Whether pixels of 32 bits are sent as three bytes: red, green, blue."""
        return self.format[0] == 32 and self.format[1] == 24

    def tight_pixels(self, data):
        if not self.is_packed():
            return data
        pixels = bytearray(len(data) // 3 * 4)
        pixels[2::4], pixels[1::4], pixels[0::4] = data[0::3], data[1::3], data[2::3]
        return bytes(pixels)

    def compact(self):
        size = shift = 0
        while True:
            byte, = self.read(1)
            size |= (byte & 0x7f) << shift
            shift += 7
            if not byte & 0x80 or shift == 21:
                return size

    def take_tight(self, x, y, width, height):
        size = 3 if self.is_packed() else self.bytes_per_pixel
        control, = self.read(1)
        for stream in range(4):
            if control >> stream & 1:
                self.streams.pop(stream, None)
        kind = control >> 4
        if kind == 8:
            self.fill(x, y, width, height, self.tight_pixels(self.read(size)))
            return
        assert kind < 8, 'a picture that is not exact'
        palette = None
        if kind & 4:
            filter_id, = self.read(1)
            assert filter_id in (0, 1), 'filter %d' % filter_id
            if filter_id == 1:
                n = self.read(1)[0] + 1
                palette = self.tight_pixels(self.read(n * size))
        if palette is None:
            raw = width * height * size
        else:
            n = len(palette) // self.bytes_per_pixel
            raw = (width + 7) // 8 * height if n <= 2 else width * height
        data = self.read(raw) if raw < 12 else self.inflate(kind & 3, self.read(self.compact()),
                                                            raw)
        self.put(x, y, width, height, self.tight_pixels(data) if palette is None
                 else self.indexed(palette, data, width, height))

    def indexed(self, palette, data, width, height):
        size = self.bytes_per_pixel
        colours = [palette[i:i + size] for i in range(0, len(palette), size)]
        if len(colours) > 2:
            return b''.join(colours[i] for i in data)
        row = (width + 7) // 8
        return b''.join(colours[data[y * row + x // 8] >> (7 - x % 8) & 1]
                        for y in range(height) for x in range(width))

    # ---- ZRLE ----

    def take_zrle(self, x, y, width, height):
        data = self.inflate('zrle', self.read(self.unpack('I')[0]))
        at = 0
        size = 3 if self.is_packed() else self.bytes_per_pixel

        def pixel():
            nonlocal at
            value = data[at:at + size]
            at += size
            return value + b'\0' if size == 3 else value

        def length():
            nonlocal at
            n = 1
            while data[at] == 255:
                n += 255
                at += 1
            n += data[at]
            at += 1
            return n

        for ty in range(y, y + height, 64):
            for tx in range(x, x + width, 64):
                tw, th = min(64, x + width - tx), min(64, y + height - ty)
                kind = data[at]
                at += 1
                palette = [pixel() for _ in range(kind & 0x7f)]
                out = []
                if kind == 0:
                    out = [pixel() for _ in range(tw * th)]
                elif kind == 1:
                    out = palette * (tw * th)
                elif kind <= 16:
                    bits = 1 if kind == 2 else 2 if kind <= 4 else 4
                    for _ in range(th):
                        row = data[at:at + (tw * bits + 7) // 8]
                        at += len(row)
                        out += [palette[row[i * bits // 8] >> (8 - bits - i * bits % 8) &
                                        ((1 << bits) - 1)] for i in range(tw)]
                elif kind == 128:
                    while len(out) < tw * th:
                        value = pixel()
                        out += [value] * length()
                else:
                    while len(out) < tw * th:
                        index = data[at]
                        at += 1
                        out += [palette[index & 0x7f]] * (length() if index & 0x80 else 1)
                self.put(tx, ty, tw, th, b''.join(out))
        assert at == len(data)


def rgb(pixels):
    """Red, green, blue bytes of pixels of 32 bits, as in a PPM file."""
    out = bytearray(len(pixels) // 4 * 3)
    out[0::3], out[1::3], out[2::3] = pixels[2::4], pixels[1::4], pixels[0::4]
    return bytes(out)
