# SPDX-License-Identifier: GPL-2.0-or-later
"""A file that fails on command: a file system of one file, by FUSE.

The kernel asks through /dev/fuse (linux/fuse.h, protocol 7.31), a thread of the
test answers.  The file's content is `data`, in the test's own memory.  A socket can be bound beside it.  I/O is
direct: each request of the daemon arrives as it is, but for what is longer than
MAX_WRITE.  The file system can also stop answering at all.
"""
import ctypes
import errno
import os
import select
import stat
import struct
import tempfile
import threading

from vmdtest import Skip

MAX_WRITE = 128 << 10
HEADER = struct.Struct('<IIQQIIII')
ROOT, FILE, SOCKET = 1, 2, 3
NAME, SOCKET_NAME = b'image', b'socket'

(LOOKUP, FORGET, GETATTR, SETATTR, MKNOD, UNLINK, OPEN, READ, WRITE, STATFS, RELEASE, FSYNC,
 FLUSH, INIT, OPENDIR, RELEASEDIR, ACCESS, INTERRUPT, DESTROY, IOCTL, BATCH_FORGET,
 FALLOCATE) = (
     1, 2, 3, 4, 8, 10, 14, 15, 16, 17, 18, 20, 25, 26, 27, 29, 34, 36, 38, 39, 42, 43)
SILENT = FORGET, INTERRUPT, BATCH_FORGET
EMPTY = RELEASE, RELEASEDIR, ACCESS, DESTROY
KINDS = {'read': READ, 'write': WRITE, 'sync': FSYNC, 'open': OPEN, 'look': GETATTR,
         'resize': SETATTR, 'close': FLUSH, 'punch': FALLOCATE, 'control': IOCTL, 'room': STATFS,
         'unlink': UNLINK}
FATTR_SIZE = 1 << 3
FOPEN_DIRECT_IO = 1
MNT_DETACH = 2


class FaultyFile:
    """`path` is the file; within the `with` it is there."""

    def __init__(self, size, closes=False):
        """closes: it wants to be told (FLUSH) when a descriptor is closed, and may hold that."""
        self.data = bytearray(size)
        self.closes = closes
        self.lock = threading.Lock()
        self.faults = []            # (operation, first byte, end, errno)
        self.holds = ()             # opcodes of requests that wait for release()
        self.held = []              # those that do
        self.syncs = 0
        self.stop, self.stopper = os.pipe()
        self.fd, self.folder = mount_fuse()
        self.path = os.path.join(self.folder, NAME.decode())
        self.socket = os.path.join(self.folder, SOCKET_NAME.decode())
        self.has_socket = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def fail(self, operation, error, first=0, end=1 << 62):
        """'read', 'write' or 'sync' of any of these bytes fails from now on."""
        with self.lock:
            self.faults.append((operation, first, end, error))

    def heal(self):
        with self.lock:
            self.faults = []

    def hold(self, *kinds):
        """Requests of these kinds are not answered until they are held no more."""
        with self.lock:
            self.holds = [KINDS[kind] for kind in kinds or ('read', 'write', 'sync')]
            held, self.held = self.held, []
            for request in held:
                self.take(*request)

    def n_held(self):
        with self.lock:
            return len(self.held)

    def release(self):
        with self.lock:
            self.holds = ()
            held, self.held = self.held, []
            for request in held:
                self.answer(*request)

    def stop_answering(self):
        """From now on nobody even reads what the kernel asks."""
        # It has begun, and closing asks for nothing (FLUSH is not served, which the kernel
        # remembers): a process that has the file open could not end otherwise.
        os.close(os.open(self.path, os.O_RDONLY))
        os.write(self.stopper, b'x')
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release()
        ctypes.CDLL(None).umount2(self.folder.encode(), MNT_DETACH)
        self.thread.join(10)
        for fd in self.fd, self.stop, self.stopper:
            os.close(fd)            # whoever still waits is told
        os.rmdir(self.folder)

    # ---- Requests

    def serve(self):
        while self.stop not in select.select([self.fd, self.stop], [], [])[0]:
            try:
                message = os.read(self.fd, MAX_WRITE + 4096)
            except OSError as why:
                if why.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                    continue
                return              # not mounted any more
            length, opcode, unique, node = HEADER.unpack_from(message)[:4]
            with self.lock:
                self.take(unique, opcode, node, message[HEADER.size:length])

    def take(self, *request):
        if request[1] in self.holds:
            self.held.append(request)
        else:
            self.answer(*request)

    def answer(self, unique, opcode, node, body):
        if opcode in SILENT:
            return
        try:
            reply = b'' if opcode in EMPTY else self.do(opcode, node, body)
            error = 0
        except OSError as why:
            reply, error = b'', -why.errno
        try:
            os.write(self.fd, struct.pack('<IiQ', 16 + len(reply), error, unique) + reply)
        except OSError:
            pass                    # whoever asked has gone

    def do(self, opcode, node, body):
        actions = {INIT: self.init, LOOKUP: self.look_up, GETATTR: self.get_attr,
                   SETATTR: self.set_attr, OPEN: self.open, OPENDIR: self.open,
                   READ: self.read, WRITE: self.write, FSYNC: self.sync, STATFS: self.stat_fs,
                   MKNOD: self.make_socket, UNLINK: self.unlink}
        if opcode == FLUSH and self.closes:
            return b''
        if opcode not in actions:
            raise OSError(errno.ENOSYS, 'not served')
        return actions[opcode](node, body)

    def check(self, operation, first, size):
        for what, start, end, error in self.faults:
            if what == operation and first < end and first + size > start:
                raise OSError(error, 'as it was told to')

    def attributes(self, node):
        size, mode = {ROOT: (4096, stat.S_IFDIR | 0o755), SOCKET: (0, stat.S_IFSOCK | 0o755),
                      FILE: (len(self.data), stat.S_IFREG | 0o644)}[node]
        return struct.pack('<6Q10I', node, size, (size + 511) // 512, 0, 0, 0, 0, 0, 0, mode, 1,
                           0, 0, 0, 4096, 0)

    def init(self, _, body):
        major, minor, readahead = struct.unpack_from('<III', body)
        assert major == 7, 'FUSE protocol %d.%d' % (major, minor)
        return struct.pack('<IIIIHHIIHHII24x', 7, 31, readahead, 0, 16, 12, MAX_WRITE, 1, 0, 0,
                           0, 0)

    def entry(self, node):
        return struct.pack('<QQQQII', node, 0, 0, 0, 0, 0) + self.attributes(node)

    def look_up(self, _, body):
        name = body.rstrip(b'\0')
        if name == SOCKET_NAME and self.has_socket:
            return self.entry(SOCKET)
        if name != NAME:
            raise OSError(errno.ENOENT, 'no such file')
        return self.entry(FILE)

    def make_socket(self, _, body):
        if not stat.S_ISSOCK(struct.unpack_from('<I', body)[0]) or \
                body[16:].rstrip(b'\0') != SOCKET_NAME:
            raise OSError(errno.EPERM, 'not served')
        self.has_socket = True
        return self.entry(SOCKET)

    def unlink(self, _, body):
        self.look_up(_, body)
        if body.rstrip(b'\0') != SOCKET_NAME:
            raise OSError(errno.EPERM, 'not served')
        self.has_socket = False
        return b''

    def get_attr(self, node, _):
        return struct.pack('<QII', 0, 0, 0) + self.attributes(node)

    def set_attr(self, node, body):
        valid, _, _, size = struct.unpack_from('<IIQQ', body)
        if valid & FATTR_SIZE:
            self.data = self.data[:size].ljust(size, b'\0')
        return self.get_attr(node, body)

    def open(self, node, _):
        return struct.pack('<QII', 0, FOPEN_DIRECT_IO if node == FILE else 0, 0)

    def read(self, _, body):
        offset, size = struct.unpack_from('<8xQI', body)
        self.check('read', offset, size)
        return bytes(self.data[offset:offset + size])

    def write(self, _, body):
        offset, size = struct.unpack_from('<8xQI', body)
        self.check('write', offset, size)
        self.data.extend(bytes(max(offset - len(self.data), 0)))
        self.data[offset:offset + size] = body[40:40 + size]
        return struct.pack('<II', size, 0)

    def sync(self, *_):
        self.check('sync', 0, len(self.data))
        self.syncs += 1
        return b''

    def stat_fs(self, *_):
        return struct.pack('<5Q4I24x', 1 << 20, 1 << 20, 1 << 20, 2, 0, 4096, 255, 4096, 0)


def mount_fuse():
    """The descriptor and the folder of a new file system, whose root is a folder."""
    if os.geteuid() != 0:
        raise Skip('needs root to mount a FUSE file system')
    try:
        fd = os.open('/dev/fuse', os.O_RDWR | os.O_CLOEXEC)
    except OSError as why:
        raise Skip('/dev/fuse: ' + why.strerror)
    folder = tempfile.mkdtemp(prefix='vmd-faulty-')
    libc = ctypes.CDLL(None, use_errno=True)
    options = b'fd=%d,rootmode=40000,user_id=0,group_id=0' % fd
    if libc.mount(b'vmd-faulty', folder.encode(), b'fuse', 0, options) != 0:
        why = os.strerror(ctypes.get_errno())
        os.rmdir(folder)
        os.close(fd)
        raise Skip('a FUSE file system cannot be mounted here: ' + why)
    return fd, folder
