/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secrets that are encrypted by another one, as libvirt sends them.
 */
#ifndef HW_BACKENDS_SECRET_CIPHER_H
#define HW_BACKENDS_SECRET_CIPHER_H

#include <glib.h>
#include <stdbool.h>

enum { SECRET_KEY_SIZE = 32, SECRET_BLOCK_SIZE = 16 };

/*
 * Decrypts bytes in place by AES-256-CBC, and removes their PKCS#7 padding.  key and iv have the
 * sizes above.  Loads GnuTLS, so not for the main loop.  Fails with invalid-value (no whole
 * blocks, wrong padding: usually another key) or not-supported.
 */
bool secret_decrypt(GByteArray *bytes, const guint8 *key, const guint8 *iv, GError **error);

#endif
