/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Typed values in a stream of bytes: the length of their JSON text, then the text.  It
 * contains the names of members and enum values, so that a later schema can read what an
 * earlier one wrote, and the decoder checks it against the rows as it does for a client.
 * An absent value (only one behind a pointer can be absent) has no text.
 */
#include "config.h"

#include <event2/buffer.h>
#include <string.h>

#include "qmp/error.h"
#include "qmp/json.h"
#include "qmp/storage.h"

/* Storage of these kinds begins with a pointer, which is NULL if the value is absent. */
static bool can_be_absent(const QmpType *type)
{
    return qmp_is_boxed(type) || type->kind == QMP_KIND_STR || type->kind == QMP_KIND_LINK ||
           type->kind == QMP_KIND_ANY;
}

void qmp_stream_save(const QmpType *type, const void *storage, GByteArray *out)
{
    struct evbuffer *text = evbuffer_new();
    guint32 length, prefix;
    guint at = out->len;

    if (!can_be_absent(type) || *(void *const *)storage) {
        qmp_encode_json(type, storage, text);
    }
    length = evbuffer_get_length(text);
    prefix = GUINT32_TO_LE(length);
    g_byte_array_append(out, (const guint8 *)&prefix, sizeof(prefix));
    g_byte_array_set_size(out, at + sizeof(prefix) + length);
    evbuffer_remove(text, out->data + at + sizeof(prefix), length);
    evbuffer_free(text);
}

gsize qmp_stream_load(const QmpType *type, void *storage, const guint8 *data, gsize length,
                      GError **error)
{
    const QmpInput input = { .ops = &qmp_json_input, .allow_internal = true };
    guint32 size = 0;
    json_t *json;
    bool ok;

    if (length >= sizeof(size)) {
        memcpy(&size, data, sizeof(size));
        size = GUINT32_FROM_LE(size);
    }
    if (length < sizeof(size) || size > length - sizeof(size)) {
        qmp_error_set(error, ERROR_REASON_SYNTAX, "the stream ends within a value");
        return 0;
    }
    if (!size && can_be_absent(type)) {
        return sizeof(size);
    }
    json = qmp_json_parse((const char *)data + sizeof(size), size, error);
    ok = json && qmp_decode(&input, type, json, storage, error);
    json_decref(json);
    return ok ? sizeof(size) + size : 0;
}
