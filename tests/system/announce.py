#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""announce-self: which cards send what, and how often."""
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import TIMEOUT, Daemon                 # noqa: E402

MACS = {'nic0': '52:54:00:00:00:01', 'nic1': '52:54:00:00:00:02'}


def rarp(mac):
    address = bytes.fromhex(mac.replace(':', ''))
    arp = struct.pack('>HHBBH', 1, 0x800, 6, 4, 3) + address + bytes(4) + address + bytes(4)
    return (b'\xff' * 6 + address + b'\x80\x35' + arp).ljust(60, b'\0')


def machine(daemon):
    """A client of a PC with a card of each kind, and where their frames come out."""
    client, cables = daemon.client(), {}
    qtestclient.build(client, 'pc-i440fx-7.2-machine')
    for name, driver in (('nic0', 'virtio-net-pci'), ('nic1', 'e1000')):
        theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        client.request({'execute': 'getfd', 'arguments': {'fdname': name}}, fds=[theirs.fileno()])
        theirs.close()
        ours.settimeout(TIMEOUT)
        client.call('netdev_add', type='dgram', id=name + '-net',
                    local={'type': 'fd', 'str': name})
        client.call('device_add', driver=driver, id=name, netdev=name + '-net', romfile='',
                    mac=MACS[name])
        cables[name] = ours
    return client, cables


def silent(cable, seconds=0.2):
    cable.settimeout(seconds)
    try:
        raise AssertionError(cable.recv(2000))
    except TimeoutError:
        cable.settimeout(TIMEOUT)


def rounds(recorder):
    """each card, at once and then in the times that were asked for"""
    with Daemon(recorder) as daemon:
        client, cables = machine(daemon)
        begin = time.monotonic()
        client.call('announce-self', initial=50, max=80, rounds=4, step=50)
        for name, cable in cables.items():
            assert [cable.recv(2000) for _ in range(4)] == [rarp(MACS[name])] * 4
        assert 0.2 < time.monotonic() - begin, 'rounds came too early'
        for cable in cables.values():
            silent(cable)


def chosen(recorder):
    """only the cards that are named; a cable that is unplugged carries nothing"""
    with Daemon(recorder) as daemon:
        client, cables = machine(daemon)
        client.call('announce-self', initial=1, max=1, rounds=1, step=0,
                    interfaces=['nic1', 'x'])
        assert cables['nic1'].recv(2000) == rarp(MACS['nic1'])
        silent(cables['nic0'])
        client.call('set_link', name='nic1', up=False)
        client.call('announce-self', initial=1, max=1, rounds=1, step=0)
        assert cables['nic0'].recv(2000) == rarp(MACS['nic0'])
        silent(cables['nic1'])


def monitor(recorder):
    """announce_self of the human monitor: all cards, or those of a list, five times"""
    with Daemon(recorder) as daemon:
        client, cables = machine(daemon)
        for line, sent in (('announce_self', {'nic0', 'nic1'}), ('announce_self nic1,x', {'nic1'}),
                           ('announce_self nic1,nic0 again', {'nic0', 'nic1'})):
            assert client.call('human-monitor-command', **{'command-line': line}) == ''
            for name in sorted(sent):
                assert [cables[name].recv(2000) for _ in range(5)] == [rarp(MACS[name])] * 5
            for cable in cables.values():
                silent(cable)


def names(recorder):
    """of the same name there is one at a time; they end with the daemon, and outlive a card"""
    with Daemon(recorder) as daemon:
        client, cables = machine(daemon)
        slow = {'initial': 100000, 'max': 100000, 'rounds': 1000, 'step': 0}
        fast = {'initial': 10, 'max': 10, 'rounds': 1000, 'step': 0, 'interfaces': ['nic0']}
        client.call('announce-self', id='a', **fast)
        client.call('announce-self', id='b', **slow)
        for _ in range(5):
            cables['nic0'].recv(2000)
        client.call('announce-self', id='a', **slow)        # ends the fast one
        cables['nic0'].setblocking(False)
        try:
            while cables['nic0'].recv(2000):
                pass
        except BlockingIOError:
            silent(cables['nic0'])
        client.call('announce-self', id='a', **fast)
        client.call('device_del', id='nic0')
        client.call('quit')
        assert daemon.wait() == 0


if __name__ == '__main__':
    vmdtest.main([rounds, chosen, monitor, names])
