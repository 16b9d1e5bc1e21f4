#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Other people's clients: gvncviewer on an X server, and noVNC in Chromium by vmctl screen --web,
or by the daemon's WebSocket, show what screendump writes, and type and click; who is served to
the web, and who is not."""
import base64
import contextlib
import functools
import glob
import http.client
import http.server
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import browser                                      # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import VMCTL, Skip                     # noqa: E402
from vncrig import Rig, pattern                     # noqa: E402

INSTALLED = '/usr/share/novnc'
CANVAS = "document.querySelector('#noVNC_container canvas')"
# The picture as bytes red, green, blue, opacity; in base64, as strings of JSON have no bytes.
PIXELS = '''(() => {
    const canvas = %s;
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let text = '';
    for (let i = 0; i < data.length; i += 8192) {
        text += String.fromCharCode(...data.subarray(i, i + 8192));
    }
    return btoa(text);
})()''' % CANVAS


def novnc(folder):
    """noVNC's files: the package's, installed, or else unpacked in the folder."""
    cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    packages = os.path.join(cache, 'vmd-packages')
    if os.path.exists(INSTALLED + '/vnc.html'):
        return INSTALLED
    if not glob.glob(packages + '/novnc_*.deb') and os.environ.get('VMD_TEST_FETCH'):
        os.makedirs(packages, exist_ok=True)
        subprocess.run(['apt-get', 'download', 'novnc'], cwd=packages, check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = glob.glob(os.path.join(packages, 'novnc_*.deb'))
    if not found:
        raise Skip('needs package novnc, installed or in ' + packages)
    subprocess.run(['dpkg-deb', '-x', found[0], folder], check=True)
    return folder + INSTALLED


class Web:
    """vmctl that serves a browser."""

    def __init__(self, rig, *options):
        self.process = subprocess.Popen(
            [VMCTL, '--socket', rig.daemon.socket, 'screen', '--web', '--novnc',
             novnc(rig.daemon.path('novnc')), *options], stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        self.host, self.token = self.address.split('/')[2:4]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def get(self, path, **headers):
        """(status, headers) of a request."""
        connection = http.client.HTTPConnection(self.host, timeout=vmdtest.TIMEOUT)
        with contextlib.closing(connection):
            connection.request('GET', path, headers=headers)
            response = connection.getresponse()
            return response.status, response.headers

    def cookie(self):
        """A browser's that was the first."""
        status, headers = self.get('/' + self.token)
        assert (status, headers['Location'].split('?')[0]) == (302, '/vnc.html')
        cookie, *more = headers['Set-Cookie'].split('; ')
        assert {'HttpOnly', 'SameSite=Strict'} <= set(more)
        return cookie


class XServer:
    """One without a screen, and programs on it."""

    def __init__(self):
        mine, its = os.pipe()
        self.process = subprocess.Popen(
            ['Xvfb', '-displayfd', str(its), '-screen', '0', '1024x800x24'], pass_fds=(its,),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(its)
        with open(mine, encoding='ascii') as number:
            self.env = dict(os.environ, DISPLAY=':' + number.readline().strip(), NO_AT_BRIDGE='1')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def run(self, *command):
        return subprocess.run(command, env=self.env, stdout=subprocess.PIPE, check=True).stdout

    def rows(self):
        """The screen's pixels, as bytes red, green, blue of each row."""
        data = self.run('xwd', '-root', '-silent')
        header = struct.unpack('>25I', data[:100])
        size, width, height, bits, pitch, colors = (header[i] for i in (0, 4, 5, 11, 12, 19))
        start, step = size + 12 * colors, bits // 8
        for y in range(height):
            row = data[start + y * pitch:start + y * pitch + width * step]
            rgb = bytearray(width * 3)
            rgb[0::3], rgb[1::3], rgb[2::3] = row[2::step], row[1::step], row[0::step]
            yield bytes(rgb)

    def shows(self, width, height, pixels):
        """Whether that picture is somewhere on it."""
        rows = list(self.rows())
        lines = [pixels[y * width * 3:(y + 1) * width * 3] for y in range(height)]
        for y, row in enumerate(rows[:len(rows) - height + 1]):
            x = row.find(lines[0])
            if x >= 0 and all(rows[y + i][x:x + width * 3] == line for i, line in enumerate(lines)):
                return True
        return False


def in_gvncviewer(recorder):
    """gvncviewer shows the screen pixel by pixel, keys and clicks arrive"""
    for program in 'gvncviewer', 'Xvfb', 'xdotool', 'xwd':
        if not shutil.which(program):
            raise Skip('needs ' + program)
    with Rig(recorder, listen=False) as rig, XServer() as x:
        rig.client.call('cont')
        rig.run(pattern(640, 480))
        rig.port.outb(0x64, 0xd4)
        rig.port.outb(0x60, 0xf4)
        rig.expect_keys(0xfa)
        rig.serve('vnc0', addr={'type': 'inet', 'host': '127.0.0.1', 'port': '5901', 'to': 6100})
        port = int(rig.client.call('qom-get', path='/objects/vnc0', property='addr')['port'])
        viewer = subprocess.Popen(['gvncviewer', '127.0.0.1:%d' % (port - 5900)], env=x.env,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            rig.client.wait_event('VNC_INITIALIZED')
            picture = rig.screendump()
            deadline = time.monotonic() + vmdtest.TIMEOUT
            while not x.shows(*picture):
                assert time.monotonic() < deadline, 'another picture'
                time.sleep(0.2)
            window = x.run('xdotool', 'search', '--name', 'vmd').split()[-1].decode()
            x.run('xdotool', 'windowfocus', window, 'mousemove', '300', '200')
            rig.read_keys()
            x.run('xdotool', 'key', 'a')
            rig.expect_keys(0x1c, 0xf0, 0x1c)
            x.run('xdotool', 'click', '1')
            rig.expect_keys(0x09, 0, 0, 0x08, 0, 0)
        finally:
            viewer.terminate()
            viewer.wait()
        rig.client.wait_event('VNC_DISCONNECTED')


def begin(rig):
    """There is a picture, and the mouse sends."""
    if not browser.found():
        raise Skip('needs package chromium')
    rig.run(pattern(640, 480))
    rig.client.call('cont')
    rig.port.outb(0x64, 0xd4)
    rig.port.outb(0x60, 0xf4)
    rig.expect_keys(0xfa)


def follow(rig, page):
    """The browser shows pictures of two sizes, and then takes keys."""
    for size, seed in (((640, 480), 1), ((320, 200), 2)):
        rig.run(pattern(*size, seed=seed))
        rig.look()
        page.wait('%s?.width == %d && %s.height == %d' % (CANVAS, size[0], CANVAS, size[1]))
        expect_picture(page, rig.screendump()[2])
    page.wait('document.activeElement == ' + CANVAS)


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves a folder to a browser, and says nothing."""

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder):
    """The port of a web server for the folder."""
    handler = functools.partial(Files, directory=folder)
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def by_websocket(recorder):
    """noVNC in Chromium shows the screen by the daemon's own WebSocket, and keys arrive"""
    with Rig(recorder, listen=False) as rig:
        begin(rig)
        rig.serve('vnc0', websocket={'type': 'inet', 'host': '127.0.0.1', 'port': '0'})
        port = rig.client.call('qom-get', path='/objects/vnc0', property='websocket')['port']
        with served(novnc(rig.daemon.path('novnc'))) as files, browser.Browser() as page:
            page.open('http://127.0.0.1:%d/vnc.html?autoconnect=true&encrypt=0&host=127.0.0.1'
                      '&port=%s&path=websockify' % (files, port))
            follow(rig, page)
            rig.read_keys()
            page.key('a', 'KeyA', 65)
            rig.expect_keys(0x1c, 0xf0, 0x1c)
            client, = rig.client.call('query-vnc-servers')[0]['clients']
            assert client['websocket'], client


def in_chromium(recorder):
    """Chromium shows the screen pixel by pixel, keys and clicks arrive"""
    with Rig(recorder, listen=False) as rig:
        begin(rig)
        with Web(rig) as web, browser.Browser() as page:
            page.open(web.address)
            follow(rig, page)
            page.key('a', 'KeyA', 65)
            rig.expect_keys(0x1c, 0xf0, 0x1c)
            page.key('Enter', 'Enter', 13)
            rig.expect_keys(0x5a, 0xf0, 0x5a)
            box = page.evaluate('(({x, y, width, height}) => [x, y, width, height])(%s.'
                                'getBoundingClientRect())' % CANVAS)
            x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
            page.mouse('mouseMoved', x, y)
            rig.read_keys()
            page.mouse('mousePressed', x, y, 'left', 1)
            assert rig.read_keys()[0] & 7 == 1
            page.mouse('mouseReleased', x, y, 'left')
            assert rig.read_keys()[0] & 7 == 0
            assert len(rig.client.call('query-vnc-servers')[0]['clients']) == 1


def expect_picture(page, pixels):
    """The picture may be on its way."""
    deadline = time.monotonic() + vmdtest.TIMEOUT
    while True:
        data = base64.b64decode(page.evaluate(PIXELS))
        rgb = bytearray(len(data) // 4 * 3)
        rgb[0::3], rgb[1::3], rgb[2::3] = data[0::4], data[1::4], data[2::4]
        if rgb == pixels:
            return
        assert time.monotonic() < deadline, 'another picture'
        time.sleep(0.1)


def who_is_served(recorder):
    """the token admits one browser; without its cookie, or under another name, nobody is served"""
    with Rig(recorder, listen=False) as rig, Web(rig) as web:
        upgrade = {'Connection': 'Upgrade', 'Upgrade': 'websocket', 'Sec-WebSocket-Version': '13',
                   'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ=='}
        for path in '/', '/?token=', '/?token=' + '0' * 32, '/vnc.html', '/core/rfb.js':
            assert web.get(path)[0] == 403, path
        assert websocket_refused(web, upgrade)
        cookie = web.cookie()
        assert web.get('/' + web.token)[0] == 403       # it was good for one
        assert web.get('/vnc.html', Cookie=cookie)[0] == 200
        assert web.get('/core/rfb.js', Cookie='a=b; ' + cookie)[1]['Content-Type'] == \
            'text/javascript'
        for path in ('/../../etc/passwd', '/core/../../../../etc/passwd', '/no-such', '/core',
                     '/core/%2e%2e/%2e%2e/x', '//etc/passwd'):
            assert web.get(path, Cookie=cookie)[0] in (400, 403, 404), path
        assert web.get('/vnc.html', Cookie=cookie, Host='example.org')[0] == 403
        assert web.get('/vnc.html', Cookie=cookie[:-1] + 'x')[0] == 403
        assert websocket_refused(web, {**upgrade, 'Cookie': cookie}, '/other')
        assert web.get('/websockify', **upgrade, Cookie=cookie)[0] == 101
        with socket.create_connection(web.host.split(':')) as other:        # and noise
            other.sendall(os.urandom(3000))
        assert web.get('/vnc.html', Cookie=cookie)[0] == 200


def websocket_refused(web, headers, path='/websockify'):
    try:
        return web.get(path, **headers)[0] != 101
    except (http.client.HTTPException, OSError):
        return True


def ends(recorder):
    """a signal ends it, or the daemon's end; nothing is left behind"""
    for how in (signal.SIGINT, signal.SIGTERM, None):
        with Rig(recorder, listen=False) as rig:
            with Web(rig) as web:
                web.cookie()
                server, = rig.client.call('query-vnc-servers')
                folder = os.path.dirname(server['server'][0]['service'])
                assert os.stat(folder).st_mode & 0o777 == 0o700
                if how:
                    web.process.send_signal(how)
                else:
                    rig.client.call('quit')
                assert web.process.wait(vmdtest.TIMEOUT) == 0
            assert not os.path.exists(folder)
            assert not how or rig.client.call('query-vnc-servers') == []


def errors(recorder):
    """a folder without noVNC, a card that is not there, and a port in use are named"""
    with Rig(recorder, listen=False) as rig:
        folder = novnc(rig.daemon.path('novnc'))
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            for options, why in ((('--novnc', '/nonexistent'), "cannot read '/nonexistent/vnc.html'"),
                                 (('--novnc', folder, 'nothing'), "Device 'nothing' not found"),
                                 (('--novnc', folder, '--port', port), 'cannot listen on 127.0.0.1'),
                                 (('--port', '70000'), '70000 is not a port')):
                run = subprocess.run([VMCTL, '--socket', rig.daemon.socket, 'screen', '--web',
                                      *options], stderr=subprocess.PIPE, text=True, check=False)
                assert run.returncode and why in run.stderr, (options, run.stderr)
        assert rig.client.call('query-vnc-servers') == []


if __name__ == '__main__':
    vmdtest.main([in_gvncviewer, in_chromium, by_websocket, who_is_served, ends, errors])
