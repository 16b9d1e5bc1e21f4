/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shows saved state to people and programs, by what it says about itself, without the
 * rows that it was saved with.
 */
#include "config.h"
#include "qom/state-stream.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/qapi-types-builtin.h"
#include "qmp/qapi-types-state.h"
#include "qmp/visit.h"
#include "qom/state-field.h"

static const DeviceStateType types[STATE_N_KINDS] = {
    [STATE_BOOL] = DEVICE_STATE_TYPE_BOOL,
    [STATE_I8] = DEVICE_STATE_TYPE_INT8,
    [STATE_I16] = DEVICE_STATE_TYPE_INT16,
    [STATE_I32] = DEVICE_STATE_TYPE_INT32,
    [STATE_I64] = DEVICE_STATE_TYPE_INT64,
    [STATE_U8] = DEVICE_STATE_TYPE_UINT8,
    [STATE_U16] = DEVICE_STATE_TYPE_UINT16,
    [STATE_U32] = DEVICE_STATE_TYPE_UINT32,
    [STATE_U64] = DEVICE_STATE_TYPE_UINT64,
    [STATE_NUMBER] = DEVICE_STATE_TYPE_NUMBER,
    [STATE_TYPED] = DEVICE_STATE_TYPE_VALUE,
    [STATE_BYTES] = DEVICE_STATE_TYPE_BYTES,
    [STATE_TIMER] = DEVICE_STATE_TYPE_TIMER,
    [STATE_GROUP] = DEVICE_STATE_TYPE_GROUP,
};

static QmpValue *show_number(guint64 bits)
{
    double number;

    memcpy(&number, &bits, sizeof(number));
    return qmp_value_number(number);
}

static QmpValue *show_element(StateKind kind, guint64 bits)
{
    switch (kind) {
    case STATE_BOOL:
        return qmp_value_bool(bits);
    case STATE_I8:
        return qmp_value_int((gint8)bits);
    case STATE_I16:
        return qmp_value_int((gint16)bits);
    case STATE_I32:
        return qmp_value_int((gint32)bits);
    case STATE_I64:
        return qmp_value_int(bits);
    case STATE_TIMER:
        return bits == G_MAXINT64 ? qmp_value_null() : qmp_value_int(bits);
    case STATE_NUMBER:
        return show_number(bits);
    default:
        return qmp_value_uint(bits);
    }
}

static QmpValue *show_scalars(const StateField *field)
{
    gsize size = state_element_size(field->kind);
    QmpValue *list;

    if (!field->is_list && field->count == 1) {
        return show_element(field->kind, state_element(field->kind, field->data));
    }
    list = qmp_value_list();
    for (guint32 i = 0; i < field->count; i++) {
        guint64 bits = state_element(field->kind, field->data + i * size);

        qmp_value_append(list, show_element(field->kind, bits));
    }
    return list;
}

static QmpValue *show_bytes(const StateField *field)
{
    g_autoptr(GString) text = g_string_sized_new(2 * field->length);

    for (gsize i = 0; i < field->length; i++) {
        g_string_append_printf(text, "%02x", field->data[i]);
    }
    return qmp_value_str(text->str);
}

/* Absent, without an error, if it is not set. */
static bool show_typed(const StateField *field, QmpValue **ret, GError **error)
{
    return qmp_stream_load(&qmp_type_any, ret, field->data, field->length, error) ==
           field->length;
}

/* ---- Fields ---- */

static bool show_fields(const guint8 *data, gsize length, guint depth, DeviceStateFieldList *ret,
                        GError **error);

static void append(DeviceStateFieldList *list, DeviceStateField *item)
{
    list->items = g_renew(DeviceStateField *, list->items, list->n + 1);
    list->items[list->n++] = item;
}

static DeviceStateField *new_field(const StateField *field, DeviceStateFieldList *list)
{
    DeviceStateField *shown = g_new0(DeviceStateField, 1);

    shown->name = g_utf8_make_valid(field->name, field->name_length);
    shown->type = types[field->kind];
    append(list, shown);
    return shown;
}

/* One field for each group. */
static bool show_groups(StateField *field, guint depth, DeviceStateFieldList *ret, GError **error)
{
    for (guint32 i = 0; i < field->count; i++) {
        DeviceStateField *shown = new_field(field, ret);
        const guint8 *data;
        gsize length;

        if (field->is_list) {
            g_autofree char *name = shown->name;

            shown->name = g_strdup_printf("%s[%u]", name, i);
        }
        shown->has_fields = true;
        if (!state_group_next(field, &data, &length, error) ||
            !show_fields(data, length, depth + 1, &shown->fields, error)) {
            return false;
        }
    }
    return true;
}

static bool show_field(StateField *field, guint depth, DeviceStateFieldList *ret, GError **error)
{
    if (field->kind == STATE_GROUP) {
        return show_groups(field, depth, ret, error);
    }
    if (field->kind == STATE_TYPED) {
        return show_typed(field, &new_field(field, ret)->value, error);
    }
    new_field(field, ret)->value = field->kind == STATE_BYTES ? show_bytes(field)
                                                              : show_scalars(field);
    return true;
}

static bool show_fields(const guint8 *data, gsize length, guint depth, DeviceStateFieldList *ret,
                        GError **error)
{
    if (depth > STATE_MAX_DEPTH) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "the state's groups are too deep");
        return false;
    }
    while (length) {
        StateField field;

        if (!state_field_next(&data, &length, &field, error) ||
            !show_field(&field, depth, ret, error)) {
            return false;
        }
    }
    return true;
}

/* ---- Sections ---- */

static bool show_section(DeviceState *state, const StateSection *section, GError **error)
{
    DeviceStateSectionList *list = &state->sections;
    DeviceStateSection *shown = g_new0(DeviceStateSection, 1);

    shown->name = g_strdup(section->name);
    shown->version = section->version;
    list->items = g_renew(DeviceStateSection *, list->items, list->n + 1);
    list->items[list->n++] = shown;
    if (!g_str_equal(state->path, section->path)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "the state is of another object");
        return false;
    }
    return show_fields(section->data, section->length, 0, &shown->fields, error);
}

struct DeviceState *state_show(const char *path, const guint8 *data, gsize length,
                               GError **error)
{
    DeviceState *state = g_new0(DeviceState, 1);

    state->path = g_strdup(path);
    while (length) {
        g_auto(StateSection) section = { .path = NULL };

        if (!state_section_next(&data, &length, &section, error) ||
            !show_section(state, &section, error)) {
            qmp_clear(&qmp_type_DeviceState, &state);
            return NULL;
        }
    }
    return state;
}
