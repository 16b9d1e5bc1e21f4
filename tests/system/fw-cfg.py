#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The firmware configuration device as a guest sees it, and files of clients."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import build, console_text, run        # noqa: E402
from vmdtest import Daemon, on_one_accel                # noqa: E402

FW_CFG = '/machine/fw_cfg'


def text_of(client):
    run(client)
    return console_text(client)


def add_file(client, ident, name, **contents):
    client.call('object-add', **{'qom-type': 'fw-cfg-file', 'id': ident, 'name_': name,
                                 **contents})


@on_one_accel
def files_by_dma(recorder):
    """the guest reads files of the machine and of the client by DMA"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        path = daemon.path('contents')
        with open(path, 'w', encoding='utf-8') as f:
            f.write('from-a-file')
        add_file(client, 'early', 'opt/early', string='before-the-machine')
        build(client, append='fw_cfg=opt/early fw_cfg=opt/late fw_cfg=opt/none fw_cfg=etc/e820')
        add_file(client, 'late', 'opt/late', file=path)
        os.unlink(path)
        text = text_of(client)
        assert '\nfw_cfg: opt/early, 18 bytes by DMA: before-the-machine\r\n' in text, text
        assert '\nfw_cfg: opt/late, 11 bytes by DMA: from-a-file\r\n' in text, text
        assert '\nfw_cfg: no file opt/none\r\n' in text, text
        assert '\nfw_cfg: etc/e820, 80 bytes by DMA: ' in text, text


@on_one_accel
def files_by_data_port(recorder):
    """without DMA the guest reads the data port"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        add_file(client, 'f', 'opt/f', string='by-bytes')
        build(client, append='fw_cfg=opt/f', defaults=[
            {'driver': 'fw_cfg', 'property': 'dma_enabled', 'value': False},
            {'driver': 'fw_cfg_io', 'property': 'x-file-slots', 'value': 16}])
        assert client.call('qom-get', path=FW_CFG, property='dma_enabled') is False
        assert client.call('qom-get', path=FW_CFG, property='x-file-slots') == 16
        recorder.write('fw_cfg_io', 'dma_enabled')
        recorder.write('fw_cfg_io', 'x-file-slots')
        text = text_of(client)
        assert '\nfw_cfg: opt/f, 8 bytes by the data port: by-bytes\r\n' in text, text


@on_one_accel
def wrong_files(recorder):
    """errors in a client's file are reported when the machine starts at the latest"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for arguments, reason in (
                ({'name': 'n'}, 'property-missing'),
                ({'name': 'n', 'string': '', 'file': '/'}, 'invalid-value'),
                ({'name': 'n', 'file': '/'}, 'file-not-usable'),
                ({'name': 'n' * 56, 'string': ''}, 'out-of-range'),
                ({'string': ''}, 'property-missing')):
            error = client.error('object-add', {'qom-type': 'fw-cfg-file', 'id': 'x', **arguments})
            assert error['reason'] == reason, (arguments, error)
        build(client, append='fw_cfg=opt/a')
        add_file(client, 'a', 'opt/a', string='a')
        add_file(client, 'b', 'opt/a', string='b')
        assert client.error('cont')['reason'] == 'id-in-use'
        client.call('object-del', id='b')
        # The one that the board made.
        add_file(client, 'c', 'etc/e820', string='c')
        assert client.error('cont')['reason'] == 'id-in-use'
        client.call('object-del', id='c')
        text = text_of(client)
        assert '\nfw_cfg: opt/a, 1 bytes by DMA: a\r\n' in text, text
        error = client.error('object-add', {'qom-type': 'fw-cfg-file', 'id': 'd', 'name': 'opt/d',
                                            'string': ''})
        assert error['reason'] == 'wrong-state', error
        assert client.error('object-del', {'id': 'a'})['reason'] == 'in-use'


if __name__ == '__main__':
    sys.exit(vmdtest.main([files_by_dma, files_by_data_port, wrong_files]))
