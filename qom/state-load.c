/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading of state rows.  The bytes are untrusted: all of them are checked against the
 * rows before any value is stored.
 */
#include "config.h"
#include "qom/state-field.h"

#include <math.h>
#include <string.h>

#include "qmp/error.h"
#include "qmp/text.h"
#include "qmp/visit.h"

/* ---- Fields ---- */

static bool cut_off(GError **error)
{
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "the state ends within a field");
    return false;
}

/* Consumes size bytes of *data; NULL if there are fewer. */
static const guint8 *take(const guint8 **data, gsize *length, gsize size)
{
    const guint8 *taken = *data;

    if (size > *length) {
        return NULL;
    }
    *data += size;
    *length -= size;
    return taken;
}

static bool take_number(const guint8 **data, gsize *length, gsize size, guint32 *ret)
{
    const guint8 *taken = take(data, length, size);
    guint32 value = 0;

    if (!taken) {
        return false;
    }
    memcpy(&value, taken, size);
    *ret = GUINT32_FROM_LE(value);
    return true;
}

/* Fails with the field's name and the reason. */
static bool refuse(const StateField *field, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static bool refuse(const StateField *field, GError **error, const char *format, ...)
{
    g_autofree char *name = g_strndup(field->name, field->name_length);
    g_autofree char *shown = qmp_text_clean(name), *why = NULL;
    va_list args;

    va_start(args, format);
    why = g_strdup_vprintf(format, args);
    va_end(args);
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "field '%s': %s", shown, why);
    return false;
}

/* Each element has at least one byte, so their number is bounded by the size of the data. */
static bool check_length(const StateField *field, GError **error)
{
    guint64 size = state_element_size(field->kind);

    if (size ? size * field->count != field->length
             : (guint64)field->count * sizeof(guint32) > field->length) {
        return refuse(field, error, "%u elements do not have %" G_GSIZE_FORMAT " bytes",
                      field->count, field->length);
    }
    return true;
}

bool state_field_next(const guint8 **data, gsize *length, StateField *ret, GError **error)
{
    guint32 name_length, kind, size;

    if (!take_number(data, length, 1, &name_length)) {
        return cut_off(error);
    }
    ret->name = (const char *)take(data, length, name_length);
    ret->name_length = name_length;
    if (!ret->name || !take_number(data, length, 1, &kind) ||
        !take_number(data, length, sizeof(guint32), &ret->count) ||
        !take_number(data, length, sizeof(guint32), &size)) {
        return cut_off(error);
    }
    ret->kind = kind & ~(guint32)STATE_FIELD_IS_LIST;
    ret->is_list = kind & STATE_FIELD_IS_LIST;
    ret->length = size;
    ret->data = take(data, length, size);
    if (!ret->data) {
        return cut_off(error);
    }
    if (ret->kind == STATE_END || ret->kind >= STATE_N_KINDS) {
        return refuse(ret, error, "there is no type of number %u", ret->kind);
    }
    return check_length(ret, error);
}

bool state_group_next(StateField *field, const guint8 **ret_data, gsize *ret_length,
                      GError **error)
{
    guint32 size;

    if (!take_number(&field->data, &field->length, sizeof(guint32), &size)) {
        return cut_off(error);
    }
    *ret_data = take(&field->data, &field->length, size);
    *ret_length = size;
    return *ret_data ? true : cut_off(error);
}

guint64 state_element(StateKind kind, const guint8 *data)
{
    guint64 value = 0;

    memcpy(&value, data, state_element_size(kind));
    return GUINT64_FROM_LE(value);
}

/* ---- Checking ---- */

/* Storage of a value that is not part of a device. */
typedef union {
    void *pointer;
    guint64 scalar;
    QmpLink link;
    QmpList list;
} Scratch;

static bool check_typed(const StateRow *row, const StateField *field, GError **error)
{
    Scratch scratch = { .link = { NULL, NULL } };
    g_autoptr(GError) why = NULL;
    gsize used = qmp_stream_load(row->type, &scratch, field->data, field->length, &why);

    qmp_clear(row->type, &scratch);
    if (used != field->length) {
        return refuse(field, error, "%s",
                      why ? why->message : "there are extra bytes after the value");
    }
    return true;
}

/* A bool with another value is undefined behaviour in C, and a NaN would spread to
 * every sum it enters. */
static bool element_valid(StateKind kind, guint64 value)
{
    double number;

    memcpy(&number, &value, sizeof(number));
    return kind == STATE_BOOL ? value <= 1 : kind != STATE_NUMBER || isfinite(number);
}

static bool check_scalars(const StateField *field, GError **error)
{
    gsize size = state_element_size(field->kind);
    bool any = field->kind != STATE_BOOL && field->kind != STATE_NUMBER;

    for (guint32 i = 0; !any && i < field->count; i++) {
        if (!element_valid(field->kind, state_element(field->kind, field->data + i * size))) {
            return refuse(field, error, "element %u is not a value of its type", i);
        }
    }
    return true;
}

/* A list's elements do not exist yet (device NULL): only rows of fixed size, or that
 * loading allocates, can be checked, so they have no others. */
static bool check_groups(const StateRow *row, const void *device, guint32 version,
                         const StateField *field, GError **error)
{
    StateField rest = *field;
    const guint8 *data;
    gsize length;

    for (guint32 i = 0; i < field->count; i++) {
        bool there = device && !state_row_varies(row);
        const void *element = there ? state_row_element(row, device, i) : NULL;
        g_autoptr(GError) why = NULL;

        if (!state_group_next(&rest, &data, &length, &why) ||
            !state_check(row->rows, element, version, data, length, &why)) {
            return refuse(field, error, "element %u: %s", i, why->message);
        }
    }
    return !rest.length || refuse(field, error, "there are extra bytes after the last element");
}

static bool check_count(const StateRow *row, const void *device, const StateField *field,
                        GError **error)
{
    bool varies = state_row_varies(row);
    guint32 count = varies ? row->count : state_row_count(row, device);

    if (varies ? field->count > count : field->count != count) {
        return refuse(field, error, "it has %u elements, where there are %s%u", field->count,
                      varies ? "at most " : "", count);
    }
    return true;
}

static bool check_field(const StateRow *row, const void *device, guint32 version,
                        const StateField *field, GError **error)
{
    if (field->kind != row->kind) {
        return refuse(field, error, "it has another type");
    }
    if (!check_count(row, device, field, error)) {
        return false;
    }
    if (row->kind == STATE_TYPED) {
        return check_typed(row, field, error);
    }
    if (row->kind == STATE_GROUP) {
        return check_groups(row, device, version, field, error);
    }
    return check_scalars(field, error);
}

/* ---- Which field is of which row ---- */

static guint count_rows(const StateRow *rows)
{
    guint n = 0;

    while (rows && rows[n].kind != STATE_END) {
        n++;
    }
    return n;
}

/* Fields are mostly in the rows' order, so the search begins after the last match. */
static guint find_row(const StateRow *rows, guint n, guint start, const StateField *field)
{
    for (guint i = 0; i < n; i++) {
        guint at = (start + i) % n;

        if (strlen(rows[at].name) == field->name_length &&
            memcmp(rows[at].name, field->name, field->name_length) == 0) {
            return at;
        }
    }
    return n;
}

/* The fields indexed as their rows, name NULL where there is none; NULL on failure. */
static StateField *sort_fields(const StateRow *rows, guint n, const guint8 *data, gsize length,
                               GError **error)
{
    g_autofree StateField *fields = g_new0(StateField, n + 1);
    guint at = 0;

    while (length) {
        StateField field;

        if (!state_field_next(&data, &length, &field, error)) {
            return NULL;
        }
        at = find_row(rows, n, at, &field);
        if (at == n) {
            refuse(&field, error, "this device has no such field");
            return NULL;
        }
        if (fields[at].name) {
            refuse(&field, error, "it occurs twice");
            return NULL;
        }
        fields[at++] = field;
    }
    return g_steal_pointer(&fields);
}

bool state_check(const StateRow *rows, const void *device, guint32 version, const guint8 *data,
                 gsize length, GError **error)
{
    guint n = count_rows(rows);
    g_autofree StateField *fields = sort_fields(rows, n, data, length, error);

    for (guint i = 0; fields && i < n; i++) {
        if (!fields[i].name && rows[i].since <= version) {
            qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "field '%s' is missing",
                          rows[i].name);
            return false;
        }
        if (fields[i].name && !check_field(&rows[i], device, version, &fields[i], error)) {
            return false;
        }
    }
    return fields != NULL;
}

/* ---- Taking what was checked ---- */

static void take_fields(const StateRow *rows, void *device, const guint8 *data, gsize length);

static void load_element(const StateRow *row, void *where, StateField *field)
{
    gsize size = state_element_size(row->kind);
    const guint8 *data;
    gsize length;

    switch ((StateKind)row->kind) {
    case STATE_TYPED:
        qmp_clear(row->type, where);
        qmp_stream_load(row->type, where, field->data, field->length, NULL);
        break;
    case STATE_TIMER:
        row->timer->set(*(void **)where, state_element(row->kind, field->data));
        break;
    case STATE_GROUP:
        if (state_group_next(field, &data, &length, NULL)) {
            take_fields(row->rows, where, data, length);
        }
        break;
    default:
        state_store(row->kind, where, state_element(row->kind, field->data));
        break;
    }
    field->data += size;
}

/* Room for so many elements. */
static void make_room(const StateRow *row, void *device, guint32 count)
{
    guint8 *base = device;
    gsize stride = row->stride ? row->stride : state_element_size(row->kind);

    *(guint32 *)(base + row->number) = count;
    if (row->shape == STATE_QUEUE) {
        *(guint32 *)(base + row->head) = 0;
    } else if (row->shape == STATE_LIST) {
        void **list = (void **)(base + row->offset);

        g_free(*list);
        *list = count ? g_malloc0_n(count, stride) : NULL;
    }
}

static void load_field(const StateRow *row, void *device, const StateField *field)
{
    StateField rest = *field;
    gsize block = state_row_block(row, field->count);

    if (state_row_varies(row)) {
        make_room(row, device, field->count);
    }
    if (block) {
        memcpy(state_row_element(row, device, 0), field->data, block);
    }
    for (guint32 i = 0; !block && i < field->count; i++) {
        load_element(row, state_row_element(row, device, i), &rest);
    }
}

static void take_fields(const StateRow *rows, void *device, const guint8 *data, gsize length)
{
    guint n = count_rows(rows);
    g_autofree StateField *fields = sort_fields(rows, n, data, length, NULL);

    for (guint i = 0; i < n; i++) {
        if (fields[i].name) {
            load_field(&rows[i], device, &fields[i]);
        } else {
            state_reset_row(&rows[i], device);
        }
    }
}

bool state_load(const StateRow *rows, void *device, guint32 version, const guint8 *data,
                gsize length, GError **error)
{
    if (!state_check(rows, device, version, data, length, error)) {
        return false;
    }
    take_fields(rows, device, data, length);
    return true;
}
