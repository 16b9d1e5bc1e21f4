#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qcow2 images as nodes of vmd: refusals by name, chains, a guest that writes to one."""
import errno
import json
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qcow2images                                  # noqa: E402
import vmdtest                                      # noqa: E402
from linuxguest import BOOT_TIMEOUT, Guest, virtio  # noqa: E402
from faultyfs import FaultyFile                     # noqa: E402
from qcow2images import run                         # noqa: E402
from vmdtest import Daemon, on_one_accel            # noqa: E402
from waiting import wait_held                       # noqa: E402

MIB = 1 << 20


def create(path, *options, size=MIB):
    run('qemu-img', 'create', '-q', '-f', 'qcow2', *options, path, str(size))
    return path


def file_node(path, **more):
    return dict({'driver': 'file', 'filename': path}, **more)


def patch(path, at, data):
    with open(path, 'r+b') as f:
        f.seek(at)
        f.write(data)


class Images:
    """A daemon and a folder of images."""

    def __init__(self, recorder):
        qcow2images.need_tools()
        self.daemon = Daemon(recorder)
        self.temp = tempfile.TemporaryDirectory()

    def __enter__(self):
        self.daemon.__enter__()
        self.client = self.daemon.client()
        return self

    def __exit__(self, *what):
        self.daemon.__exit__(*what)
        self.temp.cleanup()

    def path(self, name):
        return os.path.join(self.temp.name, name)

    def add(self, name, file, **options):
        self.client.request({'execute': 'blockdev-add', 'arguments': dict(
            {'driver': 'qcow2', 'node-name': name, 'file': file}, **options)})

    def refuse(self, reason, words, file, **options):
        error = self.client.error('blockdev-add', dict(
            {'driver': 'qcow2', 'node-name': 'x', 'file': file}, **options))
        assert error['reason'] == reason and words in error['desc'], error
        assert self.client.call('query-named-block-nodes') == self.nodes, 'a node was left behind'
        return error

    def remember(self):
        self.nodes = self.client.call('query-named-block-nodes')


def refusals(recorder):
    """an image that cannot be read is refused by name and leaves nothing behind"""
    with Images(recorder) as i:
        i.remember()
        plain = create(i.path('plain'))
        raw = i.path('raw')
        with open(raw, 'wb') as f:
            f.truncate(MIB)
        i.refuse('file-not-usable', 'not a qcow2 image', file_node(raw))
        overlay = create(i.path('overlay'), '-b', plain, '-F', 'qcow2')
        error = i.refuse('invalid-value', plain, file_node(overlay))
        assert error['path'] == 'file', error
        i.refuse('file-not-usable', 'missing', file_node(overlay),
                 backing={'driver': 'qcow2', 'file': file_node(i.path('missing'))})
        i.refuse('object-not-found', 'nothing', file_node(overlay), backing='nothing')
        # The number in the header decides; qemu-img needs a quiet host to make such an image.
        luks = create(i.path('luks'))
        patch(luks, 32, struct.pack('>I', 2))
        i.refuse('not-supported', 'LUKS', file_node(luks))
        data = create(i.path('data'), '-o', 'data_file=' + i.path('data.raw'))
        i.refuse('invalid-value', i.path('data.raw'), file_node(data))
        i.refuse('invalid-value', 'its data itself', file_node(plain),
                 **{'data-file': file_node(i.path('data.raw'))})
        for name, at, value, reason, words in (
                ('version', 4, struct.pack('>I', 1), 'not-supported', 'version 1'),
                ('clusters', 20, struct.pack('>I', 22), 'file-not-usable', '2^22'),
                ('l1', 36, struct.pack('>I', 0xffffffff), 'file-not-usable', 'L1 table'),
                ('feature', 72, struct.pack('>Q', 1 << 60), 'not-supported', 'feature 60'),
                ('corrupt', 72, struct.pack('>Q', 2), 'file-not-usable', 'corrupt'),
                ('order', 96, struct.pack('>I', 7), 'file-not-usable', '2^7'),
                ('length', 100, struct.pack('>I', 100), 'file-not-usable', '100 bytes')):
            broken = create(i.path(name))
            patch(broken, at, value)
            i.refuse(reason, words, file_node(broken))
        os.truncate(plain, 100 << 10)
        i.refuse('file-not-usable', 'end of the file', file_node(plain))
        old = create(i.path('old'), '-o', 'compat=0.10')
        i.refuse('invalid-value', 'version 2', file_node(old), **{'lazy-refcounts': True})


def chains(recorder):
    """chains are made nested and by name; a base that is only read has several users"""
    with Images(recorder) as i:
        base = create(i.path('base'))
        for name in 'one', 'two':
            create(i.path(name), '-b', base, '-F', 'qcow2')
        i.client.request({'execute': 'blockdev-add', 'arguments': {
            'driver': 'qcow2', 'node-name': 'base', 'read-only': True,
            'file': file_node(base, **{'node-name': 'base-file'})}})
        for name in 'one', 'two':
            i.add(name, file_node(i.path(name)), backing='base', **{
                'l2-cache-size': 1 << 20, 'refcount-cache-size': 1 << 20, 'cache-size': 2 << 20,
                'pass-discard-request': True, 'lazy-refcounts': True, 'discard': 'unmap'})
        i.remember()
        i.refuse('in-use', 'another machine', file_node(base, **{'node-name': 'again'}))
        i.refuse('in-use', "'base-file' is in use", 'base-file', **{'read-only': True})
        info = {n['node-name']: n for n in i.client.call('query-named-block-nodes')}
        assert info['one']['backing_file'] == base and info['one']['backing_file_depth'] == 1
        assert info['base']['backing_file_depth'] == 0 and info['base']['ro'], info
        stats = {n['node-name']: n for n in i.client.call('query-blockstats', query_nodes=True)}
        assert stats['one']['backing']['node-name'] == 'base', stats
        for node in 'base', 'base-file':
            assert i.client.error('blockdev-del', {'node-name': node})['reason'] == 'in-use'
        error = i.client.error('block_resize', {'node-name': 'base-file', 'size': 0})
        assert "belongs to the image 'base'" in error['desc'] or 'read-only' in error['desc'], error
        i.client.request({'execute': 'block_resize', 'arguments': {
            'node-name': 'one', 'size': 3 * MIB}})
        assert [n['image']['virtual-size'] for n in i.client.call('query-named-block-nodes')
                if n['node-name'] == 'one'] == [3 * MIB]
        for name in 'type', 'size':
            recorder.read('block-qcow2', name)
            i.client.call('qom-get', path='/block-nodes/one', property=name)
        i.client.call('blockdev-del', node_name='one')
        i.client.call('blockdev-del', node_name='two')
        i.client.call('blockdev-del', node_name='base')
        assert i.client.call('query-named-block-nodes') == []
        i.add('nested', file_node(i.path('one')), backing={
            'driver': 'qcow2', 'node-name': 'inner', 'file': file_node(base)})
        i.remember()
        assert len(i.nodes) == 4, i.nodes
        # What is defined within it may be in use by others.
        i.add('other', file_node(i.path('two')), backing='inner', **{'read-only': True})
        error = i.client.error('blockdev-del', {'node-name': 'nested'})
        assert error['reason'] == 'in-use' and "'/block-nodes/other'" in error['desc'], error
        i.client.call('blockdev-del', node_name='other')
        assert i.client.call('query-named-block-nodes') == i.nodes
        i.client.call('blockdev-del', node_name='nested')
        assert i.client.call('query-named-block-nodes') == []
        for name in 'one', 'two', 'base':
            run('qemu-img', 'check', '-q', i.path(name))


def half_made(recorder):
    """nodes are in use before that which they are defined in is made"""
    with Images(recorder) as i, FaultyFile(MIB) as file:
        base, top = i.path('base'), i.path('top')
        run('qemu-img', 'create', '-q', '-f', 'raw', base, str(MIB))
        create(top, '-b', base, '-F', 'raw')
        with open(top, 'rb') as f:
            content = f.read()
        file.data[:len(content)] = content
        nested = {'driver': 'qcow2', 'node-name': 'outer', 'file': file_node(file.path),
                  'backing': {'driver': 'raw', 'node-name': 'inner', 'file': file_node(base)}}
        other = i.daemon.client()
        for goes_wrong in True, False:
            if goes_wrong:
                file.fail('read', errno.EIO)
            file.hold('read')
            i.client.send({'execute': 'blockdev-add', 'arguments': nested})
            wait_held(file)
            error = other.error('blockdev-del', {'node-name': 'inner'})
            assert error['reason'] == 'in-use' and "'inner'" in error['desc'], error
            for driver, link in ('raw', 'file'), ('qcow2', 'backing'):
                options = {'driver': driver, 'file': file_node(top), link: 'inner'}
                error = other.error('blockdev-add', options)
                assert error['reason'] == 'in-use' and error['path'] == link, error
            config = other.call('query-config')
            assert not config['requests'], config
            file.release()
            assert ('error' in i.client.reply()) == goes_wrong
            file.heal()
            names = [n['node-name'] for n in other.call('query-named-block-nodes')]
            assert ('inner' in names and 'outer' in names) != goes_wrong, names
        error = other.error('blockdev-del', {'node-name': 'inner'})
        assert error['reason'] == 'in-use' and "'outer'" in error['desc'], error
        other.call('blockdev-del', node_name='outer')
        assert other.call('query-named-block-nodes') == []


def translate(drive):
    """The blockdev-add of a -drive, and what vmctl says about it."""
    done = subprocess.run([vmdtest.VMCTL, 'translate', '--', '-nodefaults', '-drive', drive],
                          capture_output=True, text=True, check=False)
    found = [json.loads(line)['arguments'] for line in done.stdout.splitlines()
             if 'blockdev-add' in line]
    explained = subprocess.run([vmdtest.VMCTL, 'translate', '--explain', '--', '-nodefaults',
                                '-drive', drive], capture_output=True, text=True, check=False)
    return (found or [None])[0], done.stderr + explained.stdout


def guesses(recorder):
    """vmctl finds the format and the chain of a -drive, and vmd takes the nodes that it names"""
    with Images(recorder) as i:
        raw = i.path('base.raw')
        with open(raw, 'wb') as f:
            f.truncate(MIB)
        middle = create(i.path('middle'), '-b', 'base.raw', '-F', 'raw')
        top = create(i.path('top'), '-b', middle, '-F', 'qcow2', '-o',
                     'data_file=%s' % i.path('top.data'))
        add, said = translate('file=%s,if=virtio' % top)
        assert add == {
            'driver': 'qcow2', 'node-name': 'virtio0', 'file': file_node(top),
            'data-file': file_node(i.path('top.data')),
            'backing': {'driver': 'qcow2', 'file': file_node(middle),
                        'backing': {'driver': 'raw', 'file': file_node(raw)}}}, add
        assert "'%s' is based on '%s', in format qcow2" % (top, middle) in said, said
        i.client.request({'execute': 'blockdev-add', 'arguments': add})
        assert len(i.client.call('query-named-block-nodes')) == 7
        i.client.call('blockdev-del', node_name='virtio0')
        add, said = translate('file=%s,if=virtio,format=raw' % middle)
        assert add['driver'] == 'raw' and 'begins as an image in format qcow2' in said, said
        add, said = translate('file=%s,if=virtio' % raw)
        assert add['driver'] == 'raw' and 'so it is raw' in said, said
        loop = create(i.path('loop'))
        run('qemu-img', 'rebase', '-u', '-b', 'loop', '-F', 'qcow2', loop)
        add, said = translate('file=%s,if=virtio' % loop)
        assert not add and 'a loop' in said, said
        far = create(i.path('far'))
        run('qemu-img', 'rebase', '-u', '-b', 'nbd://host/disk', '-F', 'raw', far)
        add, said = translate('file=%s,if=virtio' % far)
        assert not add and 'nbd://host/disk' in said, said


def descriptors(recorder):
    """a file's node takes a descriptor that its client has passed, and checks what it is for"""
    with Images(recorder) as i:
        image = create(i.path('image'))
        i.remember()

        def pass_fd(name, flags):
            fd = os.open(image, flags)
            i.client.request({'execute': 'getfd', 'arguments': {'fdname': name}}, [fd])
            os.close(fd)

        pass_fd('ro', os.O_RDONLY)
        i.refuse('file-not-usable', 'was not opened for writing', file_node('image', fd='ro'))
        pass_fd('wo', os.O_WRONLY)
        i.refuse('file-not-usable', 'was not opened for reading', file_node('image', fd='wo'))
        pass_fd('path', os.O_PATH)
        i.refuse('file-not-usable', 'was not opened for reading', file_node('image', fd='path'))
        i.refuse('fd-not-found', 'none', file_node('image', fd='none'))
        folder = os.open(i.temp.name, os.O_RDONLY)
        i.client.request({'execute': 'getfd', 'arguments': {'fdname': 'folder'}}, [folder])
        os.close(folder)
        i.refuse('file-not-usable', "is no regular file", file_node('image', fd='folder'),
                 **{'read-only': True})
        pass_fd('ro', os.O_RDONLY)
        i.add('reader', file_node('image', fd='ro'), **{'read-only': True})
        i.client.call('blockdev-del', node_name='reader')
        pass_fd('rw', os.O_RDWR)
        i.add('writer', file_node('image', fd='rw'))
        needs = i.client.call('query-config')['requires']
        assert needs == [{'kind': 'fd', 'name': 'rw'}], needs
        i.client.call('block_resize', node_name='writer', size=2 * MIB)
        i.client.call('blockdev-del', node_name='writer')
        pass_fd('direct', os.O_RDONLY)
        i.client.call('blockdev-add', driver='file', node_name='direct', filename='image',
                      fd='direct', **{'read-only': True})
        i.client.call('blockdev-del', node_name='direct')
        run('qemu-img', 'check', '-q', image)


SCRIPT = """
dd if=/dev/vda bs=512 count=1 skip=200 2>/dev/null
i=0
while [ $i -lt 40 ]; do
  echo block $i of many >/tmp/b
  dd if=/tmp/b of=/dev/vda bs=512 seek=$((1000+i*37)) conv=sync 2>/dev/null
  i=$((i+1))
done
sync
echo written
exit
"""


@on_one_accel
def linux(recorder):
    """Linux reads and writes an overlay, and the base stays as it was"""
    qcow2images.need_tools()
    with Images(recorder) as i:
        raw, base, top = i.path('raw'), i.path('base'), i.path('top')
        content = bytearray(SCRIPT.encode().ljust(64 << 10, b'\n').ljust(2 * MIB, b'\0'))
        content[200 * 512:201 * 512] = b'sector-two-hundred\n'.ljust(512, b'\n')
        with open(raw, 'wb') as f:
            f.write(content)
        run('qemu-img', 'convert', '-c', '-O', 'qcow2', raw, base)
        create(top, '-b', base, '-F', 'qcow2', size=2 * MIB)
        i.add('disk', file_node(top), backing={'driver': 'qcow2', 'file': file_node(base)})
        guest = Guest(i.daemon, i.client, append='guest.script=vda', kernel='linux-6.12-emul')
        i.client.call('set-action', reboot='shutdown')
        i.client.call('device_add', driver=virtio('blk'), id='vd0', drive='disk')
        i.client.call('cont')
        assert 'sector-two-hundred' in guest.wait('written', BOOT_TIMEOUT)
        i.client.wait_event('SHUTDOWN', BOOT_TIMEOUT)
        assert i.daemon.wait() == 0
        for n in range(40):
            text = b'block %d of many\n' % n
            at = (1000 + n * 37) * 512
            content[at:at + 512] = text.ljust(512, b'\0')
        for path, wanted in (top, content), (base, open(raw, 'rb').read()):
            run('qemu-img', 'check', '-q', path)
            run('qemu-img', 'convert', '-O', 'raw', path, i.path('after'))
            with open(i.path('after'), 'rb') as f:
                assert f.read() == bytes(wanted), path


vmdtest.main([refusals, chains, half_made, guesses, descriptors, linux])
