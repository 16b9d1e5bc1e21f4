#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`query-config`: what it tells of a machine makes the same machine again.

VMD_TEST_MACHINES says how many random machines are tried (60 without it), VMD_TEST_SEED which.
"""
import json
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import microvm                                      # noqa: E402
import vmdtest                                      # noqa: E402
from qtestclient import QtestClient, build                 # noqa: E402
from vmdtest import Daemon, QmpError, Skip, accel_class, on_one_accel    # noqa: E402
from walk import DEVICE_HOSTS, DEVICE_NEEDED, devices          # noqa: E402

MACHINES = int(os.environ.get('VMD_TEST_MACHINES', '60'))
SEED = int(os.environ.get('VMD_TEST_SEED', '1'))
# What is of the process and not of the machine; hot-plugged devices are cold after a replay.
VOLATILE = {'thread-id', 'hotplugged'}
SELECTOR, DATA, DIRECTORY = 0x510, 0x511, 0x19


class Machine:
    """A machine of random parts, in a folder that outlives its daemon."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.folder = tempfile.mkdtemp(prefix='vmd-config-')
        self.serial = 0
        self.requests = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def try_to(self, client, command, **arguments):
        """Bus full, address taken, needs a bus that is not there: all that may happen."""
        try:
            client.call(command, **arguments)
            return True
        except QmpError as error:
            assert error.error.get('reason') != 'generic', (command, arguments, error.error)
            return False

    def name(self, letter):
        self.serial += 1
        return '%s%d' % (letter, self.serial)

    def begin(self, client):
        rng = self.rng
        client.call('object-add', qom_type='qtest-accel', **rng.choice([{}, {'id': 'acc'}]))
        client.call('object-add', qom_type=rng.choice(['memory-backend-ram', 'memory-backend-memfd']),
                    id='ram', size=rng.choice([16, 32]) << 20, **rng.choice([{}, {'merge': False}]))
        self.pc = rng.random() < 0.7
        klass = rng.choice(['pc-i440fx-7.2', 'pc-i440fx-2.7']) if self.pc else 'microvm'
        extra = {'uuid': '01234567-89ab-cdef-0123-456789abcdef'} if rng.random() < 0.3 else {}
        if rng.random() < 0.3:
            extra['defaults'] = [{'driver': 'virtio-rng-device', 'property': 'period', 'value': 77}]
        if self.pc and rng.random() < 0.5:
            extra['memory'] = {'max-size': 64 << 20, 'slots': 3}
        client.call('object-add', qom_type=klass + '-machine', memory_backend='ram', **extra,
                    **rng.choice([{}, {'id': 'm'}]))
        client.call('chardev-add', id='qtest', backend={'type': 'socket', 'data': {
            'addr': {'type': 'unix', 'data': {'path': self.path('qtest')}}, 'wait': False}})
        client.call('object-add', qom_type='qtest', id='qtest', chardev='qtest')
        cpu = rng.choice(['qemu64-x86_64-cpu', 'Nehalem-x86_64-cpu'])
        for _ in range(rng.randrange(1, 4)):
            self.try_to(client, 'device_add', driver=cpu,
                        **rng.choice([{}, {'id': self.name('cpu')}]))

    def back_end(self, client):
        rng = self.rng
        what = rng.choice(['chardev', 'netdev', 'node', 'group', 'iothread', 'rng'])
        if what == 'chardev':
            kind = rng.choice([{'type': 'null', 'data': {}}, {'type': 'ringbuf', 'data': {'size': 512}},
                               {'type': 'file', 'data': {'out': self.path(self.name('f')), 'append': True}}])
            self.try_to(client, 'chardev-add', id=self.name('c'), backend=kind)
        elif what == 'netdev':
            name = self.name('n')
            self.try_to(client, 'netdev_add', id=name, type='user', **rng.choice([{}, {'net': '10.1.2.0/24'}]))
            if rng.random() < 0.3:
                client.call('set_link', name=name, up=False)
        elif what == 'node':
            node = rng.choice([{'driver': 'null-co', 'size': 1 << 20},
                               {'driver': 'raw', 'size': 4096, 'file': {'driver': 'null-co'}}])
            client.call('blockdev-add', node_name=self.name('b'), **node)
        elif what == 'iothread':
            name = self.name('io')
            client.call('object-add', qom_type='iothread', id=name)
            if rng.random() < 0.5:
                client.call('qom-set', path='/objects/' + name, property='poll-max-ns', value=99)
        else:
            client.call('object-add', id=self.name('o'),
                        qom_type='throttle-group' if what == 'group' else 'rng-builtin')

    def device(self, client, chosen):
        """One device of a class, with an id or not, and backends of its own."""
        rng = self.rng
        host, arguments = DEVICE_HOSTS.get(chosen), dict(DEVICE_NEEDED.get(chosen, {}))
        if host:
            self.try_to(client, 'device_add', driver=host, id=self.name('host'))
        if 'chardev' in arguments or (chosen in ('isa-serial', 'virtconsole') and rng.random() < 0.5):
            arguments['chardev'] = self.name('c')
            client.call('chardev-add', id=arguments['chardev'], backend={'type': 'null', 'data': {}})
        if 'drive' in arguments or chosen.startswith('virtio-blk'):
            arguments['drive'] = self.name('b')
            client.call('blockdev-add', driver='null-co', node_name=arguments['drive'])
        if 'memdev' in arguments:
            arguments['memdev'] = self.name('m')
            client.call('object-add', qom_type='memory-backend-ram', id=arguments['memdev'],
                        size=2 << 20)
        if (chosen.startswith('virtio-net') or chosen == 'e1000') and rng.random() < 0.6:
            arguments['netdev'] = self.name('n')
            client.call('netdev_add', type='user', id=arguments['netdev'])
        if rng.random() < 0.7:
            arguments['id'] = self.name('d')
        if chosen.endswith('-pci') and rng.random() < 0.3:
            arguments['addr'] = '%x' % rng.randrange(4, 32)
        added = self.try_to(client, 'device_add', driver=chosen, **arguments)
        if added and 'netdev' in arguments and 'id' in arguments and rng.random() < 0.3:
            client.call('set_link', name=arguments['id'], up=False)
        if added and 'id' in arguments and rng.random() < 0.1 and self.cold:
            client.call('device_del', id=arguments['id'])

    def build(self, client):
        rng, classes = self.rng, [c for c in devices(client) if not c.endswith('-cpu')]
        self.cold = True
        self.begin(client)
        for _ in range(rng.randrange(3, 14)):
            if rng.random() < 0.4:
                self.back_end(client)
            else:
                self.device(client, rng.choice(classes))
        if rng.random() < 0.3:
            client.call('set-action', reboot='shutdown')
        if self.pc and rng.random() < 0.4:
            client.call('cont')
            self.cold = False
            for _ in range(rng.randrange(1, 4)):
                self.device(client, rng.choice(['virtio-rng-pci', 'e1000', 'virtio-blk-pci']))
SECRET = 'correct horse battery staple'


def tree(client, path='/'):
    """Every path with each value that can be read; all of an object are asked for at once."""
    found, entries = {}, client.call('qom-list', path=path)
    for entry in entries:
        client.send({'execute': 'qom-get',
                     'arguments': {'path': path, 'property': entry['name']}})
    values = [client.reply()['return'] for _ in entries]
    for entry, value in zip(entries, values):
        if entry['type'].startswith('child<'):
            found.update(tree(client, value))
        if entry['name'] not in VOLATILE:
            found[path + ' ' + entry['name']] = value
    return found


def files(path):
    """What firmware and guest are given, by name."""
    qtest = QtestClient(path)

    def read(key, size):
        qtest.ok('outw %#x %#x' % (SELECTOR, key))
        qtest.send(*['inb %#x' % DATA] * size)
        return bytes(int(qtest.answer().split()[1], 16) for _ in range(size))

    (n,) = struct.unpack('>I', read(DIRECTORY, 4))
    entries = [struct.unpack('>IHH56s', e) for e in
               (read(DIRECTORY, 4 + 64 * n)[4 + 64 * i:68 + 64 * i] for i in range(n))]
    found = {name.rstrip(b'\0').decode(): read(key, min(size, 1 << 16))
             for size, key, _, name in entries}
    qtest.close()
    return found


def differences(a, b):
    return {k: (a.get(k), b.get(k)) for k in set(a) | set(b) if a.get(k) != b.get(k)}


def contents(daemon, client, machine):
    """Starts the machine, if it does not run, and ends the daemon."""
    if client.call('query-status')['status'] == 'prelaunch':
        client.call('cont')
    found = files(machine.path('qtest'))
    daemon.wait()               # the end of that connection is the machine's
    return found


def what_is_there(daemon, client, machine):
    """Tree, descriptors without their numbers, and files."""
    opened = [value.split(':')[0] for value in daemon.descriptors().values()]
    return tree(client), sorted(opened), sorted(os.listdir(machine.folder))


def fail_somewhere(daemon, client, machine, config):
    """The same list with a request that fails among them: nothing is left."""
    before = what_is_there(daemon, client, machine)
    requests = list(config['requests'])
    place = machine.rng.randrange(len(requests) + 1)
    requests.insert(place, {'execute': 'object-add', 'arguments': {
        'qom-type': 'memory-backend-file', 'id': 'bad', 'size': 4096, 'mem-path': '/nowhere/file'}})
    error = client.error('build', {'requests': requests})
    assert error['path'] == 'requests[%d].arguments.mem-path' % place, error
    after = what_is_there(daemon, client, machine)
    assert after == before, (place, differences(before[0], after[0]), before[1:], after[1:])
    assert not client.drain_events()


def replay(recorder, machine, config, one_by_one):
    with Daemon(recorder) as daemon:
        client = daemon.client()
        if one_by_one:
            for request in config['requests']:
                client.request(request)
        else:
            fail_somewhere(daemon, client, machine, config)
            client.call('build', **config)
        again, things = client.call('query-config'), tree(client)
        pci = client.call('query-pci')
        return again, things, pci, contents(daemon, client, machine)


def one_machine(recorder, seed):
    machine = Machine(seed)
    try:
        with Daemon(recorder) as daemon:
            client = daemon.client()
            machine.build(client)
            cold = machine.cold
            config, things = client.call('query-config'), tree(client)
            pci = client.call('query-pci')
            given = contents(daemon, client, machine)
        again, things2, pci2, given2 = replay(recorder, machine, config, seed % 4 == 0)
        assert again == config, (seed, [(a, b) for a, b in zip(again['requests'], config['requests'])
                                        if a != b])
        changed = differences(things, things2)
        assert not cold or not changed, (seed, changed)
        assert sorted(things) == sorted(things2), (seed, set(things) ^ set(things2))
        assert not cold or pci == pci2, (seed, pci, pci2)
        assert not cold or given == given2, (seed, sorted(differences(given, given2)))
    finally:
        shutil.rmtree(machine.folder)


def random_machines(recorder):
    """Random machines: their config builds the same tree, addresses and tables, and equal config"""
    for seed in range(SEED, SEED + MACHINES):
        one_machine(recorder, seed)


def descriptors_are_named(recorder):
    """A descriptor that is needed is named, and build checks that it is there"""
    with Daemon(recorder) as daemon, Daemon(recorder) as second:
        client = daemon.client()
        a, b = socket.socketpair()
        client.request({'execute': 'getfd', 'arguments': {'fdname': 'line'}}, fds=[a.fileno()])
        client.call('chardev-add', id='c', backend={'type': 'socket', 'data': {
            'server': False, 'addr': {'type': 'fd', 'data': {'str': 'line'}}}})
        config = client.call('query-config')
        assert config['requires'] == [{'kind': 'fd', 'name': 'line'}], config
        other = second.client()
        error = other.error('build', config)
        assert error['reason'] == 'fd-not-found' and error['path'] == 'requires[0].name', error
        other.request({'execute': 'getfd', 'arguments': {'fdname': 'line'}}, fds=[b.fileno()])
        other.call('build', **config)
        assert other.call('query-config') == config
        a.close()
        b.close()


@on_one_accel
def cpu_models(recorder):
    """Each CPU model as the accelerator makes it, with host features, is created again"""
    with Daemon(recorder) as daemon:
        models = [m for m in devices(daemon.client()) if m.endswith('-cpu')]
    for model in models:
        with Daemon(recorder) as daemon, Daemon(recorder) as second:
            client, other = daemon.client(), second.client()
            client.call('object-add', qom_type=accel_class())
            client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
            client.call('object-add', qom_type='microvm-machine', memory_backend='ram')
            client.call('device_add', driver=model, id='c0')
            if vmdtest.cpus(2) == 2:
                client.call('device_add', driver=model)
            config = client.call('query-config')
            other.call('build', **config)
            assert other.call('query-config') == config, model
            # What the host cannot do was switched off, and is off from the start then.
            changed = {k: v for k, v in differences(tree(client), tree(other)).items()
                       if not k.endswith(' unavailable-features')}
            assert not changed, (model, changed)


def secrets_are_named(recorder):
    """A value that is never shown is named, and build checks that it was added"""
    with Daemon(recorder) as daemon, Daemon(recorder) as second:
        client = daemon.client()
        client.call('object-add', qom_type='fw-cfg-file', id='note', name='opt/a', string=SECRET)
        client.call('object-add', qom_type='smbios-type-11', id='words', value=[SECRET])
        config = client.call('query-config')
        assert SECRET not in str(config) and config['requires'] == [
            {'kind': 'secret', 'name': 'note.string'},
            {'kind': 'secret', 'name': 'words.value'}], config
        for path, name in (('/objects/note', 'string'), ('/objects/words', 'value')):
            assert client.call('qom-get', path=path, property=name) is None
        other = second.client()
        for request, name in zip(config['requests'], ('string', 'value')):
            error = other.error('build', config)
            assert error['reason'] == 'property-missing', error
            request['arguments'][name] = SECRET if name == 'string' else [SECRET]
        other.call('build', **config)
        other.error('qom-set', {'path': '/objects/note', 'property': 'string', 'value': SECRET})
        assert SECRET not in daemon.output() + second.output(), second.output()
        assert 'opt/a' in daemon.output()


def keystrokes_are_not_logged(recorder):
    """Keystrokes and data written into the machine are not in the log"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('chardev-add', id='ring', backend={'type': 'ringbuf', 'data': {}})
        client.call('ringbuf-write', device='ring', data=SECRET)
        for text in 'a\u2028b', 'a\u202eb':
            error = client.error('object-del', {'id': text})
            assert text not in error['desc'], error
            client.call('chardev-add', id='q' + str(ord(text[1])), backend={'type': 'null', 'data': {
                'logfile': daemon.path('log' + text)}})
        assert '\u2028' not in daemon.output() and '\\u202e' in daemon.output(), daemon.output()
        client.error('send-key', {'keys': [{'type': 'qcode', 'data': 'kp_multiply'}]})
        client.error('input-send-event', {'events': [{'type': 'key', 'data': {
            'down': True, 'key': {'type': 'qcode', 'data': 'kp_multiply'}}}]})
        log = daemon.output()
        assert SECRET not in log and 'kp_multiply' not in log and 'send-key' in log, log


def vmctl_config(recorder):
    """vmctl config prints what vmctl apply takes, or one build, or text"""
    with Daemon(recorder) as daemon, Daemon(recorder) as second:
        client = daemon.client()
        client.call('object-add', qom_type='iothread', id='io', poll_max_ns=5)
        client.call('chardev-add', id='c', backend={'type': 'null', 'data': {}})
        run = subprocess.run([vmdtest.VMCTL, '-s', daemon.socket, 'config'], check=True,
                             capture_output=True, text=True)
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        assert lines == client.call('query-config')['requests'], lines
        subprocess.run([vmdtest.VMCTL, '-s', second.socket, 'apply', '-'], input=run.stdout,
                       check=True, text=True)
        other = second.client()
        assert other.call('query-config') == client.call('query-config')
        run = subprocess.run([vmdtest.VMCTL, '-s', daemon.socket, 'config', '--build'], check=True,
                             capture_output=True, text=True)
        assert json.loads(run.stdout) == {'execute': 'build',
                                          'arguments': client.call('query-config')}
        client.call('object-add', qom_type='smbios-type-1', id='s', product='a,b', sku='')
        client.call('object-add', qom_type='throttle-group', id='t', limits={'bps-total': 7})
        run = subprocess.run([vmdtest.VMCTL, '-s', daemon.socket, 'config', '--text'], check=True,
                             capture_output=True, text=True)
        lines = run.stdout.splitlines()
        assert lines[0] == 'object-add qom-type=iothread,id=io,poll-max-ns=5', lines
        assert lines[1].startswith('chardev-add id=c,backend.type=null'), lines
        assert lines[2] == 'object-add qom-type=smbios-type-1,id=s,product=a,,b,sku=', lines
        assert lines[3].startswith('object-add qom-type=throttle-group,id=t,limits.'), lines
        assert 'limits.bps-total=7' in lines[3] and len(lines) == 4, lines


def rebuilds(recorder, client):
    """query-config is valid for `vmctl apply`, line by line or as one, and makes the same machine"""
    config = client.call('query-config')
    text = ''.join(json.dumps(request) + '\n' for request in config['requests'])
    for options in [], ['--build']:
        with Daemon(recorder) as daemon:
            run = subprocess.run([vmdtest.VMCTL, '-s', daemon.socket, 'apply', *options, '-'],
                                 input=text, capture_output=True, check=False, text=True)
            assert run.returncode == 0, (run.stderr, config)
            again, other = daemon.client().call('query-config'), daemon.client()
            assert again == config, (again, config)
            for disk, former in zip(other.call('query-block'), client.call('query-block')):
                assert disk.get('inserted') == former.get('inserted'), (disk, former)
    return [request['arguments'] for request in config['requests']]


def drive_of(requests, name):
    return [r.get('drive') for r in requests if r.get('id') == name and 'driver' in r][0]


def node_names(client):
    return [n['node-name'] for n in client.call('query-named-block-nodes')]


def add_image(daemon, client, name, **options):
    """A node of a file, which several daemons may open."""
    with open(daemon.path(name + '.img'), 'wb') as f:
        f.truncate(1 << 20)
    client.call('blockdev-add', node_name=name, driver='raw', **options, file={
        'driver': 'file', 'filename': daemon.path(name + '.img'), 'locking': 'off'})


def changed_media(recorder):
    """The machine can be made again after its media were changed, inserted and ejected"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, 'pc-i440fx-7.2-machine')
        add_image(daemon, client, 'first', read_only=True)
        client.call('device_add', driver='ide-cd', id='cd', drive='first', bus='ide.1')
        add_image(daemon, client, 'second', read_only=True)
        names = []
        for name in 'second', 'first', 'second':
            client.call('blockdev-change-medium', id='cd', filename=daemon.path(name + '.img'),
                        format='raw')
            names.append(drive_of(rebuilds(recorder, client), 'cd'))
            assert names[-1] in node_names(client), names
        assert names == ['cd-medium', 'cd-medium2', 'cd-medium'], names
        client.call('eject', id='cd')
        assert drive_of(rebuilds(recorder, client), 'cd') is None
        assert not set(names) & set(node_names(client))
        client.call('blockdev-insert-medium', id='cd', node_name='second')
        assert drive_of(rebuilds(recorder, client), 'cd') == 'second'


def names_of_media(recorder):
    """A medium's name is made of the drive's id, or its name, and is valid in requests"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, 'pc-i440fx-7.2-machine')
        add_image(daemon, client, 'first', read_only=True)
        image = {'filename': daemon.path('first.img'), 'format': 'raw'}
        client.call('device_add', driver='ide-cd', id='a' * 40, bus='ide.1')
        client.call('device_add', driver='ide-cd', drive='first', bus='ide.1')
        client.call('device_add', driver='ide-cd', bus='ide.0')
        (named, ) = [d['qdev'] for d in client.call('query-block')
                     if d.get('inserted', {}).get('node-name') == 'first']
        (nameless, ) = [d['qdev'] for d in client.call('query-block')
                        if 'inserted' not in d and d['qdev'] != 'a' * 40]
        for drive, name in ('a' * 40, 'a' * 24 + '-medium'), (named, 'first-medium'), (
                nameless, 'drive-medium'):
            client.call('blockdev-change-medium', id=drive, **image)
            assert name in node_names(client), (name, node_names(client))
        client.call('blockdev-change-medium', id='a' * 40, **image)
        assert 'a' * 23 + '-medium2' in node_names(client)
        rebuilds(recorder, client)


def younger_than_their_users(recorder):
    """Requests come in an order in which each finds what it names, though that may be younger"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, 'pc-i440fx-7.2-machine')
        add_image(daemon, client, 'disk')
        client.call('device_add', driver='virtio-blk-pci', id='d', drive='disk')
        client.call('blockdev-add', driver='null-co', size=4096)        # has a name of vmd's
        client.request({'execute': 'block_set_io_throttle', 'arguments': {
            'id': 'd', 'bps': 1000, 'bps_rd': 0, 'bps_wr': 0, 'iops': 0, 'iops_rd': 0,
            'iops_wr': 0}})
        rebuilds(recorder, client)
        client.call('object-add', qom_type='throttle-group', id='late', limits={'iops-total': 7})
        client.call('blockdev-reopen', options=[{
            'driver': 'raw', 'node-name': 'disk', 'io-limits': 'late',
            'file': {'driver': 'file', 'filename': daemon.path('disk.img'), 'locking': 'off'}}])
        requests = rebuilds(recorder, client)
        order = [r.get('node-name') or r.get('id') for r in requests]
        assert order.index('late') < order.index('disk') < order.index('d'), order


def younger_backing(recorder):
    """A backing node that is younger than its image, and one defined within another node"""
    if not shutil.which('qemu-img'):
        raise Skip('needs qemu-img')
    with Daemon(recorder) as daemon:
        client = daemon.client()
        add_image(daemon, client, 'old', read_only=True)

        def image(name, backing):
            path = daemon.path(name + '.qcow2')
            if not os.path.exists(path):
                subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', path, '1M'], check=True)
            return {'driver': 'qcow2', 'node-name': name, 'read-only': True, 'backing': backing,
                    'file': {'driver': 'file', 'filename': path, 'locking': 'off'}}

        client.request({'execute': 'blockdev-add', 'arguments': image('top', 'old')})
        add_image(daemon, client, 'new', read_only=True)
        client.call('blockdev-reopen', options=[image('top', 'new')])
        order = [r['node-name'] for r in rebuilds(recorder, client)]
        assert order == ['old', 'new', 'top'], order
        # Part of 'outer', and so there when 'outer' is.
        client.request({'execute': 'blockdev-add', 'arguments': image('outer', {
            'driver': 'raw', 'node-name': 'inner', 'read-only': True, 'file': {
                'driver': 'file', 'filename': daemon.path('old.img'), 'locking': 'off'}})})
        client.call('blockdev-reopen', options=[image('top', 'inner')])
        order = [r['node-name'] for r in rebuilds(recorder, client)]
        assert order == ['old', 'outer', 'top', 'new'], order


def read_back(recorder, path):
    """The config of the machine that a -readconfig file makes."""
    run = subprocess.run([vmdtest.VMCTL, 'translate', '--', '-nodefaults', '-S', '-readconfig', path],
                         capture_output=True, text=True, check=False)
    assert run.returncode == 0, (run.stderr, open(path, encoding='utf-8').read())
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('build', requests=[json.loads(line) for line in run.stdout.splitlines()])
        return client.call('query-config')['requests'], tree(client)


def sorted_requests(requests):
    """Their order is the translation's; a file says that a socket is a server."""
    for request in requests:
        data = request['arguments'].get('backend', {}).get('data', {})
        if data.get('server') is True:
            del data['server']
    return sorted(json.dumps(request, sort_keys=True) for request in requests)


def one_readconfig(recorder, seed):
    """Whether that seed's machine could be expressed."""
    machine = Machine(seed)
    try:
        with Daemon(recorder) as daemon:
            client = daemon.client()
            machine.build(client)
            config, things = client.call('query-config')['requests'], tree(client)
            run = subprocess.run([vmdtest.VMCTL, '-s', daemon.socket, 'config', '--readconfig'],
                                 capture_output=True, text=True, check=False)
            client.call('quit')
            daemon.wait()
        told = [line.replace('# not expressed: ', 'vmctl: not expressed: ')
                for line in run.stdout.splitlines() if line.startswith('# not expressed: ')]
        assert told == run.stderr.splitlines() and run.returncode == bool(told), (told, run.stderr)
        if told:
            return False
        path = machine.path('machine.cfg')
        with open(path, 'w', encoding='utf-8') as f:
            f.write(run.stdout)
        again, things2 = read_back(recorder, path)
        assert sorted_requests(again) == sorted_requests(config), (
            seed, set(sorted_requests(again)) ^ set(sorted_requests(config)), run.stdout)
        changed = {k: v for k, v in differences(things, things2).items() if not k.endswith(' backend')}
        assert not machine.cold or not changed, (seed, changed)
        return True
    finally:
        shutil.rmtree(machine.folder)


def readconfig_files(recorder):
    """vmctl config --readconfig: a file that makes the same machine, or what it cannot express"""
    said = sum(one_readconfig(recorder, seed) for seed in range(SEED, SEED + MACHINES // 2))
    assert said >= MACHINES // 4, said


def readconfig_spellings(recorder):
    """vmctl config --readconfig: different spellings, and what cannot be expressed"""
    def inet(host, port):
        return {'type': 'inet', 'data': {'host': host, 'port': port}}

    with Daemon(recorder) as daemon:
        client = daemon.client()
        for name, backend in (
                ('tcp', {'type': 'socket', 'data': {'addr': inet('127.0.0.1', '0'), 'wait': False}}),
                ('udp', {'type': 'udp', 'data': {'remote': inet('127.0.0.1', '9'),
                                                 'local': inet('127.0.0.1', '0')}}),
                ('far', {'type': 'udp', 'data': {'remote': inet('127.0.0.1', '9')}}),
                ('log', {'type': 'file', 'data': {'out': daemon.path('log'), 'append': True}}),
                ('m-base', {'type': 'ringbuf', 'data': {'size': 64}}),
                ('m', {'type': 'mux', 'data': {'chardev': 'm-base'}})):
            client.call('chardev-add', id=name, backend=backend)
        client.call('object-add', qom_type='qtest-accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
        client.call('object-add', qom_type='microvm-machine', memory_backend='ram', smp={'cores': 2},
                    kernel=microvm.KERNEL, append='a b', defaults=[
                        {'driver': 'virtio-rng-device', 'property': 'period', 'value': 7},
                        {'driver': 'isa-serial', 'property': 'wakeup', 'value': True}])
        client.call('netdev_add', type='user', id='n', hostfwd=[{'str': 'tcp:127.0.0.1:0-:1'},
                                                                {'str': 'tcp:127.0.0.1:0-:2'}])
        client.call('blockdev-add', driver='raw', node_name='d', size=4096,
                    file={'driver': 'null-co', 'size': 8192, 'read-only': False})
        client.call('set-action', reboot='shutdown', panic='none')
        config, path = client.call('query-config')['requests'], daemon.path('cfg')
        run = subprocess.run([vmdtest.VMCTL, '-s', daemon.socket, 'config', '-r'], check=True,
                             capture_output=True, text=True)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(run.stdout)
        client.call('chardev-add', id='x', backend={'type': 'mux', 'data': {'chardev': 'far'}})
        client.call('object-add', qom_type='smbios-type-1', id='f', product='say "a"')
        run = subprocess.run([vmdtest.VMCTL, '-s', daemon.socket, 'config', '-r'], check=False,
                             capture_output=True, text=True)
        assert run.returncode == 1 and run.stderr.splitlines() == [
            "vmctl: not expressed: chardev-add x: is a mux of 'far', not 'x-base'",
            'vmctl: not expressed: object-add f: product has characters that cannot be quoted'], run.stderr
        client.call('quit')
        daemon.wait()
        again, _ = read_back(recorder, path)
        # Two CPUs are there unless devices are named.
        again = [r for r in again if 'cpu' not in r['arguments'].get('driver', '')]
        assert sorted_requests(again) == sorted_requests(config), (
            set(sorted_requests(again)) ^ set(sorted_requests(config)), run.stdout)


if __name__ == '__main__':
    vmdtest.main([random_machines, cpu_models, descriptors_are_named, secrets_are_named,
                  keystrokes_are_not_logged, vmctl_config,
                  changed_media, names_of_media, younger_than_their_users, younger_backing,
                  readconfig_files, readconfig_spellings])
