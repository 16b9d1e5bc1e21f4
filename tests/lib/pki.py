# SPDX-License-Identifier: GPL-2.0-or-later
"""A certificate authority in a folder, by the program openssl: files as tls-creds-x509 wants them,
and certificates for clients."""
import os
import subprocess

CONFIG = '''[ca]
default_ca = authority
[authority]
database = %(folder)s/index
certificate = %(folder)s/ca-cert.pem
private_key = %(folder)s/ca-key.pem
default_md = sha256
default_crl_days = 2
'''


def openssl(*words):
    subprocess.run(['openssl', *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                   check=True)


class Authority:
    def __init__(self, folder, password=None):
        self.folder = folder
        os.makedirs(folder)
        self.key_pair('ca', '-x509', '-out', self.path('ca-cert.pem'), '-days', '2')
        self.issue('server', password)
        with open(self.path('index'), 'w', encoding='ascii'):
            pass
        with open(self.path('config'), 'w', encoding='ascii') as f:
            f.write(CONFIG % {'folder': folder})

    def path(self, name):
        return os.path.join(self.folder, name)

    def key_pair(self, name, *more, password=None):
        lock = ['-passout', 'pass:' + password] if password else ['-nodes']
        openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-subj',
                '/O=vmd/CN=' + name, '-keyout', self.path(name + '-key.pem'), *lock, *more)

    def issue(self, name, password=None):
        """Files NAME-cert.pem and NAME-key.pem; their paths."""
        self.key_pair(name, '-out', self.path('request'), password=password)
        openssl('x509', '-req', '-in', self.path('request'), '-CA', self.path('ca-cert.pem'),
                '-CAkey', self.path('ca-key.pem'), '-CAcreateserial', '-days', '2', '-out',
                self.path(name + '-cert.pem'))
        return self.path(name + '-cert.pem'), self.path(name + '-key.pem')

    def revoke(self, name):
        """Makes ca-crl.pem, with that certificate in it."""
        openssl('ca', '-config', self.path('config'), '-revoke', self.path(name + '-cert.pem'))
        openssl('ca', '-config', self.path('config'), '-gencrl', '-out', self.path('ca-crl.pem'))
