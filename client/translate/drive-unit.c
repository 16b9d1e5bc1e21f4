/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks: where a -drive is connected, see drive-unit.h.
 */
#include "config.h"
#include "client/translate/drive-unit.h"

#include "client/translate/typed.h"
#include "qmp/text.h"

struct DriveInterface {
    const char *name;
    guint units;                /* of a bus; 0: any number, on one bus */
    bool media;                 /* the node's name says "hd" or "cd" */
    bool board;                 /* PCs have it; its devices come before those of -device */
};

static const DriveInterface interfaces[] = {
    { "ide", 2, true, true },
    { "floppy", 0, false, true },
    { "virtio", 0, false, false },
    { "none", 0, false, false },
};

enum { IDE, FLOPPY, VIRTIO, NONE };

/* What QEMU has, too, and what to do instead. */
static const struct {
    const char *name;
    const char *instead;
} refused[] = {
    { "scsi", "write if=none, and add -device virtio-scsi-pci and -device scsi-hd or scsi-cd" },
    { "sd", "there is no SD card reader; write if=virtio" },
    { "mtd", "there is no flash memory; write if=virtio" },
    { "pflash", "there is no flash memory; firmware is -bios FILE" },
    { "xen", "this is no Xen host; write if=virtio" },
};

void drive_unit_free(void *data)
{
    DriveUnit *unit = data;

    g_free(unit->name);
    qmp_options_free(unit->device);
    g_free(unit);
}

bool drive_unit_has_device(const DriveUnit *unit)
{
    return unit->interface != &interfaces[NONE];
}

bool drive_unit_is_removable(const DriveUnit *unit)
{
    return unit->interface->board && (unit->cdrom || unit->interface == &interfaces[FLOPPY]);
}

/* ---- The interface ---- */

static const DriveInterface *no_board(const char *what, GError **error)
{
    plan_refuse(error, "this machine has no %s: write if=virtio, or if=none and a -device", what);
    return NULL;
}

static const DriveInterface *no_interface(const char *name, GError **error)
{
    g_autofree char *quoted = qmp_text_quote(name);

    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        if (g_str_equal(name, refused[i].name)) {
            plan_refuse(error, "'if' must be ide, floppy, virtio or none, not %s: %s", quoted,
                        refused[i].instead);
            return NULL;
        }
    }
    plan_refuse(error, "'if' must be ide, floppy, virtio or none, not %s", quoted);
    return NULL;
}

static const DriveInterface *find_interface(const Plan *plan, const char *name, GError **error)
{
    name = name ? name : interfaces[IDE].name;
    for (gsize i = 0; i < G_N_ELEMENTS(interfaces); i++) {
        if (!g_str_equal(name, interfaces[i].name)) {
            continue;
        }
        if (interfaces[i].board && !plan_has_pci(plan)) {
            return no_board(i == IDE ? "IDE controller" : "floppy controller", error);
        }
        return &interfaces[i];
    }
    return no_interface(name, error);
}

/* ---- The place ---- */

static const DriveUnit *unit_at(const Plan *plan, const DriveInterface *interface, guint bus,
                                guint unit)
{
    for (guint i = 0; i < plan->disks.units->len; i++) {
        const DriveUnit *other = plan->disks.units->pdata[i];

        if (other->interface == interface && other->bus == bus && other->unit == unit) {
            return other;
        }
    }
    return NULL;
}

static bool set_index(DriveUnit *unit, guint64 index, GError **error)
{
    guint units = unit->interface->units;

    if (index > G_MAXINT) {
        return plan_refuse(error, "'index' is too large");
    }
    unit->bus = units ? index / units : 0;
    unit->unit = units ? index % units : index;
    return true;
}

/* The first free unit from bus on. */
static void choose_unit(const Plan *plan, DriveUnit *unit)
{
    for (unit->unit = 0; unit_at(plan, unit->interface, unit->bus, unit->unit); unit->unit++) {
        if (unit->interface->units && unit->unit + 1 == unit->interface->units) {
            unit->unit = -1;
            unit->bus++;
        }
    }
}

static bool take_numbers(Item *item, guint64 numbers[3], GError **error)
{
    return plan_take_uint(item->options, "index", &numbers[0], error) &&
           plan_take_uint(item->options, "bus", &numbers[1], error) &&
           plan_take_uint(item->options, "unit", &numbers[2], error);
}

static bool check_unit(const Plan *plan, const DriveUnit *unit, GError **error)
{
    guint units = unit->interface->units;

    if (units && unit->unit >= units) {
        return plan_refuse(error, "'unit' must be less than %u", units);
    }
    if (unit->interface == &interfaces[IDE] && unit->bus >= 2) {
        return plan_refuse(error, "there are four IDE drives: index=0 to 3");
    }
    if (unit->interface == &interfaces[FLOPPY] && (unit->bus || unit->unit >= 2)) {
        return plan_refuse(error, "there are two floppy drives: index=0 and 1");
    }
    if (unit_at(plan, unit->interface, unit->bus, unit->unit)) {
        return plan_refuse(error, "there is a drive with if=%s, bus=%u, unit=%u already",
                           unit->interface->name, unit->bus, unit->unit);
    }
    return true;
}

static bool take_place(const Plan *plan, Item *item, DriveUnit *unit, GError **error)
{
    guint64 numbers[3] = { G_MAXUINT64, G_MAXUINT64, G_MAXUINT64 };
    bool has_bus, has_unit;

    if (!take_numbers(item, numbers, error)) {
        return false;
    }
    has_bus = numbers[1] != G_MAXUINT64;
    has_unit = numbers[2] != G_MAXUINT64;
    if (numbers[0] != G_MAXUINT64) {
        if (has_bus || has_unit) {
            return plan_refuse(error, "'index' cannot be used with 'bus' or 'unit'");
        }
        return set_index(unit, numbers[0], error) && check_unit(plan, unit, error);
    }
    unit->bus = has_bus ? MIN(numbers[1], G_MAXINT) : 0;
    unit->unit = has_unit ? MIN(numbers[2], G_MAXINT) : 0;
    if (!has_unit) {
        choose_unit(plan, unit);
    }
    return check_unit(plan, unit, error);
}

/* ---- A -drive ---- */

static bool take_media(Item *item, DriveUnit *unit, GError **error)
{
    const char *media = qmp_options_get(item->options, "media");

    if (media && !g_str_equal(media, "disk") && !g_str_equal(media, "cdrom")) {
        g_autofree char *quoted = qmp_text_quote(media);

        return plan_refuse(error, "'media' must be disk or cdrom, not %s", quoted);
    }
    unit->cdrom = g_strcmp0(media, "cdrom") == 0;
    if (unit->cdrom && unit->interface == &interfaces[FLOPPY]) {
        return plan_refuse(error, "'media' must be disk for a floppy drive");
    }
    qmp_options_remove(item->options, "media");
    return true;
}

/* QEMU's names: ide0-hd0, ide1-cd0, floppy0, virtio0. */
static char *default_name(const Plan *plan, const DriveUnit *unit)
{
    const char *media = !unit->interface->media ? "" : unit->cdrom ? "-cd" : "-hd";
    g_autofree char *bus = unit->interface->units ? g_strdup_printf("%u", unit->bus)
                                                  : g_strdup("");
    g_autofree char *base = g_strdup_printf("%s%s%s%u", unit->interface->name, bus, media,
                                            unit->unit);

    return plan_unique_id(plan, base);
}

static DriveUnit *add_unit(Plan *plan, const Item *item, const DriveInterface *interface)
{
    DriveUnit *unit = g_new0(DriveUnit, 1);

    unit->item = item;
    unit->interface = interface;
    unit->device = plan_options();
    return unit;
}

DriveUnit *drive_unit_take(Plan *plan, Item *item, GError **error)
{
    const DriveInterface *interface =
        find_interface(plan, qmp_options_get(item->options, "if"), error);
    const char *name = qmp_options_get(item->options, "node-name");
    DriveUnit *unit = interface ? add_unit(plan, item, interface) : NULL;

    if (!unit) {
        return NULL;
    }
    qmp_options_remove(item->options, "if");
    if (!take_media(item, unit, error) || !take_place(plan, item, unit, error)) {
        drive_unit_free(unit);
        return NULL;
    }
    name = name ? name : qmp_options_get(item->options, "id");
    unit->name = name ? g_strdup(name) : default_name(plan, unit);
    g_ptr_array_add(plan->disks.units, unit);
    return unit;
}

/* ---- Devices ---- */

static const char *driver_of(const Plan *plan, const DriveUnit *unit)
{
    if (unit->interface == &interfaces[IDE]) {
        return unit->cdrom ? "ide-cd" : "ide-hd";
    }
    if (unit->interface == &interfaces[FLOPPY]) {
        return "floppy";
    }
    return plan_has_pci(plan) ? "virtio-blk-pci" : "virtio-blk-device";
}

/* A drive that may be empty has its name as id, by which clients find it even then. */
static bool add_device(Plan *plan, DriveUnit *unit, const char *why, GError **error)
{
    plan->current = unit->item;
    qmp_options_set(unit->device, "driver", driver_of(plan, unit));
    if (drive_unit_is_removable(unit)) {
        qmp_options_set(unit->device, "id", unit->name);
    }
    if (unit->interface->board) {
        g_autofree char *number = g_strdup_printf("%u", unit->unit);

        qmp_options_set(unit->device, "unit", number);
    }
    if (unit->interface == &interfaces[IDE]) {
        g_autofree char *bus = g_strdup_printf("ide.%u", unit->bus);

        qmp_options_set(unit->device, "bus", bus);
    }
    return plan_add_options(plan, "device_add", unit->device, why, error);
}

static bool add_devices(Plan *plan, bool board, GError **error)
{
    for (guint i = 0; i < plan->disks.units->len; i++) {
        DriveUnit *unit = plan->disks.units->pdata[i];

        if (drive_unit_has_device(unit) && unit->interface->board == board &&
            !add_device(plan, unit, unit->item ? NULL : "a default drive, which is empty", error)) {
            return false;
        }
    }
    return true;
}

bool finish_devices(Plan *plan, GError **error)
{
    return add_devices(plan, false, error);
}

/* QEMU's boards have an empty drive there, unless a -device is such a drive. */
static void add_default(Plan *plan, guint interface, guint bus, const char *const *drivers)
{
    DriveUnit *unit;

    for (; *drivers; drivers++) {
        if (plan_has_device(plan, *drivers)) {
            return;
        }
    }
    if (unit_at(plan, &interfaces[interface], bus, 0)) {
        return;
    }
    unit = add_unit(plan, NULL, &interfaces[interface]);
    unit->bus = bus;
    unit->cdrom = interface == IDE;
    unit->name = default_name(plan, unit);
    g_ptr_array_add(plan->disks.units, unit);
}

bool drive_units_add_board(Plan *plan, GError **error)
{
    static const char *const not_cdrom[] = { "ide-cd", "ide-hd", "scsi-cd", "scsi-hd", NULL };
    static const char *const not_floppy[] = { "isa-fdc", "floppy", NULL };

    if (!plan->asked.nodefaults && plan_has_pci(plan)) {
        add_default(plan, IDE, 1, not_cdrom);
        add_default(plan, FLOPPY, 0, not_floppy);
    }
    return add_devices(plan, true, error);
}
