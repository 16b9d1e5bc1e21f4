/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of clients for SMBIOS tables: objects that wait below /objects until
 * the machine starts.  They consist of their properties.
 */
#include "config.h"
#include "hw/smbios/smbios.h"

#include <string.h>

#include "hw/aio/file-bytes.h"
#include "hw/smbios/smbios-internal.h"
#include "qmp/error.h"
#include "qom/qapi-objects-firmware.h"

/* ---- All classes ---- */

typedef struct {
    const Object *self;
    const Object *other;        /* of the same class, or NULL */
} Search;

static bool find_other(Object *obj, void *data)
{
    Search *search = data;

    if (obj != search->self && object_class(obj) == object_class(search->self) &&
        object_life(obj) == OBJECT_COMPLETE) {
        search->other = obj;
    }
    return !search->other;
}

static bool smbios_complete(Object *obj, GError **error)
{
    Search search = { .self = obj };

    if (machine_past_build(obj)) {
        qmp_error_set_at(error, "qom-type", ERROR_REASON_WRONG_STATE,
                         "SMBIOS tables are set before the machine starts");
        return false;
    }
    if (object_is_a(obj, &qmp_class_smbios_type_11)) {
        return true;
    }
    object_foreach_child(obj->parent, find_other, &search);
    if (search.other) {
        qmp_error_set_at(error, "qom-type", ERROR_REASON_IN_USE,
                         "there is an object of class '%s' already: '%s'", object_class_name(obj),
                         search.other->name);
        return false;
    }
    return true;
}

static bool smbios_may_delete(Object *obj, GError **error)
{
    if (machine_past_build(obj)) {
        qmp_error_set_at(error, "id", ERROR_REASON_IN_USE, "object '%s' is in use by the machine",
                         obj->name);
        return false;
    }
    return true;
}

const TypeInfo smbios_type = {
    .schema = &qmp_class_smbios,
    .object = &(const ObjectOps){
        .complete = smbios_complete,
        .may_delete = smbios_may_delete,
    },
};

/* ---- Type 0 ---- */

bool smbios_parse_release(const char *release, guint8 *ret_major, guint8 *ret_minor)
{
    g_auto(GStrv) parts = g_strsplit(release, ".", -1);
    guint64 major, minor;

    if (g_strv_length(parts) != 2 ||
        !g_ascii_string_to_unsigned(parts[0], 10, 0, G_MAXUINT8, &major, NULL) ||
        !g_ascii_string_to_unsigned(parts[1], 10, 0, G_MAXUINT8, &minor, NULL)) {
        return false;
    }
    *ret_major = major;
    *ret_minor = minor;
    return true;
}

static bool type_0_complete(Object *obj, GError **error)
{
    const SmbiosType0Props *props = smbios_type_0_props(obj);
    guint8 number;

    if (props->release && !smbios_parse_release(props->release, &number, &number)) {
        qmp_error_set_at(error, "release", ERROR_REASON_INVALID_VALUE,
                         "property 'release' is '%s', not two numbers up to 255 and a dot between",
                         props->release);
        return false;
    }
    return true;
}

const TypeInfo smbios_type_0_type = {
    .schema = &qmp_class_smbios_type_0,
    .object = &(const ObjectOps){ .complete = type_0_complete },
};

/* ---- Type 1 ---- */

static bool type_1_complete(Object *obj, GError **error)
{
    const SmbiosType1Props *props = smbios_type_1_props(obj);

    if (props->uuid && !g_uuid_string_is_valid(props->uuid)) {
        qmp_error_set_at(error, "uuid", ERROR_REASON_INVALID_VALUE,
                         "property 'uuid' is not a UUID");
        return false;
    }
    return true;
}

const TypeInfo smbios_type_1_type = {
    .schema = &qmp_class_smbios_type_1,
    .object = &(const ObjectOps){ .complete = type_1_complete },
};

/* ---- Type 11 ---- */

struct SmbiosType11 {
    Object object;
    char *text;                 /* contents of the file, or NULL */
};

const char *smbios_type_11_text(Object *obj)
{
    return to_smbios_type11(obj)->text;
}

static bool type_11_prepare(Object *obj, GError **error)
{
    SmbiosType11 *s = to_smbios_type11(obj);
    const SmbiosType11Props *props = smbios_type_11_props(obj);
    g_autoptr(GBytes) bytes = NULL;
    gconstpointer data;
    gsize size;

    if (!props->path) {
        return true;
    }
    bytes = file_bytes_read(props->path, G_MAXUINT16, error);
    if (!bytes) {
        return qmp_error_blame(error, "path");
    }
    data = g_bytes_get_data(bytes, &size);
    if (size && memchr(data, 0, size)) {
        qmp_error_set_at(error, "path", ERROR_REASON_FILE_NOT_USABLE, "file '%s' has NUL bytes",
                         props->path);
        return false;
    }
    s->text = g_strndup(data, size);
    return true;
}

static void type_11_release(Object *obj)
{
    g_clear_pointer(&to_smbios_type11(obj)->text, g_free);
}

const TypeInfo smbios_type_11_type = {
    .schema = &qmp_class_smbios_type_11,
    .size = sizeof(SmbiosType11),
    .object = &(const ObjectOps){
        .prepare = type_11_prepare,
        .release = type_11_release,
    },
};
