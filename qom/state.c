/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State rows: reset, save and load by one table.  What a row means is in
 * qom/state.h; which rows a device has, over all its classes, in device.c.
 */
#include "config.h"
#include "qom/state.h"

#include <string.h>

/* Bytes of one element, in memory and in the stream alike. */
static gsize element_size(StateKind kind)
{
    switch (kind) {
    case STATE_U16:
        return 2;
    case STATE_U32:
        return 4;
    case STATE_U64:
        return 8;
    case STATE_BOOL:
    case STATE_U8:
    case STATE_BYTES:
    case STATE_BLOB:
        return 1;
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

static void store(StateKind kind, void *where, guint64 value)
{
    switch (kind) {
    case STATE_BOOL:
        *(bool *)where = value != 0;
        break;
    case STATE_U8:
    case STATE_BYTES:
    case STATE_BLOB:
        *(guint8 *)where = value;
        break;
    case STATE_U16:
        *(guint16 *)where = value;
        break;
    case STATE_U32:
        *(guint32 *)where = value;
        break;
    case STATE_U64:
        *(guint64 *)where = value;
        break;
    case STATE_END:
        break;
    }
}

static guint64 fetch(StateKind kind, const void *where)
{
    switch (kind) {
    case STATE_BOOL:
        return *(const bool *)where;
    case STATE_U8:
    case STATE_BYTES:
    case STATE_BLOB:
        return *(const guint8 *)where;
    case STATE_U16:
        return *(const guint16 *)where;
    case STATE_U32:
        return *(const guint32 *)where;
    case STATE_U64:
        return *(const guint64 *)where;
    case STATE_END:
        break;
    }
    return 0;
}

void state_reset(const StateRow *rows, void *device)
{
    for (const StateRow *row = rows; row && row->kind != STATE_END; row++) {
        guint8 *field = row_field(row, device);
        gsize size = element_size(row->kind);

        if (row->flags & STATE_KEEP) {
            continue;
        }
        for (guint32 i = 0; i < row_count(row, device); i++) {
            store(row->kind, field + i * size, row->reset);
        }
    }
}

gsize state_size(const StateRow *rows, const void *device)
{
    gsize total = 0;

    for (const StateRow *row = rows; row && row->kind != STATE_END; row++) {
        total += row_count(row, device) * element_size(row->kind);
    }
    return total;
}

void state_save(const StateRow *rows, const void *device, GByteArray *out)
{
    for (const StateRow *row = rows; row && row->kind != STATE_END; row++) {
        const guint8 *field = row_field(row, device);
        gsize size = element_size(row->kind);

        for (guint32 i = 0; i < row_count(row, device); i++) {
            guint64 value = GUINT64_TO_LE(fetch(row->kind, field + i * size));

            g_byte_array_append(out, (const guint8 *)&value, size);
        }
    }
}

/* All bools of the stream are 0 or 1: anything else would be a bool that is
 * neither true nor false to the compiler. */
static bool bools_are_valid(const StateRow *rows, const void *device, const guint8 *data)
{
    for (const StateRow *row = rows; row && row->kind != STATE_END; row++) {
        gsize size = row_count(row, device) * element_size(row->kind);

        for (gsize i = 0; row->kind == STATE_BOOL && i < size; i++) {
            if (data[i] > 1) {
                return false;
            }
        }
        data += size;
    }
    return true;
}

bool state_load(const StateRow *rows, void *device, const guint8 *data, gsize length)
{
    if (length != state_size(rows, device) || !bools_are_valid(rows, device, data)) {
        return false;
    }
    for (const StateRow *row = rows; row && row->kind != STATE_END; row++) {
        guint8 *field = row_field(row, device);
        gsize size = element_size(row->kind);

        for (guint32 i = 0; i < row_count(row, device); i++) {
            guint64 value = 0;

            memcpy(&value, data, size);
            store(row->kind, field + i * size, GUINT64_FROM_LE(value));
            data += size;
        }
    }
    return true;
}
