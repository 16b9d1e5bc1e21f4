#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Libraries that a machine does not need are not loaded; those that it needs, with the first
object that needs them; one that cannot be loaded is named in that object's error."""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import Daemon, ManagedDaemon           # noqa: E402

# All that a daemon has from the start, itself and the system's own (libc and the like) left out.
NEEDED = {'libevent_core', 'libevent_pthreads', 'libglib', 'libjansson', 'libpcre2'}
SYSTEM = {'ld-linux', 'libc', 'libm', 'libpthread'}
# A sanitizer's, which its build adds.
SANITIZERS = {'libasan', 'libubsan', 'libgcc_s', 'libstdc++', 'libdl', 'libresolv', 'librt'}

# What is found instead of the libraries that are loaded later; of any version of this build.
with open(vmdtest.VMD, 'rb') as program:
    SONAMES = set(re.findall(r'"soname":\["([^"]+)"\]', program.read().decode('latin-1')))


def libraries(daemon):
    """The shared libraries in a daemon's address space, without versions."""
    found = set()
    with open('/proc/%d/maps' % daemon.process.pid, encoding='utf-8') as f:
        for line in f:
            name = re.search(r'/((?:lib|ld-)[^/]*?)(?:-[0-9][^/]*|-8|-x86-64)?\.so[.0-9]*$', line)
            if name:
                found.add(name.group(1))
    return found - SYSTEM - SANITIZERS


def idle(recorder):
    """a daemon without a machine has five libraries, one that notifies a service manager as well"""
    for kind in Daemon, ManagedDaemon:
        with kind(recorder) as daemon:
            assert libraries(daemon) == NEEDED, libraries(daemon)


def machine(recorder):
    """so has one whose machine runs"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
        client.call('object-add', qom_type='microvm-machine', id='machine', memory_backend='ram')
        client.call('cont')
        assert libraries(daemon) == NEEDED, libraries(daemon)


def as_needed(recorder):
    """a user network brings libslirp, a file node liburing, the CPU in software Zydis"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for library, command, arguments in needs(daemon):
            before = libraries(daemon)
            assert library not in before, before
            client.call(command, **arguments)
            assert libraries(daemon) == before | {library}, libraries(daemon)


def needs(daemon):
    """What needs which library."""
    path = daemon.path('disk')
    with open(path, 'wb') as disk:
        disk.truncate(4096)
    yield 'libslirp', 'netdev_add', {'type': 'user', 'id': 'net'}
    yield 'liburing', 'blockdev-add', {'driver': 'file', 'node_name': 'disk', 'filename': path}
    if not vmdtest.why_not('tcg'):
        yield 'libZydis', 'object-add', {'qom_type': 'tcg-accel', 'id': 'accel'}


def pictures(recorder):
    """a picture of a screen brings pixman, one in PNG format libpng; a card alone does not"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        qtestclient.build(client, 'pc-i440fx-7.2-machine')
        client.call('device_add', driver='VGA', id='video')
        client.call('cont')
        client.error('query-screen-text')
        assert libraries(daemon) == NEEDED, libraries(daemon)
        client.call('screendump', filename=daemon.path('picture'))
        assert libraries(daemon) - NEEDED == {'libpixman'}, libraries(daemon)
        client.call('screendump', filename=daemon.path('picture'), format='png')
        assert libraries(daemon) - NEEDED == {'libpixman', 'libpng16', 'libz'}, libraries(daemon)


def viewers(recorder):
    """a VNC server brings libvncserver with what that needs, and libxkbcommon; TLS GnuTLS"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        qtestclient.build(client, 'pc-i440fx-7.2-machine')
        client.call('device_add', driver='VGA', id='video')
        client.call('object-add', qom_type='secret', id='secret', data='sesame')
        assert libraries(daemon) == NEEDED, libraries(daemon)
        error = client.error('object-add', {'qom-type': 'tls-creds-x509', 'id': 'tls',
                                            'endpoint': 'server', 'dir': daemon.folder})
        assert error['reason'] == 'file-not-usable', error
        assert libraries(daemon) >= {'libgnutls'}, libraries(daemon)
        client.call('object-add', qom_type='vnc-server', id='vnc')
        assert libraries(daemon) >= {'libvncserver', 'libxkbcommon', 'libpixman'}


def missing(recorder):
    """one that cannot be loaded fails what needs it, by name, and nothing else"""
    with tempfile.TemporaryDirectory() as folder:
        env = dict(os.environ, LD_LIBRARY_PATH=folder)
        for name in SONAMES:
            with open(os.path.join(folder, name), 'w', encoding='utf-8'):
                pass
        with Daemon(recorder, env=env) as daemon:
            client = daemon.client()
            for library, command, arguments in needs(daemon):
                error = client.error(command, {n.replace('_', '-'): v for n, v in arguments.items()})
                check_missing(library, error)
            client.call('blockdev-add', driver='null-co', node_name='null', size=512)
            qtestclient.build(client, 'pc-i440fx-7.2-machine')
            client.call('device_add', driver='VGA', id='video')
            check_missing('libpixman-1', client.error('screendump', {'filename': '/dev/null'}))
            check_missing('libpixman-1', client.error('object-add', {
                'qom-type': 'vnc-server', 'id': 'vnc'}))


def check_missing(library, error):
    assert error['reason'] == 'not-supported', error
    assert re.match(library + r'\.so\.[0-9.]+, which .* need, cannot be loaded '
                    r'\(package lib\S+\): ', error['desc']), error


if __name__ == '__main__':
    vmdtest.main([idle, machine, as_needed, pictures, viewers, missing])
