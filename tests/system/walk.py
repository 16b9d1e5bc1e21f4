#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that can be asked about answers: classes, properties, objects, queries."""
import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import pc                                           # noqa: E402
import vmdtest                                      # noqa: E402
from introspection import KINDS                     # noqa: E402
from microvm import build, exit_with, jump_to, out8, write_kernel   # noqa: E402
from pki import Authority                           # noqa: E402
from vmdtest import Client, Daemon, accel_class, on_each_accel, on_one_accel        # noqa: E402

# Arguments for classes that need some; PATH is replaced by the daemon's folder.  What
# they link to is made by back_ends().
NEEDED = {
    'fw-cfg-file': {'name': 'opt/walk', 'string': 'text'},
    'smbios-type-11': {'value': ['text']},
    'filter-dump': {'netdev': 'net', 'file': 'PATH/dump'},
    'qtest': {'chardev': 'paper'},
    'memory-backend-ram': {'size': 4096},
    'memory-backend-memfd': {'size': 4096},
    'memory-backend-file': {'size': 4096, 'mem-path': 'PATH'},
    'monitor-hmp': {'chardev': 'paper'},
    'monitor-qmp': {'chardev': 'paper'},
    'secret': {'data': 'sesame'},
    'tls-creds-x509': {'endpoint': 'server', 'dir': 'PATH/pki'},
}
# Those that need a machine; and one for them.
NEED_MACHINE = {'vnc-server'}


def machine_for(client):
    client.call('object-add', qom_type='qtest-accel', id='accel')
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
    client.call('object-add', qom_type='microvm-machine', memory_backend='ram')


# The same for device_add.
DEVICE_NEEDED = {'isa-parallel': {'chardev': 'paper'}, 'virtio-blk-device': {'drive': 'disk'},
                 'pc-dimm': {'memdev': 'module'}, 'virtio-mem-pci': {'memdev': 'module'},
                 'nvdimm': {'memdev': 'module'}, 'ide-hd': {'drive': 'disk'},
                 'pci-bridge': {'chassis_nr': 1}, 'usb-storage': {'drive': 'disk'},
                 'usb-serial': {'chardev': 'paper'},
                 'scsi-hd': {'drive': 'disk'}, 'isa-fdc': {'iobase': 0x370, 'irq': 5},
                 **{'virtio-blk-pci' + kind: {'drive': 'disk'}
                    for kind in ('', '-transitional', '-non-transitional')}}
# A PC that has what its devices need.
PC = {'qom_type': 'pc-i440fx-2.7-machine', 'memory': {'max-size': 1 << 30, 'slots': 2},
      'nvdimm': True}
# Devices on a bus that no board has; device_add of the second makes it.
DEVICE_HOSTS = {'virtconsole': 'virtio-serial-device', 'virtserialport': 'virtio-serial-device',
                'scsi-cd': 'virtio-scsi-device', 'scsi-hd': 'virtio-scsi-device',
                **{'usb-' + kind: 'qemu-xhci' for kind in ('hub', 'kbd', 'mouse', 'serial', 'storage', 'tablet')}}
# Queries that say by name that what they ask about is not there: without a machine, and
# with one that has no such device.
ABSENT = {'query-balloon': ('device-not-active', 'device-not-active'),
          'query-hotpluggable-cpus': ('no-machine', None),
          'query-screen-text': ('no-machine', 'not-supported')}
# One backend of each kind; PATH likewise.
CHARDEVS = {
    'chardev-null': {'type': 'null', 'data': {}},
    'chardev-ringbuf': {'type': 'ringbuf', 'data': {}},
    'chardev-file': {'type': 'file', 'data': {'out': 'PATH/out'}},
    'chardev-pty': {'type': 'pty', 'data': {}},
    'chardev-stdio': {'type': 'stdio', 'data': {}},
    'chardev-pipe': {'type': 'pipe', 'data': {'device': 'PATH/fifo'}},
    'chardev-udp': {'type': 'udp', 'data': {'remote': {
        'type': 'inet', 'data': {'host': '127.0.0.1', 'port': '9'}}}},
    'chardev-mux': {'type': 'mux', 'data': {'chardev': 'of-mux'}},
    'chardev-socket': {'type': 'socket', 'data': {'addr': {
        'type': 'unix', 'data': {'path': 'PATH/serial'}}}},
}


# One block node of each kind but host_device, which block.py makes of a loop device.
BLOCK_NODES = {
    'block-file': {'driver': 'file', 'filename': 'PATH/image'},
    'block-null': {'driver': 'null-co', 'size': 4096},
    'block-qcow2': {'driver': 'qcow2', 'file': {'driver': 'file', 'filename': 'PATH/qcow2'},
                    'backing': {'driver': 'null-co', 'size': 65536},
                    'data-file': {'driver': 'null-co', 'size': 65536}},
    'block-raw': {'driver': 'raw', 'size': 512, 'file': {'driver': 'null-co'}},
    'block-throttle': {'driver': 'throttle', 'throttle-group': 'group',
                       'file': {'driver': 'null-co'}},
}
# One network backend of each kind but tap, which netdev.py makes in a namespace.
NETDEVS = {
    'netdev-user': {'type': 'user'},
    'netdev-socket': {'type': 'socket', 'udp': '127.0.0.1:9', 'localaddr': '127.0.0.1:0'},
    'netdev-stream': {'type': 'stream', 'server': True,
                      'addr': {'type': 'unix', 'path': 'PATH/stream'}},
    'netdev-dgram': {'type': 'dgram', 'local': {'type': 'unix', 'path': 'PATH/here'},
                     'remote': {'type': 'unix', 'path': 'PATH/there'}},
}


# What all devices have, and device-list-properties leaves out.
OF_DEVICES = ('realized', 'hotplugged', 'hotpluggable', 'parent_bus')


def classes(client):
    return {t['name']: t for t in client.call('qom-list-types', abstract=True)}


def descends(types, name, ancestor):
    while name and name != ancestor:
        name = types[name].get('parent')
    return name == ancestor


def within(value, folder):
    """The value with PATH replaced in all of its strings."""
    if isinstance(value, dict):
        return {k: within(v, folder) for k, v in value.items()}
    return value.replace('PATH', folder) if isinstance(value, str) else value


def back_ends(client):
    """A block node, a network, a chardev and memory for classes that need one."""
    client.call('object-add', qom_type='memory-backend-ram', id='module', size=2 << 20)
    client.call('blockdev-add', driver='null-co', node_name='disk')
    client.call('netdev_add', type='user', id='net')
    client.call('chardev-add', id='paper', backend={'type': 'null', 'data': {}})


def classes_answer(recorder):
    """each class lists its properties, with types and defaults of those types"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        types = classes(client)
        assert {t['name'] for t in client.call('qom-list-types')} == {
            n for n, t in types.items() if not t.get('abstract')}
        for name, info in types.items():
            assert 'parent' not in info or info['parent'] in types, info
            properties = client.call('qom-list-properties', typename=name)
            names = [p['name'] for p in properties]
            assert names[0] == 'type' and len(set(names)) == len(names), names
            for p in properties:
                assert p['description'], (name, p)
                check_default(name, p)
            if descends(types, name, 'device'):
                assert client.call('device-list-properties', typename=name) == [
                    p for p in properties[1:] if p['name'] not in OF_DEVICES]
            else:
                error = client.error('device-list-properties', {'typename': name})
                assert error['reason'] == 'invalid-value', error
            listed = {t['name'] for t in client.call('qom-list-types', implements=name)}
            assert listed == {n for n, t in types.items()
                              if not t.get('abstract') and descends(types, n, name)}, name
        assert client.call('qom-list-types', implements='no-such-class') == []
        assert client.error('qom-list-properties', {'typename': 'no-such-class'})[
            'reason'] == 'class-not-found'


def check_default(klass, p):
    if 'default-value' not in p:
        return
    kind = {'bool': 'boolean', 'str': 'string'}.get(p['type'], 'value')
    if p['type'].endswith('List'):
        kind = 'array'
    elif p['type'].startswith(('int', 'uint', 'size')):
        kind = 'int'
    assert KINDS[kind](p['default-value']), (klass, p)


def schema_and_classes_agree(recorder):
    """object-add and device_add have a branch for each class that they can make"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        types = classes(client)
        schema = client.schema
        for command, ancestors in (('device_add', ['device']),
                                   ('object-add', ['accel', 'any-accel', 'machine', 'memory-backend',
                                                   'iothread', 'throttle-group', 'rng-backend',
                                                   'filter-dump', 'fw-cfg-file', 'qtest',
                                                   'smbios', 'policy', 'monitor-hmp',
                                                   'monitor-qmp', 'secret',
                                                   'tls-creds', 'vnc-server'])):
            entity = schema.entities[schema.entities[command]['arg-type']]
            cases = {v['case'] for v in entity['variants']}
            assert cases == {n for n, t in types.items() if not t.get('abstract') and any(
                descends(types, n, a) for a in ancestors)}, command
            for case in cases:
                listed = {p['name'] for p in client.call('qom-list-properties', typename=case)}
                assert set(schema.branch(entity['name'], case)) == listed - {'type'}, case


def abstract_ones_are_refused(recorder):
    """abstract classes are refused by object-add and device_add"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for name, info in classes(client).items():
            if not info.get('abstract'):
                continue
            for command, key in (('object-add', 'qom-type'), ('device_add', 'driver')):
                error = client.error(command, {key: name, 'id': 'x'})
                assert error['reason'] in ('class-abstract', 'not-user-creatable'), (name, error)
                assert error['path'] == key, (name, error)
            recorder.add('class', name)


# The interrupt controllers and the timer, which each accelerator has of its own.
CHIPS = {'kvm': ('kvm-ioapic', 'kvm-i8259', 'kvm-pit'), 'tcg': ('ioapic', 'isa-i8259', 'isa-pit')}


@on_each_accel
def board_devices_are_refused(recorder):
    """classes that only machine types create are refused by device_add, and exist nevertheless"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client)
        found = {k for _, k in walk(client, recorder, '/machine')}
        for name in ('fw_cfg_io', 'isabus-bridge', *CHIPS[vmdtest.accel()]):
            error = client.error('device_add', {'driver': name, 'id': 'x'})
            assert error['reason'] == 'not-user-creatable', (name, error)
            assert name in found, found


# ---- Objects

def walk(client, recorder, path):
    """(path, class) of an object and all below it; reads every property."""
    properties = client.call('qom-list', path=path)
    klass = client.call('qom-get', path=path, property='type')
    recorder.add('class', klass)
    declared = {p['name']: p for p in client.call('qom-list-properties', typename=klass)}
    found = [(path, klass)]
    for p in properties:
        value = client.call('qom-get', path=path, property=p['name'])
        if p['type'].startswith('child<'):
            child = path.rstrip('/') + '/' + p['name']
            # A property hides a child of its name from qom-get.
            assert p['name'] in declared or value == child, (value, child)
            found += walk(client, recorder, child)
            continue
        assert p['name'] in declared, (path, p)
        if p['type'].startswith('link<'):
            assert value == '' or client.call('qom-get', path=value, property='type'), value
        if p['name'] != 'type':
            recorder.read(klass, p['name'])
            check_settable(client, path, p['name'], value)
    return found


def check_settable(client, path, name, value):
    """qom-set of what the property is already succeeds, or says why it cannot.  An
    optional struct that is not there reads as null, which is not a value of it."""
    client.send({'execute': 'qom-set', 'arguments': {'path': path, 'property': name,
                                                     'value': value}})
    reply = client.reply()
    if 'error' in reply:
        reasons = ('property-read-only', 'property-not-settable', 'internal-property')
        reasons += ('invalid-type',) if value is None else ()
        assert reply['error']['reason'] in reasons, (path, name, reply)


def snapshot(client):
    return {path: sorted(o['name'] + ' ' + o['type'] for o in client.call('qom-list', path=path))
            for path in ('/objects', '/chardevs', '/block-nodes', '/netdevs', '/')}


def is_as_before(client, daemon, before):
    """Immediately, except for a file that a thread writes: it is closed when that is done."""
    deadline = time.monotonic() + vmdtest.TIMEOUT
    while (snapshot(client), daemon.descriptors()) != before:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@on_one_accel
def each_object(recorder):
    """each class of object-add: created, walked, removed, created again, and no trace left"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        back_ends(client)
        Authority(daemon.path('pki'))
        types = classes(client)
        entity = client.schema.entities[client.schema.entities['object-add']['arg-type']]
        cases = {v['case'] for v in entity['variants']}
        for case in sorted(cases - NEED_MACHINE) + sorted(NEED_MACHINE):
            if case == min(NEED_MACHINE):
                machine_for(client)
            accelerator = case.removesuffix('-accel')
            if descends(types, case, 'machine') or (
                    accelerator in vmdtest.ACCELERATORS and vmdtest.why_not(accelerator)):
                continue
            before = snapshot(client), daemon.descriptors()
            for _ in range(2):
                client.request({'execute': 'object-add', 'arguments': {
                    'qom-type': case, 'id': 'x', **within(NEEDED.get(case, {}), daemon.folder)}})
                path, made = walk(client, recorder, '/objects/x')[0]
                assert (path, made) == ('/objects/x', case) or \
                    case == 'any-accel' and descends(types, made, 'accel'), (case, made)
                assert client.error('object-add', {
                    'qom-type': case, 'id': 'x', **within(NEEDED.get(case, {}), daemon.folder)})[
                        'reason'] == 'id-in-use'
                client.call('object-del', id='x')
                assert is_as_before(client, daemon, before), case


@on_each_accel
def each_machine(recorder):
    """each machine type: created, walked with all of its chips, removed, created again"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type=accel_class(), id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
        names = [m['name'] + '-machine' for m in client.call('query-machines')]
        assert sorted(names) == sorted(
            t['name'] for t in client.call('qom-list-types', implements='machine'))
        for name in names * 2:
            before = snapshot(client), daemon.descriptors()
            client.call('object-add', qom_type=name, id='m', memory_backend='ram')
            found = walk(client, recorder, '/')
            assert ('/machine', name) in found and ('/machine/accel', accel_class()) in found
            client.call('object-del', id='m')
            assert is_as_before(client, daemon, before), name


@on_one_accel
def each_device(recorder):
    """each class of device_add: created, walked, removed, created again, and no trace left"""
    made, refused = set(), set()
    # On some accelerators microvm would have an RTC, and there can be one.
    for machine in {'qom_type': 'microvm-machine', 'rtc': 'off'}, PC:
        with Daemon(recorder) as daemon:
            client = daemon.client()
            client.call('object-add', qom_type=accel_class())
            client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
            client.call('object-add', memory_backend='ram', **machine)
            back_ends(client)
            devices_of_machine(recorder, daemon, client, made, refused)
            every = set(devices(client))
    assert made | refused == every, every - made - refused
    assert len(made) >= 19, made


def devices_of_machine(recorder, daemon, client, made, refused):
    # A CPU's descriptor stays with its VM, for the next one in its place; so does the
    # timer of the main loop's data path, which the first disk or card makes.
    for case in 'max-x86_64-cpu', 'virtio-blk-device', 'e1000':
        if add(client, case, 'x')[0]:
            client.call('device_del', id='x')
    for case in devices(client):
        host = DEVICE_HOSTS.get(case)
        if host and not add(client, host, 'host')[0]:
            continue
        before = [p for p, _ in walk(client, recorder, '/machine')], daemon.descriptors()
        there, reason = add(client, case, 'x')
        if there:
            made.add(case)
            one_device(recorder, client, case)
            after = [p for p, _ in walk(client, recorder, '/machine')], daemon.descriptors()
            assert after == before, case
        else:
            # Not on this machine (not-supported: it has no DMA), or there already, or by machine
            # types only, which may have to say more.
            assert reason in ('bus-not-found', 'address-in-use', 'not-user-creatable',
                              'not-supported', 'property-missing'), (case, reason)
            refused |= {case} if reason in ('not-user-creatable', 'property-missing') else set()
        if host:
            client.call('device_del', id='host')


def add(client, case, name):
    """Whether it could be made, and the reason if not."""
    client.send({'execute': 'device_add', 'arguments': {
        'driver': case, 'id': name, **DEVICE_NEEDED.get(case, {})}})
    reply = client.reply()
    return 'return' in reply, reply.get('error', {}).get('reason')


def one_device(recorder, client, case):
    recorder.add('class', case)
    walk(client, recorder, '/machine/peripheral/x')
    where = client.call('qom-get', path='/machine/peripheral/x', property='parent_bus')
    client.call('device_del', id='x')
    client.request({'execute': 'device_add', 'arguments': {
        'driver': case, **DEVICE_NEEDED.get(case, {}), **({'bus': where} if where else {})}})
    (anonymous,) = [o for o in client.call('qom-list', path='/machine/peripheral-anon')
                    if o['type'] == 'child<%s>' % case]
    client.call('device_del', id='/machine/peripheral-anon/' + anonymous['name'])
    client.events = [e for e in client.events if e['event'] != 'DEVICE_DELETED']


def devices(client):
    entity = client.schema.entities[client.schema.entities['device_add']['arg-type']]
    return sorted(v['case'] for v in entity['variants'])


def each_chardev(recorder):
    """each kind of character backend: created, walked, removed, created again, and no trace left"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        os.mkfifo(daemon.path('fifo'))
        client.call('chardev-add', id='of-mux', backend={'type': 'null', 'data': {}})
        assert set(CHARDEVS) == {t['name'] for t in
                                 client.call('qom-list-types', implements='chardev')}
        for klass, backend in CHARDEVS.items():
            before = snapshot(client), daemon.descriptors()
            for _ in range(2):
                client.call('chardev-add', id='x', backend=within(backend, daemon.folder))
                assert walk(client, recorder, '/chardevs/x')[0] == ('/chardevs/x', klass)
                client.call('chardev-remove', id='x')
                assert is_as_before(client, daemon, before), klass


def concrete(client, ancestor):
    return {t['name'] for t in client.call('qom-list-types', implements=ancestor)}


def write_qcow2(path):
    """An empty qcow2 image of 64 KiB whose data are in another file, and are based on one."""
    cluster, used, name = 65536, 4, b'base'
    header = struct.pack('>4sIQIIQIIQQIIQQQQII', b'QFI\xfb', 3, 112, len(name), 16, cluster, 0, 1,
                         3 * cluster, cluster, 1, 0, 0, 1 << 2, 0, 0, 4, 104)
    with open(path, 'wb') as f:
        f.write(header.ljust(112, b'\0') + name)
        f.seek(cluster)
        f.write(struct.pack('>Q', 2 * cluster))         # the refcount table
        f.seek(2 * cluster)
        f.write(struct.pack('>%dH' % used, *[1] * used))
        f.truncate(used * cluster)


def each_block_node(recorder):
    """each kind of block node: created, walked, removed, created again, and no trace left"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='throttle-group', id='group')
        with open(daemon.path('image'), 'wb') as f:
            f.truncate(4096)
        write_qcow2(daemon.path('qcow2'))
        assert set(BLOCK_NODES) | {'block-host-device'} == concrete(client, 'block-node')
        for klass, options in BLOCK_NODES.items():
            before = snapshot(client), daemon.descriptors()
            for _ in range(2):
                client.request({'execute': 'blockdev-add', 'arguments': {
                    **within(options, daemon.folder), 'node-name': 'x'}})
                assert walk(client, recorder, '/block-nodes/x')[0] == ('/block-nodes/x', klass)
                client.call('blockdev-del', node_name='x')
                assert is_as_before(client, daemon, before), klass


def each_netdev(recorder):
    """each kind of network backend: created, walked, removed, created again, and no trace left"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        assert set(NETDEVS) | {'netdev-tap'} == concrete(client, 'netdev')
        for klass, options in NETDEVS.items():
            before = snapshot(client), daemon.descriptors()
            for _ in range(2):
                client.request({'execute': 'netdev_add', 'arguments': {
                    **within(options, daemon.folder), 'id': 'x'}})
                assert walk(client, recorder, '/netdevs/x')[0] == ('/netdevs/x', klass)
                client.call('netdev_del', id='x')
                assert is_as_before(client, daemon, before), klass


@on_one_accel
def running_machine(recorder):
    """the whole tree of a machine that runs, and of one that has shut down"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='end=exit:1', rtc='on')
        client.call('set-action', shutdown='pause')
        found = walk(client, recorder, '/')
        client.call('cont')
        assert walk(client, recorder, '/') == found
        client.wait_event('SHUTDOWN')
        assert walk(client, recorder, '/') == found


@on_one_accel
def partial_paths(recorder):
    """a path that is unambiguous without its beginning resolves, an ambiguous one is an error"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client)
        assert client.call('qom-get', path='com1', property='type') == 'isa-serial'
        assert client.call('qom-get', path='peripheral/com1', property='index') == 0
        assert client.error('qom-list', {'path': 'nobody'})['reason'] == 'object-not-found'
        client.call('object-add', qom_type='memory-backend-ram', id='com1', size=4096)
        for command, more in (('qom-get', {'property': 'type'}), ('qom-list', {}),
                              ('qom-set', {'property': 'index', 'value': 1})):
            error = client.error(command, {'path': 'com1', **more})
            assert error['reason'] == 'path-ambiguous', error


# ---- Queries

def queries(client):
    """Names of the query- commands that need no arguments."""
    found = []
    for entity in client.schema.commands():
        members = client.schema.members(entity['arg-type']).values()
        if entity['name'].startswith('query-') and all('default' in m for m in members):
            found.append(entity['name'])
    return found


@on_one_accel
def each_query(recorder):
    """each query answers as its type says, from an empty daemon to a machine that runs"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        names = queries(client)
        assert len(names) >= 12, names
        listed = [c['name'] for c in client.call('query-commands')]
        assert listed == sorted(e['name'] for e in client.schema.commands())

        def ask(absent=1):
            state = client.call('query-status')['status']
            for name in names:
                if name in ABSENT and ABSENT[name][absent]:
                    assert client.error(name)['reason'] == ABSENT[name][absent], name
                else:
                    client.call(name)
            return state
        assert ask(absent=0) == 'prelaunch'
        build(client, append='end=loop')
        assert ask() == 'prelaunch'
        client.call('cont')
        assert ask() == 'running'
        client.call('stop')
        assert ask() == 'paused'


def ends_at_once(client, folder):
    """shutdown"""
    client.call('set-action', shutdown='pause')
    build(client, append='end=exit:1')


def runs_into_nothing(client, folder):
    """internal-error"""
    build(client, kernel=write_kernel(folder + '/kernel', jump_to(0xfeb00000)))


def panics(client, folder):
    """guest-panicked"""
    client.call('set-action', panic='pause')
    build(client, kernel=write_kernel(folder + '/kernel', out8(0x600, 1) + exit_with(3)))
    client.call('device_add', driver='pvpanic', ioport=0x600)


def sleeps(client, folder):
    """suspended"""
    pc.build(client, firmware=pc.write_firmware(folder + '/firmware',
                                                pc.MAP_PM + pc.sleep(1) + pc.HALT))


@on_one_accel
def each_state(recorder):
    """each query answers as its type says in each state that a machine can reach by itself"""
    for prepare in ends_at_once, runs_into_nothing, panics, sleeps:
        with Daemon(recorder) as daemon:
            client = daemon.client()
            prepare(client, daemon.folder)
            client.call('cont')
            deadline = time.monotonic() + vmdtest.TIMEOUT
            while client.call('query-status')['status'] != prepare.__doc__:
                assert time.monotonic() < deadline, (prepare.__doc__, client.call('query-status'))
                time.sleep(0.01)
            for name in queries(client):
                if name in ABSENT and ABSENT[name][1]:
                    assert client.error(name)['reason'] == ABSENT[name][1], name
                else:
                    client.call(name)
            assert client.call('query-status')['status'] == prepare.__doc__


def schema_size(recorder):
    """query-qmp-schema stays under 1 MiB"""
    with Daemon(recorder) as daemon:
        client = Client(daemon.socket, check=False)
        client.send({'execute': 'query-qmp-schema'})
        while b'\r\n' not in client.buffer:
            client.buffer += client.sock.recv(1 << 20)
        assert len(client.buffer) < 1 << 20, len(client.buffer)


if __name__ == '__main__':
    vmdtest.main([classes_answer, schema_and_classes_agree, abstract_ones_are_refused,
                  board_devices_are_refused, each_object, each_machine, each_device, each_chardev,
                  each_block_node, each_netdev, running_machine, partial_paths, each_query, each_state,
                  schema_size])
