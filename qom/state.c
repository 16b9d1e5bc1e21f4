/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State rows: where a row's elements are, reset, and save.  Loading is in state-load.c;
 * what a row means is in qom/state.h; which rows a device has, over all its classes, in
 * device-state.c.
 */
#include "config.h"
#include "qom/state-field.h"

#include <string.h>

#include "qmp/visit.h"

/* ---- Elements ---- */

static const guint8 element_sizes[STATE_N_KINDS] = {
    [STATE_BOOL] = 1, [STATE_I8] = 1, [STATE_U8] = 1, [STATE_BYTES] = 1,
    [STATE_I16] = 2, [STATE_U16] = 2,
    [STATE_I32] = 4, [STATE_U32] = 4,
    [STATE_I64] = 8, [STATE_U64] = 8, [STATE_NUMBER] = 8, [STATE_TIMER] = 8,
};

/* sizeof(bool) is one byte in every ABI that vmd is built for. */
G_STATIC_ASSERT(sizeof(bool) == 1);

gsize state_element_size(StateKind kind)
{
    return element_sizes[kind];
}

void state_store(StateKind kind, void *where, guint64 value)
{
    switch (element_sizes[kind]) {
    case 1:
        *(guint8 *)where = value;
        break;
    case 2:
        *(guint16 *)where = value;
        break;
    case 4:
        *(guint32 *)where = value;
        break;
    case 8:
        *(guint64 *)where = value;
        break;
    }
}

static guint64 fetch(StateKind kind, const void *where)
{
    switch (element_sizes[kind]) {
    case 1:
        return *(const guint8 *)where;
    case 2:
        return *(const guint16 *)where;
    case 4:
        return *(const guint32 *)where;
    case 8:
        return *(const guint64 *)where;
    }
    return 0;
}

/* ---- Rows ---- */

static guint32 number_at(const void *device, guint32 offset)
{
    return *(const guint32 *)((const guint8 *)device + offset);
}

guint32 state_row_count(const StateRow *row, const void *device)
{
    return row->shape == STATE_FIXED ? row->count : number_at(device, row->number);
}

void *state_row_element(const StateRow *row, const void *device, guint32 i)
{
    guint8 *field = (guint8 *)device + row->offset;
    gsize stride = row->stride ? row->stride : element_sizes[row->kind];

    switch ((StateShape)row->shape) {
    case STATE_BLOB:
    case STATE_LIST:
        field = *(guint8 **)field;
        break;
    case STATE_POINTERS:
        return (*(void ***)field)[i];
    case STATE_QUEUE:
        i = (number_at(device, row->head) + i) % row->count;
        break;
    case STATE_FIXED:
    case STATE_SOME:
        break;
    }
    return field + i * stride;
}

bool state_row_varies(const StateRow *row)
{
    return row->shape == STATE_LIST || row->shape == STATE_SOME || row->shape == STATE_QUEUE;
}

gsize state_row_block(const StateRow *row, guint32 count)
{
    gsize size = element_sizes[row->kind];
    bool in_order = G_BYTE_ORDER == G_LITTLE_ENDIAN || size == 1;
    bool together = (row->shape == STATE_FIXED || row->shape == STATE_BLOB ||
                     row->shape == STATE_LIST || row->shape == STATE_SOME) &&
                    (!row->stride || row->stride == size);

    return row->kind != STATE_TIMER && in_order && together ? size * count : 0;
}

/* The reset value of a STATE_NUMBER is an integer in the table, as for the other kinds. */
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

/* ---- Reset ---- */

static void reset_element(const StateRow *row, void *where)
{
    switch ((StateKind)row->kind) {
    case STATE_TYPED:
        qmp_clear(row->type, where);
        break;
    case STATE_TIMER:
        row->timer->set(*(void **)where, G_MAXINT64);
        break;
    case STATE_GROUP:
        state_reset(row->rows, where);
        break;
    default:
        state_store(row->kind, where, reset_value(row));
        break;
    }
}

void state_reset_row(const StateRow *row, void *device)
{
    if (state_row_varies(row)) {
        *(guint32 *)((guint8 *)device + row->number) = 0;
        return;
    }
    for (guint32 i = 0; i < state_row_count(row, device); i++) {
        reset_element(row, state_row_element(row, device, i));
    }
}

void state_reset(const StateRow *rows, void *device)
{
    for (const StateRow *row = rows; row && row->kind != STATE_END; row++) {
        if (!(row->flags & STATE_KEEP)) {
            state_reset_row(row, device);
        }
    }
}

/* ---- Save ---- */

static void append_number(GByteArray *out, guint64 value, gsize size)
{
    value = GUINT64_TO_LE(value);
    g_byte_array_append(out, (const guint8 *)&value, size);
}

/* Stores the number of bytes that follow in the space reserved for it. */
static void close_length(GByteArray *out, guint at)
{
    guint32 length = GUINT32_TO_LE(out->len - at - sizeof(length));

    memcpy(out->data + at, &length, sizeof(length));
}

static void save_group(const StateRow *row, const void *where, GByteArray *out)
{
    guint at = out->len;

    append_number(out, 0, sizeof(guint32));
    state_save(row->rows, where, out);
    close_length(out, at);
}

static void save_element(const StateRow *row, const void *where, GByteArray *out)
{
    switch ((StateKind)row->kind) {
    case STATE_TYPED:
        qmp_stream_save(row->type, where, out);
        break;
    case STATE_TIMER:
        append_number(out, row->timer->get(*(void *const *)where), sizeof(gint64));
        break;
    case STATE_GROUP:
        save_group(row, where, out);
        break;
    default:
        append_number(out, fetch(row->kind, where), element_sizes[row->kind]);
        break;
    }
}

static void save_row(const StateRow *row, const void *device, GByteArray *out)
{
    guint32 count = state_row_count(row, device);
    gsize name_length = strlen(row->name), block = state_row_block(row, count);
    guint at;

    append_number(out, name_length, 1);
    g_byte_array_append(out, (const guint8 *)row->name, name_length);
    append_number(out, row->kind | (row->flags & STATE_ARRAYED ? STATE_FIELD_IS_LIST : 0), 1);
    append_number(out, count, sizeof(count));
    at = out->len;
    append_number(out, 0, sizeof(guint32));
    if (block) {
        g_byte_array_append(out, state_row_element(row, device, 0), block);
    }
    for (guint32 i = 0; !block && i < count; i++) {
        save_element(row, state_row_element(row, device, i), out);
    }
    close_length(out, at);
}

void state_save(const StateRow *rows, const void *device, GByteArray *out)
{
    for (const StateRow *row = rows; row && row->kind != STATE_END; row++) {
        save_row(row, device, out);
    }
}
