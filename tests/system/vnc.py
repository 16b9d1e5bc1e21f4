#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VNC servers: pictures in each encoding, addresses, events; and what it costs while nobody
looks."""
import contextlib
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
import vncclient                                    # noqa: E402
from vgaprogram import FRAME_BUFFER, Program        # noqa: E402
from vmdtest import Daemon                          # noqa: E402
from vncclient import DESKTOP_SIZE, HEXTILE, RAW, VncClient, rgb  # noqa: E402
from vncrig import ENCODINGS, Rig, pattern, resources, settle  # noqa: E402


# ---- Pictures ----

def encodings(recorder):
    """in each encoding the picture is screendump's, pixel by pixel, and so is each change"""
    with Rig(recorder) as rig:
        rig.run(pattern())
        for encoding in ENCODINGS:
            with rig.connect((encoding, DESKTOP_SIZE)) as viewer:
                viewer.set_format(vncclient.FORMAT_32)
                viewer.picture()
                rig.check(viewer)
                change = Program()
                change.write(FRAME_BUFFER + 4 * (77 * 320 + 100), os.urandom(400))
                rig.run(change)
                rig.look()
                before = viewer.rectangles
                viewer.update(incremental=True)
                assert viewer.rectangles > before
                rig.check(viewer)


def formats(recorder):
    """other pixel formats have the same colours, as far as they can"""
    with Rig(recorder) as rig:
        rig.run(pattern())
        for encoding in ENCODINGS:
            for layout, bits in ((vncclient.FORMAT_16, (5, 6, 5)), (vncclient.FORMAT_8, (3, 3, 2))):
                with rig.connect((encoding, DESKTOP_SIZE), pixel_format=layout) as viewer:
                    check_colors(viewer, rig.screendump()[2], bits)


def check_colors(viewer, expected, bits):
    viewer.picture()
    size = viewer.bytes_per_pixel
    shifts = viewer.format[10:13]
    for i in range(0, viewer.width * viewer.height, 97):
        pixel = int.from_bytes(viewer.pixels[i * size:(i + 1) * size], 'little')
        for n, shift, full in zip(bits, shifts, expected[3 * i:3 * i + 3]):
            seen = (pixel >> shift & ((1 << n) - 1)) / ((1 << n) - 1)
            assert abs(seen - full / 255) < 0.6 / ((1 << n) - 1), (i, seen, full / 255)


def sizes(recorder):
    """a new size is told; a client that cannot follow keeps the size of its start"""
    with Rig(recorder) as rig:
        rig.run(pattern())
        with rig.connect((HEXTILE, DESKTOP_SIZE)) as follows, rig.connect((HEXTILE,)) as keeps:
            for viewer in follows, keeps:
                viewer.set_format(vncclient.FORMAT_32)
                viewer.picture()
            for width, height in ((640, 480), (160, 100), (800, 600)):
                rig.run(pattern(width, height))
                rig.look()
                follows.picture()
                rig.check(follows)
                keeps.picture()
                assert (keeps.width, keeps.height, keeps.sizes) == (320, 200, 0)
            whole = rig.screendump()[2]
            assert rgb(keeps.pixels)[:320 * 3] == whole[:320 * 3]
            keeps.set_encodings((RAW, DESKTOP_SIZE))        # it has learned
            keeps.picture()
            rig.check(keeps)


def no_screen(recorder):
    """a machine without a screen shows a black one, until it gets a card"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        error = client.error('object-add', {'qom-type': 'vnc-server', 'id': 'vnc0'})
        assert error['reason'] == 'no-machine', error
        qtestclient.build(client, 'pc-i440fx-7.2-machine')
        path = daemon.path('vnc')
        client.call('object-add', qom_type='vnc-server', id='vnc0',
                    addr={'type': 'unix', 'path': path})
        with VncClient(path, encodings=(RAW, DESKTOP_SIZE)) as viewer:
            assert (viewer.width, viewer.height) == (640, 480)
            assert not any(viewer.picture())
            client.call('device_add', driver='bochs-display', id='card')
            viewer.picture()
            assert (viewer.width, viewer.height) == (1280, 800) or viewer.sizes == 0
            client.call('device_del', id='card')
            viewer.picture()
            assert not any(viewer.pixels)


def several(recorder):
    """several clients see the same; one that leaves does not disturb the others"""
    with Rig(recorder) as rig:
        rig.run(pattern())
        with contextlib.ExitStack() as stack:
            viewers = [stack.enter_context(rig.connect((encoding, DESKTOP_SIZE)))
                       for encoding in ENCODINGS]
            for i, viewer in enumerate(viewers):
                viewer.set_format(vncclient.FORMAT_32)
                viewer.picture()
                rig.check(viewer)
                if i % 2:
                    viewer.close()
            rig.run(pattern(seed=2))
            rig.look()
            for viewer in viewers[::2]:
                viewer.picture()
                rig.check(viewer)


# ---- Addresses and events ----

def addresses(recorder):
    """TCP with a port of a range, a passed descriptor; events and queries"""
    with Rig(recorder, listen=False) as rig:
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            port = taken.getsockname()[1]
            rig.serve('tcp', display='video', head=0, addr={
                'type': 'inet', 'host': '127.0.0.1', 'port': str(port), 'to': port + 50})
        address = rig.client.call('qom-get', path='/objects/tcp', property='addr')
        assert port < int(address['port']) <= port + 50
        with VncClient(('127.0.0.1', int(address['port']))) as viewer:
            viewer.update()
            client = {'host': '127.0.0.1', 'family': 'ipv4', 'websocket': False,
                      'service': str(viewer.sock.getsockname()[1])}
            server = {'host': '127.0.0.1', 'family': 'ipv4', 'websocket': False,
                      'service': address['port'], 'auth': 'none'}
            assert rig.client.call('query-vnc') == {
                'enabled': True, 'host': '127.0.0.1', 'family': 'ipv4', 'auth': 'none',
                'service': address['port'], 'clients': [client]}
            assert rig.client.call('query-vnc-servers') == [
                {'id': 'tcp', 'auth': 'none', 'clients': [client], 'server': [server],
                 'display': 'video'}]
        for event in 'VNC_CONNECTED', 'VNC_INITIALIZED', 'VNC_DISCONNECTED':
            data = rig.client.wait_event(event)['data']
            assert data == {'server': server, 'client': client}, data
        with socket.socket(socket.AF_UNIX) as passed:
            passed.bind(rig.path)
            passed.listen()
            rig.client.request({'execute': 'getfd', 'arguments': {'fdname': 'listener'}},
                               [passed.fileno()])
        rig.serve('fd', addr={'type': 'fd', 'str': 'listener'})
        rig.connect().close()


def address_errors(recorder):
    """an address, a card or a head that is wrong is named"""
    with Rig(recorder) as rig:
        rig.client.request({'execute': 'getfd', 'arguments': {'fdname': 'null'}},
                           [os.open('/dev/null', os.O_RDWR)])
        for options, path, reason in (
                ({'addr': {'type': 'unix', 'path': rig.path}}, 'addr', 'address-in-use'),
                ({'addr': {'type': 'fd', 'str': 'nothing'}}, 'addr.str', 'fd-not-found'),
                ({'addr': {'type': 'fd', 'str': 'null'}}, 'addr', 'file-not-usable'),
                ({'display': 'nothing'}, 'display', 'device-not-found'),
                ({'display': 'ram'}, 'display', 'device-not-found'),
                ({'display': 'video', 'head': 1}, 'head', 'invalid-value'),
                ({'head': 0}, 'head', 'invalid-value')):
            error = rig.client.error('object-add', {
                'qom-type': 'vnc-server', 'id': 'other', **options})
            assert (error['reason'], error.get('path')) == (reason, path), error
        rig.connect().close()


# ---- Cost ----

def wakeups(daemon):
    """How often each of its threads has slept, so far."""
    found = {}
    for task in os.listdir('/proc/%d/task' % daemon.process.pid):
        with open('/proc/%d/task/%s/status' % (daemon.process.pid, task), encoding='ascii') as f:
            found[task] = next(int(line.split()[1]) for line in f if line.startswith('voluntary'))
    return found


def idle(recorder):
    """a server without clients does not wake up, neither before nor after its first one"""
    with Rig(recorder) as rig:
        rig.client.call('cont')
        rig.run(pattern())
        before = resources(rig.daemon)
        for _ in range(2):
            time.sleep(1.2)                 # threads of requests end
            first = wakeups(rig.daemon)
            time.sleep(2)
            for task, n in wakeups(rig.daemon).items():
                assert first[task] == n, (task, n - first[task])
            with rig.connect() as viewer:
                viewer.picture()
            settle(rig.daemon, before)


if __name__ == '__main__':
    vmdtest.main([encodings, formats, sizes, no_screen, several, addresses, address_errors, idle])
