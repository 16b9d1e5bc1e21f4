/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The AML encoder of hw/acpi/aml.h (ACPI 6.4, chapter 20).  A body is preceded
 * by its length of one to four bytes, which is inserted when the body ends.
 */
#include "config.h"
#include "hw/acpi/aml.h"

#include <string.h>

#include "qmp/bytes.h"

enum {
    ZERO_OP = 0x00,
    ONE_OP = 0x01,
    NAME_OP = 0x08,
    BYTE_PREFIX = 0x0a,
    WORD_PREFIX = 0x0b,
    DWORD_PREFIX = 0x0c,
    STRING_PREFIX = 0x0d,
    QWORD_PREFIX = 0x0e,
    SCOPE_OP = 0x10,
    BUFFER_OP = 0x11,
    PACKAGE_OP = 0x12,
    METHOD_OP = 0x14,
    DUAL_NAME_PREFIX = 0x2e,
    MULTI_NAME_PREFIX = 0x2f,
    EXT_PREFIX = 0x5b,
    LOCAL_OP = 0x60,
    ARG_OP = 0x68,
    IF_OP = 0xa0,
    WHILE_OP = 0xa2,

    /* After EXT_PREFIX. */
    MUTEX_OP = 0x01,
    ACQUIRE_OP = 0x23,
    RELEASE_OP = 0x27,
    REGION_OP = 0x80,
    FIELD_OP = 0x81,
    DEVICE_OP = 0x82,

    METHOD_SERIALIZED = 1 << 3,
    FIELD_UPDATE_SHIFT = 5,
    FOREVER = 0xffff,
    SEGMENT = 4,                /* characters of a name */
    UUID_LENGTH = 16,
};

typedef struct {
    guint start;                /* of the body in out */
    bool buffer;                /* a size follows its length */
} Body;

struct Aml {
    GByteArray *out;
    GArray *bodies;             /* of Body: the open ones */
};

Aml *aml_new(GByteArray *out)
{
    Aml *aml = g_new0(Aml, 1);

    aml->out = out;
    aml->bodies = g_array_new(false, false, sizeof(Body));
    return aml;
}

void aml_free(Aml *aml)
{
    if (aml->bodies->len) {
        g_critical("AML with %u bodies that were not ended", aml->bodies->len);
    }
    g_array_unref(aml->bodies);
    g_free(aml);
}

void aml_raw(Aml *aml, guint64 value, guint size)
{
    append_le(aml->out, value, size);
}

/* ---- Integers ---- */

static void append_int(GByteArray *out, guint64 value)
{
    static const struct { guint64 max; guint8 prefix, size; } kinds[] = {
        { G_MAXUINT8, BYTE_PREFIX, 1 },
        { G_MAXUINT16, WORD_PREFIX, 2 },
        { G_MAXUINT32, DWORD_PREFIX, 4 },
        { G_MAXUINT64, QWORD_PREFIX, 8 },
    };
    guint i = 0;

    if (value <= 1) {
        append_le(out, value ? ONE_OP : ZERO_OP, 1);
        return;
    }
    while (value > kinds[i].max) {
        i++;
    }
    append_le(out, kinds[i].prefix, 1);
    append_le(out, value, kinds[i].size);
}

void aml_int(Aml *aml, guint64 value)
{
    append_int(aml->out, value);
}

/* ---- Bodies ---- */

/* PkgLength: six bits, or four bits and up to three more bytes. */
static guint encode_length(guint32 value, guint8 ret_bytes[4], bool with_itself)
{
    guint more = 0;

    if (value + with_itself >= 1 << 6) {
        more = 1;
        while (value + (with_itself ? more + 1 : 0) >= G_GUINT64_CONSTANT(1) << (4 + 8 * more)) {
            more++;
        }
    }
    value += with_itself ? more + 1 : 0;
    ret_bytes[0] = more ? more << 6 | (value & 0x0f) : value;
    for (guint i = 1; i <= more; i++) {
        ret_bytes[i] = value >> (4 + 8 * (i - 1));
    }
    return more + 1;
}

static void insert(GByteArray *out, guint at, const guint8 *data, guint length)
{
    guint tail = out->len - at;

    g_byte_array_set_size(out, out->len + length);
    memmove(out->data + at + length, out->data + at, tail);
    memcpy(out->data + at, data, length);
}

static void begin(Aml *aml, bool buffer)
{
    const Body body = { .start = aml->out->len, .buffer = buffer };

    g_array_append_val(aml->bodies, body);
}

void aml_end(Aml *aml)
{
    Body body;
    guint8 length[4];

    g_return_if_fail(aml->bodies->len);
    body = g_array_index(aml->bodies, Body, aml->bodies->len - 1);
    g_array_set_size(aml->bodies, aml->bodies->len - 1);
    if (body.buffer) {
        g_autoptr(GByteArray) size = g_byte_array_new();

        aml_raw(aml, 0x79, 1);          /* end tag of the resources; no checksum */
        aml_raw(aml, 0, 1);
        append_int(size, aml->out->len - body.start);
        insert(aml->out, body.start, size->data, size->len);
    }
    insert(aml->out, body.start, length,
           encode_length(aml->out->len - body.start, length, true));
}

/* ---- Names ---- */

static void append_segment(GByteArray *out, const char *name, guint length)
{
    guint8 segment[SEGMENT];

    memset(segment, '_', SEGMENT);
    memcpy(segment, name, MIN(length, SEGMENT));
    g_byte_array_append(out, segment, SEGMENT);
}

void aml_path(Aml *aml, const char *path)
{
    g_auto(GStrv) names = NULL;
    guint n;

    while (*path == '\\' || *path == '^') {
        aml_raw(aml, (guint8)*path++, 1);
    }
    names = g_strsplit(path, ".", -1);
    n = g_strv_length(names);
    if (n == 0) {
        aml_raw(aml, ZERO_OP, 1);
    } else if (n == 2) {
        aml_raw(aml, DUAL_NAME_PREFIX, 1);
    } else if (n > 2) {
        aml_raw(aml, MULTI_NAME_PREFIX, 1);
        aml_raw(aml, n, 1);
    }
    for (guint i = 0; i < n; i++) {
        append_segment(aml->out, names[i], strlen(names[i]));
    }
}

void aml_name(Aml *aml, const char *name)
{
    aml_raw(aml, NAME_OP, 1);
    aml_path(aml, name);
}

void aml_name_int(Aml *aml, const char *name, guint64 value)
{
    aml_name(aml, name);
    aml_int(aml, value);
}

void aml_name_string(Aml *aml, const char *name, const char *text)
{
    aml_name(aml, name);
    aml_string(aml, text);
}

/* Three letters of five bits and four hexadecimal digits, big endian. */
static void append_eisaid(Aml *aml, const char *id)
{
    guint32 value = 0;

    for (guint i = 0; i < 3; i++) {
        value = value << 5 | ((guint8)id[i] & 0x1f);
    }
    for (guint i = 3; i < 7; i++) {
        value = value << 4 | g_ascii_xdigit_value(id[i]);
    }
    aml_raw(aml, DWORD_PREFIX, 1);
    aml_raw(aml, GUINT32_SWAP_LE_BE(value), 4);
}

void aml_name_eisaid(Aml *aml, const char *name, const char *id)
{
    aml_name(aml, name);
    append_eisaid(aml, id);
}

/* ---- What has a body ---- */

static void ext(Aml *aml, guint8 op)
{
    aml_raw(aml, EXT_PREFIX, 1);
    aml_raw(aml, op, 1);
}

void aml_scope(Aml *aml, const char *path)
{
    aml_raw(aml, SCOPE_OP, 1);
    begin(aml, false);
    aml_path(aml, path);
}

void aml_device(Aml *aml, const char *name)
{
    ext(aml, DEVICE_OP);
    begin(aml, false);
    aml_path(aml, name);
}

void aml_method(Aml *aml, const char *name, guint n_args, bool serialized)
{
    aml_raw(aml, METHOD_OP, 1);
    begin(aml, false);
    aml_path(aml, name);
    aml_raw(aml, n_args | (serialized ? METHOD_SERIALIZED : 0), 1);
}

void aml_if(Aml *aml)
{
    aml_raw(aml, IF_OP, 1);
    begin(aml, false);
}

void aml_while(Aml *aml)
{
    aml_raw(aml, WHILE_OP, 1);
    begin(aml, false);
}

void aml_package(Aml *aml, guint n_elements)
{
    aml_raw(aml, PACKAGE_OP, 1);
    begin(aml, false);
    aml_raw(aml, n_elements, 1);
}

void aml_resources(Aml *aml)
{
    aml_raw(aml, BUFFER_OP, 1);
    begin(aml, true);
}

void aml_field(Aml *aml, const char *region, AmlAccess access, AmlUpdate update)
{
    ext(aml, FIELD_OP);
    begin(aml, false);
    aml_path(aml, region);
    aml_raw(aml, access | update << FIELD_UPDATE_SHIFT, 1);
}

void aml_field_unit(Aml *aml, const char *name, guint bits)
{
    guint8 length[4];
    guint n = encode_length(bits, length, false);

    aml_path(aml, name);
    g_byte_array_append(aml->out, length, n);
}

void aml_field_gap(Aml *aml, guint bits)
{
    guint8 length[4];
    guint n = encode_length(bits, length, false);

    aml_raw(aml, 0, 1);
    g_byte_array_append(aml->out, length, n);
}

/* ---- Terms that are complete ---- */

void aml_region(Aml *aml, const char *name, AmlSpace space, guint32 offset, guint32 length)
{
    ext(aml, REGION_OP);
    aml_path(aml, name);
    aml_raw(aml, space, 1);
    aml_int(aml, offset);
    aml_int(aml, length);
}

void aml_mutex(Aml *aml, const char *name)
{
    ext(aml, MUTEX_OP);
    aml_path(aml, name);
    aml_raw(aml, 0, 1);         /* level of synchronization */
}

void aml_acquire(Aml *aml, const char *mutex)
{
    ext(aml, ACQUIRE_OP);
    aml_path(aml, mutex);
    aml_raw(aml, FOREVER, 2);
}

void aml_release(Aml *aml, const char *mutex)
{
    ext(aml, RELEASE_OP);
    aml_path(aml, mutex);
}

void aml_string(Aml *aml, const char *text)
{
    aml_raw(aml, STRING_PREFIX, 1);
    g_byte_array_append(aml->out, (const guint8 *)text, strlen(text) + 1);
}

void aml_buffer(Aml *aml, const guint8 *data, guint length)
{
    aml_raw(aml, BUFFER_OP, 1);
    begin(aml, false);
    aml_int(aml, length);
    g_byte_array_append(aml->out, data, length);
    aml_end(aml);
}

/* The first three groups of a UUID are little endian. */
void aml_uuid(Aml *aml, const char *uuid)
{
    static const guint8 order[UUID_LENGTH] = {
        6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34,
    };
    guint8 bytes[UUID_LENGTH];

    for (guint i = 0; i < UUID_LENGTH; i++) {
        const char *digits = uuid + order[i];

        bytes[i] = g_ascii_xdigit_value(digits[0]) << 4 | g_ascii_xdigit_value(digits[1]);
    }
    aml_buffer(aml, bytes, UUID_LENGTH);
}

void aml_local(Aml *aml, guint n)
{
    aml_raw(aml, LOCAL_OP + n, 1);
}

void aml_arg(Aml *aml, guint n)
{
    aml_raw(aml, ARG_OP + n, 1);
}

void aml_op(Aml *aml, AmlOp op)
{
    aml_raw(aml, op, 1);
}

void aml_no_target(Aml *aml)
{
    aml_raw(aml, ZERO_OP, 1);
}
