// SPDX-License-Identifier: GPL-2.0-or-later
//
// The public library node-qemu drives a machine: its functions for commands, its events,
// its errors.
// package: node-qemu
'use strict';

const assert = require('assert');
const { QMPClient, QmpCommandError } = require('node-qemu');
const { MACHINE, run } = require('./daemon.js');

async function open(socketPath) {
    const client = new QMPClient({ socketPath, oob: true });
    client.seen = [];
    client.on('rawEvent', (e) => client.seen.push(e));
    await client.connect();
    return client;
}

// The names of the events since the last call.
function events(client) {
    return client.seen.splice(0).map((e) => e.event);
}

const tests = {
    'it connects, and reads version, commands and schema': async (c) => {
        const version = await c.queryVersion();
        assert.ok(version.qemu.major >= 7 && version.package.startsWith('vmd '));
        assert.ok((await c.queryCommands()).some((command) => command.name === 'device_add'));
        assert.ok((await c.queryQmpSchema()).some((entry) => entry.name === 'device_add'));
        assert.deepStrictEqual(await c.queryStatus(),
            { status: 'prelaunch', running: false, singlestep: false });
    },
    'it builds a machine': async (c) => {
        for (const [command, args] of MACHINE) {
            await c.execute(command, args);
        }
        await c.chardevAdd({ id: 'log', backend: { type: 'ringbuf', data: { size: 4096 } } });
        await c.netdevAdd({ type: 'user', id: 'net' });
        await c.deviceAdd({ driver: 'e1000', id: 'nic', netdev: 'net' });
        await c.objectAdd({ 'qom-type': 'iothread', id: 'io' });
        assert.deepStrictEqual((await c.queryIothreads()).map((t) => t.id), ['io']);
        assert.deepStrictEqual((await c.queryMemdev()).map((m) => m.size), [16 << 20]);
        assert.strictEqual((await c.queryCpusFast())[0]['qom-path'], '/machine/peripheral/cpu');
        assert.strictEqual((await c.queryKvm()).enabled, false);
    },
    'cont and stop, with their events': async (c) => {
        events(c);
        await c.cont();
        assert.strictEqual((await c.queryStatus()).status, 'running');
        await c.stop();
        assert.strictEqual((await c.queryStatus()).status, 'paused');
        await c.cont();
        await c.systemReset();
        await c.queryStatus();
        assert.deepStrictEqual(events(c), ['RESUME', 'STOP', 'RESUME', 'RESET']);
    },
    'a disk comes and is asked to go': async (c) => {
        await c.execute('blockdev-add', { driver: 'null-co', 'node-name': 'node', size: 1 << 20 });
        await c.deviceAdd({ driver: 'virtio-blk-pci', id: 'disk', drive: 'node' });
        const [disk] = await c.queryBlock();
        assert.strictEqual(disk.qdev, '/machine/peripheral/disk/virtio-backend');
        assert.strictEqual(disk.inserted.image['virtual-size'], 1 << 20);
        assert.strictEqual((await c.queryBlockStats())[0].stats.rd_operations, 0);
        assert.deepStrictEqual((await c.queryNamedBlockNodes()).map((n) => n['node-name']), ['node']);
        await c.deviceDel('disk');
        await c.systemReset();          // what was asked to go goes at a reset
        await c.queryStatus();
        for (let tries = 0; tries < 100 && (await c.queryBlock()).length; tries++);
        assert.deepStrictEqual(c.seen.splice(0).filter((e) => e.event === 'DEVICE_DELETED')
            .map((e) => e.data), [{ path: '/machine/peripheral/disk/virtio-backend' },
                { device: 'disk', path: '/machine/peripheral/disk' }]);
    },
    'a character device and a link': async (c) => {
        await c.ringbufWrite({ device: 'log', data: 'hello' });
        assert.strictEqual(await c.ringbufRead({ device: 'log', size: 100 }), 'hello');
        assert.deepStrictEqual((await c.queryChardev()).map((e) => e.label), ['log']);
        await c.setLink('net', false);
        await c.setLink('net', true);
    },
    'the object tree': async (c) => {
        assert.strictEqual(await c.qomGet('/objects/io', 'poll-max-ns'), 32768);
        await c.qomSet('/objects/io', 'poll-max-ns', 5);
        assert.strictEqual(await c.qomGet('/objects/io', 'poll-max-ns'), 5);
        assert.ok((await c.qomList('/machine/peripheral')).some((p) => p.name === 'nic'));
        assert.ok((await c.qomListProperties('e1000')).some((p) => p.name === 'mac'));
    },
    'out of band': async (c) => {
        await assert.rejects(c.executeOob('query-status'), QmpCommandError);
    },
    'an error is the library\'s own': async (c) => {
        await assert.rejects(c.deviceDel('nothing'), (error) =>
            error instanceof QmpCommandError && error.qmpClass === 'DeviceNotFound');
        await assert.rejects(c.execute('no-such-command'), (error) =>
            error.qmpClass === 'CommandNotFound');
    },
    'quit, after which the daemon is gone': async (c, exited) => {
        events(c);
        const gone = new Promise((resolve) => c.once('disconnected', resolve));
        await c.quit();
        assert.strictEqual(await exited, 0);
        await gone;
        assert.deepStrictEqual(events(c), ['SHUTDOWN']);
    },
};

run('--socket', open, tests);
