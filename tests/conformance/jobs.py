#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Jobs of vmd and of the distribution's QEMU: equal statuses, replies, errors and images.

A key of the file `differences` is

    job STEP OURS not THEIRS                        what a step shows
"""
import json
import os
import sys

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import qcow2images                                  # noqa: E402
import vmdtest                                      # noqa: E402
from peer import Peer, need_peer                    # noqa: E402
from reasons import complain                        # noqa: E402
from vmdtest import Client, Daemon                  # noqa: E402

MIB = 1 << 20
VERBS = ['job-cancel', 'job-pause', 'job-resume', 'job-complete', 'job-finalize']
# Options of qcow2 images on a node `f`; those that QEMU refuses, too.
IMAGES = [
    {}, {'cluster-size': 512}, {'cluster-size': 2 * MIB}, {'version': 'v2'},
    {'extended-l2': True}, {'lazy-refcounts': True}, {'compression-type': 'zstd'},
    {'refcount-bits': 1}, {'refcount-bits': 64}, {'preallocation': 'metadata'},
    {'preallocation': 'falloc'}, {'preallocation': 'full'},
    {'backing-file': 'x', 'backing-fmt': 'raw'}, {'size': 0}, {'size': 1000}, {'size': 1 << 62},
    {'cluster-size': 1000}, {'cluster-size': 4 * MIB}, {'refcount-bits': 3},
    {'refcount-bits': 128}, {'extended-l2': True, 'cluster-size': 8192},
    {'version': 'v2', 'lazy-refcounts': True}, {'version': 'v2', 'refcount-bits': 8},
    {'version': 'v2', 'compression-type': 'zstd'}, {'version': 'v2', 'extended-l2': True},
    {'backing-fmt': 'raw'}, {'backing-file': 'x', 'preallocation': 'full', 'backing-fmt': 'raw'},
    {'data-file-raw': True}, {'data-file': 'nothing'}, {'file': 'nothing'},
    {'backing-file': 'x' * 1024, 'backing-fmt': 'raw'},
]


class Side:
    """vmd or QEMU, and what each step showed there."""

    def __init__(self, client, path):
        self.client, self.path = client, path
        self.shown = {}

    def call(self, command, **arguments):
        """None, or the class of the error."""
        self.client.send({'execute': command, 'arguments': {
            key.replace('_', '-'): value for key, value in arguments.items()}})
        reply = self.client.reply()
        return reply['error']['class'] if 'error' in reply else reply['return']

    def statuses(self, last):
        seen = []
        while not seen or seen[-1] != last:
            data = self.client.wait_event('JOB_STATUS_CHANGE')['data']
            assert set(data) == {'id', 'status'} and data['id'] == 'j', data
            seen.append(data['status'])
        return seen

    def job(self, step, dismiss=True, **options):
        refused = self.call('blockdev-create', job_id='j', options=options)
        if refused != {}:
            self.shown[step] = refused
            return
        seen = self.statuses('concluded')
        info = self.call('query-jobs')[0]
        failed = info.pop('error', None) is not None
        # How fine progress is differs; all of it is done in the end, unless the job failed.
        done = info.pop('current-progress'), info.pop('total-progress')
        assert failed or done[0] == done[1] > 0, done
        self.shown[step] = [seen, failed, info]
        if dismiss:
            self.shown[step + ' dismissed'] = [self.call('job-dismiss', id='j'),
                                               self.statuses('null'), self.call('query-jobs')]

    def verbs(self):
        for verb in VERBS:
            self.shown['concluded ' + verb] = self.call(verb, id='j')
            self.shown['unknown ' + verb] = self.call(verb, id='nothing')
        self.shown['id in use'] = self.call('blockdev-create', job_id='j', options={
            'driver': 'file', 'filename': self.path('x'), 'size': 1})
        for name in '', '0', 'a b', 'ä':
            self.shown['id %r' % name] = self.call('blockdev-create', job_id=name, options={
                'driver': 'file', 'filename': self.path('x'), 'size': 1})
        self.call('job-dismiss', id='j')
        self.statuses('null')
        self.shown['dismissed again'] = self.call('job-dismiss', id='j')

    def images(self):
        """Statuses and, of images that were made, what qemu-img says."""
        path = self.path('image')
        self.job('file', driver='file', filename=path, size=0)
        self.job('backing file', driver='file', filename=self.path('x'), size=0)
        for options in IMAGES:
            # QEMU does not preallocate in a file that is longer already.
            with open(path, 'wb'):
                pass
            self.call('blockdev-add', driver='file', filename=path, node_name='f')
            step = 'qcow2 ' + json.dumps(options)[:100]
            self.job(step, **{'driver': 'qcow2', 'file': 'f', 'size': 3 * MIB, **options})
            if step + ' dismissed' in self.shown and not self.shown[step][1]:
                self.shown[step + ' info'] = self.image(path)
            self.call('blockdev-del', node_name='f')

    @staticmethod
    def image(path):
        qcow2images.run('qemu-img', 'check', '-q', '-U', path)
        info = json.loads(qcow2images.run('qemu-img', 'info', '-U', '--output=json', path))
        for name in 'filename', 'actual-size', 'full-backing-filename':
            info.pop(name, None)
        return info

    def all(self):
        self.job('raw', dismiss=False, driver='file', filename=self.path('raw'), size=MIB)
        self.verbs()
        for mode in 'metadata', 'falloc', 'full':
            self.job('raw ' + mode, driver='file', filename=self.path('raw'), size=MIB,
                     preallocation=mode)
        self.job('no folder', driver='file', filename='/nonexistent/x', size=1)
        self.job('no driver', driver='no-such-driver')
        self.images()
        return self.shown


def jobs_are_equal(recorder):
    """each step shows the same"""
    need_peer()
    qcow2images.need_tools()
    with Daemon() as daemon, Peer('-machine', 'none') as peer:
        ours = Side(Client(daemon.socket, recorder, enable=()), daemon.path).all()
        theirs = Side(peer.client(), peer.path).all()
    assert len(ours) > 100 and ours.keys() | theirs.keys() == ours.keys(), len(ours)
    complain({'job %s %s not %s' % (step, json.dumps(ours[step]), json.dumps(theirs.get(step)))
              for step in ours if ours[step] != theirs.get(step)}, ('job',))


vmdtest.main([jobs_are_equal])
