/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine: -machine, and options that are its properties.  defaults.c has its defaults for
 * devices, accel.c its accelerator, ram.c its memory.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>
#include <unistd.h>

#include "client/translate/typed.h"
#include "qmp/qapi-types-pc.h"
#include "qmp/text.h"

/* ---- Unsupported features: only switching them off can be translated ---- */

static const struct {
    const char *key;
    const char *what;
} absent[] = {
    { "usb", "USB controller" },
    { "vmport", "VMware port" },
    { "graphics", "graphics" },
    { "hmat", "HMAT" },
    { "smbus", "SMBus" },
    { "sata", "SATA controller" },
    { "suppress-vmdesc", "description of devices in migration streams that could be left out" },
    { "igd-passthru", "passthrough of graphics cards" },
    { "enforce-config-section", "configuration section in migration streams" },
};

/* microvm's: without firmware nothing runs option ROMs, whether they are there or not. */
static bool take_option_roms(Plan *plan, QmpOptions *options, GError **error)
{
    bool given = qmp_options_get(options, "x-option-roms") != NULL, on;

    if (!given || qmp_class_member(plan->machine.klass, "x-option-roms")) {
        return true;
    }
    if (!plan_take_bool(options, "x-option-roms", &on, error)) {
        return false;
    }
    plan_note(plan, "x-option-roms: there is no firmware to run them");
    return true;
}

/* The same's: whether -serial makes a port. */
static bool take_isa_serial(Plan *plan, QmpOptions *options, GError **error)
{
    bool given = qmp_options_get(options, "isa-serial") != NULL, on = true;

    if (!given || !g_str_equal(plan->machine.klass->name, "microvm-machine")) {
        return true;
    }
    if (!plan_take_bool(options, "isa-serial", &on, error)) {
        return false;
    }
    plan->ports.no_serial = !on;
    plan_note(plan, "isa-serial: whether -serial makes a serial port");
    return true;
}

static bool check_absent(Plan *plan, QmpOptions *options, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(absent); i++) {
        const char *key = absent[i].key;
        bool given = qmp_options_get(options, key) != NULL;
        bool on;

        /* If the class gets the property one day, the value is passed on. */
        if (!given || qmp_class_member(plan->machine.klass, key)) {
            continue;
        }
        if (!plan_take_bool(options, key, &on, error)) {
            return false;
        }
        if (on) {
            return plan_refuse(error, "'%s' must be off: there is no %s", key, absent[i].what);
        }
        plan_note(plan, "%s=off: there is no %s", key, absent[i].what);
    }
    return true;
}

/* ---- Collecting ---- */

static bool move_to_memory(Plan *plan, QmpOptions *options, GError **error)
{
    return plan_move(options, "dump-guest-core", plan->memory.options, "dump", error) &&
           plan_move(options, "mem-merge", plan->memory.options, "merge", error);
}

bool option_machine(Plan *plan, Item *item, GError **error)
{
    const char *name = qmp_options_get(item->options, "type");
    const char *accel = qmp_options_get(item->options, "accel");
    const char *memory = qmp_options_get(item->options, "memory-backend");

    plan->machine.name = name ? name : plan->machine.name;
    if (accel) {
        plan_set_machine_accel(plan, accel, item);
    }
    plan->memory.backend = memory ? memory : plan->memory.backend;
    return plan_move(item->options, "kernel-irqchip", plan->accel.options, "kernel-irqchip",
                     error) &&
           move_to_memory(plan, item->options, error);
}

/* -kernel and the like: the property has the option's name, except for one. */
bool option_machine_property(Plan *plan, Item *item, GError **error)
{
    const char *name = item->row->name;

    qmp_options_set(plan->machine.options, g_str_equal(name, "bios") ? "firmware" : name,
                    item->text);
    return true;
}

/* Where QEMU looks first; what is not there comes from the distribution's folders. */
bool option_firmware_folder(Plan *plan, Item *item, GError **error)
{
    g_autofree char *path = g_build_filename(item->text, "bios-256k.bin", NULL);

    if (access(path, R_OK) < 0) {
        plan_note(plan, "there is no bios-256k.bin in it: the distribution's is used");
    } else if (!qmp_options_get(plan->machine.options, "firmware")) {
        qmp_options_set(plan->machine.options, "firmware", path);
    }
    return true;
}

bool option_uuid(Plan *plan, Item *item, GError **error)
{
    qmp_options_set(plan->machine.options, "uuid", item->text);
    return true;
}

bool option_no_hpet(Plan *plan, Item *item, GError **error)
{
    qmp_options_set(plan->machine.options, "hpet", "off");
    return true;
}

bool option_no_acpi(Plan *plan, Item *item, GError **error)
{
    qmp_options_set(plan->machine.options, "acpi", "off");
    return true;
}

bool option_no_fd_bootchk(Plan *plan, Item *item, GError **error)
{
    qmp_options_set(plan->machine.options, "fd-bootchk", "off");
    return true;
}

bool option_boot(Plan *plan, Item *item, GError **error)
{
    g_autoptr(GPtrArray) keys = plan_keys(item->options);

    /* Its errors have its own positions. */
    if (!plan_check(&qmp_type_BootConfiguration, item->options, error)) {
        return false;
    }
    for (guint i = 0; i < keys->len; i++) {
        g_autofree char *path = g_strconcat("boot.", keys->pdata[i], NULL);

        if (!plan_move(item->options, keys->pdata[i], plan->machine.options, path, error)) {
            return false;
        }
    }
    return true;
}

/* ---- The machine ---- */

static const QmpClass *default_machine(void)
{
    for (guint i = 0; i < qmp_n_classes; i++) {
        if (qmp_classes[i]->flags & QMP_CLASS_DEFAULT) {
            return qmp_classes[i];
        }
    }
    return NULL;
}

static const QmpClass *no_machine(const char *name, GError **error)
{
    g_autofree char *quoted = qmp_text_quote(name);
    GString *list = g_string_new(NULL);

    for (guint i = 0; i < qmp_n_classes; i++) {
        const QmpClass *klass = qmp_classes[i];

        if (klass->flags & QMP_CLASS_MACHINE && !(klass->flags & QMP_CLASS_ABSTRACT)) {
            gsize length = strlen(klass->name) - strlen("-machine");

            g_string_append_printf(list, "%s%.*s", list->len ? ", " : "", (int)length,
                                   klass->name);
        }
    }
    qmp_error_set(error, ERROR_REASON_CLASS_NOT_FOUND,
                  "there is no machine type %s; there are: %s", quoted, list->str);
    g_string_free(list, TRUE);
    return NULL;
}

/* By the name without `-machine`, or by an alias as it is. */
static const QmpClass *find_machine(const char *name, GError **error)
{
    g_autofree char *full = g_strconcat(name, "-machine", NULL);
    const QmpClass *klass = qmp_class_find(full);

    klass = klass ? klass : qmp_class_find(name);
    if (!klass || !(klass->flags & QMP_CLASS_MACHINE) || klass->flags & QMP_CLASS_ABSTRACT) {
        return no_machine(name, error);
    }
    return klass;
}

static Item *find_machine_item(const Plan *plan)
{
    for (guint i = 0; i < plan->items->len; i++) {
        Item *item = plan->items->pdata[i];

        if (item->row->handle == option_machine) {
            return item;
        }
    }
    return NULL;
}

/* The keys of -machine override those from other options. */
static bool move_machine_options(Plan *plan, Item *item, GError **error)
{
    g_autoptr(GPtrArray) keys = plan_keys(item->options);

    for (guint i = 0; i < keys->len; i++) {
        const char *key = keys->pdata[i];

        if (!g_str_equal(key, "type") && !g_str_equal(key, "accel") &&
            !qmp_options_get(plan->machine.options, key) &&
            !plan_move(item->options, key, plan->machine.options, key, error)) {
            return false;
        }
    }
    return true;
}

/* The option that gave the property that an error is about; item for all other errors. */
static const Item *find_culprit(const Plan *plan, const Item *item, const GError *error)
{
    const char *path = error ? qmp_error_path(error) : NULL;

    for (guint i = 0; path && i < plan->items->len; i++) {
        const Item *other = plan->items->pdata[i];
        const char *name = other->row->name;

        if ((other->row->handle == option_machine_property || other->row->handle == option_uuid) &&
            g_str_equal(g_str_equal(name, "bios") ? "firmware" : name, path)) {
            return other;
        }
        if ((other->row->handle == option_boot && g_str_has_prefix(path, "boot")) ||
            (other->row->handle == option_smp && g_str_has_prefix(path, "smp")) ||
            (other->row->handle == option_memory && g_str_has_prefix(path, "memory."))) {
            return other;
        }
    }
    return item;
}

static bool add_machine(Plan *plan, Item *item, GError **error)
{
    json_t *arguments;

    plan->current = item;
    if ((item && !move_machine_options(plan, item, error)) ||
        !take_option_roms(plan, plan->machine.options, error) ||
        !take_isa_serial(plan, plan->machine.options, error) ||
        !check_absent(plan, plan->machine.options, error)) {
        return false;
    }
    if (!plan_take_nodes(plan, error) || !plan_add_ram(plan, error) ||
        !qmp_options_add(plan->machine.options, "qom-type", plan->machine.klass->name, 0, error)) {
        return false;
    }
    plan->current = item;
    arguments = plan_typed("object-add", plan->machine.options, error);
    if (!arguments || !plan_check_machine(arguments, error)) {
        plan->current = find_culprit(plan, item, error ? *error : NULL);
        json_decref(arguments);
        return false;
    }
    plan_count_cpus(plan, json_object_get(arguments, "smp"));
    if (plan_has_nodes(plan)) {
        json_object_set(arguments, "numa", plan->memory.steps);
    }
    if (json_array_size(plan->machine.defaults)) {
        json_object_set(arguments, "defaults", plan->machine.defaults);
    }
    plan_add(plan, "object-add", arguments,
             plan->machine.name ? NULL : "the default machine type");
    return true;
}

bool finish_machine(Plan *plan, GError **error)
{
    Item *item = find_machine_item(plan);

    plan->current = item;
    plan->machine.klass = plan->machine.name ? find_machine(plan->machine.name, error)
                                             : default_machine();
    return plan->machine.klass && plan_check_options(plan, error) &&
           add_machine(plan, item, error) && plan_add_cpus(plan, error);
}
