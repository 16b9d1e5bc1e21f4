/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a device over all its classes: a section for each that has rows
 * (qom/state-stream.h).
 */
#include "config.h"
#include "qom/device-internal.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/text.h"
#include "qom/checks.h"
#include "qom/class.h"
#include "qom/env.h"
#include "qom/state-stream.h"

static const DeviceOps *device_ops(const Device *dev, guint i)
{
    return dev->object.klass->types[i]->device;
}

static guint n_types(const Device *dev)
{
    return dev->object.klass->n_types;
}

static const char *section_name(const Device *dev, guint i)
{
    const DeviceOps *ops = device_ops(dev, i);

    return ops->state_name ? ops->state_name : dev->object.klass->types[i]->schema->name;
}

static void *rows_base(Device *dev, const DeviceOps *ops)
{
    return (guint8 *)dev + ops->state_offset;
}

void device_reset_rows(Device *dev)
{
    for (guint i = 0; i < n_types(dev); i++) {
        const DeviceOps *ops = device_ops(dev, i);

        if (ops && !ops->image) {
            state_reset(ops->state, rows_base(dev, ops));
        }
    }
}

bool device_has_state(const Device *dev)
{
    for (guint i = 0; i < n_types(dev); i++) {
        const DeviceOps *ops = device_ops(dev, i);

        if (ops && ops->state) {
            return true;
        }
    }
    return false;
}

/* ---- Saving ---- */

static bool save_class(Device *dev, const char *path, guint i, GByteArray *out, GError **error)
{
    const DeviceOps *ops = device_ops(dev, i);
    g_autofree void *image = NULL;

    if (ops->image) {
        image = g_malloc0(ops->image->size);
        if (!ops->image->store(dev, image, error)) {
            return false;
        }
    } else if (ops->state_saving) {
        ops->state_saving(dev);
    }
    state_section_save(out, path, section_name(dev, i), ops->state_version, ops->state,
                       image ? image : rows_base(dev, ops));
    return true;
}

bool device_save(Device *dev, GByteArray *out, GError **error)
{
    g_autofree char *path = object_path(&dev->object);

    main_thread_assert();
    env_lock_assert(&dev->object);
    for (guint i = 0; i < n_types(dev); i++) {
        const DeviceOps *ops = device_ops(dev, i);

        if (ops && ops->state && !save_class(dev, path, i, out, error)) {
            return false;
        }
    }
    return true;
}

/* ---- Loading ---- */

/* Fails with a message that names the fault, the class and the device. */
static bool refuse(const Device *dev, const char *name, const char *why, GError **error)
{
    g_autofree char *path = object_path(&dev->object);
    g_autofree char *shown = qmp_text_clean(name);

    qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' in '%s': %s", shown, path,
                  why);
    return false;
}

/* Finds the section of each of the device's types; its data is NULL where there is none. */
static bool find_sections(Device *dev, const guint8 *data, gsize length, StateSection *ret,
                          GError **error)
{
    g_autoptr(GError) why = NULL;

    while (length) {
        g_auto(StateSection) section = { .path = NULL };
        guint i = 0;

        if (!state_section_next(&data, &length, &section, &why)) {
            return refuse(dev, object_class_name(dev), why->message, error);
        }
        while (i < n_types(dev) && !(device_ops(dev, i) && device_ops(dev, i)->state &&
                                     g_str_equal(section_name(dev, i), section.name))) {
            i++;
        }
        if (i == n_types(dev)) {
            return refuse(dev, section.name, "the device has no such state", error);
        }
        if (ret[i].data) {
            return refuse(dev, section.name, "it occurs twice", error);
        }
        ret[i] = section;
        section = (StateSection){ .path = NULL };
    }
    return true;
}

static bool check_section(Device *dev, guint i, const StateSection *section, GError **error)
{
    const DeviceOps *ops = device_ops(dev, i);
    g_autofree void *image = ops->image ? g_malloc0(ops->image->size) : NULL;
    g_autoptr(GError) why = NULL;
    g_autofree char *full = NULL;

    if (!section->data) {
        return refuse(dev, section_name(dev, i), "it is missing", error);
    }
    if (state_check(ops->state, image ? image : rows_base(dev, ops), section->version,
                    section->data, section->length, &why)) {
        return true;
    }
    full = g_strdup_printf("%s (saved by version %u, this is version %u)", why->message,
                           section->version, ops->state_version);
    return refuse(dev, section->name, full, error);
}

/* Nothing has changed if a section does not fit. */
static bool load_rows(Device *dev, const StateSection *sections, GError **error)
{
    for (guint i = 0; i < n_types(dev); i++) {
        const DeviceOps *ops = device_ops(dev, i);

        if (ops && ops->state && !check_section(dev, i, &sections[i], error)) {
            return false;
        }
    }
    for (guint i = 0; i < n_types(dev); i++) {
        const DeviceOps *ops = device_ops(dev, i);

        if (ops && ops->state && !ops->image) {
            state_load(ops->state, rows_base(dev, ops), sections[i].version, sections[i].data,
                       sections[i].length, NULL);
        }
    }
    return true;
}

static bool load_image(Device *dev, guint i, const StateSection *section, GError **error)
{
    const DeviceOps *ops = device_ops(dev, i);
    g_autofree void *image = g_malloc0(ops->image->size);

    return state_load(ops->state, image, section->version, section->data, section->length,
                      error) &&
           ops->image->load(dev, image, error);
}

/* If a hook refuses, it may have acted in part, so it and those before it must be
 * called again for the restored state: *ret_n is how many were called. */
static bool call_loaded(Device *dev, const StateSection *sections, guint n, guint *ret_n,
                        GError **error)
{
    for (guint i = 0; i < n; i++) {
        const DeviceOps *ops = device_ops(dev, i);

        *ret_n = i + 1;
        if (ops && ops->image && !load_image(dev, i, &sections[i], error)) {
            return false;
        }
        if (ops && ops->state_loaded && !ops->state_loaded(dev, error)) {
            return false;
        }
    }
    return true;
}

static StateSection *sections_new(const Device *dev)
{
    return g_new0(StateSection, n_types(dev) + 1);
}

static void sections_free(const Device *dev, StateSection *sections)
{
    for (guint i = 0; i < n_types(dev); i++) {
        state_section_clear(&sections[i]);
    }
    g_free(sections);
}

static void put_back(Device *dev, const GByteArray *old, guint n)
{
    StateSection *sections = sections_new(dev);
    guint done;

    if (find_sections(dev, old->data, old->len, sections, NULL) &&
        load_rows(dev, sections, NULL)) {
        call_loaded(dev, sections, n, &done, NULL);
    }
    sections_free(dev, sections);
}

static bool load(Device *dev, const StateSection *sections, GError **error)
{
    g_autoptr(GByteArray) old = g_byte_array_new();
    guint n = 0;

    if (!device_save(dev, old, error) || !load_rows(dev, sections, error)) {
        return false;
    }
    if (!call_loaded(dev, sections, n_types(dev), &n, error)) {
        put_back(dev, old, n);
        return false;
    }
    return true;
}

bool device_load(Device *dev, const guint8 *data, gsize length, GError **error)
{
    StateSection *sections = sections_new(dev);
    bool ok;

    main_thread_assert();
    env_lock_assert(&dev->object);
    ok = find_sections(dev, data, length, sections, error) && load(dev, sections, error);
    sections_free(dev, sections);
    return ok;
}
