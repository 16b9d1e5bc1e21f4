/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State rows: reset, save and load by one table.  What a row means is in
 * qom/state.h; which rows a device has, over all its classes, in device.c.
 */
#include "config.h"
#include "qom/state.h"

#include <math.h>
#include <string.h>

#include "qmp/visit.h"

/* Bytes of one element, in memory and in the stream alike; not of a typed value. */
static gsize element_size(StateKind kind)
{
    switch (kind) {
    case STATE_I16:
    case STATE_U16:
        return 2;
    case STATE_I32:
    case STATE_U32:
        return 4;
    case STATE_I64:
    case STATE_U64:
    case STATE_NUMBER:
        return 8;
    case STATE_BOOL:
    case STATE_I8:
    case STATE_U8:
    case STATE_BYTES:
    case STATE_BLOB:
        return 1;
    case STATE_TYPED:
    case STATE_END:
        break;
    }
    return 0;
}

/* Where a row's elements are, and how many. */
static guint8 *row_field(const StateRow *row, const void *device)
{
    guint8 *field = (guint8 *)device + row->offset;

    return row->kind == STATE_BLOB ? *(guint8 *const *)field : field;
}

static guint32 row_count(const StateRow *row, const void *device)
{
    return row->kind == STATE_BLOB ? *(const guint32 *)((const guint8 *)device + row->count)
                                   : row->count;
}

/* sizeof(bool) is one byte in every ABI that vmd is built for. */
G_STATIC_ASSERT(sizeof(bool) == 1);

/* A number's bits are stored and fetched. */
static void store(StateKind kind, void *where, guint64 value)
{
    switch (kind) {
    case STATE_BOOL:
        *(bool *)where = value != 0;
        break;
    case STATE_I8:
    case STATE_U8:
    case STATE_BYTES:
    case STATE_BLOB:
        *(guint8 *)where = value;
        break;
    case STATE_I16:
    case STATE_U16:
        *(guint16 *)where = value;
        break;
    case STATE_I32:
    case STATE_U32:
        *(guint32 *)where = value;
        break;
    case STATE_I64:
    case STATE_U64:
    case STATE_NUMBER:
        *(guint64 *)where = value;
        break;
    case STATE_TYPED:
    case STATE_END:
        break;
    }
}

static guint64 fetch(StateKind kind, const void *where)
{
    switch (kind) {
    case STATE_BOOL:
        return *(const bool *)where;
    case STATE_I8:
    case STATE_U8:
    case STATE_BYTES:
    case STATE_BLOB:
        return *(const guint8 *)where;
    case STATE_I16:
    case STATE_U16:
        return *(const guint16 *)where;
    case STATE_I32:
    case STATE_U32:
        return *(const guint32 *)where;
    case STATE_I64:
    case STATE_U64:
    case STATE_NUMBER:
        return *(const guint64 *)where;
    case STATE_TYPED:
    case STATE_END:
        break;
    }
    return 0;
}

/* A number's reset value is written in the table as any other. */
static guint64 reset_value(const StateRow *row)
{
    double number = row->reset;
    guint64 bits;

    if (row->kind != STATE_NUMBER) {
        return row->reset;
    }
    memcpy(&bits, &number, sizeof(bits));
    return bits;
}

void state_reset(const StateRow *rows, void *device)
{
    for (const StateRow *row = rows; row && row->kind != STATE_END; row++) {
        guint8 *field = row_field(row, device);
        gsize size = element_size(row->kind);

        if (row->flags & STATE_KEEP) {
            continue;
        }
        if (row->kind == STATE_TYPED) {
            qmp_clear(row->type, field);
            continue;
        }
        for (guint32 i = 0; i < row_count(row, device); i++) {
            store(row->kind, field + i * size, reset_value(row));
        }
    }
}

void state_save(const StateRow *rows, const void *device, GByteArray *out)
{
    for (const StateRow *row = rows; row && row->kind != STATE_END; row++) {
        const guint8 *field = row_field(row, device);
        gsize size = element_size(row->kind);

        if (row->kind == STATE_TYPED) {
            qmp_stream_save(row->type, field, out);
            continue;
        }
        for (guint32 i = 0; i < row_count(row, device); i++) {
            guint64 value = GUINT64_TO_LE(fetch(row->kind, field + i * size));

            g_byte_array_append(out, (const guint8 *)&value, size);
        }
    }
}

/* ---- Loading ---- */

/* Storage of a value that is not part of a device. */
typedef union {
    void *pointer;
    guint64 scalar;
    QmpLink link;
    QmpList list;
} Scratch;

static gssize check_typed(const StateRow *row, const guint8 *data, gsize length)
{
    Scratch scratch = { .link = { NULL, NULL } };
    gsize used = qmp_stream_load(row->type, &scratch, data, length, NULL);

    qmp_clear(row->type, &scratch);
    return used ? (gssize)used : -1;
}

static guint64 element_of(const guint8 *data, gsize size)
{
    guint64 value = 0;

    memcpy(&value, data, size);
    return GUINT64_FROM_LE(value);
}

/* A bool of another value would be neither true nor false to the compiler, and what
 * is no number makes none of what it is added to. */
static bool element_valid(StateKind kind, guint64 value)
{
    double number;

    memcpy(&number, &value, sizeof(number));
    return kind == STATE_BOOL ? value <= 1 : kind != STATE_NUMBER || isfinite(number);
}

/* Bytes of the row, or -1. */
static gssize check_row(const StateRow *row, const void *device, const guint8 *data, gsize length)
{
    gsize size = element_size(row->kind), count = row_count(row, device);

    if (row->kind == STATE_TYPED) {
        return check_typed(row, data, length);
    }
    if (size * count > length) {
        return -1;
    }
    for (gsize i = 0; i < count; i++) {
        if (!element_valid(row->kind, element_of(data + i * size, size))) {
            return -1;
        }
    }
    return size * count;
}

gssize state_check(const StateRow *rows, const void *device, const guint8 *data, gsize length)
{
    gsize used = 0;

    for (const StateRow *row = rows; row && row->kind != STATE_END; row++) {
        gssize size = check_row(row, device, data + used, length - used);

        if (size < 0) {
            return -1;
        }
        used += size;
    }
    return used;
}

static void load_typed(const StateRow *row, void *field, const guint8 **data, gsize length)
{
    qmp_clear(row->type, field);
    *data += qmp_stream_load(row->type, field, *data, length, NULL);
}

bool state_load(const StateRow *rows, void *device, const guint8 *data, gsize length)
{
    const guint8 *end = data + length;

    if (state_check(rows, device, data, length) != (gssize)length) {
        return false;
    }
    for (const StateRow *row = rows; row && row->kind != STATE_END; row++) {
        guint8 *field = row_field(row, device);
        gsize size = element_size(row->kind);

        if (row->kind == STATE_TYPED) {
            load_typed(row, field, &data, end - data);
            continue;
        }
        for (guint32 i = 0; i < row_count(row, device); i++) {
            store(row->kind, field + i * size, element_of(data, size));
            data += size;
        }
    }
    return true;
}
