# SPDX-License-Identifier: GPL-2.0-or-later
"""Chromium without a window, driven by its DevTools protocol over a pair of pipes."""
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

TIMEOUT = 60


def found():
    return shutil.which('chromium')


class Browser:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='vmd-browser-')
        from_us, to_browser = os.pipe()
        from_browser, to_us = os.pipe()
        self.fds = to_browser, from_browser

        def pipes():
            """The browser reads descriptor 3 and writes 4."""
            for fd, number in ((os.dup(from_us), 3), (os.dup(to_us), 4)):
                os.dup2(fd, number)

        # Its own sandbox needs privileges that a test's host may not give; it sees one page of ours.
        self.process = subprocess.Popen(
            ['chromium', '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run',
             '--disable-dev-shm-usage', '--remote-debugging-pipe', '--window-size=1000,800',
             '--user-data-dir=' + self.folder, 'about:blank'], preexec_fn=pipes, close_fds=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(from_us)
        os.close(to_us)
        self.buffer = b''
        self.last = 0
        self.session = None
        pages = self.call('Target.getTargets')['targetInfos']
        page = next(p['targetId'] for p in pages if p['type'] == 'page')
        self.session = self.call('Target.attachToTarget', targetId=page, flatten=True)['sessionId']

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(TIMEOUT)
        for fd in self.fds:
            os.close(fd)
        shutil.rmtree(self.folder, ignore_errors=True)

    def message(self, deadline):
        while b'\0' not in self.buffer:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.fds[1]], [], [], left)[0], 'no answer'
            data = os.read(self.fds[1], 1 << 20)
            assert data, 'the browser is gone'
            self.buffer += data
        text, self.buffer = self.buffer.split(b'\0', 1)
        return json.loads(text)

    def call(self, method, **params):
        self.last += 1
        request = {'id': self.last, 'method': method, 'params': params}
        if self.session:
            request['sessionId'] = self.session
        os.write(self.fds[0], json.dumps(request).encode() + b'\0')
        deadline = time.monotonic() + TIMEOUT
        while True:
            message = self.message(deadline)
            if message.get('id') == self.last:
                assert 'error' not in message, (method, message)
                return message['result']

    def open(self, address):
        self.call('Page.navigate', url=address)

    def evaluate(self, script):
        result = self.call('Runtime.evaluate', expression=script, returnByValue=True,
                           awaitPromise=True)
        assert 'exceptionDetails' not in result, result
        return result['result'].get('value')

    def wait(self, script, timeout=TIMEOUT):
        """Until it is true."""
        deadline = time.monotonic() + timeout
        while True:
            value = self.evaluate(script)
            if value:
                return value
            assert time.monotonic() < deadline, script
            time.sleep(0.05)

    def key(self, key, code, number):
        for kind in 'rawKeyDown', 'keyUp':
            self.call('Input.dispatchKeyEvent', type=kind, key=key, code=code,
                      windowsVirtualKeyCode=number)

    def mouse(self, kind, x, y, button='none', buttons=0):
        self.call('Input.dispatchMouseEvent', type=kind, x=x, y=y, button=button,
                  buttons=buttons, clickCount=int(button != 'none'))
