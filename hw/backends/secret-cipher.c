/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decryption of secrets, see secret-cipher.h.
 */
#include "config.h"
#include "hw/backends/secret-cipher.h"

#include <string.h>

#include "hw/tls/gnutls-library.h"
#include "qmp/error.h"

/* RFC 5652, 6.3: each byte of the padding is its length, 1 to a block's size. */
static bool remove_padding(GByteArray *bytes)
{
    const guint n = bytes->data[bytes->len - 1];

    if (n < 1 || n > SECRET_BLOCK_SIZE) {
        return false;
    }
    for (guint i = 1; i <= n; i++) {
        if (bytes->data[bytes->len - i] != n) {
            return false;
        }
    }
    explicit_bzero(bytes->data + bytes->len - n, n);
    g_byte_array_set_size(bytes, bytes->len - n);
    return true;
}

static bool run_cipher(GByteArray *bytes, const guint8 *key, const guint8 *iv)
{
    const gnutls_datum_t k = { (guint8 *)key, SECRET_KEY_SIZE };
    const gnutls_datum_t v = { (guint8 *)iv, SECRET_BLOCK_SIZE };
    gnutls_cipher_hd_t cipher;
    bool ok;

    if (gnutls_cipher_init(&cipher, GNUTLS_CIPHER_AES_256_CBC, &k, &v) < 0) {
        return false;
    }
    ok = gnutls_cipher_decrypt(cipher, bytes->data, bytes->len) == 0;
    gnutls_cipher_deinit(cipher);
    return ok;
}

bool secret_decrypt(GByteArray *bytes, const guint8 *key, const guint8 *iv, GError **error)
{
    if (!bytes->len || bytes->len % SECRET_BLOCK_SIZE) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "the encrypted secret is not a number of blocks of %u bytes",
                      SECRET_BLOCK_SIZE);
        return false;
    }
    if (!gnutls_library_load(error)) {
        return false;
    }
    if (!run_cipher(bytes, key, iv)) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "this host's GnuTLS allows no AES-256");
        return false;
    }
    if (!remove_padding(bytes)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "the secret cannot be decrypted: the key or the iv is another one");
        return false;
    }
    return true;
}
