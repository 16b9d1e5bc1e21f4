/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `secret`, see secret.h.
 */
#include "config.h"
#include "hw/backends/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "hw/aio/fdset.h"
#include "hw/backends/secret-cipher.h"
#include "qmp/error.h"
#include "qom/qapi-objects-secret.h"

enum { FILE_MAX = 65536 };

struct Secret {
    Object object;
    GByteArray *bytes;          /* from prepare to release */
};

const GByteArray *secret_bytes(const Secret *secret)
{
    return secret->bytes;
}

/* Memory that had the secret is overwritten before it is freed. */
static void forget(GByteArray *bytes)
{
    explicit_bzero(bytes->data, bytes->len);
    g_byte_array_unref(bytes);
}

/* Reads all of a file that is short enough; returns an errno. */
static int read_file(int fd, GByteArray *bytes)
{
    gsize n = 0;
    ssize_t got;

    g_byte_array_set_size(bytes, FILE_MAX + 1);
    while ((got = read(fd, bytes->data + n, bytes->len - n)) != 0) {
        if (got < 0 && errno != EINTR) {
            return errno;
        }
        n += MAX(got, 0);
        if (n > FILE_MAX) {
            return EFBIG;
        }
    }
    g_byte_array_set_size(bytes, n);
    return 0;
}

static bool load(const SecretProps *props, GByteArray *bytes, GError **error)
{
    int fd, problem;

    if (props->data) {
        g_byte_array_append(bytes, (const guint8 *)props->data, strlen(props->data));
        return true;
    }
    fd = fdset_open(props->file, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
    problem = fd < 0 ? errno : read_file(fd, bytes);
    if (fd >= 0) {
        close(fd);
    }
    if (problem) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, problem,
                            "cannot read the secret in '%s'", props->file);
        return qmp_error_blame(error, "file");
    }
    return true;
}

/* Whether text is base64, in whole groups of four, with white space anywhere. */
static bool is_base64(const char *text, gsize size)
{
    guint n = 0, padding = 0;

    for (gsize i = 0; i < size; i++) {
        char c = text[i];

        if (g_ascii_isspace(c)) {
            continue;
        }
        if (c == '=' ? ++padding > 2 : padding || !(g_ascii_isalnum(c) || c == '+' || c == '/')) {
            return false;
        }
        n++;
    }
    return n % 4 == 0;
}

static bool decode(GByteArray *bytes, const char *where, GError **error)
{
    gsize size;

    g_byte_array_append(bytes, (const guint8 *)"", 1);
    if (!is_base64((const char *)bytes->data, bytes->len - 1)) {
        qmp_error_set_at(error, where, ERROR_REASON_INVALID_VALUE, "the secret is not base64");
        return false;
    }
    /* An empty text decodes to nothing, which GLib's function calls an error. */
    size = bytes->len;
    if (size > 1) {
        g_base64_decode_inplace((char *)bytes->data, &size);
    } else {
        size = 0;
    }
    explicit_bzero(bytes->data + size, bytes->len - size);
    g_byte_array_set_size(bytes, size);
    return true;
}

static bool refuse(GError **error, const char *where, const char *why)
{
    qmp_error_set_at(error, where, ERROR_REASON_INVALID_VALUE, "%s", why);
    return false;
}

/* The 16 bytes of `iv`. */
static bool read_iv(const SecretProps *props, guint8 ret_iv[SECRET_BLOCK_SIZE], GError **error)
{
    g_autofree guint8 *bytes = NULL;
    gsize size = 0;

    if (*props->iv && is_base64(props->iv, strlen(props->iv))) {
        bytes = g_base64_decode(props->iv, &size);
    }
    if (size != SECRET_BLOCK_SIZE) {
        return refuse(error, "iv", "the initialization vector is not 16 bytes in base64");
    }
    memcpy(ret_iv, bytes, SECRET_BLOCK_SIZE);
    return true;
}

static bool check_properties(const SecretProps *props, GError **error)
{
    if (!props->data == !props->file) {
        qmp_error_set_at(error, "data", ERROR_REASON_PROPERTY_MISSING,
                         "exactly one of 'data' and 'file' must be given");
        return false;
    }
    if (!props->keyid.target) {
        return !props->iv || refuse(error, "iv", "'iv' is for an encrypted secret, with 'keyid'");
    }
    if (!props->iv) {
        qmp_error_set_at(error, "iv", ERROR_REASON_PROPERTY_MISSING, "'keyid' needs an 'iv'");
        return false;
    }
    return props->format == Q_CRYPTO_SECRET_FORMAT_BASE64 ||
           refuse(error, "format", "an encrypted secret is written in base64");
}

static bool decrypt(const SecretProps *props, GByteArray *bytes, GError **error)
{
    const GByteArray *key = secret_bytes(to_secret(props->keyid.target));
    guint8 iv[SECRET_BLOCK_SIZE];

    if (key->len != SECRET_KEY_SIZE) {
        return refuse(error, "keyid", "the key has not 32 bytes");
    }
    return read_iv(props, iv, error) && (secret_decrypt(bytes, key->data, iv, error) ||
                                         qmp_error_blame(error, props->data ? "data" : "file"));
}

static bool secret_prepare(Object *obj, GError **error)
{
    Secret *s = to_secret(obj);
    const SecretProps *props = secret_props(s);
    GByteArray *bytes;

    if (!check_properties(props, error)) {
        return false;
    }
    bytes = g_byte_array_sized_new(FILE_MAX + 2);
    if (!load(props, bytes, error) ||
        (props->format == Q_CRYPTO_SECRET_FORMAT_BASE64 &&
         !decode(bytes, props->data ? "data" : "file", error)) ||
        (props->keyid.target && !decrypt(props, bytes, error))) {
        forget(bytes);
        return false;
    }
    s->bytes = bytes;
    return true;
}

static void secret_release(Object *obj)
{
    g_clear_pointer(&to_secret(obj)->bytes, forget);
}

const TypeInfo secret_type = {
    .schema = &qmp_class_secret,
    .size = sizeof(Secret),
    .object = &(const ObjectOps){
        .prepare = secret_prepare,
        .release = secret_release,
    },
};
