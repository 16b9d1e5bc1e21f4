/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saved state whose bytes a test changes.
 */
#include "config.h"
#include "tests/lib/state-bytes.h"

#include <string.h>

#include "qom/state-field.h"
#include "qom/state-stream.h"

typedef bool (*FieldFunc)(const StateField *field, void *data);

/* Calls f for each field until it returns true, with that result. */
static bool foreach_field(const GByteArray *state, FieldFunc f, void *data)
{
    const guint8 *at = state->data;
    gsize left = state->len;
    bool found = false;

    while (left && !found) {
        g_auto(StateSection) section = { .path = NULL };

        g_assert_true(state_section_next(&at, &left, &section, NULL));
        while (section.length && !found) {
            StateField field;

            g_assert_true(state_field_next(&section.data, &section.length, &field, NULL));
            found = f(&field, data);
        }
    }
    return found;
}

typedef struct {
    const char *name;
    StateField field;
} ByName;

static bool is_it(const StateField *field, void *data)
{
    ByName *wanted = data;

    wanted->field = *field;
    return strlen(wanted->name) == field->name_length &&
           memcmp(wanted->name, field->name, field->name_length) == 0;
}

/* A field of a group stands behind the group's name and a slash. */
static StateField find(const GByteArray *state, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name, "/", 2);
    ByName wanted = { .name = parts[0] };

    g_assert_true(foreach_field(state, is_it, &wanted));
    if (parts[1]) {
        const guint8 *data = NULL;
        gsize length = 0;
        ByName inner = { .name = parts[1] };
        StateField field;

        g_assert_true(state_group_next(&wanted.field, &data, &length, NULL));
        do {
            g_assert_true(state_field_next(&data, &length, &field, NULL));
        } while (!is_it(&field, &inner));
        return field;
    }
    return wanted.field;
}

guint8 *state_bytes(GByteArray *state, const char *name)
{
    return state->data + (find(state, name).data - state->data);
}

void state_bytes_fill(GByteArray *state, const char *name, guint8 value)
{
    memset(state_bytes(state, name), value, find(state, name).length);
}

/* Counts down to the byte that is meant. */
static bool pass(const StateField *field, void *data)
{
    ByName *left = data;
    gsize at = left->field.length;

    if (at < field->length) {
        left->field.data = field->data + at;
        return true;
    }
    left->field.length -= field->length;
    return false;
}

static bool add_length(const StateField *field, void *data)
{
    *(gsize *)data += field->length;
    return false;
}

void state_bytes_damage(GByteArray *state, guint where, guint8 value)
{
    gsize all = 0;
    ByName left = { .name = NULL };

    foreach_field(state, add_length, &all);
    if (all) {
        left.field.length = where % all;
        g_assert_true(foreach_field(state, pass, &left));
        state->data[left.field.data - state->data] = value;
    }
}
