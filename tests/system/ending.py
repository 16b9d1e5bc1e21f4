#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How a daemon begins and ends: run and state directory, --before-ready, exit records."""
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
import qtestclient                                  # noqa: E402
from microvm import build, jump_to, write_kernel    # noqa: E402
from vmdtest import (TIMEOUT, VMCTL, Client, Daemon, accel, on_each_accel,       # noqa: E402
                     on_one_accel)


class Recorded(Daemon):
    """A daemon with a state directory."""

    def __init__(self, recorder):
        self.state = vmdtest.tempfile.mkdtemp(prefix='vmd-state-')
        super().__init__(recorder, ['--name', 'm', '--state-directory', self.state])

    def __exit__(self, *_):
        super().__exit__()
        vmdtest.shutil.rmtree(self.state)


def read(daemon):
    with open(os.path.join(daemon.state, 'exit.json'), encoding='utf-8') as f:
        return json.load(f)


def run_directory(recorder):
    """without any other socket the daemon listens in its run directory, and tidies up"""
    folder = vmdtest.tempfile.mkdtemp(prefix='vmd-run-')
    path = os.path.join(folder, 'qmp.sock')
    with Daemon(recorder, ['--run-directory', folder], socket_option=False) as daemon:
        daemon.wait_socket(path)
        Client(path, recorder).call('quit')
        assert daemon.wait() == 0
    assert os.listdir(folder) == []
    os.rmdir(folder)


def no_state_directory(_recorder):
    """a state directory that does not exist stops the start with status 4"""
    done = subprocess.run([vmdtest.VMD, '--socket', '/tmp/vmd-test-none.sock', '--state-directory',
                           '/no/such/folder'], capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 4, done
    assert 'state directory /no/such/folder: No such file' in done.stderr, done
    assert not os.path.exists('/tmp/vmd-test-none.sock')


def record_while_it_runs(recorder):
    """the record of a daemon that runs says so, with its process"""
    with Recorded(recorder) as daemon:
        daemon.client().close()
        record = read(daemon)
        assert record['running'] is True and record['pid'] == daemon.process.pid, record
        assert record['name'] == 'm' and 'ended' not in record, record
        assert abs(record['started'] / 1e6 - time.time()) < 60, record
        daemon.process.kill()
        daemon.process.wait()
        assert read(daemon) == record


def record_of_quit(recorder):
    """quit: cause host-qmp-quit, status 0"""
    with Recorded(recorder) as daemon:
        daemon.client().call('quit')
        assert daemon.wait() == 0
        record = read(daemon)
        assert record['cause'] == 'host-qmp-quit' and record['status'] == 0, record
        assert record['running'] is False and record['ended'] >= record['started'], record
        assert 'signal' not in record and record['guest'] is False, record


def record_of_signal(recorder):
    """a signal: its number, and the process and user that sent it"""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with Recorded(recorder) as daemon:
            daemon.process.send_signal(number)
            assert daemon.wait() == 0
            record = read(daemon)
            assert record['cause'] == 'host-signal' and record['signal'] == number, record
            assert record['sender-pid'] == os.getpid(), record
            assert record['sender-uid'] == os.getuid(), record
            assert 'from process %d of user %d' % (os.getpid(), os.getuid()) in daemon.output()


@on_one_accel
def record_of_guest(recorder):
    """what the guest did: reset with reboot=shutdown, and exit by a debug device"""
    for end, cause, status in (('reboot', 'guest-reset', 0), ('exit:5', 'guest-shutdown', 11)):
        with Recorded(recorder) as daemon:
            client = daemon.client()
            build(client, append='end=' + end)
            client.call('set-action', reboot='shutdown')
            client.call('cont')
            assert daemon.wait() == status
            record = read(daemon)
            assert (record['cause'], record['status']) == (cause, status), record
            assert record['guest'] is True and record['state'] == 'shutdown', record


@on_one_accel
def record_of_internal_error(recorder):
    """a vCPU that cannot continue: status 10 if set-action says so, and the reason"""
    with Recorded(recorder) as daemon:
        client = daemon.client()
        build(client, kernel=write_kernel(daemon.path('kernel'), jump_to(0xfeb00000)))
        client.call('set-action', internal_error='exit-failure')
        client.call('cont')
        client.wait_event('INTERNAL_ERROR')
        assert client.wait_event('SHUTDOWN')['data'] == {
            'guest': False, 'reason': 'host-error', 'detail': 'internal-error'}
        assert daemon.wait() == 10
        record = read(daemon)
        assert record['state'] == 'internal-error' and record['status'] == 10, record
        assert '0xfeb00000' in record['message'] and record['cause'] == 'host-error', record
        assert record['detail'] == 'internal-error', record


def lose_memory(daemon):
    """Half of the file's memory goes."""
    path = daemon.path('memory')
    assert os.stat(path).st_mode & 0o777 == 0o600, oct(os.stat(path).st_mode)
    os.truncate(path, os.stat(path).st_size // 2)


def assert_memory_lost(daemon):
    record = read(daemon)
    told = "memory backend 'ram', file '%s': the file has become shorter" % daemon.path('memory')
    assert record['cause'] == 'host-error' and record['running'] is False, record
    assert told in record['message'], record
    return record


def record_of_lost_memory(recorder):
    """guest memory whose file is truncated: status 16, and the name of the backend"""
    with Recorded(recorder) as daemon:
        client = daemon.client()
        qtestclient.build(client, ram={'qom-type': 'memory-backend-file', 'share': True,
                                       'mem-path': daemon.path('memory')})
        qtest = qtestclient.serve(daemon, client)
        assert int(qtest.ok('readb 0x3000000'), 0) == 0
        lose_memory(daemon)
        qtest.send('readb 0x3000000')
        assert daemon.wait() == 16
        record = assert_memory_lost(daemon)
        assert record['detail'] == 'memory-lost' and record['status'] == 16, record


@on_each_accel
def record_of_memory_that_a_guest_lost(recorder):
    """the same under a vCPU"""
    code = b'\xa1\0\0\0\x03\xeb\xf9'           # mov eax, [48 MiB]; again
    with Recorded(recorder) as daemon:
        client = daemon.client()
        build(client, kernel=write_kernel(daemon.path('kernel'), code),
              ram={'qom-type': 'memory-backend-file', 'share': True,
                   'mem-path': daemon.path('memory')})
        client.call('set-action', internal_error='exit-failure')
        client.call('cont')
        lose_memory(daemon)
        status = daemon.wait()
        # KVM gives up itself (EFAULT), or sends SIGBUS as well.
        assert status in {'tcg': [16], 'kvm': [16, 10]}[accel()], (status, read(daemon))
        assert_memory_lost(daemon)


def no_program_after_ready(recorder):
    """a daemon that is ready, and all its threads, cannot execute programs; its command could"""
    with Recorded(recorder) as daemon:
        daemon.client().call('object-add', qom_type='iothread', id='io')
        folder = '/proc/%d/task' % daemon.process.pid
        for thread in os.listdir(folder):
            with open(os.path.join(folder, thread, 'status'), encoding='ascii') as f:
                fields = dict(line.split(':\t', 1) for line in f.read().splitlines()
                              if ':\t' in line)
            assert fields['NoNewPrivs'] == '1' and fields['Seccomp'] == '2', (thread, fields)


def record_of_panic(recorder):
    """a panic with panic=exit-failure: status 6"""
    with Recorded(recorder) as daemon:
        client = daemon.client()
        qtestclient.build(client)
        client.call('device_add', driver='pvpanic')
        client.call('set-action', panic='exit-failure')
        qtest = qtestclient.serve(daemon, client)
        client.call('cont')
        qtest.send('outb 0x505 1')
        assert daemon.wait() == 6
        record = read(daemon)
        assert record['cause'] == 'guest-panic' and record['guest'] is True, record


def ready_after_command(recorder):
    """the command is a client like others; it ends before the daemon counts as ready"""
    command = '%s -s %s qmp query-name' % (VMCTL, 'SOCKET')
    with Recorded(recorder) as daemon:
        path = daemon.path('second.sock')
        command = command.replace('SOCKET', path)
        done = subprocess.Popen([vmdtest.VMD, '--name', 'two', '--socket', path, '--before-ready',
                                 command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert json.loads(done.stdout.readline()) == {'return': {'name': 'two'}}
        done.send_signal(signal.SIGTERM)
        assert done.wait(TIMEOUT) == 0


def command_fails(recorder):
    """a command that fails, is killed or does not exist ends the daemon with status 8 or 4"""
    for command, status, text in (('false', 8, "'false', which had to succeed before the daemon is "
                                   'ready, ended with status 1\n'),
                                  ('sh -c "kill -9 $$"', 8, 'was ended by signal 9 (Killed)\n'),
                                  ('/no/such/command', 4, "vmd: --before-ready: '/no/such/command' cannot "
                                   'be started: No such file or directory\n'),
                                  ('/', 4, "vmd: --before-ready: '/' cannot be started: "
                                   'Permission denied\n')):
        with Recorded(recorder) as other:
            path = other.path('second.sock')
            done = subprocess.run([vmdtest.VMD, '--socket', path, '--before-ready', command],
                                  capture_output=True, text=True, timeout=TIMEOUT)
            assert done.returncode == status and text in done.stderr, done
            assert not os.path.exists(path)


def command_is_ended(recorder):
    """a daemon that is told to end takes its command with it"""
    with Recorded(recorder) as other:
        path, mark = other.path('second.sock'), other.path('mark')
        vmd = subprocess.Popen([vmdtest.VMD, '--socket', path, '--before-ready',
                                'sh -c "echo $$ >%s.new; mv %s.new %s; exec sleep 1000"' % (
                                    mark, mark, mark)], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + TIMEOUT
        while not os.path.exists(mark) and time.monotonic() < deadline:
            time.sleep(0.01)
        with open(mark, encoding='ascii') as f:
            child = int(f.read())
        vmd.send_signal(signal.SIGTERM)
        assert vmd.wait(TIMEOUT) == 0
        assert not os.path.exists('/proc/%d' % child)


def bad_quoting(_recorder):
    """--before-ready with a quote that does not end, or without a word, is a usage error"""
    for command, what in (('"', 'has a quote or a backslash without an end'),
                          ('a \\', 'has a quote or a backslash without an end'),
                          (' ', 'names no command')):
        done = subprocess.run([vmdtest.VMD, '--before-ready', command], capture_output=True,
                              text=True, timeout=TIMEOUT)
        assert (done.returncode, done.stderr) == (
            2, "vmd: --before-ready: '%s' %s\n" % (command, what)), done


def wrong_options(_recorder):
    """a wrong option is named in the project's words; a name may have any character anywhere"""
    for words, text in ((['--sockt', 'x'], "there is no option '--sockt'; did you mean '--socket'?"),
                        (['-x'], "there is no option '-x'"),
                        (['--socket'], 'the option --socket lacks its value: PATH'),
                        (['--version=5'], 'the option --version takes no value')):
        done = subprocess.run([vmdtest.VMD] + words, capture_output=True, text=True,
                              timeout=TIMEOUT)
        assert (done.returncode, done.stderr) == (2, 'vmd: %s\n' % text), done
    for locale in ('C', 'C.UTF-8'):
        done = subprocess.run([vmdtest.VMD, '--name', 'bücher', '--version'], capture_output=True,
                              text=True, timeout=TIMEOUT, env={'LC_ALL': locale})
        assert done.returncode == 0 and not done.stderr, done


def bad_name(_recorder):
    """a name with a slash, an invalid or an empty one is a usage error"""
    for name in ('../x', 'a/b', '..', '', 'a\nb', 'x' * 256):
        done = subprocess.run([vmdtest.VMD, '--name', name, '--socket', '/tmp/vmd-test-none.sock'],
                              capture_output=True, text=True, timeout=TIMEOUT)
        assert done.returncode == 2 and 'is not the name of a machine' in done.stderr, done
    assert not os.path.exists('/tmp/vmd-test-none.sock')


def listed(recorder):
    """vmctl list and status show machines that run, have ended or were killed"""
    top = vmdtest.tempfile.mkdtemp(prefix='vmd-top-')
    env = {**os.environ, 'VMD_RUN_DIR': top, 'VMD_STATE_DIR': top}
    folders = {name: os.path.join(top, name) for name in ('live', 'over', 'dead', 'new')}
    for folder in folders.values():
        os.mkdir(folder)
    daemons = {name: Daemon(recorder, ['--name', name, '--run-directory', folders[name],
                                       '--state-directory', folders[name]], socket_option=False)
               for name in ('live', 'over', 'dead')}

    def vmctl(*words):
        return subprocess.run([VMCTL, *words], env=env, capture_output=True, text=True,
                              timeout=TIMEOUT)
    try:
        for name, daemon in daemons.items():
            daemon.wait_socket(os.path.join(folders[name], 'qmp.sock'))
        Client(os.path.join(folders['over'], 'qmp.sock'), recorder).call('quit')
        daemons['over'].wait()
        daemons['dead'].process.kill()
        daemons['dead'].process.wait()
        lines = vmctl('list').stdout.splitlines()
        assert [re.split('  +', line)[:2] for line in lines] == [
            ['NAME', 'STATE'], ['dead', 'killed'], ['live', 'prelaunch'], ['new', 'not started'],
            ['over', 'ended, host-qmp-quit']], lines
        told = {m['name']: m for m in json.loads(vmctl('list', '--json').stdout)}
        assert [told[n]['live'] for n in sorted(told)] == [False, True, False, False], told
        for name, text, status in (('live', 'live: prelaunch, 0 vCPUs\n', 0),
                                   ('over', 'over: ended, host-qmp-quit\n', 3),
                                   ('dead', 'dead: killed\n', 3)):
            done = vmctl('-n', name, 'status')
            assert (done.stdout, done.returncode) == (text, status), done
        for name, status in (('over', 0), ('dead', 3)):
            assert vmctl('-n', name, 'wait').returncode == status, vmctl('-n', name, 'wait')
        assert vmctl('-n', 'over', 'wait', '-e', 'RESUME').returncode == 3
        for words in ('wait',), ('stop',), ('apply', '/dev/null'):
            done = vmctl('-n', 'live', *words, '--timeout=-5')
            assert done.returncode == 2 and "not '-5'" in done.stderr, done
        if os.geteuid() == 0 and vmdtest.shutil.which('setpriv'):
            os.chmod(top, 0o755)
            os.chmod(os.path.join(folders['live'], 'qmp.sock'), 0o600)
            done = subprocess.run(['setpriv', '--reuid=65534', '--clear-groups', VMCTL, 'list'],
                                  env=env, capture_output=True, text=True, timeout=TIMEOUT)
            assert 'live  no permission to ask it' in done.stdout, done
        record = json.loads(vmctl('-n', 'over', 'status', '--json').stdout)
        assert record['cause'] == 'host-qmp-quit', record
        with open(os.path.join(folders['dead'], 'exit.json'), 'w', encoding='ascii') as f:
            f.write('{ "pid": "x" }')
        assert 'exit.json' in vmctl('list').stdout
    finally:
        for daemon in daemons.values():
            daemon.__exit__()
        vmdtest.shutil.rmtree(top)


if __name__ == '__main__':
    vmdtest.main([run_directory, no_state_directory, record_while_it_runs, record_of_quit,
                  record_of_signal, record_of_guest,
                  record_of_internal_error, record_of_lost_memory,
                  record_of_memory_that_a_guest_lost, record_of_panic, no_program_after_ready,
                  ready_after_command, command_fails, command_is_ended, bad_quoting,
                  wrong_options, bad_name, listed])
