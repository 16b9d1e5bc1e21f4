// SPDX-License-Identifier: GPL-2.0-or-later
//
// vmd's JSON-RPC socket with the public library json-rpc-2.0 over the Unix
// stream: one text a line each way.
// package: json-rpc-2.0
'use strict';

const assert = require('assert');
const { connect, run } = require('./daemon.js');
const { JSONRPCClient, JSONRPCServer, JSONRPCServerAndClient } = require('json-rpc-2.0');

// The library knows messages, not streams: lines in, lines out.
class Peer {
    constructor(socket) {
        this.events = [];
        this.errors = [];       // replies that belong to no request
        this.socket = socket;
        this.peer = new JSONRPCServerAndClient(
            new JSONRPCServer({ errorListener: () => {} }),
            new JSONRPCClient((request) => this.write(JSON.stringify(request))));
        let rest = '';
        socket.setEncoding('utf8');
        socket.on('data', (text) => {
            const lines = (rest + text).split('\n');
            rest = lines.pop();
            lines.forEach((line) => this.take(JSON.parse(line)));
        });
    }

    take(message) {
        if (message.error && message.id === null) {
            this.errors.push(message.error);
        } else {
            this.peer.receiveAndSend(message);
        }
    }

    write(text) {
        this.socket.write(text + '\n');
    }

    listen(event) {
        this.peer.addMethod(event, (params) => { this.events.push([event, params]); });
    }

    async failure(method, params) {
        try {
            await this.peer.request(method, params);
        } catch (error) {
            return error;
        }
        throw new Error(method + ' did not fail');
    }
}

const tests = {
    'a call by name': async (p) => {
        assert.deepStrictEqual(await p.peer.request('query-status'),
            { status: 'prelaunch', running: false, singlestep: false });
        assert.deepStrictEqual(await p.peer.request('query-status', {}),
            { status: 'prelaunch', running: false, singlestep: false });
    },
    'an unknown method is -32601': async (p) => {
        const error = await p.failure('no-such-command');
        assert.strictEqual(error.code, -32601);
        assert.strictEqual(error.data.reason, 'command-not-found');
    },
    'wrong arguments are -32602 and say where': async (p) => {
        const error = await p.failure('object-add',
            { 'qom-type': 'memory-backend-ram', id: 'm', size: '1G' });
        assert.strictEqual(error.code, -32602);
        assert.strictEqual(error.data.path, 'size');
    },
    'positional arguments are -32602': async (p) => {
        assert.strictEqual((await p.failure('query-status', [1])).code, -32602);
    },
    'a command that fails is -32000 and says why': async (p) => {
        const error = await p.failure('object-del', { id: 'nothing' });
        assert.strictEqual(error.code, -32000);
        assert.deepStrictEqual([error.data.class, error.data.reason],
            ['GenericError', 'object-not-found']);
    },
    'many at once are answered in order': async (p) => {
        const order = [];
        await Promise.all(Array.from({ length: 1000 }, (_, i) =>
            p.peer.request('query-name').then(() => order.push(i))));
        assert.deepStrictEqual(order, Array.from({ length: 1000 }, (_, i) => i));
    },
    'a batch': async (p) => {
        const replies = await p.peer.client.requestAdvanced([
            { jsonrpc: '2.0', method: 'query-name', id: 'b1' },
            { jsonrpc: '2.0', method: 'no-such-command', id: 'b2' },
            { jsonrpc: '2.0', method: 'query-status', id: 'b3' } ]);
        assert.deepStrictEqual(replies.map((r) => r.id), ['b1', 'b2', 'b3']);
        assert.strictEqual(replies[1].error.code, -32601);
        assert.strictEqual(replies[2].result.status, 'prelaunch');
    },
    'notifications have no reply but an effect': async (p) => {
        p.peer.notify('object-add', { 'qom-type': 'memory-backend-ram', id: 'm', size: 4096 });
        p.peer.notify('no-such-command');
        assert.deepStrictEqual(await p.peer.request('object-del', { id: 'm' }), {});
        assert.deepStrictEqual(p.errors, []);
    },
    'no JSON is -32700, no request is -32600': async (p) => {
        p.write('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]');
        p.write('[]');
        p.write('{"jsonrpc": "2.0", "method": 1, "params": "bar"}');
        await p.peer.request('query-name');
        assert.deepStrictEqual(p.errors.map((e) => e.code), [-32700, -32600, -32600]);
    },
    'events are notifications': async (p) => {
        p.listen('SHUTDOWN');
        assert.deepStrictEqual(await p.peer.request('quit'), {});
        assert.strictEqual(p.events.length, 1);
        const [name, params] = p.events[0];
        assert.strictEqual(name, 'SHUTDOWN');
        assert.strictEqual(params.data.reason, 'host-qmp-quit');
        assert.ok(Number.isInteger(params.timestamp.seconds));
    },
};

run('--jsonrpc-socket', async (path) => new Peer(await connect(path)), tests);
