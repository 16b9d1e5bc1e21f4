/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a machine.  The clock comes first: devices save times and offsets
 * in virtual time, so it must be restored before they are loaded.
 */
#include "config.h"
#include "hw/machine/machine-state.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/qapi-types-builtin.h"
#include "qmp/visit.h"
#include "qom/state-stream.h"

/* The header. */
typedef struct {
    char *type;                 /* the machine's class */
    gint64 virtual_time;        /* ns */
} Head;

static const StateRow head_rows[] = {
    STATE_VALUE(&qmp_type_str, Head, type),
    STATE_FIELD(I64, Head, virtual_time, 0),
    STATE_ROWS_END
};

static const char head_path[] = "/machine", head_name[] = "machine";

enum { HEAD_VERSION = 0 };

/* ---- Saving ---- */

typedef struct {
    GByteArray *out;
    GError **error;
    bool ok;
} Saving;

static bool save_object(Object *obj, void *data)
{
    Saving *saving = data;
    Device *dev = device_in_use(obj);

    saving->ok = !dev || device_save(dev, saving->out, saving->error);
    return saving->ok;
}

bool machine_save(Machine *machine, GByteArray *out, GError **error)
{
    Saving saving = { .out = out, .error = error, .ok = true };
    Head head = {
        .type = (char *)object_class_name(machine),
        .virtual_time = clock_now(machine->clock, CLOCK_KIND_VIRTUAL),
    };

    state_section_save(out, head_path, head_name, HEAD_VERSION, head_rows, &head);
    object_foreach_descendant(&machine->object, save_object, &saving);
    return saving.ok;
}

/* ---- Loading ---- */

/* The sections of one object, which are contiguous. */
typedef struct {
    char *path;                 /* owned */
    const guint8 *data;
    gsize length;
} Group;

static void group_clear(Group *group)
{
    g_free(group->path);
    *group = (Group){ .path = NULL };
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Group, group_clear)

/* Takes the sections of the next object off *data. */
static bool next_group(const guint8 **data, gsize *length, Group *ret, GError **error)
{
    const guint8 *at = *data;
    gsize left = *length;

    ret->data = *data;
    while (left) {
        g_auto(StateSection) section = { .path = NULL };

        if (!state_section_next(&at, &left, &section, error)) {
            return false;
        }
        if (!ret->path) {
            ret->path = g_strdup(section.path);
        } else if (!g_str_equal(ret->path, section.path)) {
            break;
        }
        *data = at;
        *length = left;
    }
    ret->length = *data - ret->data;
    return true;
}

static bool invalid(GError **error, const char *why)
{
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of a machine: %s", why);
    return false;
}

static bool check_head(const Machine *machine, const Head *head, GError **error)
{
    if (g_strcmp0(head->type, object_class_name(machine)) != 0) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of a machine: it is of a '%s', not of a '%s'",
                      head->type ? head->type : "", object_class_name(machine));
        return false;
    }
    return head->virtual_time >= 0 || invalid(error, "its virtual time is negative");
}

static bool load_head(Machine *machine, const guint8 **data, gsize *length, GError **error)
{
    g_auto(StateSection) section = { .path = NULL };
    Head head = { .type = NULL };
    bool ok = state_section_next(data, length, &section, error);

    if (ok && (!g_str_equal(section.path, head_path) || !g_str_equal(section.name, head_name))) {
        ok = invalid(error, "it does not begin with the machine");
    }
    ok = ok && state_load(head_rows, &head, section.version, section.data, section.length,
                          error) &&
         check_head(machine, &head, error);
    if (ok) {
        clock_set(machine->clock, head.virtual_time);
    }
    qmp_clear(&qmp_type_str, &head.type);
    return ok;
}

/* Loads one device, and records that it was loaded; each device may occur only once. */
static bool load_group(Machine *machine, const Group *group, GHashTable *left, GError **error)
{
    Device *dev = g_hash_table_lookup(left, group->path);

    if (!dev) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of a machine: the machine has no device '%s' with state, or its state "
                      "occurs twice", group->path);
        return false;
    }
    g_hash_table_remove(left, group->path);
    return device_load(dev, group->data, group->length, error);
}

static bool note_device(Object *obj, void *left)
{
    Device *dev = device_in_use(obj);

    if (dev && device_has_state(dev)) {
        g_hash_table_insert(left, object_path(obj), dev);
    }
    return true;
}

static bool load_devices(Machine *machine, const guint8 *data, gsize length, GError **error)
{
    g_autoptr(GHashTable) left = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter iter;
    void *path;

    object_foreach_descendant(&machine->object, note_device, left);
    while (length) {
        g_auto(Group) group = { .path = NULL };

        if (!next_group(&data, &length, &group, error) ||
            !load_group(machine, &group, left, error)) {
            return false;
        }
    }
    g_hash_table_iter_init(&iter, left);
    if (g_hash_table_iter_next(&iter, &path, NULL)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of a machine: that of '%s' is missing", (char *)path);
        return false;
    }
    return true;
}

bool machine_load(Machine *machine, const guint8 *data, gsize length, GError **error)
{
    return machine_start(machine, error) && load_head(machine, &data, &length, error) &&
           load_devices(machine, data, length, error);
}
