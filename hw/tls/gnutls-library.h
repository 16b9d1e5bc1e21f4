/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GnuTLS, which is loaded with the first credentials or encrypted secret (qmp/library.h).
 */
#ifndef HW_TLS_GNUTLS_LIBRARY_H
#define HW_TLS_GNUTLS_LIBRARY_H

#include <glib.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>

/* Any thread; it reads files.  Fails with not-supported. */
bool gnutls_library_load(GError **error);

#endif
