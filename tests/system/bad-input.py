#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input: an error that says what and where, nothing half-made, the daemon alive."""
import contextlib
import json
import os
import resource
import select
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import BZIMAGE, KERNEL, MIB, build, run    # noqa: E402
from vmdtest import Client, Daemon, accel_class, on_one_accel        # noqa: E402

FOLDERS = ('/', '/objects', '/chardevs', '/machine', '/machine/peripheral',
           '/machine/peripheral-anon')


def tree(client):
    """Names and types below the folders that requests make things in."""
    found = {}
    for folder in FOLDERS:
        client.send({'execute': 'qom-list', 'arguments': {'path': folder}})
        reply = client.reply()
        found[folder] = sorted((o['name'], o['type']) for o in reply.get('return', []))
    return found


@contextlib.contextmanager
def untouched(daemon):
    """What happens within leaves the tree and the descriptors as they were, and a
    client that had nothing to do with it is answered."""
    other = daemon.client()

    def look():
        return {**tree(other), 'descriptors': daemon.descriptors(),
                'status': other.call('query-status')}
    before = look()
    yield
    deadline = time.monotonic() + vmdtest.TIMEOUT
    while True:
        assert daemon.alive(), daemon.output()
        after = look()
        wrong = [(before[key], after[key]) for key in before if before[key] != after[key]]
        if not wrong:
            break
        # Connections that were closed just now are let go of in the daemon's time.
        assert time.monotonic() < deadline, wrong
        time.sleep(0.01)
    other.close()


def refuse(client, command, arguments, reason, path=None, says=()):
    """The request fails with this reason, at this path if one is told, and says these
    words.  That an argument is named where one is to blame, Client.error() sees to."""
    error = client.error(command, arguments)
    assert error['reason'] == reason, (command, arguments, error)
    assert path is None or error.get('path') == path, (command, arguments, error)
    for text in says:
        assert text in error['desc'], (command, arguments, error)
    assert len(error['desc']) < 1100, error


def with_machine(client, **options):
    """A machine that a request may damage."""
    build(client, append='end=exit:1', **options)


# ---- Requests

def wrong_requests(recorder):
    """unknown command, argument, class, property; wrong type; out of range; missing"""
    ram = {'qom-type': 'memory-backend-ram', 'id': 'm', 'size': 4096}
    with Daemon(recorder) as daemon:
        client = daemon.client()
        with untouched(daemon):
            refuse(client, 'no-such', {}, 'command-not-found', says=['no-such'])
            refuse(client, 'stop', {'now': True}, 'property-not-found', 'now')
            for change, reason, path in (
                    ({'qom-type': 'no-such'}, 'class-not-found', 'qom-type'),
                    ({'qom-type': 'isa-serial'}, 'not-user-creatable', 'qom-type'),
                    ({'colour': 1}, 'property-not-found', 'colour'),
                    ({'size': '4096'}, 'invalid-type', 'size'),
                    ({'size': 4096.5}, 'invalid-type', 'size'),
                    ({'size': None}, 'invalid-type', 'size'),
                    ({'size': [4096]}, 'invalid-type', 'size'),
                    ({'size': 0}, 'out-of-range', 'size'),
                    ({'size': -1}, 'out-of-range', 'size'),
                    ({'share': 'on'}, 'invalid-type', 'share'),
                    ({'share': 1}, 'invalid-type', 'share'),
                    ({'prealloc-threads': 257}, 'out-of-range', 'prealloc-threads'),
                    ({'prealloc-threads': 0}, 'out-of-range', 'prealloc-threads'),
                    ({'policy': 'mine'}, 'invalid-value', 'policy'),
                    ({'host-nodes': [0, 'a']}, 'invalid-type', 'host-nodes[1]'),
                    ({'host-nodes': [70000]}, 'out-of-range', 'host-nodes[0]'),
                    ({'id': ''}, 'id-invalid', 'id'),
                    ({'id': '0'}, 'id-invalid', 'id'),
                    ({'id': 'a b'}, 'id-invalid', 'id'),
                    ({'id': 'a/b'}, 'id-invalid', 'id'),
                    ({'id': 7}, 'invalid-type', 'id')):
                refuse(client, 'object-add', {**ram, **change}, reason, path)
            refuse(client, 'object-add', {'qom-type': 'memory-backend-ram', 'id': 'm'},
                   'property-missing', 'size')
            refuse(client, 'object-add', {'qom-type': 'memory-backend-ram', 'size': 4096},
                   'property-missing', says=['id'])
            refuse(client, 'object-add', {}, 'property-missing', 'qom-type')
            refuse(client, 'set-action', {'panic': 'explode'}, 'invalid-value', 'panic')
            refuse(client, 'chardev-add', {'id': 'c', 'backend': {'type': 'socket', 'data': {
                'addr': {'type': 'inet', 'data': {'host': 'localhost', 'port': 5}}}}},
                'invalid-type', 'backend.data.addr.data.port')
            refuse(client, 'chardev-add', {'id': 'c', 'backend': {'type': 'ringbuf', 'data': {
                'size': 1000}}}, 'invalid-value', says=['1000'])


def duplicate_keys(recorder):
    """a member that is named twice, at any depth"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        with untouched(daemon):
            for text in ('{"execute": "stop", "execute": "stop"}',
                         '{"execute": "object-add", "arguments": {"qom-type": '
                         '"memory-backend-ram", "id": "m", "size": 4096, "size": 8192}}',
                         '{"execute": "chardev-add", "arguments": {"id": "c", "backend": '
                         '{"type": "null", "data": {"logappend": true, "logappend": true}}}}'):
                client.sock.sendall(text.encode())
                error = client.reply()['error']
                assert error['reason'] == 'duplicate-key', error
                assert 'duplicate' in error['desc'], error


@on_one_accel
def wrong_objects(recorder):
    """duplicate id, dangling link, link to another class, object in use, nothing by that id"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        with_machine(client)
        with untouched(daemon):
            refuse(client, 'object-add', {'qom-type': 'memory-backend-ram', 'id': 'ram',
                                          'size': 4096}, 'id-in-use', says=['ram'])
            refuse(client, 'object-add', {'qom-type': accel_class(), 'id': 'second'}, 'id-in-use')
            refuse(client, 'object-add', {'qom-type': 'none-machine'}, 'id-in-use')
            refuse(client, 'chardev-add', {'id': 'con', 'backend': {'type': 'null', 'data': {}}},
                   'id-in-use', says=['con'])
            refuse(client, 'device_add', {'driver': 'isa-debugcon', 'id': 'com1'}, 'id-in-use',
                   says=['com1'])
            refuse(client, 'device_add', {'driver': 'isa-serial', 'id': 's', 'chardev': 'no'},
                   'object-not-found', 'chardev', says=['no'])
            refuse(client, 'device_add', {'driver': 'isa-serial', 'id': 's', 'chardev': '/objects'},
                   'invalid-type', 'chardev')
            refuse(client, 'device_add', {'driver': 'isa-serial', 'id': 's', 'chardev': 'con'},
                   'in-use', 'chardev', says=['con'])
            refuse(client, 'device_add', {'driver': 'isa-serial', 'id': 's', 'iobase': 0x3f8},
                   'address-in-use', says=['3f8'])
            refuse(client, 'device_add', {'driver': 'isa-serial', 'id': 's', 'bus': 'pci.0'},
                   'bus-not-found', says=['pci.0'])
            refuse(client, 'device_add', {'driver': 'isa-serial', 'index': 4}, 'out-of-range',
                   'index')
            refuse(client, 'device_add', {'driver': 'isa-serial', 'index': '4'}, 'out-of-range',
                   'index')
            refuse(client, 'device_add', {'driver': 'isa-serial', 'index': 'two'}, 'invalid-value',
                   'index', says=['two'])
            refuse(client, 'device_add', {'driver': 'isa-serial', 'realized': True},
                   'property-read-only', 'realized')
            refuse(client, 'device_add', {'driver': 'mc146818rtc', 'base': 'tomorrow'},
                   'invalid-value', says=['tomorrow'])
            refuse(client, 'chardev-remove', {'id': 'con'}, 'in-use', says=['com1'])
            refuse(client, 'object-del', {'id': 'ram'}, 'in-use', says=['/machine'])
            refuse(client, 'object-del', {'id': 'accel'}, 'in-use')
            refuse(client, 'object-del', {'id': 'no'}, 'object-not-found', says=['no'])
            refuse(client, 'chardev-remove', {'id': 'no'}, 'object-not-found', says=['no'])
            refuse(client, 'device_del', {'id': 'no'}, 'device-not-found', says=['no'])
            refuse(client, 'device_del', {'id': '/machine/ioapic'}, 'not-hotpluggable', 'id')
            refuse(client, 'device_add', {'driver': 'isa-serial', 'bus': 'virtio-mmio-bus.0'},
                   'bus-type-mismatch', 'bus', says=['virtio-mmio-bus.0', 'isa'])
            refuse(client, 'qom-list', {'path': '/nowhere'}, 'object-not-found')
            refuse(client, 'qom-list', {'path': '/no\nwhere' * 100}, 'object-not-found', 'path')
            refuse(client, 'qom-get', {'path': '/machine', 'property': 'no'},
                   'property-not-found', 'property', says=['no'])
            refuse(client, 'qom-get', {'path': '/machine', 'property': 'kernal'},
                   'property-not-found', 'property', says=["did you mean 'kernel'?"])
            refuse(client, 'object-del', {'id': 'rma'}, 'object-not-found', 'id',
                   says=["did you mean 'ram'?"])
            refuse(client, 'chardev-remove', {'id': 'conn'}, 'object-not-found', 'id',
                   says=["did you mean 'con'?"])
            refuse(client, 'qom-list-properties', {'typename': 'isa-searial'}, 'class-not-found',
                   'typename', says=["did you mean 'isa-serial'?"])
            refuse(client, 'query-machine-recipe', {'name': 'microvn'}, 'class-not-found',
                   'name', says=["did you mean 'microvm-machine'?"])
            refuse(client, 'qom-set', {'path': '/machine', 'property': 'append', 'value': 'x'},
                   'property-not-settable', says=['append'])
            refuse(client, 'qom-set', {'path': 'com1', 'property': 'realized', 'value': False},
                   'property-read-only', says=['realized'])
            refuse(client, 'qom-set', {'path': '/objects/ram', 'property': 'dump', 'value': 1},
                   'invalid-type', 'value')
            refuse(client, 'ringbuf-read', {'device': 'no', 'size': 1}, 'object-not-found')
            refuse(client, 'ringbuf-read', {'device': 'con', 'size': 0}, 'out-of-range', 'size')
            refuse(client, 'ringbuf-write', {'device': 'con', 'data': '!', 'format': 'base64'},
                   'invalid-value', says=['base64'])
            refuse(client, 'getfd', {'fdname': 'x'}, 'fd-not-found')
            refuse(client, 'closefd', {'fdname': 'x'}, 'fd-not-found', says=['x'])
        assert run(client)['reason'] == 'guest-shutdown'


def passed_descriptors(recorder):
    """descriptors that getfd keeps are limited for each client, and closed when it disconnects"""
    with Daemon(recorder) as daemon:
        other = daemon.client()
        before = daemon.descriptors()
        client = daemon.client()
        with open('/dev/null', 'rb') as null:
            def getfd(name, sender=client):
                return sender.request({'execute': 'getfd', 'arguments': {'fdname': name}},
                                      [null.fileno()])
            for i in range(128):
                getfd('fd%d' % i)
            getfd('fd0')                            # another one by this name
            try:
                getfd('more')
                raise AssertionError('there is no limit')
            except vmdtest.QmpError as error:
                assert error.error['reason'] == 'limit-exceeded', error
            getfd('fd0', other)
            client.close()
            other.call('closefd', fdname='fd0')
        while daemon.descriptors() != before:
            other.call('query-name')


@on_one_accel
def machine_halfway(recorder):
    """a machine whose creation fails half way leaves accelerator and memory unchanged"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        refuse(client, 'device_add', {'driver': 'isa-serial'}, 'no-machine')
        refuse(client, 'object-add', {'qom-type': 'microvm-machine'}, 'no-accelerator')
        client.call('object-add', qom_type=accel_class(), id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=64 * MIB)
        client.call('chardev-add', id='con', backend={'type': 'null', 'data': {}})
        machine = {'qom-type': 'microvm-machine', 'id': 'm', 'memory-backend': 'ram'}
        default = {'driver': 'isa-serial', 'property': 'index', 'value': 1}
        with untouched(daemon):
            refuse(client, 'object-add', {**machine, 'memory-backend': 'no'}, 'object-not-found',
                   'memory-backend')
            refuse(client, 'object-add', {**machine, 'memory-backend': 'accel'}, 'invalid-type',
                   'memory-backend')
            refuse(client, 'object-add', {'qom-type': 'microvm-machine', 'id': 'm'},
                   'property-missing', says=['memory-backend'])
            refuse(client, 'object-add', {**machine, 'uuid': 'x' * 36}, 'invalid-value',
                   says=['uuid'])
            refuse(client, 'object-add', {**machine, 'uuid': 'x'}, 'out-of-range', 'uuid')
            for change, reason in (({'driver': 'no'}, 'class-not-found'),
                                   ({'driver': accel_class()}, 'invalid-type'),
                                   ({'property': 'no'}, 'property-not-found'),
                                   ({'value': 'x'}, 'invalid-type'),
                                   ({'value': 9}, 'out-of-range')):
                error = client.error('object-add', {**machine, 'defaults': [{**default, **change}]})
                assert error['reason'] == reason, (change, error)
            # The recipe's last entry fails, with all others made.
            error = client.error('object-add', {**machine, 'rtc': 'on', 'defaults': [
                {'driver': 'mc146818rtc', 'property': 'base', 'value': 'never'}]})
            assert error['reason'] == 'invalid-value' and 'never' in error['desc'], error
        client.request({'execute': 'object-add', 'arguments': machine})


# ---- Files, memory, ports

@on_one_accel
def unusable_files(recorder):
    """kernels that are not files, and corrupted ones: each cont says why"""
    with open(KERNEL, 'rb') as f:
        elf = f.read()
    with open(BZIMAGE, 'rb') as f:
        bzimage = f.read()
    broken = {
        'empty': b'',
        'short': elf[:40],
        'no-segments': elf[:1000],
        'no-note': elf.replace(b'Xen\0', b'Yen\0'),
        'far-away': elf[:0x20] + b'\xff' * 8 + elf[0x28:],
        'bz-short': bzimage[:0x200],
        'bz-cut': bzimage[:0x300],
        'bz-old': bzimage[:0x206] + b'\x00\x01' + bzimage[0x208:],
        'text': b'#!/bin/sh\n' * 100,
    }
    with Daemon(recorder) as daemon:
        client = daemon.client()
        kernel = daemon.path('kernel')
        refused = prepare(client)
        with untouched(daemon):
            refused({'kernel': kernel}, kernel, 'No such file')
            refused({'kernel': daemon.folder}, daemon.folder)
            refused({'kernel': '/dev/null'}, '/dev/null')
        with open(kernel, 'wb'):
            pass
        client.call('object-add', qom_type='microvm-machine', memory_backend='ram', kernel=kernel)
        client.call('device_add', driver='qemu64-x86_64-cpu', **{'tsc-deadline': True})
        for name, content in broken.items():
            with open(kernel, 'wb') as f:
                f.write(content)
            with untouched(daemon):
                error = client.error('cont')
                assert error['reason'] == 'file-not-usable', (name, error)
                assert kernel in error['desc'], (name, error)
                assert client.call('query-status')['status'] == 'prelaunch', name
        with open(kernel, 'wb') as f:
            f.write(elf)
        client.call('cont')


def prepare(client):
    """All but the machine; returns what checks that making it is refused."""
    client.call('object-add', qom_type=accel_class(), id='accel')
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=64 * MIB)

    def refused(files, *says):
        error = client.error('object-add', {
            'qom-type': 'microvm-machine', 'memory-backend': 'ram', 'kernel': KERNEL, **files})
        assert error['reason'] == 'file-not-usable', error
        assert all(word in error['desc'] for word in says), error
    return refused


@on_one_accel
def unreadable_kernel(recorder):
    """a kernel that the daemon's user may not read"""
    if os.geteuid() != 0:
        raise vmdtest.Skip('needs root to become somebody else')
    with Daemon(recorder) as daemon:
        folder = daemon.folder
        kernel = os.path.join(folder, 'kernel')
        with open(KERNEL, 'rb') as good, open(kernel, 'wb') as f:
            f.write(good.read())
        os.chmod(kernel, 0)
        # Root without its capability to read everything.
        drop = ['setpriv', '--bounding-set=-dac_override,-dac_read_search',
                '--inh-caps=-dac_override,-dac_read_search']
        if os.system('setpriv --version >/dev/null 2>&1') != 0:
            raise vmdtest.Skip('needs setpriv')
        with Daemon(recorder, wrapper=drop) as other:
            client = other.client()
            os.chown(kernel, 12345, 12345)
            refused = prepare(client)
            with untouched(other):
                refused({'kernel': kernel}, kernel, 'Permission denied')


@on_one_accel
def unusable_initrd(recorder):
    """an initrd that does not exist, or is larger than the memory"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        initrd = daemon.path('initrd')
        refused = prepare(client)
        with untouched(daemon):
            refused({'kernel': KERNEL, 'initrd': initrd}, initrd, 'No such file')
        with open(initrd, 'wb') as f:
            f.truncate(200 * MIB)
        client.call('object-add', qom_type='microvm-machine', memory_backend='ram', kernel=KERNEL,
                    initrd=initrd)
        client.call('device_add', driver='qemu64-x86_64-cpu')
        with untouched(daemon):
            error = client.error('cont')
            assert error['reason'] in ('file-not-usable', 'no-memory') and \
                initrd in error['desc'], error


def unusable_accelerator(recorder):
    """an accelerator device that does not exist, or is not one"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        with untouched(daemon):
            for path in ('/dev/null', '/no/such/kvm', daemon.folder):
                refuse(client, 'object-add', {'qom-type': 'kvm-accel', 'id': 'a', 'device': path},
                       'no-accelerator', says=[path])


def memory_that_cannot_be_had(recorder):
    """memory that is too large, in missing folders, of odd sizes"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        small = daemon.path('small')
        with open(small, 'wb') as f:
            f.write(b'x' * 4096)
        anonymous = {'qom-type': 'memory-backend-ram', 'id': 'm', 'size': MIB}
        file = {'qom-type': 'memory-backend-file', 'id': 'm', 'size': MIB, 'mem-path': small}
        with untouched(daemon):
            for kind in ('ram', 'memfd'):
                name = 'memory-backend-' + kind
                for size in (2**60, 2**63 - 4096, 2**64 - 4096):
                    refuse(client, 'object-add', {**anonymous, 'qom-type': name, 'size': size},
                           'no-memory', says=[str(size)])
                refuse(client, 'object-add', {**anonymous, 'qom-type': name, 'size': 2**40,
                                              'prealloc': True}, 'no-memory', says=[str(2**40)])
                refuse(client, 'object-add', {**anonymous, 'qom-type': name, 'size': 4097},
                       'invalid-value', says=['4097'])
            refuse(client, 'object-add', {**anonymous, 'prealloc': True, 'reserve': False},
                   'invalid-value', says=['prealloc', 'reserve'])
            refuse(client, 'object-add', {**anonymous, 'policy': 'bind'}, 'invalid-value',
                   says=['host-nodes'])
            refuse(client, 'object-add', {**anonymous, 'host-nodes': [0]}, 'invalid-value',
                   says=['host-nodes'])
            refuse(client, 'object-add', {**anonymous, 'policy': 'bind', 'host-nodes': [1023]},
                   'host-error', says=['node'])
            for change, reason in (({'mem-path': '/no/such/folder/file'}, 'file-not-usable'),
                                   ({'mem-path': '/dev/full/x'}, 'file-not-usable'),
                                   ({}, 'file-not-usable'),
                                   ({'readonly': True}, 'file-not-usable'),
                                   ({'mem-path': daemon.path('no'), 'readonly': True},
                                    'file-not-usable'),
                                   ({'align': 3 * 4096}, 'invalid-value')):
                refuse(client, 'object-add', {**file, **change}, reason)
            new = daemon.path('new')
            refuse(client, 'object-add', {**file, 'mem-path': new, 'size': 2**60}, 'no-memory',
                   says=[new])
            assert not os.path.exists(new)
        with open(small, 'rb') as f:
            assert f.read() == b'x' * 4096


def unusable_chardevs(recorder):
    """ports in use, no server to connect to, files that cannot exist, options not supported"""
    with Daemon(recorder) as daemon, socket.socket() as taken:
        client = daemon.client()
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        free = socket.socket()
        free.bind(('127.0.0.1', 0))
        unheard = str(free.getsockname()[1])
        free.close()

        def inet(port, host='127.0.0.1', **options):
            return {'type': 'inet', 'data': {'host': host, 'port': port, **options}}

        def add(kind, reason, says=(), path=None, **data):
            refuse(client, 'chardev-add', {'id': 'c', 'backend': {'type': kind, 'data': data}},
                   reason, path, says)
        existing = daemon.path('existing')
        with open(existing, 'w', encoding='utf-8') as f:
            f.write('kept')
        with untouched(daemon):
            add('socket', 'address-in-use', [port], addr=inet(port))
            add('socket', 'host-error', [unheard], addr=inet(unheard), server=False)
            add('socket', 'host-error', ['no.such.invalid'], server=False,
                addr=inet('1', 'no.such.invalid'))
            add('socket', 'host-error', addr=inet('none', numeric=True))
            add('socket', 'address-in-use', [daemon.socket],
                addr={'type': 'unix', 'data': {'path': daemon.socket}})
            add('socket', 'host-error', ['/no/such'],
                addr={'type': 'unix', 'data': {'path': '/no/such/socket'}})
            add('socket', 'out-of-range', path='backend.data.addr.data.path',
                addr={'type': 'unix', 'data': {'path': 'x' * 200}})
            add('socket', 'fd-not-found', ['none'], addr={'type': 'fd', 'data': {'str': 'none'}})
            add('socket', 'invalid-value', ['reconnect'], addr=inet('0'), reconnect=1)
            add('socket', 'invalid-value', ['wait'], addr=inet(port), server=False, wait=True)
            for option, value in (('tls-creds', 'x'), ('tls-authz', 'x'), ('tn3270', True)):
                add('socket', 'not-supported', [option], addr=inet('0'), **{option: value})
            add('socket', 'invalid-value', ['websocket'], addr=inet('0'), telnet=True, websocket=True)
            add('file', 'file-not-usable', ['/no/such'], out='/no/such/file')
            add('file', 'file-not-usable', ['/no/such'], out=existing, **{'in': '/no/such/file'})
            add('pipe', 'file-not-usable', ['/no/such'], device='/no/such/pipe')
            add('null', 'file-not-usable', ['/no/such'], logfile='/no/such/log')
            add('null', 'invalid-value', ['logfile'], path='backend.data.logappend', logappend=True)
            add('socket', 'host-error', addr=inet(unheard), server=False, logfile=existing)
            add('file', 'file-not-usable', out=daemon.path('new'), logfile='/no/such/log')
        with open(existing, encoding='utf-8') as f:
            assert f.read() == 'kept'
        assert not os.path.exists(daemon.path('new'))
        # A listener of somebody else was not disturbed.
        assert daemon.client().call('query-status')['status'] == 'prelaunch'


# ---- Bytes

def half_a_text(recorder):
    """half a JSON text, and a client that disconnects in the middle of it"""
    with Daemon(recorder) as daemon:
        with untouched(daemon):
            for text in (b'{"execute": "object-add", "arguments": {"qom-type": "memory-back',
                         b'{"execute": "qu', b'{', b'"', b'\xff', b'{"a": "\\u12'):
                client = daemon.client()
                client.sock.sendall(text)
                client.close()
            client = daemon.client()
            client.sock.sendall(b'{"execute": "query-na')
            assert not select.select([client.sock], [], [], 0.05)[0]
            client.sock.sendall(b'me"}')
            assert 'return' in client.reply()
            client.sock.sendall(b'{"execute": "query-na\xff')
            assert client.reply()['error']['reason'] == 'syntax'
            assert client.call('query-status')['status'] == 'prelaunch'
            client.close()


def deep_text(recorder):
    """1,000 lists in each other are only wrong, 100,000 are too deep"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        with untouched(daemon):
            for opening, closing in (('[', ']'), ('{"a":', '}')):
                text = opening * 1000 + '1' + closing * 1000
                client.sock.sendall(b'{"execute": "qom-set", "arguments": {"path": "/objects", '
                                    b'"property": "x", "value": %s}}\n' % text.encode())
                assert client.reply()['error']['reason'] == 'property-not-found'
                client.sock.sendall(text.encode() + b'\n')
                assert 'error' in client.reply()
            client.sock.sendall(b'[' * 100000 + b']' * 100000 + b'\n')
            assert client.reply()['error']['reason'] == 'limit-exceeded'
            assert client.call('query-status')['status'] == 'prelaunch'


def too_many_tokens(recorder):
    """a list of a million numbers is beyond the limit on tokens"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        with untouched(daemon):
            client.sock.sendall(b'{"execute": "stop", "arguments": [' + b'1,' * 10**6 + b'1]}\n')
            assert client.reply()['error']['reason'] == 'limit-exceeded'
            assert client.call('query-status')['status'] == 'prelaunch'


@on_one_accel
def still_being_made(recorder):
    """an object that one client is still creating, others can neither use nor remove"""
    accel, ram, machine, none, delete, device, cont = (
        {'execute': command, 'arguments': arguments} for command, arguments in (
            ('object-add', {'qom-type': accel_class(), 'id': 'k'}),
            ('object-add', {'qom-type': 'memory-backend-ram', 'id': 'r', 'size': 256 * MIB,
                            'prealloc': True}),
            ('object-add', {'qom-type': 'microvm-machine', 'memory-backend': 'r',
                            'kernel': KERNEL}),
            ('object-add', {'qom-type': 'none-machine'}),
            ('object-del', {'id': 'r'}),
            ('device_add', {'driver': 'isa-debug-exit'}),
            ('cont', {})))
    for before, first, second in (((), accel, none), ((), ram, delete),
                                  ((accel, ram), machine, device), ((accel, ram), machine, cont)):
        for _ in range(10):
            with Daemon(recorder) as daemon:
                maker, other = daemon.client(), daemon.client()
                for request in before:
                    maker.request(request)
                maker.send(first)
                other.send(second)
                # Either order is right; what must not happen is that the daemon ends.
                other.reply()
                assert 'return' in maker.reply()
                assert other.call('query-status')['status'] == 'prelaunch'


def garbage(recorder):
    """100 MiB of garbage: errors, no memory used up, and the same client is served after it"""
    with Daemon(recorder) as daemon:
        with untouched(daemon):
            before = memory(daemon)
            for piece in (b'x' * MIB, b'{"a": "' + b'x' * MIB, os.urandom(MIB)):
                client = daemon.client()
                client.sock.settimeout(vmdtest.TIMEOUT)
                # Random bytes are an error every few, each of which is answered.
                flood(client, piece, 100 if piece[:1] == b'x' else 20 if piece[:1] == b'{' else 2)
                flood(client, b'\n\xff\n{"execute": "query-status", "id": "after"}\n', 1)
                while client.reply().get('id') != 'after':
                    pass
                client.close()
            grown = memory(daemon) - before
            assert grown < 64 * MIB, grown


def flood(client, piece, count):
    """Sends, and takes what comes back meanwhile."""
    data = memoryview(piece)
    for _ in range(count):
        sent = 0
        while sent < len(data):
            readable, writable, _ = select.select([client.sock], [client.sock], [],
                                                  vmdtest.TIMEOUT)
            assert readable or writable, 'the daemon takes nothing more'
            if readable:
                received = client.sock.recv(1 << 20)
                assert received, 'the daemon closed the connection'
                client.buffer = (client.buffer + received)[-100000:]
                client.buffer = client.buffer[client.buffer.find(b'\n') + 1:] \
                    if len(client.buffer) == 100000 else client.buffer
            if writable:
                sent += client.sock.send(data[sent:sent + 65536])


def memory(daemon):
    """Resident memory of the daemon in bytes."""
    with open('/proc/%d/statm' % daemon.process.pid, encoding='ascii') as f:
        return int(f.read().split()[1]) * resource.getpagesize()


@on_one_accel
def client_that_does_not_read(recorder):
    """a client that stops reading costs a bounded amount of memory, and delays no other"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        with_machine(client)
        client.call('set-action', shutdown='pause')
        client.call('cont')
        client.wait_event('SHUTDOWN')
        client.call('system_reset')
        client.drain_events()
        with untouched(daemon):
            before = memory(daemon)
            silent = Client(daemon.socket, check=False)
            silent.sock.setblocking(False)
            # Replies pile up until it is not even heard any more.
            request = b'{"execute": "query-commands"}' * 100
            with contextlib.suppress(BlockingIOError):
                while True:
                    silent.sock.send(request)
            # Events pile up behind them.
            for _ in range(2000):
                client.call('system_reset')
            assert client.drain_events() == ['RESET'] * 2000
            assert memory(daemon) - before < 64 * MIB
            silent.close()


def connect_elsewhere(path, n):
    """n connections that another process has made, which is gone already."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if not child:
        try:
            socks = [socket.socket(socket.AF_UNIX) for _ in range(n)]
            for sock in socks:
                sock.connect(path)
            for sock in socks:
                socket.send_fds(theirs, [b'.'], [sock.fileno()])
        finally:
            os._exit(0)
    theirs.close()
    socks = [socket.socket(fileno=socket.recv_fds(ours, 1, 1)[1][0]) for _ in range(n)]
    ours.close()
    os.waitpid(child, 0)
    return socks


def first_word(sock):
    """The first line that a connection gets: a greeting or an error's text."""
    line = json.loads(sock.makefile('rb').readline())
    return 'greeting' if 'QMP' in line else line['error']['desc']


def many_clients(recorder):
    """300 clients at once are all answered"""
    with Daemon(recorder) as daemon:
        with untouched(daemon):
            clients = [daemon.client(sock=sock) for _ in range(3)
                       for sock in connect_elsewhere(daemon.socket, 100)]
            for number, client in enumerate(clients):
                client.send({'execute': 'query-status', 'id': number})
            for number, client in enumerate(clients):
                assert client.reply()['id'] == number
            clients[0].call('object-add', qom_type='memory-backend-ram', id='m', size=4096)
            clients[-1].call('object-del', id='m')
            for client in clients:
                client.close()


def too_many_clients(recorder):
    """any number of silent clients keeps out neither others nor vmctl; refusals give the reason"""
    with Daemon(recorder) as daemon:
        with untouched(daemon):
            silent = connect_elsewhere(daemon.socket, 130)
            words = [first_word(sock) for sock in silent]
            assert words[:128] == ['greeting'] * 128, words
            assert words[128] == words[129], words
            assert 'has 128 connections already, which is the limit' in words[129]
            assert daemon.client().call('query-status')['status'] == 'prelaunch'
            words = []
            while words[-1:] in ([], ['greeting']):
                silent += connect_elsewhere(daemon.socket, 120)
                words = [first_word(sock) for sock in silent[-120:]]
            assert 'the remaining places are kept for processes of root' in words[-1], words[-1]
            for _ in range(3):
                run = subprocess.run([vmdtest.VMCTL, '--socket', daemon.socket, 'status'],
                                     capture_output=True, text=True, check=False)
                assert run.returncode == 0 and 'prelaunch' in run.stdout, run
            for sock in silent:
                sock.close()
            assert daemon.client().call('query-status')['status'] == 'prelaunch'


@on_one_accel
def descriptors_run_out(recorder):
    """a daemon without a free descriptor says so, and works again when there is one"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        soft, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
        # Threads and events that come with the first use are not what is tested.
        client.call('chardev-add', id='x', backend={'type': 'pty', 'data': {}})
        client.call('chardev-remove', id='x')
        with untouched(daemon):
            used = max(daemon.descriptors()) + 1
            resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (used, hard))
            for arguments in ({'qom-type': 'memory-backend-memfd', 'id': 'm', 'size': 4096},
                              {'qom-type': accel_class(), 'id': 'a'}):
                error = client.error('object-add', arguments)
                assert 'open files' in error['desc'], error
            error = client.error('chardev-add', {'id': 'p', 'backend': {'type': 'pty',
                                                                        'data': {}}})
            assert 'open files' in error['desc'], error
            late = socket.socket(socket.AF_UNIX)
            late.connect(daemon.socket)
            assert client.call('query-status')['status'] == 'prelaunch'
            resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
            late.settimeout(vmdtest.TIMEOUT)
            assert b'QMP' in late.recv(4096)
            late.close()


@on_one_accel
def wrong_states(recorder):
    """commands that the run state does not allow say so"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        with untouched(daemon):
            refuse(client, 'cont', {}, 'wrong-state', says=['machine'])
        client.send({'execute': 'qmp_capabilities'})
        assert client.reply()['error']['class'] == 'CommandNotFound'
        fresh = daemon.client(negotiate=False)
        fresh.send({'execute': 'query-status'})
        assert fresh.reply()['error']['class'] == 'CommandNotFound'
        fresh.send({'execute': 'qmp_capabilities', 'arguments': {'enable': ['no']}})
        assert 'error' in fresh.reply()
        fresh.close()
        with_machine(client, cpus=0)
        with untouched(daemon):
            refuse(client, 'cont', {}, 'property-missing', says=['CPU'])


def odd_requests(recorder):
    """texts that are JSON and no request"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        with untouched(daemon):
            for request in ([], {}, {'execute': None}, {'execute': 'stop', 'arguments': []},
                            {'execute': 'stop', 'argument': {}}, {'id': 1},
                            {'execute': 'stop\x00'}, {'execute': ''},
                            {'execute': 'stop', 'exec-oob': 'stop'}):
                client.sock.sendall(json.dumps(request).encode() + b'\n')
                reply = client.reply()
                assert 'error' in reply and reply['error']['desc'], (request, reply)
            for text in (b'nonsense\n', b'123\n', b'"stop"\n', b'{"execute": stop}\n',
                         b'{"execute": "stop",}\n', b'{"execute": "\xc0\x80"}\n',
                         b'{"execute": "stop", "arguments": {"a": 1e999}}\n',
                         b'{"execute": "stop", "arguments": {"a": 01}}\n'):
                client.sock.sendall(text + b'{"execute": "query-status", "id": "after"}\n')
                error = client.reply()['error']
                assert error['desc'], (text, error)
                while 'id' not in (reply := client.reply()):    # one fault may be two errors
                    assert reply['error']['desc'], (text, reply)
                assert reply['return']['status'] == 'prelaunch', reply


if __name__ == '__main__':
    vmdtest.main([wrong_requests, duplicate_keys, wrong_objects, machine_halfway, unusable_files,
                  unreadable_kernel, unusable_initrd, unusable_accelerator,
                  memory_that_cannot_be_had, unusable_chardevs, half_a_text, deep_text,
                  too_many_tokens, still_being_made, garbage, client_that_does_not_read, many_clients,
                  descriptors_run_out, wrong_states, odd_requests, passed_descriptors])
