#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Network backends over QMP, without a guest: each option of each kind reads as it was
given, or is refused by name; connections come and go; the cable."""
import ctypes
import fcntl
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from vmdtest import Daemon, accel_class, Skip, on_one_accel          # noqa: E402
from waiting import becomes                         # noqa: E402

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR, IFF_MULTI_QUEUE = 0x400454ca, 2, 0x1000, 0x4000, 0x100
# What QEMU has and vmd has not: an argument of any value is refused.
REFUSED = [('user', 'smb', '/tmp'), ('user', 'smbserver', '10.0.2.4'),
           ('tap', 'br', 'br0'), ('tap', 'helper', '/bin/true'), ('tap', 'poll-us', 1)]
# Other values of what was accepted above them.
REFUSED_VALUES = [('tap', 'script', '/etc/ifup'), ('tap', 'downscript', '/etc/ifdown'),
                  ('tap', 'vhostforce', True),
                  ('user', 'guestfwd', [{'str': 'tcp:10.0.2.100:80-cmd:cat'}])]


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def add(client, kind, **options):
    """netdev_add of `net`, which then reads as it was given."""
    client.request({'execute': 'netdev_add', 'arguments': {'type': kind, 'id': 'net', **options}})
    path = '/netdevs/net'
    assert client.call('qom-get', path=path, property='type') == 'netdev-' + kind
    real = client.call('qom-get', path=path, property='options')
    for name, value in options.items():
        if isinstance(value, dict):
            assert value.items() <= real[name].items(), (name, real)
        else:
            assert real[name] == value, (name, real)


def pass_socket(client, name, kind=socket.SOCK_STREAM):
    """Gives the daemon one end of a socket pair by this name; returns the other."""
    theirs, ours = socket.socketpair(socket.AF_UNIX, kind)
    client.request({'execute': 'getfd', 'arguments': {'fdname': name}}, fds=[theirs.fileno()])
    theirs.close()
    return ours


def drop(client, daemon, before):
    client.call('netdev_del', id='net')
    assert len(client.call('qom-list', path='/netdevs')) == 1
    assert daemon.descriptors() == before, (daemon.descriptors(), before)


def user(recorder):
    """each option of a user network; the host's port is bound and released"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('chardev-add', id='con', backend={'type': 'ringbuf', 'data': {}})
        before, port = daemon.descriptors(), free_port()
        options = {
            'hostname': 'guest', 'restrict': True, 'ipv4': True, 'ipv6': True,
            'net': '10.7.0.0/16', 'host': '10.7.0.1', 'tftp': daemon.folder, 'bootfile': 'boot',
            'dhcpstart': '10.7.0.20', 'dns': '10.7.0.9', 'dnssearch': [{'str': 'example.org'}],
            'domainname': 'example.net', 'ipv6-prefix': 'fd00::', 'ipv6-prefixlen': 56,
            'ipv6-host': 'fd00::1', 'ipv6-dns': 'fd00::9', 'tftp-server-name': 'files',
            'disable-host-loopback': True,
            'hostfwd': [{'str': 'tcp:127.0.0.1:%d-:80' % port},
                        {'str': 'udp:127.0.0.1:%d-10.7.0.20:53' % free_port(socket.SOCK_DGRAM)}],
            'guestfwd': [{'str': 'tcp:10.7.0.100:80-chardev:con'}]}
        for _ in range(2):
            add(client, 'user', **options)
            socket.create_connection(('127.0.0.1', port), 10).close()
            error = client.error('netdev_add', {'type': 'user', 'id': 'other',
                                                'hostfwd': options['hostfwd'][:1]})
            assert error['reason'] == 'address-in-use', error
            client.call('netdev_del', id='net')
            assert len(client.call('qom-list', path='/netdevs')) == 1
        add(client, 'user', ip='10.8.0.0/24')
        made = client.call('query-config')['requests'][-1]['arguments']
        assert made['disable-host-loopback'] is True, made
        drop(client, daemon, before)


def sockets(recorder):
    """each option of a backend with addresses in text"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        before, port = daemon.descriptors(), free_port()
        local = '127.0.0.1:%d' % free_port(socket.SOCK_DGRAM)
        add(client, 'socket', listen='127.0.0.1:%d' % port)
        socket.create_connection(('127.0.0.1', port), 10).close()
        client.call('query-status')
        client.call('netdev_del', id='net')
        with socket.create_server(('127.0.0.1', 0)) as server:
            add(client, 'socket', connect='127.0.0.1:%d' % server.getsockname()[1])
            server.accept()[0].close()
        client.call('netdev_del', id='net')
        for options in {'listen': '127.0.0.1:%d' % (port + 65536)}, {'connect': '127.0.0.1:65536'}:
            error = client.error('netdev_add', {'type': 'socket', 'id': 'big', **options})
            assert error['reason'] == 'invalid-value', error
        address = {'host': '127.0.0.1', 'port': '%d' % (port + 65536)}
        for error in (client.error('netdev_add', {'type': 'stream', 'id': 'big', 'addr': {
                'type': 'inet', **address}}), client.error('chardev-add', {'id': 'big', 'backend': {
                    'type': 'socket', 'data': {'addr': {'type': 'inet', 'data': address}}}})):
            assert error['reason'] == 'invalid-value' and '65535' in error['desc'], error
        add(client, 'socket', udp='127.0.0.1:9', localaddr=local)
        drop(client, daemon, before)
        add(client, 'socket', mcast='230.0.0.1:%d' % free_port(), localaddr='127.0.0.1')
        drop(client, daemon, before)
        for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
            with pass_socket(client, 'fd', kind):
                add(client, 'socket', fd='fd')
            client.call('netdev_del', id='net')


def connected(client, peer_type):
    data = client.wait_event('NETDEV_STREAM_CONNECTED')['data']
    assert data['netdev-id'] == 'net' and data['addr']['type'] == peer_type, data


def disconnected(client):
    data = client.wait_event('NETDEV_STREAM_DISCONNECTED')['data']
    assert data == {'netdev-id': 'net'}, data


def stream(recorder):
    """a stream's connections are opened and closed with an event each, by either peer"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        path = daemon.path('stream')
        address = {'type': 'unix', 'path': path}
        add(client, 'stream', addr=address, server=True)
        for _ in range(2):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(path)
                connected(client, 'unix')
            disconnected(client)
        client.call('netdev_del', id='net')
        assert not os.path.exists(path)
        add(client, 'stream', addr=address, server=False, reconnect=1)
        assert client.drain_events() == []
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen()
            for _ in range(2):
                peer = server.accept()[0]
                connected(client, 'unix')
                peer.close()
                disconnected(client)
        client.call('netdev_del', id='net')
        with pass_socket(client, 'fd'):
            add(client, 'stream', addr={'type': 'fd', 'str': 'fd'})
            connected(client, 'unix')
        disconnected(client)
        client.call('netdev_del', id='net')


def dgram(recorder):
    """datagrams at Unix, IPv4 and multicast addresses and on a socket of the client's"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        before = daemon.descriptors()

        def inet(port, host='127.0.0.1'):
            return {'type': 'inet', 'host': host, 'port': str(port)}
        for local, remote in ((inet(free_port(socket.SOCK_DGRAM)), inet(9)),
                              (inet(0), inet(5555, '230.0.0.1')),
                              ({'type': 'unix', 'path': daemon.path('here')},
                               {'type': 'unix', 'path': daemon.path('there')})):
            add(client, 'dgram', local=local, remote=remote)
            drop(client, daemon, before)
        assert not os.path.exists(daemon.path('here'))
        with pass_socket(client, 'fd', socket.SOCK_DGRAM):
            add(client, 'dgram', local={'type': 'fd', 'str': 'fd'})
            drop(client, daemon, before)


class Namespace:
    """A network namespace that this thread and what it starts are in meanwhile."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.home = os.open('/proc/self/ns/net', os.O_RDONLY)

    def __enter__(self):
        if os.geteuid() != 0 or self.libc.unshare(CLONE_NEWNET) != 0:
            os.close(self.home)
            raise Skip('needs root to make a network namespace')
        if not os.path.exists('/dev/net/tun'):
            self.__exit__()
            raise Skip('needs /dev/net/tun')

    def __exit__(self, *_):
        assert self.libc.setns(self.home, CLONE_NEWNET) == 0
        os.close(self.home)


def pass_tap(client, name, flags):
    """Gives the daemon a descriptor of the tap device `vmdtest` by this name."""
    tap = os.open('/dev/net/tun', os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'vmdtest', IFF_TAP | IFF_NO_PI | flags))
    client.request({'execute': 'getfd', 'arguments': {'fdname': name}}, fds=[tap])
    os.close(tap)


def tap(recorder):
    """each option of a tap device that vmd has, by name and by descriptors"""
    with Namespace(), Daemon(recorder) as daemon:
        client = daemon.client()
        before = daemon.descriptors()
        add(client, 'tap', ifname='vmdtest', queues=4, sndbuf=100000, vnet_hdr=False, script='no',
            downscript='no', vhost=False, vhostforce=False)
        recorder.read('netdev-tap', 'options')
        assert 'vmdtest' in [name for _, name in socket.if_nameindex()]
        assert sum('tun' in name for name in daemon.descriptors().values()) == 4
        drop(client, daemon, before)
        assert 'vmdtest' not in [name for _, name in socket.if_nameindex()]
        pass_tap(client, 'fd', IFF_VNET_HDR)
        add(client, 'tap', fd='fd', vnet_hdr=True)
        drop(client, daemon, before)
        for name in 'one', 'two':
            pass_tap(client, name, IFF_MULTI_QUEUE)
        add(client, 'tap', fds='one:two')
        drop(client, daemon, before)


def vhost(recorder):
    """vhost is a hint: its descriptors are closed, and what was chosen can be read"""
    with Namespace(), Daemon(recorder) as daemon:
        client = daemon.client()
        recorder.read('netdev-tap', 'vhost')
        before = daemon.descriptors()

        def chosen():
            options = client.call('qom-get', path='/netdevs/net', property='options')
            assert 'vhostfd' not in options and 'vhostfds' not in options, options
            assert client.call('qom-get', path='/netdevs/net', property='vhost') is False
            return options.get('vhost')
        client.call('netdev_add', type='tap', id='net', ifname='vmdtest', vhost=True)
        assert chosen() is False
        drop(client, daemon, before)
        client.call('netdev_add', type='tap', id='net', ifname='vmdtest')
        assert chosen() is None
        drop(client, daemon, before)
        pass_tap(client, 'fd', 0)
        pass_socket(client, 'vhost').close()
        client.call('netdev_add', type='tap', id='net', fd='fd', vhostfd='vhost')
        assert chosen() is False
        assert len(daemon.descriptors()) == len(before) + 1, daemon.descriptors()
        drop(client, daemon, before)
        for name in 'one', 'two':
            pass_tap(client, name, IFF_MULTI_QUEUE)
            pass_socket(client, 'vhost-' + name).close()
        client.call('netdev_add', type='tap', id='net', fds='one:two', vhost=True,
                    vhostfds='vhost-one:vhost-two')
        assert chosen() is False
        drop(client, daemon, before)
        for path, reason, given in (
                ('vhostfd', 'fd-not-found', {'ifname': 'vmdtest', 'vhostfd': 'none'}),
                ('vhostfd', 'invalid-value', {'ifname': 'vmdtest', 'vhostfd': 'a:b'}),
                ('vhostfd', 'invalid-value', {'fds': 'a', 'vhostfd': 'v'}),
                ('vhostfds', 'invalid-value', {'ifname': 'vmdtest', 'vhostfds': 'a'})):
            error = client.error('netdev_add', {'type': 'tap', 'id': 'net', **given})
            assert (error['reason'], error['path']) == (reason, path), error
        pass_tap(client, 'fd', 0)
        pass_socket(client, 'vhost').close()
        error = client.error('netdev_add', {'type': 'tap', 'id': 'net', 'fds': 'fd',
                                            'vhostfds': 'vhost:none'})
        assert (error['reason'], error['path']) == ('invalid-value', 'vhostfds'), error
        client.call('closefd', fdname='vhost')
        becomes(daemon.descriptors, before)     # a device is closed aside


def refused(recorder):
    """options that vmd lacks are refused by name and leave nothing behind"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        before = daemon.descriptors()
        for kind, name, value in REFUSED + REFUSED_VALUES:
            error = client.error('netdev_add', {'type': kind, 'id': 'net', name: value})
            assert error['reason'] == 'not-supported', error
            assert "'%s'" % name in error['desc'], error
        assert client.error('netdev_del', {'id': 'net'})['class'] == 'DeviceNotFound'
        assert client.error('set_link', {'name': 'net', 'up': True})['class'] == 'DeviceNotFound'
        assert daemon.descriptors() == before


@on_one_accel
def cable(recorder):
    """set_link by the backend's id and by the card's; backends in use stay"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type=accel_class())
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
        client.call('object-add', qom_type='microvm-machine', memory_backend='ram')
        add(client, 'user')
        client.call('device_add', driver='virtio-net-device', id='nic', netdev='net')
        links = ('/netdevs/net', '/machine/peripheral/nic/nic')

        def state():
            return [client.call('qom-get', path=path, property='link') for path in links]
        assert state() == [True, True]
        for name, there in (('net', [False, False]), ('nic', [True, False])):
            client.call('set_link', name=name, up=False)
            assert state() == there, (name, state())
            client.call('set_link', name=name, up=True)
            assert state() == [True, True], (name, state())
        assert client.error('netdev_del', {'id': 'net'})['reason'] == 'in-use'
        info = client.call('query-rx-filter', name='nic')
        assert info == client.call('query-rx-filter') and info[0]['promiscuous'], info
        for name, reason in ('net', 'invalid-value'), ('none', 'device-not-found'):
            error = client.error('query-rx-filter', {'name': name})
            assert error['reason'] == reason, error
        client.call('device_del', id='nic')
        client.call('netdev_del', id='net')


def e1000(recorder):
    """properties of an e1000 on a PC, old and new, and its rx-filter"""
    for version, init_vet in ('2.7', False), ('7.2', True):
        with Daemon(recorder) as daemon:
            client = daemon.client()

            def get(name, path='/machine/peripheral/nic'):
                return client.call('qom-get', path=path, property=name)
            client.call('object-add', qom_type='qtest-accel')
            client.call('object-add', qom_type='memory-backend-ram', id='ram', size=16 << 20)
            client.call('object-add', qom_type='pc-i440fx-%s-machine' % version,
                        memory_backend='ram', defaults=[{'driver': 'e1000', 'property': 'romfile',
                                                         'value': 'absent.rom'}])
            add(client, 'user')
            error = client.error('device_add', {'driver': 'e1000', 'mac': '52:54:00:00:00'})
            assert error['reason'] == 'invalid-value', error
            # A default ROM may be absent, one that is asked for may not.
            error = client.error('device_add', {'driver': 'e1000', 'romfile': 'absent.rom'})
            assert error['reason'] == 'file-not-usable', error
            client.call('device_add', driver='e1000', id='nic', netdev='net')
            assert get('init-vet') is init_vet and get('mac') == '52:54:00:12:34:56'
            # A group's address is none for a card, and still taken, as by QEMU.
            client.call('device_add', driver='e1000', id='nic3', mac='01:02:03:04:05:06', romfile='')
            client.call('device_add', driver='e1000', id='nic2', mac='52:54:00:65:43:21',
                        autonegotiation='off', mitigation=False, init_vet=True, romfile='')
            assert get('init-vet', '/machine/peripheral/nic2') is True
            assert get('mac', '/machine/peripheral/nic2/nic') == '52:54:00:65:43:21'
            (info,) = client.call('query-rx-filter', name='nic')
            assert (info['main-mac'], info['unicast']) == ('52:54:00:12:34:56', 'none'), info
            assert client.error('netdev_del', {'id': 'net'})['reason'] == 'in-use'
            client.call('set_link', name='nic', up=False)
            assert get('link', '/machine/peripheral/nic/nic') is False
            for name in 'nic', 'nic2':
                client.call('device_del', id=name)
            client.call('netdev_del', id='net')


if __name__ == '__main__':
    vmdtest.main([user, sockets, stream, dgram, tap, vhost, refused, cable, e1000])
