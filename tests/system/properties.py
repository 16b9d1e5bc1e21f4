#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each argument of each command and each property of each class, through the socket.

What is of a wrong type or beyond its bounds is refused with reason and path; what is at
its bounds is shown by qom-get and by query-config as it was set.  Which types went which
way is written down, and each type that the schema's classes have must have gone each.
"""
import copy
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import errors                                       # noqa: E402
import microvm                                      # noqa: E402
import vmdtest                                      # noqa: E402
import walk                                         # noqa: E402
from pki import Authority                           # noqa: E402
from schemawalk import Schema, join                 # noqa: E402
from vmdtest import BUILDDIR, Daemon                # noqa: E402

BATCH = 64


def batches(client, requests):
    """(request, reply) of each; several requests are on their way at a time."""
    for start in range(0, len(requests), BATCH):
        batch = requests[start:start + BATCH]
        for request in batch:
            client.send(request)
        for request in batch:
            yield request, client.reply()


def refused(client, command, wrongs):
    """Each of (arguments, reason, path) fails with that reason at that path."""
    requests = [{'execute': command, 'arguments': arguments} for arguments, _, _ in wrongs]
    for (request, reply), (_, reason, path) in zip(batches(client, requests), wrongs):
        error = reply.get('error')
        assert error, ('not refused', request)
        assert (error['reason'], error.get('path')) == (reason, path), (request, error, path)
        errors.check(request, error)
    return len(wrongs)


def each_argument(recorder):
    """each argument of each command, at any depth: of a wrong type, beyond its bounds, missing"""
    schema = Schema(BUILDDIR)
    total = 0
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for name, command in schema.commands.items():
            if 'prelaunch' not in command.get('states', ['prelaunch']):
                assert client.error(name)['reason'] == 'wrong-state', name
                continue
            data, lenient = command.get('data', {}), command.get('lenient', False)
            wrongs = schema.wrongs({'type': data}, lenient) if isinstance(data, str) else \
                schema.wrong_members(schema.members(data), {}, lenient, 0)
            wrongs = [w for w in wrongs if isinstance(w[0], dict)]
            assert wrongs, name
            total += refused(client, name, wrongs)
    assert total > 9000, total


# ---- Values at the bounds

# Reasons that a value within its bounds may be refused for: it does not go together with
# others, or the host cannot do it.
MAY_REFUSE = {'invalid-value', 'not-supported', 'no-memory', 'out-of-range', 'limit-exceeded',
              'bus-full', 'address-in-use', 'file-not-usable', 'id-in-use', 'object-not-found',
              'host-error', 'in-use', 'no-accelerator', 'property-missing', 'bus-not-found',
              'device-not-found'}
# Properties that have tests of their own: lists of what other classes take.
ELSEWHERE = {'defaults', 'iothread-vq-mapping'}


# What gives others an effect: a command line and a ramdisk are for a kernel.
WITH = {'append': {'kernel': microvm.KERNEL}, 'initrd': {'kernel': microvm.KERNEL}}


# Values that stand for a choice, which is what qom-get shows afterwards.
def is_choice(key, value):
    geometry = key in ('cyls', 'heads', 'secs') and value == 0
    return value == 'auto' or geometry or (key, value) in (
        ('romsize', 0xffffffff), ('addr', 0), ('slot', -1), ('memaddr', 0))


def shows(got, value):
    """Whether qom-get shows what was set; a struct has its defaults, too."""
    if isinstance(value, dict):
        return isinstance(got, dict) and all(shows(got.get(k), v) for k, v in value.items())
    return got == value


class Walk:
    """Makes objects with one property at one of its bounds after the other."""

    def __init__(self, client, recorder, schema, command, tag, path):
        self.client, self.recorder, self.schema = client, recorder, schema
        self.command, self.tag, self.path = command, tag, path
        self.gone = set()       # (way, type)
        self.wanted = set()

    def request(self, command, **arguments):
        self.client.send({'execute': command, 'arguments': arguments})
        return self.client.reply()

    def arguments(self, name, more):
        return {self.tag: name, 'id': 'x', **more}

    def klass(self, name, needed):
        """False if no object of the class can be made here."""
        if 'error' in self.add(name, needed):
            return False
        self.run_time(name)
        self.delete()
        for key, m in self.schema.properties(name).items():
            if m.get('internal') or m.get('readonly') or key in ELSEWHERE:
                continue
            for value in self.schema.edges(m):
                self.edge(name, needed, key, m, value)
        return True

    def add(self, name, more):
        request = {'execute': self.command, 'arguments': self.arguments(name, more)}
        self.client.send(request)
        reply = self.client.reply()
        if 'return' in reply:
            self.recorder.request(request)
        return reply

    def delete(self):
        command = 'device_del' if self.command == 'device_add' else 'object-del'
        self.client.call(command, id='x')
        self.client.events.clear()

    def get(self, name):
        return self.client.call('qom-get', path=self.path, property=name)

    def went(self, way, m):
        self.gone.add((way, str(m['type'])))

    def edge(self, klass, needed, key, m, value):
        more = {**needed, **WITH.get(key, {}), key: value}
        ways = ('add',) if m.get('secret') else ('add', 'qom-get', 'query-config')
        self.wanted |= {(way, str(m['type'])) for way in ways}
        reply = self.add(klass, more)
        if 'error' in reply:
            errors.check({'execute': self.command, 'arguments': self.arguments(klass, more)},
                         reply['error'])
            assert reply['error']['reason'] in MAY_REFUSE, (klass, key, value, reply)
            return
        self.went('add', m)
        if m.get('secret'):
            self.delete()           # it is neither shown nor recorded: config.py
            return
        assert shows(self.get(key), value) or is_choice(key, value), (klass, key, value,
                                                                      self.get(key))
        self.went('qom-get', m)
        recorded = self.recorded()
        assert shows(recorded.get(key), value) or is_choice(key, value), (key, value, recorded)
        self.went('query-config', m)
        self.delete()

    def recorded(self):
        """The arguments of the request that query-config has for the object."""
        (arguments,) = [r['arguments'] for r in self.client.call('query-config')['requests']
                        if r['execute'] == self.command and r['arguments'].get('id') == 'x']
        return arguments

    # ---- qom-set

    def run_time(self, klass):
        """Of the object that is there: what can be set now takes its bounds and refuses
        the rest, what cannot says so."""
        wrongs = []
        for key, m in self.schema.properties(klass).items():
            at = {'path': self.path, 'property': key}
            if m.get('readonly') or m.get('internal') or m.get('settable') != 'run':
                reason = 'property-read-only' if m.get('readonly') else \
                    'internal-property' if m.get('internal') else 'property-not-settable'
                wrongs.append(({**at, 'value': self.get(key)}, reason, 'property'))
                continue
            wrongs += [({**at, 'value': value}, reason, join('value', path))
                       for value, reason, path in self.schema.wrongs(m)]
            self.set_edges(klass, at, m)
        refused(self.client, 'qom-set', wrongs)

    def set_edges(self, klass, at, m):
        before = self.get(at['property'])
        for value in self.schema.edges(m):
            self.wanted.add(('qom-set', str(m['type'])))
            reply = self.request('qom-set', **at, value=value)
            if 'error' in reply:
                errors.check({'execute': 'qom-set', 'arguments': {**at, 'value': value}},
                             reply['error'])
                assert reply['error']['reason'] in MAY_REFUSE, (klass, at, value, reply)
                continue
            assert shows(self.get(at['property']), value), (klass, at, value)
            self.recorder.write(klass, at['property'])
            self.went('qom-set', m)
        if before not in (None, ''):
            self.client.call('qom-set', **at, value=before)

    def check_ways(self):
        """No type of the classes' properties has left one of the ways out."""
        assert self.wanted, self.command
        assert self.wanted <= self.gone, self.wanted - self.gone


def in_folder(test):
    """Files with odd names are created in a folder that is removed."""
    def run(recorder):
        before = os.getcwd()
        with tempfile.TemporaryDirectory(prefix='vmd-walk-') as folder:
            os.chdir(folder)
            try:
                test(recorder, Schema(BUILDDIR))
            finally:
                os.chdir(before)
    run.__doc__, run.__name__ = test.__doc__, test.__name__
    return run


@in_folder
def each_object(recorder, schema):
    """each property of each class that object-add makes, at its bounds; qom-set of each"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        walk.back_ends(client)
        Authority(daemon.path('pki'))
        w = Walk(client, recorder, schema, 'object-add', 'qom-type', '/objects/x')
        for name in schema.union_classes(schema.types['ObjectOptions']):
            # What any-accel makes is of another class: accel.py.
            if 'machine' not in schema.ancestors(name) and name not in {'any-accel',
                                                                        *walk.NEED_MACHINE}:
                there = w.klass(name, walk.within(walk.NEEDED.get(name, {}), daemon.folder))
                assert there or name in ('kvm-accel', 'tcg-accel'), name
        w.check_ways()
        walk.machine_for(client)
        for name in walk.NEED_MACHINE:
            assert w.klass(name, walk.NEEDED.get(name, {})), name


@in_folder
def each_machine(recorder, schema):
    """each property of each machine type, at its bounds; qom-set of each"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
        w = Walk(client, recorder, schema, 'object-add', 'qom-type', '/machine')
        for name in schema.union_classes({'classes': 'machine'}):
            assert w.klass(name, {'memory-backend': 'ram'}), name
        w.check_ways()


def machine_with_back_ends(daemon, machine):
    client = daemon.client()
    client.call('object-add', qom_type='qtest-accel')
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
    client.call('object-add', memory_backend='ram', **machine)
    walk.back_ends(client)
    return client


@in_folder
def each_device(recorder, schema):
    """each property of each class that device_add makes, at its bounds; qom-set of each"""
    names = [n for n in schema.union_classes(schema.types['DeviceOptions'])
             if schema.inherited(n, 'plug') != 'board' and
             # All CPU models have the same properties.
             ('x86_64-cpu' not in schema.ancestors(n) or n == 'max-x86_64-cpu')]
    met = set()
    for machine in {'qom_type': 'microvm-machine', 'rtc': 'off'}, walk.PC:
        with Daemon(recorder) as daemon:
            client = machine_with_back_ends(daemon, machine)
            w = Walk(client, recorder, schema, 'device_add', 'driver', '/machine/peripheral/x')
            for name in set(names) - met:
                host = walk.DEVICE_HOSTS.get(name)
                if host and 'error' in w.request('device_add', driver=host, id='host'):
                    continue
                if w.klass(name, walk.DEVICE_NEEDED.get(name, {})):
                    met.add(name)
                if host:
                    client.call('device_del', id='host')
            w.check_ways()
    assert met == set(names), set(names) - met


# ---- What is not an object-add: options of backends

class Options:
    """One command that makes backends of several kinds from a union."""

    def __init__(self, client, recorder, schema, add, remove, key):
        self.client, self.recorder, self.schema = client, recorder, schema
        self.add, self.remove, self.key = add, remove, key
        self.made = 0

    def kind(self, request, at, members):
        """request makes one; at(arguments) is where its options are."""
        for name, m in members.items():
            if m['type'] in ('str', 'link') or isinstance(m['type'], list):
                continue                # names of files, hosts, and others
            for value in self.schema.edges(m):
                if (name, value) in (('wait', True), ('vhost', True)):
                    continue            # chardev.py waits for a client; netdev.py has the hint
                arguments = copy.deepcopy(request)
                at(arguments)[name] = value
                self.one({**arguments, self.key: 'x'}, at, name, value)

    def one(self, arguments, at, name, value):
        message = {'execute': self.add, 'arguments': arguments}
        self.client.send(message)
        reply = self.client.reply()
        if 'error' in reply:
            errors.check(message, reply['error'])
            assert reply['error']['reason'] in MAY_REFUSE, (message, reply)
            return
        self.recorder.request(message)
        (recorded,) = [r['arguments'] for r in self.client.call('query-config')['requests']
                       if r['execute'] == self.add and r['arguments'].get(self.key) == 'x']
        assert shows(at(recorded).get(name), value), (message, recorded)
        self.client.call(self.remove, **{self.key.replace('-', '_'): 'x'})
        self.made += 1


@in_folder
def each_option(recorder, schema):
    """each option of each kind of chardev, network and block node, at its bounds"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        os.mkfifo(daemon.path('fifo'))
        with open(daemon.path('image'), 'wb') as f:
            f.truncate(4096)
        client.call('chardev-add', id='of-mux', backend={'type': 'null', 'data': {}})
        client.call('object-add', qom_type='throttle-group', id='group')
        chardevs = Options(client, recorder, schema, 'chardev-add', 'chardev-remove', 'id')
        for backend in walk.CHARDEVS.values():
            data = schema.branch(schema.types['ChardevBackend'], backend['type'])['data']
            chardevs.kind({'backend': walk.within(backend, daemon.folder)},
                          lambda arguments: arguments['backend']['data'],
                          schema.members(data['type']))
        for command, union, remove, key, requests in (
                ('netdev_add', 'Netdev', 'netdev_del', 'id', walk.NETDEVS),
                ('blockdev-add', 'BlockdevOptions', 'blockdev-del', 'node-name',
                 walk.BLOCK_NODES)):
            union = schema.types[union]
            options = Options(client, recorder, schema, command, remove, key)
            for request in requests.values():
                members = {**schema.members(union['base']),
                           **schema.branch(union, request[union['discriminator']])}
                del members[union['discriminator']]
                options.kind(walk.within(request, daemon.folder), lambda arguments: arguments,
                             members)
            assert options.made >= 10, (command, options.made)
        assert chardevs.made >= 10, chardevs.made


if __name__ == '__main__':
    vmdtest.main([each_argument, each_object, each_machine, each_device, each_option])
