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

static bool secret_prepare(Object *obj, GError **error)
{
    Secret *s = to_secret(obj);
    const SecretProps *props = secret_props(s);
    GByteArray *bytes;

    if (!props->data == !props->file) {
        qmp_error_set_at(error, "data", ERROR_REASON_PROPERTY_MISSING,
                      "exactly one of 'data' and 'file' must be given");
        return false;
    }
    bytes = g_byte_array_sized_new(FILE_MAX + 2);
    if (!load(props, bytes, error) ||
        (props->format == Q_CRYPTO_SECRET_FORMAT_BASE64 &&
         !decode(bytes, props->data ? "data" : "file", error))) {
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
