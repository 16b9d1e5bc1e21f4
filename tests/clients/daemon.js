// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the tests in JavaScript share: a daemon of their own, TAP.
'use strict';

const childProcess = require('child_process');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');

function later(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
}

// A connection to a Unix socket, as soon as somebody listens.
async function connect(socketPath) {
    for (let tries = 0; ; tries++) {
        try {
            return await new Promise((resolve, reject) => {
                const socket = net.connect(socketPath, () => resolve(socket));
                socket.once('error', reject);
            });
        } catch (error) {
            if (tries === 500) {
                throw error;
            }
            await later(10);
        }
    }
}

// The requests that make a machine without guest, with a CPU and a PCI bus.
const MACHINE = [
    ['object-add', { 'qom-type': 'qtest-accel' }],
    ['object-add', { 'qom-type': 'memory-backend-ram', id: 'ram', size: 16 << 20 }],
    ['object-add', { 'qom-type': 'pc-i440fx-7.2-machine', 'memory-backend': 'ram' }],
    ['device_add', { driver: 'qemu64-x86_64-cpu', id: 'cpu' }],
];

// Runs functions as TAP, one after the other, with what open() makes of the socket's path.
// Option is vmd's for the socket.
async function main(option, open, tests) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vmd-client-'));
    const socketPath = path.join(folder, 'socket');
    const daemon = childProcess.spawn(path.join(process.env.G_TEST_BUILDDIR, 'vmd'),
        [option, socketPath], { stdio: ['ignore', 'ignore', 'ignore'] });
    const exited = new Promise((resolve) => daemon.once('exit', resolve));
    let number = 0;

    console.log('1..' + Object.keys(tests).length);
    (await connect(socketPath)).destroy();
    const client = await open(socketPath);
    for (const [name, test] of Object.entries(tests)) {
        number++;
        try {
            await Promise.race([test(client, exited),
                later(20000).then(() => { throw new Error('no reply in 20 s'); })]);
            console.log('ok %d - %s', number, name);
        } catch (error) {
            console.log(String(error.stack).replace(/^/gm, '# '));
            console.log('not ok %d - %s', number, name);
        }
    }
    daemon.kill();
    fs.rmSync(folder, { recursive: true, force: true });
    process.exit(0);
}

function run(option, open, tests) {
    main(option, open, tests).catch((error) => {
        console.log('Bail out! ' + error.message);
        process.exit(0);
    });
}

module.exports = { connect, later, MACHINE, run };
