/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -device, -object, and options that stand for objects: -smbios, -fw_cfg, -qtest.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

#include "client/translate/typed.h"
#include "qmp/qapi-types-cpu.h"
#include "qmp/text.h"

/* ---- Objects ---- */

/* To another class: links to its own, as a secret's to its key, go to what was named before. */
static bool has_link(const QmpClass *klass)
{
    for (guint i = 0; i < klass->props->n_members; i++) {
        const QmpType *type = qmp_type(qmp_members(klass->props)[i].type);

        if (type->kind == QMP_KIND_LINK && qmp_class(type->target) != klass) {
            return true;
        }
    }
    return false;
}

static bool add_object(Plan *plan, Item *item, GError **error)
{
    if (item->json) {
        return plan_add_json(plan, "object-add", item->json, error);
    }
    return plan_add_options(plan, "object-add", item->options, NULL, error);
}

/* The keys of -machine about RAM apply to the backends that it and -numa name. */
static bool inherit_memory_flags(Plan *plan, Item *item, GError **error)
{
    static const char *const keys[] = { "dump", "merge", "prealloc" };
    const char *id = item->json ? json_string_value(json_object_get(item->json, "id"))
                                : qmp_options_get(item->options, "id");

    if (!id || (g_strcmp0(id, plan->memory.backend) != 0 && !plan_is_node_memory(plan, id))) {
        return true;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *value = qmp_options_get(plan->memory.options, keys[i]);
        bool on;

        if (!value) {
            continue;
        }
        if (item->options && !qmp_options_get(item->options, keys[i])) {
            qmp_options_set(item->options, keys[i], value);
        } else if (item->json && !json_object_get(item->json, keys[i])) {
            if (!plan_take_bool(plan->memory.options, keys[i], &on, error)) {
                return false;
            }
            json_object_set_new(item->json, keys[i], json_boolean(on));
        }
    }
    return true;
}

/* A throttle group's limits may also be given as properties of their own, which begin with x-. */
static bool gather_limits(QmpOptions *options, GError **error)
{
    g_autoptr(GPtrArray) keys = plan_keys(options);

    for (guint i = 0; i < keys->len; i++) {
        const char *key = keys->pdata[i];

        if (g_str_has_prefix(key, "x-")) {
            g_autofree char *path = g_strconcat("limits.", key + strlen("x-"), NULL);

            if (!plan_move(options, key, options, path, error)) {
                return false;
            }
        }
    }
    return true;
}

bool option_object(Plan *plan, Item *item, GError **error)
{
    const char *name = item->json ? json_string_value(json_object_get(item->json, "qom-type"))
                                  : qmp_options_get(item->options, "qom-type");
    const QmpClass *klass = name ? qmp_class_find(name) : NULL;

    if (!inherit_memory_flags(plan, item, error) ||
        (item->options && g_strcmp0(name, "throttle-group") == 0 &&
         !gather_limits(item->options, error))) {
        return false;
    }
    if (klass && klass->props && has_link(klass)) {
        g_ptr_array_add(plan->objects.linked, item);
        return true;
    }
    return add_object(plan, item, error);
}

bool plan_add_linked(Plan *plan, GError **error)
{
    for (guint i = 0; i < plan->objects.linked->len; i++) {
        plan->current = plan->objects.linked->pdata[i];
        if (!add_object(plan, plan->objects.linked->pdata[i], error)) {
            return false;
        }
    }
    return true;
}

/* ---- Devices ---- */

/* virtio-blk and the like are virtio-blk-pci, or virtio-blk-device if there is no PCI. */
static const char *device_class(const Plan *plan, const char *name)
{
    static const char *const names[][2] = {
        { "virtio-balloon", "virtio-balloon-device" },
        { "virtio-blk", "virtio-blk-device" },
        { "virtio-gpu", "virtio-gpu-device" },
        { "virtio-net", "virtio-net-device" },
        { "virtio-rng", "virtio-rng-device" },
        { "virtio-serial", "virtio-serial-device" },
    };

    for (gsize i = 0; !plan_has_pci(plan) && i < G_N_ELEMENTS(names); i++) {
        if (g_str_equal(name, names[i][0])) {
            return names[i][1];
        }
    }
    return name;
}

guint device_options_flags(const char *driver)
{
    const QmpClass *klass = qmp_class_find(driver);

    return klass && qmp_class_is_a(klass, &qmp_class_x86_64_cpu) ? QMP_OPTIONS_FLAT : 0;
}

bool option_device(Plan *plan, Item *item, GError **error)
{
    const char *name, *class_name;
    guint position;

    if (item->json) {
        return plan_add_json(plan, "device_add", item->json, error);
    }
    name = qmp_options_get(item->options, "driver");
    if (!name) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING, "must name a device");
        return false;
    }
    if (!check_usb_device(name, error)) {
        return false;
    }
    class_name = device_class(plan, name);
    position = qmp_options_position(item->options, "driver");
    if (class_name != name) {
        qmp_options_remove(item->options, "driver");
        if (!qmp_options_add(item->options, "driver", class_name, position, error)) {
            return false;
        }
    }
    return plan_add_options(plan, "device_add", item->options, NULL, error);
}

/* ---- Tables and files for the firmware ---- */

bool option_smbios(Plan *plan, Item *item, GError **error)
{
    const char *type = qmp_options_get(item->options, "type");
    guint64 number = 0;
    g_autofree char *class_name = NULL, *id = NULL;

    if (qmp_options_get(item->options, "file")) {
        return plan_refuse(error, "'file' is not supported: tables are given by their values");
    }
    if (!type) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING, "must have a 'type'");
        return false;
    }
    if (!plan_take_uint(item->options, "type", &number, error)) {
        return false;
    }
    class_name = g_strdup_printf("smbios-type-%" G_GUINT64_FORMAT, number);
    id = g_strdup_printf("smbios%u", plan->objects.n_smbios++);
    qmp_options_set(item->options, "qom-type", class_name);
    qmp_options_set(item->options, "id", id);
    return plan_add_options(plan, "object-add", item->options, NULL, error);
}

bool option_fw_cfg(Plan *plan, Item *item, GError **error)
{
    g_autofree char *id = g_strdup_printf("fw-cfg%u", plan->objects.n_fw_cfg++);

    qmp_options_set(item->options, "qom-type", "fw-cfg-file");
    qmp_options_set(item->options, "id", id);
    return plan_add_options(plan, "object-add", item->options, NULL, error);
}

/* The protocol's end is an object on a character device. */
bool option_qtest(Plan *plan, Item *item, GError **error)
{
    g_autoptr(QmpOptions) options = plan_options();
    bool none;

    qmp_options_set(options, "qom-type", "qtest");
    qmp_options_set(options, "id", "qtest0");
    qmp_options_set(options, "chardev", "qtest-chr");
    if (!chardev_add_legacy(plan, item->text, "qtest-chr", &none, error)) {
        return false;
    }
    return none || plan_add_options(plan, "object-add", options, NULL, error);
}
