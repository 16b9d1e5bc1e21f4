#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux on microvm with a network card: an address from the daemon's own network,
servers on both sides, the cable, another machine's end of a socket, a tap device.
And without a guest: backends over QMP."""
import fcntl
import os
import socket
import struct
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import linuxguest
import vmdtest
from namespace import Namespace, device_up
from vmdtest import BUILDDIR, Daemon, accel_class, Skip, on_each_accel
from linuxguest import Guest

TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x400454ca, 2, 0x1000, 0x4000
SIOCSIFADDR, SIOCSIFNETMASK = 0x8916, 0x891c


class Server(threading.Thread):
    """Serves one connection: sends an answer to the first line, keeps the line."""

    def __init__(self, answer, address='127.0.0.1'):
        super().__init__(daemon=True)
        self.socket = socket.create_server((address, 0))
        self.port = self.socket.getsockname()[1]
        self.answer, self.line = answer, None
        self.start()

    def run(self):
        connection, _ = self.socket.accept()
        with connection:
            self.line = connection.makefile('rb').readline()
            connection.sendall(self.answer)


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as probe:
        return probe.getsockname()[1]


def add_user(client, **options):
    client.call('netdev_add', type='user', id='net0', disable_host_loopback=False, **options)
    client.call('device_add', driver=linuxguest.virtio('net'), id='nic0', netdev='net0')


def card():
    """The card's path: on PCI it is a part of the device that was added."""
    inner = '/virtio-backend' if linuxguest.virtio('net').endswith('pci') else ''
    return '/machine/peripheral/nic0' + inner


def dhcp(guest):
    output = guest.run('ipconfig -t 20 -c dhcp eth0')
    assert '10.0.2.15' in output and '10.0.2.2' in output, output


def fetch(guest):
    server = Server(b'bytes-of-the-host\n')
    output = guest.run('tcp 10.0.2.2 %d line-of-the-guest' % server.port)
    assert 'bytes-of-the-host' in output, output
    assert server.line == b'line-of-the-guest\n', server.line


def assert_size(guest, path, size):
    output = guest.run('dd if=%s of=/dev/null bs=1000 skip=%d' % (path, size // 1000))
    assert '0+1 records in' in output, output


def fetch_much(guest):
    """More than all buffers on the path can hold."""
    server = Server(b'0123456789abcdef' * 25000 + b'\n')
    guest.run('tcp 10.0.2.2 %d x >/much' % server.port, 120)
    assert_size(guest, '/much', 400001)


def cpio_entry(name, mode, data):
    """A file in the format `newc` of initramfs archives."""
    name = name.encode() + b'\0'
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b'070701' + b''.join(b'%08x' % field for field in fields) + name
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def images_with_server(folder, name, hardware=False, images=linuxguest.images):
    """The guest's initramfs, and another one behind it."""
    kernel, initrd = images(folder, name, hardware)
    with open(os.path.join(BUILDDIR, 'tests', 'system', 'guest-server'), 'rb') as f:
        server = cpio_entry('guest-server', 0o100755, f.read())
    with open(initrd, 'rb') as f:
        archive = f.read()
    archive += bytes(-len(archive) % 4) + server + cpio_entry('TRAILER!!!', 0, b'')
    path = os.path.join(folder, 'initrd')
    with open(path, 'wb') as f:
        f.write(archive)
    return kernel, path


def serve(guest, port):
    guest.console.sendall(b'/guest-server 7777 :from-the-guest; echo EN""D$?\n')
    guest.wait('guest-server listens')
    with socket.create_connection(('127.0.0.1', port), 10) as connection:
        connection.settimeout(30)
        connection.sendall(b'from-the-host')
        data = b''.join(iter(lambda: connection.recv(100), b''))
    assert data == b'from-the-host:from-the-guest', data
    guest.wait('END0')
    guest.wait('# ')


def cable(guest):
    client = guest.client
    carrier = 'cat /sys/class/net/eth0/carrier'
    for name in ('nic0', 'net0'):
        client.call('set_link', name=name, up=False)
        assert client.call('qom-get', path=card() + '/nic',
                           property='link') is False
        assert guest.run(carrier).strip() == '0'
        client.call('set_link', name=name, up=True)
        assert guest.run(carrier).strip() == '1'
    error = client.error('set_link', {'name': 'absent', 'up': True})
    assert error['class'] == 'DeviceNotFound', error


def filters(guest, mac):
    """Which frames the guest wants, and that a change is reported once after each query."""
    client = guest.client
    (info,) = client.call('query-rx-filter')
    assert info['name'] == 'nic0' and info['main-mac'] == mac and not info['promiscuous'], info
    assert info['unicast'] == info['multicast'] == 'normal' and info['broadcast-allowed'], info
    client.events = [e for e in client.events if e['event'] != 'NIC_RX_FILTER_CHANGED']
    guest.run('echo 0x1103 >/sys/class/net/eth0/flags')     # IFF_PROMISC and what was
    data = client.wait_event('NIC_RX_FILTER_CHANGED')['data']
    assert data == {'name': 'nic0', 'path': card()}, data
    guest.run('echo 0x1003 >/sys/class/net/eth0/flags')
    assert 'NIC_RX_FILTER_CHANGED' not in client.drain_events()
    assert not client.call('query-rx-filter', name='nic0')[0]['promiscuous']


def dumped(path):
    """Frames of a pcap file."""
    with open(path, 'rb') as f:
        data = f.read()
    assert struct.unpack('=IHH', data[:8]) == (0xa1b2c3d4, 2, 4)
    at, frames = 24, []
    while at < len(data):
        _, _, kept, _ = struct.unpack('=IIII', data[at:at + 16])
        frames.append(data[at + 16:at + 16 + kept])
        at += 16 + kept
    return frames


@on_each_accel
def user(recorder):
    """an address by DHCP, servers on both sides, the cable, a dump of all frames"""
    linuxguest.images = images_with_server
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client)
        port = free_port()
        add_user(client, hostfwd=[{'str': 'tcp:127.0.0.1:%d-:7777' % port}])
        pcap = os.path.join(daemon.folder, 'pcap')
        client.call('object-add', qom_type='filter-dump', id='dump', netdev='net0', file=pcap,
                    queue='all', maxlen=200, status='on')
        guest.boot()
        mac = client.call('qom-get', path='/machine/peripheral/nic0', property='mac')
        assert guest.run('cat /sys/class/net/eth0/address').strip() == mac
        dhcp(guest)
        fetch(guest)
        fetch_much(guest)
        serve(guest, port)
        client.call('qom-set', path='/objects/dump', property='status', value='off')
        client.call('object-del', id='dump')        # its file has all then
        frames = dumped(pcap)
        assert any(frame[:6] == bytes.fromhex(mac.replace(':', '')) for frame in frames)
        assert max(map(len, frames)) == 200
        filters(guest, mac)
        cable(guest)
        fetch(guest)
        error = client.error('netdev_del', {'id': 'net0'})
        assert error['reason'] == 'in-use', error
        client.call('quit')
        assert daemon.wait() == 0


def checksum(data):
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


@on_each_accel
def stream(recorder):
    """frames to and from a peer by a stream socket, which disconnects and reconnects"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client)
        path = os.path.join(daemon.folder, 'net')
        client.call('netdev_add', type='stream', id='net0', server=True,
                    addr={'type': 'unix', 'path': path})
        client.call('device_add', driver=linuxguest.virtio('net'), id='nic0', netdev='net0',
                    mac='52:54:00:11:22:33')
        guest.boot()
        for _ in range(2):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(path)
                event = client.wait_event('NETDEV_STREAM_CONNECTED')
                assert event['data']['netdev-id'] == 'net0', event
                exchange(guest, peer)
            event = client.wait_event('NETDEV_STREAM_DISCONNECTED')
            assert event['data'] == {'netdev-id': 'net0'}, event


def read_frame(stream_file):
    size, = struct.unpack('!I', stream_file.read(4))
    return stream_file.read(size)


def exchange(guest, peer):
    """The guest asks for 10.9.0.1 by DHCP; the peer sees its frames."""
    peer.settimeout(30)
    guest.console.sendall(b'ipconfig -t 20 -c dhcp eth0; echo EN""D$?\n')
    with peer.makefile('rb') as frames:
        while True:
            frame = read_frame(frames)
            if frame[12:14] == b'\x08\x00' and frame[23] == 17 and frame[36:38] == b'\0\x43':
                break
        assert frame[6:12] == bytes.fromhex('525400112233'), frame
        offer = dhcp_answer(frame)
        peer.sendall(struct.pack('!I', len(offer)) + offer)
        while True:             # it takes the offer
            frame = read_frame(frames)
            if frame[12:14] == b'\x08\x00' and b'\x35\x01\x03' in frame[282:]:
                break
        answer = dhcp_answer(frame)
        peer.sendall(struct.pack('!I', len(answer)) + answer)
    output = guest.wait('END0')
    assert '10.9.0.77' in output, output
    guest.wait('# ')


def dhcp_answer(frame):
    """OFFER or ACK of 10.9.0.77 for a DISCOVER or REQUEST."""
    request = frame[42:]
    kind = 5 if b'\x35\x01\x03' in request[240:] else 2
    options = (b'\x63\x82\x53\x63\x35\x01' + bytes([kind]) + b'\x36\x04\x0a\x09\0\1'
               b'\x33\x04\0\0\x0e\x10\x01\x04\xff\xff\xff\0\xff')
    bootp = (b'\2' + request[1:16] + bytes([10, 9, 0, 77]) + bytes([10, 9, 0, 1])
             + request[24:236] + options)
    udp = struct.pack('!HHHH', 67, 68, 8 + len(bootp), 0) + bootp
    header = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                         bytes([10, 9, 0, 1]), b'\xff' * 4)
    header = header[:10] + struct.pack('!H', checksum(header)) + header[12:]
    return b'\xff' * 6 + bytes.fromhex('525400aabbcc') + b'\x08\0' + header + udp


def make_tap(name, address):
    """A tap device that is up and has this address; its descriptor."""
    try:
        tap = os.open('/dev/net/tun', os.O_RDWR)
    except OSError as error:
        raise Skip('needs /dev/net/tun: %s' % error) from error
    fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', name, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for request, value in ((SIOCSIFADDR, address), (SIOCSIFNETMASK, '255.255.255.0')):
            fcntl.ioctl(control, request, struct.pack('16sHH4s16x', name, socket.AF_INET, 0,
                                                      socket.inet_aton(value)))
        device_up(control, name)
    return tap


class DhcpServer(threading.Thread):
    """On the device, by a packet socket: dhcp_answer's address."""

    def __init__(self, name):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        self.socket.bind((name.decode(), 0x0800))
        self.start()

    def run(self):
        try:
            while True:
                frame = self.socket.recv(2000)
                if frame[23] == 17 and frame[36:38] == b'\0\x43':
                    self.socket.send(dhcp_answer(frame))
        except OSError:
            pass                # the device has gone


@on_each_accel
def tap(recorder):
    """TCP through a tap device in a network namespace, with offloads"""
    namespace = Namespace()
    try:
        with Daemon(recorder) as daemon:
            client = daemon.client()
            fd = make_tap(b'vmdtest0', '10.9.0.1')
            client.request({'execute': 'getfd', 'arguments': {'fdname': 'tap'}}, fds=[fd])
            os.close(fd)
            guest = Guest(daemon, client)
            client.call('netdev_add', type='tap', id='net0', fd='tap', vnet_hdr_=True)
            client.call('device_add', driver=linuxguest.virtio('net'), id='nic0', netdev='net0')
            guest.boot()
            DhcpServer(b'vmdtest0')
            assert '10.9.0.77' in guest.run('ipconfig -t 20 -c dhcp eth0')
            server = Server(b'through-the-tap\n' * 5001, '10.9.0.1')
            guest.run('tcp 10.9.0.1 %d from-the-guest >/much' % server.port, 120)
            assert_size(guest, '/much', 80016)
            assert server.line == b'from-the-guest\n', server.line
            client.call('quit')
            assert daemon.wait() == 0
    finally:
        namespace.close()


def requests(recorder):
    """backends are created and removed; failures are reported, and leave nothing behind"""
    with Daemon(recorder) as daemon, tempfile.TemporaryDirectory() as folder:
        client = daemon.client()
        add = {'user': {'hostfwd': [{'str': 'tcp:127.0.0.1:%d-:1' % free_port()}]},
               'stream': {'server': True, 'addr': {'type': 'unix', 'path': folder + '/s'}},
               'dgram': {'local': {'type': 'unix', 'path': folder + '/d'},
                         'remote': {'type': 'unix', 'path': folder + '/e'}},
               'socket': {'listen': '127.0.0.1:%d' % free_port()}}
        for _ in range(2):      # what was removed has left its address
            for kind, options in add.items():
                client.call('netdev_add', type=kind, id=kind, **options)
                assert client.call('qom-get', path='/netdevs/' + kind, property='type') \
                    == 'netdev-' + kind
                assert client.error('netdev_add', dict(type=kind, id=kind, **options))['reason'] \
                    == 'id-in-use'
            for kind in add:
                client.call('netdev_del', id=kind)
        assert os.listdir(folder) == []
        error = client.error('netdev_del', {'id': 'absent'})
        assert error['class'] == 'DeviceNotFound', error
        refuse(client, 'not-supported', type='user', smb='/tmp')
        refuse(client, 'not-supported', type='tap', script='/etc/qemu-ifup')
        refuse(client, 'fd-not-found', type='tap', fd='absent')
        refuse(client, 'invalid-value', type='tap', **{'ifname': 'x', 'fds': 'a'})
        refuse(client, 'host-error', type='stream', addr={'type': 'unix', 'path': folder + '/x'})
        assert len(client.call('qom-list', path='/netdevs')) == 1
        client.call('quit')
        assert daemon.wait() == 0


@on_each_accel
def properties(recorder):
    """each option that is supported, and the card's properties"""
    with Daemon(recorder) as daemon, tempfile.TemporaryDirectory() as folder:
        client = daemon.client()
        client.call('object-add', qom_type=accel_class(), id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=16 << 20)
        client.call('object-add', qom_type='microvm-machine', id='machine', memory_backend='ram')
        client.call('netdev_add', type='user', id='u1', hostname='fox', restrict=True, ipv4=True,
                    ipv6=True, net='10.7.0.0/16', host='10.7.1.1', tftp=folder, bootfile='boot',
                    dhcpstart='10.7.1.3', dns='10.7.1.2', dnssearch=[{'str': 'example.org'}],
                    domainname='example.org', ipv6_prefix='fd00::', ipv6_prefixlen=64,
                    ipv6_host='fd00::9', ipv6_dns='fd00::8', tftp_server_name='files',
                    hostfwd=[{'str': 'udp:127.0.0.1:%d-10.7.1.3:53' % free_port()}])
        client.call('chardev-add', id='ring', backend={'type': 'ringbuf', 'data': {}})
        client.call('netdev_add', type='user', id='u2', ip='10.8.0.0/24',
                    guestfwd=[{'str': 'tcp:10.8.0.100:1-chardev:ring'}])
        assert client.error('chardev-remove', {'id': 'ring'})['reason'] == 'in-use'
        port, here = free_port(), '127.0.0.1'
        client.call('netdev_add', type='socket', id='s1', udp='%s:%d' % (here, port),
                    localaddr='%s:%d' % (here, free_port()))
        client.call('netdev_add', type='stream', id='s2', reconnect=1, server=False,
                    addr={'type': 'unix', 'path': folder + '/absent'})
        mac = '52:54:00:65:43:21'
        client.call('device_add', driver='virtio-net-device', id='n1', netdev='u1', mac=mac,
                    csum=False, guest_csum_=False, guest_tso4_=False, **{
                        name: False for name in ('guest_tso6_', 'guest_ecn_', 'guest_ufo_',
                                                 'host_tso4_', 'host_tso6_', 'host_ecn_',
                                                 'host_ufo_', 'ctrl_rx_', 'ctrl_vlan_',
                                                 'ctrl_rx_extra_', 'ctrl_mac_addr_',
                                                 'ctrl_guest_offloads_', 'mrg_rxbuf_',
                                                 'status', 'ctrl_vq_')},
                    mq=True, rx_queue_size_=512, tx_queue_size_=1024, host_mtu_=1400, speed=1000,
                    duplex='half')
        client.call('device_add', driver='virtio-net-device', id='n2', netdev='s2')
        get = lambda name, value: client.call('qom-get', path='/machine/peripheral/' + name,
                                              property=value)
        assert get('n1', 'mac') == mac and get('n2', 'mac') == '52:54:00:12:34:56'
        assert get('n1/nic', 'mac') == mac
        client.call('device_del', id='n1')
        client.call('netdev_del', id='u1')
        client.call('quit')
        assert daemon.wait() == 0


def refuse(client, reason, **arguments):
    error = client.error('netdev_add', dict(id='bad', **arguments))
    assert error['reason'] == reason, error


vmdtest.main([requests, properties, user, stream, tap])
