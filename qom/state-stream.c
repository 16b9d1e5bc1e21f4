/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sections of saved state, written and taken apart.
 */
#include "config.h"
#include "qom/state-stream.h"

#include <string.h>

#include "qmp/error.h"

static void append_number(GByteArray *out, guint32 value, gsize size)
{
    value = GUINT32_TO_LE(value);
    g_byte_array_append(out, (const guint8 *)&value, size);
}

static void append_name(GByteArray *out, const char *name, gsize size)
{
    gsize length = strlen(name);

    append_number(out, length, size);
    g_byte_array_append(out, (const guint8 *)name, length);
}

void state_section_save(GByteArray *out, const char *path, const char *name, guint32 version,
                        const StateRow *rows, const void *base)
{
    guint at = out->len;
    guint32 length;

    append_number(out, 0, sizeof(length));
    append_name(out, path, 2);
    append_name(out, name, 1);
    append_number(out, version, sizeof(version));
    state_save(rows, base, out);
    length = GUINT32_TO_LE(out->len - at - sizeof(length));
    memcpy(out->data + at, &length, sizeof(length));
}

/* ---- Reading ---- */

void state_section_clear(StateSection *section)
{
    g_free(section->path);
    g_free(section->name);
    *section = (StateSection){ .path = NULL };
}

static bool take_number(const guint8 **data, gsize *length, gsize size, guint32 *ret)
{
    guint32 value = 0;

    if (size > *length) {
        return false;
    }
    memcpy(&value, *data, size);
    *data += size;
    *length -= size;
    *ret = GUINT32_FROM_LE(value);
    return true;
}

/* A newly allocated name; NULL if it is truncated, empty, or not text. */
static char *take_name(const guint8 **data, gsize *length, gsize size)
{
    guint32 name_length;
    char *name;

    if (!take_number(data, length, size, &name_length) || !name_length ||
        name_length > *length || memchr(*data, '\0', name_length) ||
        !g_utf8_validate_len((const char *)*data, name_length, NULL)) {
        return NULL;
    }
    name = g_strndup((const char *)*data, name_length);
    *data += name_length;
    *length -= name_length;
    return name;
}

bool state_section_next(const guint8 **data, gsize *length, StateSection *ret, GError **error)
{
    guint32 size;

    if (!take_number(data, length, sizeof(size), &size) || size > *length) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "the state ends within a section");
        return false;
    }
    ret->data = *data;
    ret->length = size;
    *data += size;
    *length -= size;
    ret->path = take_name(&ret->data, &ret->length, 2);
    ret->name = ret->path ? take_name(&ret->data, &ret->length, 1) : NULL;
    if (!ret->name || !take_number(&ret->data, &ret->length, sizeof(guint32), &ret->version)) {
        state_section_clear(ret);
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "a section of the state has no path, name and version");
        return false;
    }
    return true;
}
