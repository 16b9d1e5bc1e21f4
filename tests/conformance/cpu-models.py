#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""CPU models and features are those of the distribution's QEMU, before its accelerator, or
ours, removes what it lacks."""
import os
import random
import re
import sys

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import vmdtest                                      # noqa: E402
from peer import Peer, need_peer                    # noqa: E402
from vmdtest import Daemon                          # noqa: E402

PAIRS = 1000
# `max` and `host` are what the accelerator is; they are not the same on any two.
OF_THE_HOST = {'max', 'host'}
# QEMU's CPU in software has no `vme`, and drops it before it expands a model; `hypervisor` is
# here a feature of the accelerator, and there is none in these tests.
OF_THE_ACCELERATOR = {'vme', 'hypervisor'}
# Not a feature of a model: QEMU lists it because it is kept when a machine migrates.
NO_FEATURE = {'lmce'}


def daemons(recorder):
    need_peer()
    return Peer('-machine', 'none', '-accel', 'tcg'), Daemon(recorder)


def expand(client, kind, name, **props):
    return client.call('query-cpu-model-expansion', type=kind,
                       model={'name': name, **({'props': props} if props else {})})['model']


def compared(props):
    """What a model itself says, but not what the accelerator adds."""
    return {k: v for k, v in props.items()
            if k not in OF_THE_ACCELERATOR | NO_FEATURE and not k.startswith('kvm')}


def differences(name, theirs, ours):
    return ['%s: %s is %r, not %r' % (name, key, ours.get(key), value)
            for key, value in theirs.items() if ours.get(key, '') != value]


def definitions(recorder):
    """The same models, versions and aliases"""
    peer, daemon = daemons(recorder)
    with peer, daemon:
        theirs, ours = ({m['name']: m for m in client.call('query-cpu-definitions')}
                        for client in (peer.client(), daemon.client()))
        own = {'x86-64-v2-AES', 'x86-64-v2-AES-v1'}
        assert set(theirs) | own == set(ours), set(theirs) ^ set(ours)
        for name, model in theirs.items():
            for key in ('typename', 'migration-safe', 'static', 'deprecated', 'alias-of'):
                assert model.get(key) == ours[name].get(key), (name, key, model, ours[name])


def figures(recorder):
    """Every model has QEMU's features and identity, in full and static expansions"""
    peer, daemon = daemons(recorder)
    with peer, daemon:
        theirs, ours = peer.client(), daemon.client()
        wrong = []
        names = [m['name'] for m in theirs.call('query-cpu-definitions')]
        for name in sorted(set(names) - OF_THE_HOST):
            known = compared(expand(theirs, 'static', name)['props'])
            for kind in ('static', 'full'):
                wrong += differences('%s %s' % (name, kind), known,
                                     expand(ours, kind, name)['props'])
            full = expand(theirs, 'full', name)['props']
            for key in ('legacy-cache', 'l3-cache', 'cpuid-0xb'):
                wrong += differences(name, {key: full[key]}, expand(ours, 'full', name)['props'])
        assert not wrong, '\n'.join(wrong)


def features_of(client):
    """Names of features, but for those of KVM, which QEMU has only there."""
    return sorted(k for k, v in compared(expand(client, 'static', 'base')['props']).items()
                  if isinstance(v, bool))


def combinations(recorder):
    """Models with random features on and off have what they have with QEMU"""
    peer, daemon = daemons(recorder)
    with peer, daemon:
        theirs, ours = peer.client(), daemon.client()
        features = features_of(theirs)
        # What others need is changed often.
        parents = ['vmx', 'svm', 'arch-capabilities', 'vmx-secondary-ctls', 'vmx-ept', 'vmx-vpid',
                   'vmx-vmfunc', 'xsaves', 'rdrand', 'rdtscp', 'lm', 'pdcm', 'core-capability',
                   'intel-pt', 'mpx', 'invpcid', 'rdseed']
        models = sorted({m['name'] for m in theirs.call('query-cpu-definitions')} - OF_THE_HOST)
        choice = random.Random(7)
        wrong = []
        for _ in range(PAIRS):
            name = choice.choice(models)
            named = choice.sample(features, 8) + choice.sample(parents, 4)
            props = {feature: choice.random() < 0.7 for feature in named}
            known = compared(expand(theirs, 'full', name, **props)['props'])
            found = expand(ours, 'full', name, **props)['props']
            wrong += differences('%s %s' % (name, props),
                                 {feature: known[feature] for feature in features}, found)
        assert not wrong, '\n'.join(wrong[:20])


def spellings(recorder):
    """QEMU's other names of features are ours, too"""
    peer, daemon = daemons(recorder)
    with peer, daemon:
        theirs, ours = peer.client(), daemon.client()
        features = set(features_of(theirs))
        base = expand(theirs, 'full', 'base')['props']
        others = [k for k, v in base.items() if v is False and k not in features and
                  re.fullmatch('[a-z0-9._-]+', k) and
                  not re.match('x-|hv-|kvm-|realized|start-powered-off', k)]
        found = 0
        for other in others:
            # On its own, a feature that needs another one is dropped.
            known = expand(theirs, 'full', 'base', **{other: True, 'svm': True})['props']
            names = [f for f in features - {'svm'} if known.get(f)]
            if names:
                found += 1
                props = expand(ours, 'full', 'base', **{other: True, 'svm': True})['props']
                assert [f for f in names if not props[f]] == [], (other, names)
        assert found >= 20, found


def places(recorder):
    """Each feature is the bit of CPUID, or of the MSR, that QEMU says it is"""
    need_peer()
    with Daemon(recorder) as daemon:
        properties = daemon.client().call('query-class', name='x86_64-cpu')['properties']
    ours = {p['name']: p.get('cpuid') or 'msr ' + p['msr'] for p in properties
            if ('cpuid' in p or 'msr' in p) and not p['name'].startswith(('kvm', 'hv-'))}
    checked = 0
    # QEMU warns of each feature that its CPU in software lacks, with its place.
    with Peer('-machine', 'pc', '-accel', 'tcg', '-S', '-cpu',
              'base,' + ','.join(n + '=on' for n in ours)) as peer:
        peer.client()
        peer.log.seek(0)
        warnings = peer.log.read().decode()
    for kind, number, register, name, bit in re.findall(
            r'requested feature: (CPUID|MSR)[.(]([0-9A-F]+)H\)?(?::(E.X))?\.(\S+) \[bit (\d+)\]',
            warnings):
        number, bit = int(number, 16), int(bit)
        if kind == 'CPUID':
            expected = r'%x(:\d+)?\.%s\[%d\]' % (number, register.lower(), bit)
        else:
            # The upper half of a control's MSR says what may be 1; QEMU numbers from there.
            high = number in (0x48b, 0x48d, 0x48e, 0x48f, 0x490)
            expected = r'msr (.*, )?%x\[%d\](, .*)?' % (number, bit + (32 if high else 0))
        assert re.fullmatch(expected, ours[name]), (name, expected, ours[name])
        checked += 1
    assert checked > 200, checked


if __name__ == '__main__':
    vmdtest.main([definitions, figures, combinations, spellings, places])
