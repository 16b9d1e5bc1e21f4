# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables of a PC as firmware finds them in the firmware configuration device."""
import struct

SELECTOR, DMA = 0x510, 0x514
DESCRIPTOR, BUFFER = 0x1000, 0x10000                # in guest RAM
KEY_DIRECTORY = 0x19
READ_SELECTED = 0x0a
TABLES_AT = 0x7fe0000                               # where this firmware puts them


class Firmware:
    """Does what firmware does before it starts an operating system."""

    def __init__(self, qtest):
        self.qtest = qtest
        self.files = {}
        head = self.read(KEY_DIRECTORY, 4)
        count = struct.unpack('>I', head)[0]
        entries = self.read(KEY_DIRECTORY, 4 + 64 * count)[4:]
        for at in range(0, len(entries), 64):
            size, key, name = struct.unpack('>IHxx56s', entries[at:at + 64])
            self.files[name.rstrip(b'\0').decode()] = (key, size)

    def read(self, key, size):
        self.qtest.write(DESCRIPTOR, struct.pack('>IIQ', READ_SELECTED | key << 16, size, BUFFER))
        self.qtest.ok('outl %#x 0' % DMA)
        self.qtest.ok('outl %#x %#x' % (DMA + 4, int.from_bytes(struct.pack('>I', DESCRIPTOR),
                                                                'little')))
        control = struct.unpack('>I', self.qtest.read(DESCRIPTOR, 4))[0]
        assert control == 0, control
        return self.qtest.read(BUFFER, size)

    def file(self, name):
        return bytearray(self.read(*self.files[name]))

    def acpi(self):
        """The block of tables, patched as the script says, and the root's address in it."""
        script = self.file('etc/table-loader')
        files = {'etc/acpi/tables': self.file('etc/acpi/tables'),
                 'etc/acpi/rsdp': self.file('etc/acpi/rsdp')}
        for at in range(0, len(script), 128):
            command = script[at:at + 128]
            kind = struct.unpack_from('<I', command)[0]
            data = files.get(command[4:60].rstrip(b'\0').decode())
            if kind == 2:
                offset, size = struct.unpack_from('<IB', command, 116)
                value = int.from_bytes(data[offset:offset + size], 'little') + TABLES_AT
                data[offset:offset + size] = value.to_bytes(size, 'little')
            elif kind == 3:
                offset, start, length = struct.unpack_from('<III', command, 60)
                data[offset] = (data[offset] - sum(data[start:start + length])) & 0xff
        root = struct.unpack_from('<I', files['etc/acpi/rsdp'], 16)[0]
        return files['etc/acpi/tables'], root - TABLES_AT

    def dump(self):
        """Entry point and structures as `dmidecode --from-dump` takes them."""
        anchor = self.file('etc/smbios/smbios-anchor')
        structures = self.file('etc/smbios/smbios-tables')
        struct.pack_into('<I', anchor, 0x18, 0x20)
        for start, end, at in ((0x10, 0x1f, 0x15), (0, 0x1f, 4)):
            anchor[at] = (anchor[at] - sum(anchor[start:end])) & 0xff
        return bytes(anchor).ljust(0x20, b'\0') + bytes(structures)


def tables_of(block, root):
    """{ signature: bytes } of all that the root leads to."""
    def table(at):
        length = struct.unpack_from('<I', block, at + 4)[0]
        return bytes(block[at:at + length])

    found = {}
    for (address,) in struct.iter_unpack('<I', table(root)[36:]):
        data = table(address - TABLES_AT)
        assert sum(data) & 0xff == 0, data[:4]
        found[data[:4].decode()] = data
    for offset in (36, 40):
        data = table(struct.unpack_from('<I', found['FACP'], offset)[0] - TABLES_AT)
        found[data[:4].decode()] = data
    return found
