// SPDX-License-Identifier: GPL-2.0-or-later
//
// The public library qemu-qmp drives a machine.  It reads the greeting from the first
// piece of data, sends texts without anything between them, and has no ids.
// package: qemu-qmp
'use strict';

const assert = require('assert');
const QMP = require('qemu-qmp');
const { MACHINE, run } = require('./daemon.js');

function open(socketPath) {
    return new Promise((resolve, reject) => {
        const qmp = new QMP();
        qmp.seen = [];
        for (const name of ['stop', 'resume', 'reset', 'device_deleted', 'shutdown']) {
            // A stream has an event 'resume' of its own, without a value.
            qmp.on(name, (event) => event && qmp.seen.push(event));
        }
        qmp.connect(socketPath, (error) => (error ? reject(error) : resolve(qmp)));
    });
}

function execute(qmp, command, args) {
    return new Promise((resolve, reject) => {
        qmp.execute(command, args || {}, (error, value) => (error ? reject(error) : resolve(value)));
    });
}

const tests = {
    'the greeting tells the version': async (q) => {
        assert.ok(q.version.package.startsWith('vmd '));
        assert.strictEqual(q.version.qemu.major, 7);
    },
    'it builds a machine': async (q) => {
        for (const [command, args] of MACHINE) {
            assert.deepStrictEqual(await execute(q, command, args), {});
        }
        assert.strictEqual((await execute(q, 'query-status')).status, 'prelaunch');
    },
    'many requests in one go are answered in order': async (q) => {
        const names = ['query-name', 'query-status', 'query-version', 'query-uuid'];
        const replies = await Promise.all(
            Array.from({ length: 100 }, (_, i) => execute(q, names[i % names.length])));
        replies.forEach((reply, i) => assert.strictEqual(
            ['name', 'status', 'package', 'UUID'].findIndex((key) => key in reply),
            i % names.length === 0 ? -1 : i % names.length));
    },
    'cont and stop, with their events': async (q) => {
        await execute(q, 'cont');
        await execute(q, 'stop');
        await execute(q, 'cont');
        await execute(q, 'system_reset');
        await execute(q, 'query-status');
        assert.deepStrictEqual(q.seen.splice(0), ['RESUME', 'STOP', 'RESUME', 'RESET']);
    },
    'a device is added': async (q) => {
        await execute(q, 'device_add', { driver: 'virtio-rng-pci', id: 'rng' });
        const [bus] = await execute(q, 'query-pci');
        assert.ok(bus.devices.some((device) => device.qdev_id === 'rng'));
    },
    'an error is the library\'s own': async (q) => {
        await assert.rejects(execute(q, 'device_del', { id: 'nothing' }), /'nothing' not found/);
    },
    'quit': async (q, exited) => {
        await execute(q, 'quit');
        assert.strictEqual(await exited, 0);
        assert.deepStrictEqual(q.seen.splice(0), ['SHUTDOWN']);
    },
};

run('--socket', open, tests);
