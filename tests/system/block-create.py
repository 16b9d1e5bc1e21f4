#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""blockdev-create and the jobs that it begins: images that qemu-img reads, and jobs that are
paused, cancelled, or fail."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qcow2images                                  # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import Daemon                          # noqa: E402

MIB = 1 << 20
DONE = ['created', 'running', 'waiting', 'pending', 'concluded']
FAILED = ['created', 'running', 'aborting', 'concluded']
MODES = ['off', 'metadata', 'falloc', 'full']


class Jobs:
    """A daemon and a client that begins jobs."""

    def __init__(self, recorder):
        self.daemon = Daemon(recorder)

    def __enter__(self):
        self.daemon.__enter__()
        self.client = self.daemon.client()
        return self

    def __exit__(self, *what):
        self.daemon.__exit__(*what)

    def path(self, name):
        return self.daemon.path(name)

    def info(self, name='j'):
        return [j for j in self.client.call('query-jobs') if j['id'] == name][0]

    def begin(self, name='j', **options):
        self.client.call('blockdev-create', job_id=name, options={
            key.replace('_', '-'): value for key, value in options.items()})

    def statuses(self, last, name='j'):
        """The statuses of a job, until the given one."""
        seen = []
        while not seen or seen[-1] != last:
            data = self.client.wait_event('JOB_STATUS_CHANGE')['data']
            assert data['id'] == name, data
            seen.append(data['status'])
        return seen

    def run(self, **options):
        """(statuses, what query-jobs says in the end) of a job, which is dismissed."""
        self.begin(**options)
        seen = self.statuses('concluded')
        info = self.info()
        self.client.call('job-dismiss', id='j')
        assert self.statuses('null') == ['null']
        return seen, info

    def make(self, **options):
        seen, info = self.run(**options)
        assert seen == DONE and 'error' not in info, (options, seen, info)
        assert info['type'] == 'create' and info['status'] == 'concluded', info
        assert info['current-progress'] == info['total-progress'] > 0, info
        return info

    def fail(self, *words, **options):
        seen, info = self.run(**options)
        assert seen == FAILED, (options, seen, info)
        assert all(word in info['error'] for word in words), info
        return info


def files(recorder):
    """files of each size and preallocation; one that exists is made empty first"""
    with Jobs(recorder) as jobs:
        path = jobs.path('disk')
        for mode in 'off', 'falloc', 'full':
            with open(path, 'wb') as f:
                f.write(b'x' * 5000)
            jobs.make(driver='file', filename=path, size=3 * MIB + 7, preallocation=mode)
            with open(path, 'rb') as f:
                assert f.read() == bytes(3 * MIB + 7)
            allocated = os.stat(path).st_blocks * 512
            assert allocated == 0 if mode == 'off' else allocated >= 3 * MIB, (mode, allocated)
        jobs.make(driver='file', filename=jobs.path('none'), size=0)
        jobs.fail('no metadata', driver='file', filename=path, size=1, preallocation='metadata')
        assert os.path.getsize(path) == 3 * MIB + 7
        jobs.fail('cannot create', driver='file', filename='/nonexistent/x', size=1)
        jobs.fail('not a regular file', driver='file', filename='/dev/null', size=1)
        jobs.fail('too large', driver='file', filename=jobs.path('huge'), size=(1 << 63) - 1)
        assert not os.path.exists(jobs.path('huge'))
        jobs.client.call('blockdev-add', driver='file', node_name='used', filename=path)
        jobs.fail('in use', driver='file', filename=path, size=1)
        assert os.path.getsize(path) == 3 * MIB + 7


def tell(path):
    return json.loads(qcow2images.run('qemu-img', 'info', '-U', '--output=json', path))


def check_image(path, size):
    qcow2images.run('qemu-img', 'check', '-q', '-U', path)
    info = tell(path)
    assert info['format'] == 'qcow2' and info['virtual-size'] == size, info
    return info


def zero_and_writable(path, size):
    """The image reads as zeros, and takes writes of another program."""
    qcow2images.run('qemu-io', '-f', 'qcow2', '-c', 'read -P 0 0 %d' % size, '-c',
                    'write -P 7 %d 1000' % (size - 1024), '-c',
                    'read -P 7 %d 1000' % (size - 1024), path)
    qcow2images.run('qemu-img', 'check', '-q', path)


VARIANTS = [
    {}, {'cluster_size': 512}, {'cluster_size': 2 * MIB}, {'version': 'v2'},
    {'extended_l2': True}, {'extended_l2': True, 'cluster_size': 16384},
    {'lazy_refcounts': True}, {'compression_type': 'zstd'},
    *({'refcount_bits': 1 << i, 'cluster_size': 4096} for i in range(7)),
]


def qcow2_images(recorder):
    """images with each option and preallocation are clean, zero, and as large as they should"""
    qcow2images.need_tools()
    with Jobs(recorder) as jobs:
        path, size = jobs.path('image'), 5 * MIB + 512
        for variant in VARIANTS:
            for mode in MODES:
                # What was there before must not show through.
                with open(path, 'wb') as f:
                    f.write(b'\xff' * 7 * MIB)
                jobs.make(driver='qcow2', size=size, preallocation=mode,
                          file={'driver': 'file', 'filename': path}, **variant)
                info = check_image(path, size)
                data = info['format-specific']['data']
                assert info['cluster-size'] == variant.get('cluster_size', 65536), info
                assert data['compat'] == ('0.10' if variant.get('version') else '1.1'), data
                assert data['refcount-bits'] == variant.get('refcount_bits', 16), data
                if not variant.get('version'):
                    for key in 'lazy-refcounts', 'extended-l2':
                        assert data[key] == variant.get(key.replace('-', '_'), False), data
                    assert data['compression-type'] == variant.get('compression_type', 'zlib')
                if mode in ('falloc', 'full'):
                    assert os.stat(path).st_blocks * 512 >= size, (variant, mode)
                zero_and_writable(path, size)
        jobs.make(driver='qcow2', size=0, file={'driver': 'file', 'filename': path})
        check_image(path, 0)
        assert jobs.client.call('query-named-block-nodes') == []


def guests_use_them(recorder):
    """an image that was made on a node of the client's is one for blockdev-add at once"""
    with Jobs(recorder) as jobs:
        path = jobs.path('image')
        jobs.make(driver='file', filename=path, size=0)
        jobs.client.call('blockdev-add', driver='file', node_name='f', filename=path)
        jobs.make(driver='qcow2', file='f', size=MIB, preallocation='metadata')
        jobs.client.call('blockdev-add', driver='qcow2', node_name='q', file='f')
        sizes = {n['node-name']: n['image']['virtual-size']
                 for n in jobs.client.call('query-named-block-nodes')}
        assert sizes == {'f': os.path.getsize(path), 'q': MIB}, sizes
        jobs.fail('in use', driver='qcow2', file='f', size=MIB)
        jobs.client.call('blockdev-del', node_name='q')
        # A node that keeps its size: what it holds is written over.
        with open(path, 'r+b') as f:
            f.truncate(9 * MIB)
            f.seek(0)
            f.write(b'\xee' * 9 * MIB)
        jobs.client.call('blockdev-del', node_name='f')
        jobs.client.request({'execute': 'blockdev-add', 'arguments': {
            'driver': 'raw', 'node-name': 'part', 'offset': 65536, 'size': 8 * MIB,
            'file': {'driver': 'file', 'filename': path}}})
        jobs.make(driver='qcow2', file='part', size=4 * MIB, preallocation='metadata')
        jobs.fail('No space left', driver='qcow2', file='part', size=8 * MIB,
                  preallocation='metadata')
        jobs.client.call('blockdev-del', node_name='part')
        with open(path, 'rb') as f:
            assert f.read(65536) == b'\xee' * 65536
            image = f.read(8 * MIB)
        with open(jobs.path('cut'), 'wb') as f:
            f.write(image)
        check_image(jobs.path('cut'), 4 * MIB)
        zero_and_writable(jobs.path('cut'), 4 * MIB)


def names_of_other_files(recorder):
    """backing files and external data files"""
    qcow2images.need_tools()
    with Jobs(recorder) as jobs:
        base, path, data = jobs.path('base'), jobs.path('image'), jobs.path('data')
        file = {'driver': 'file', 'filename': path}
        with open(path, 'wb'):
            pass
        qcow2images.run('qemu-img', 'create', '-q', '-f', 'qcow2', base, '1M')
        qcow2images.run('qemu-io', '-f', 'qcow2', '-c', 'write -P 9 0 1M', base)
        for variant in [{}] + [{'extended_l2': True, 'preallocation': m} for m in MODES]:
            jobs.make(driver='qcow2', file=file, size=MIB, backing_file=base,
                      backing_fmt='qcow2', **variant)
            info = check_image(path, MIB)
            assert info['backing-filename'] == base, info
            assert info['backing-filename-format'] == 'qcow2', info
            qcow2images.run('qemu-io', '-f', 'qcow2', '-c', 'read -P 9 0 1M', path)
        for raw in False, True:
            for mode in MODES:
                with open(data, 'wb') as f:
                    f.write(b'\x05' * 4096)
                jobs.make(driver='qcow2', file=file, size=MIB, preallocation=mode,
                          data_file={'driver': 'file', 'filename': data}, data_file_raw=raw)
                info = check_image(path, MIB)['format-specific']['data']
                assert info['data-file'] == data and info['data-file-raw'] == raw, info
                shown = 5 if raw or mode != 'off' else 0
                qcow2images.run('qemu-io', '-f', 'qcow2', '-c', 'read -P %d 0 4096' % shown,
                                '-c', 'read -P 0 4096 %d' % (MIB - 4096), path)


REFUSED = [
    ('multiple of 512', {'size': 1000}),
    ('L1 table', {'size': 1 << 62}),
    ('L1 table', {'size': 1 << 50, 'cluster_size': 512}),
    ('power of two from 512', {'cluster_size': 1000}),
    ('power of two from 512', {'cluster_size': 4 * MIB}),
    ('power of two from 512', {'cluster_size': 0}),
    ('power of two up to 64', {'refcount_bits': 3}),
    ('power of two up to 64', {'refcount_bits': 128}),
    ('16 KiB', {'extended_l2': True, 'cluster_size': 8192}),
    ("'v3'", {'version': 'v2', 'lazy_refcounts': True}),
    ('16 bits', {'version': 'v2', 'refcount_bits': 8}),
    ('zlib', {'version': 'v2', 'compression_type': 'zstd'}),
    ("'v3'", {'version': 'v2', 'extended_l2': True}),
    ("'v3'", {'version': 'v2', 'data_file': 'g'}),
    ("'backing-file'", {'backing_fmt': 'raw'}),
    ("'extended-l2'", {'backing_file': 'x', 'preallocation': 'full'}),
    ("'data-file'", {'data_file_raw': True}),
    ('no backing file', {'data_file_raw': True, 'data_file': 'g', 'backing_file': 'x'}),
    ('do not fit', {'backing_file': 'x' * 1024}),
    ('do not fit', {'backing_file': 'x' * 500, 'cluster_size': 512}),
    ("'nothing' not found", {'data_file': 'nothing'}),
    ('in use', {'data_file': 'f'}),
]


def refusals(recorder):
    """wrong options become the job's error, and the node keeps what it holds"""
    with Jobs(recorder) as jobs:
        path = jobs.path('disk')
        for name in 'disk', 'other':
            with open(jobs.path(name), 'wb') as f:
                f.write(b'precious' * 1000)
        for name, file in ('f', 'disk'), ('g', 'other'):
            jobs.client.call('blockdev-add', driver='file', node_name=name,
                             filename=jobs.path(file))
        for words, options in REFUSED:
            jobs.fail(words, **{'driver': 'qcow2', 'file': 'f', 'size': MIB, **options})
        jobs.fail('not found', driver='qcow2', file='nothing', size=MIB)
        jobs.fail('cannot open', driver='qcow2', size=MIB,
                  file={'driver': 'file', 'filename': '/nonexistent/x'})
        jobs.fail('needs', driver='qcow2', size=MIB,
                  file={'driver': 'null-co', 'detect-zeroes': 'unmap'})
        jobs.client.call('blockdev-del', node_name='f')
        jobs.fail('read-only', driver='qcow2', size=MIB,
                  file={'driver': 'file', 'filename': path, 'read-only': True})
        with open(path, 'rb') as f:
            assert f.read() == b'precious' * 1000
        error = jobs.client.error('blockdev-create', {'job-id': 'j', 'options': {
            'driver': 'qcow2', 'file': 'g', 'size': MIB, 'encrypt': {}}})
        assert 'encryption' in error['desc'], error
        assert sorted(n['node-name'] for n in jobs.client.call('query-named-block-nodes')) == ['g']


def slow_image(jobs, path):
    """Begins a job that takes a minute: its node has a limit."""
    jobs.client.call('object-add', qom_type='throttle-group', id='slow',
                     limits={'bps-total': MIB})
    with open(path, 'wb'):
        pass
    jobs.begin(driver='qcow2', size=64 * MIB, preallocation='full', file={
        'driver': 'throttle', 'throttle-group': 'slow',
        'file': {'driver': 'file', 'filename': path}})


def wait_progress(jobs):
    while jobs.info()['current-progress'] == 0:
        time.sleep(0.01)


def pausing_and_cancelling(recorder):
    """a job stands still, goes on, and is cancelled half way, when it leaves no image"""
    with Jobs(recorder) as jobs:
        path = jobs.path('image')
        slow_image(jobs, path)
        wait_progress(jobs)
        assert jobs.client.error('job-dismiss', {'id': 'j'})['reason'] == 'wrong-state'
        assert jobs.client.error('blockdev-create', {'job-id': 'j', 'options': {
            'driver': 'file', 'filename': path, 'size': 1}})['reason'] == 'id-in-use'
        jobs.client.call('job-pause', id='j')
        assert jobs.statuses('paused') == ['created', 'running', 'paused']
        before = jobs.info()
        assert 0 < before['current-progress'] < before['total-progress'], before
        time.sleep(0.3)
        assert jobs.info() == before
        # Its nodes are used, and no part of the configuration.
        nodes = jobs.client.call('query-named-block-nodes')
        assert [n['drv'] for n in nodes].count('throttle') == 1, nodes
        for node in nodes:
            for command, arguments in (('blockdev-del', {'node-name': node['node-name']}),
                                       ('blockdev-add', {'driver': 'raw',
                                                         'file': node['node-name']})):
                error = jobs.client.error(command, arguments)
                assert error['reason'] == 'in-use' and 'command' in error['desc'], error
        config = jobs.client.call('query-config')
        assert not [r for r in config['requests'] if r['execute'] == 'blockdev-add'], config
        jobs.client.call('job-resume', id='j')
        assert jobs.statuses('running') == ['running']
        while jobs.info()['current-progress'] == before['current-progress']:
            time.sleep(0.01)
        jobs.client.call('job-cancel', id='j')
        assert jobs.statuses('concluded') == ['aborting', 'concluded']
        assert jobs.info()['error'] == 'Operation canceled', jobs.info()
        assert os.path.getsize(path) == 0
        assert jobs.client.call('query-named-block-nodes') == []
        jobs.client.call('object-del', id='slow')


def cancelled_file(recorder):
    """a new file that is not finished goes away, one that existed becomes empty"""
    with Jobs(recorder) as jobs:
        for exists in False, True:
            path = jobs.path('disk%d' % exists)
            if exists:
                with open(path, 'wb') as f:
                    f.write(b'old')
            jobs.begin(driver='file', filename=path, size=8 << 30, preallocation='full')
            wait_progress(jobs)         # before that, nothing has been done to the file
            jobs.client.call('job-cancel', id='j')
            assert jobs.statuses('concluded') == FAILED
            jobs.client.call('job-dismiss', id='j')
            assert jobs.statuses('null') == ['null']
            assert os.path.exists(path) == exists
            assert not exists or os.path.getsize(path) == 0


def the_daemon_ends(recorder):
    """quit does not wait for a job, paused or not, and leaves no half image"""
    for pause in False, True:
        with Jobs(recorder) as jobs:
            path = jobs.path('image')
            slow_image(jobs, path)
            wait_progress(jobs)
            if pause:
                jobs.client.call('job-pause', id='j')
                jobs.statuses('paused')
            began = time.monotonic()
            jobs.client.call('quit')
            assert jobs.daemon.wait(10) == 0
            assert time.monotonic() - began < 5
            with open(path, 'rb') as f:
                assert f.read(4) in (b'', bytes(4))


def loop_stays_free(recorder):
    """requests are answered while many jobs write"""
    with Jobs(recorder) as jobs:
        for i in range(20):
            jobs.begin('j%d' % i, driver='file', filename=jobs.path('d%d' % i), size=32 * MIB,
                       preallocation='full')
        slowest = 0
        while any(j['status'] != 'concluded' for j in jobs.client.call('query-jobs')):
            began = time.monotonic()
            jobs.client.call('query-status')
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 1, slowest
        assert not [j for j in jobs.client.call('query-jobs') if 'error' in j]
        for i in range(20):
            jobs.client.call('job-dismiss', id='j%d' % i)
        assert jobs.client.call('query-jobs') == []


vmdtest.main([files, qcow2_images, guests_use_them, names_of_other_files, refusals,
              pausing_and_cancelling, cancelled_file, the_daemon_ends, loop_stays_free])
