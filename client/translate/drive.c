/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks: -drive, -blockdev, and the options that mean IDE disks.
 *
 * A -drive becomes a block node, a format over a file, and a device if its interface says so.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

#include "client/translate/typed.h"
#include "qmp/qapi-types.h"
#include "qmp/text.h"

bool option_blockdev(Plan *plan, Item *item, GError **error)
{
    if (item->json) {
        return plan_add_json(plan, "blockdev-add", item->json, error);
    }
    return plan_add_options(plan, "blockdev-add", item->options, NULL, error);
}

/* -hda, -cdrom and others, and a word without option. */
bool option_disk(Plan *plan, Item *item, GError **error)
{
    return plan_refuse(error, "there is no %s: write -drive file=FILE,format=raw,if=virtio",
                       g_str_has_prefix(item->row->name, "fd") ? "floppy drive"
                       : "IDE controller");
}

/* ---- What -drive has of its own ---- */

typedef struct {
    char *node;                 /* node-name */
    bool read_only, given_read_only;
    const char *interface;      /* "virtio" or "none" */
} Drive;

static bool choose_interface(Item *item, Drive *drive, GError **error)
{
    const char *interface = qmp_options_get(item->options, "if");
    g_autofree char *quoted = NULL;

    if (g_strcmp0(interface, "virtio") == 0 || g_strcmp0(interface, "none") == 0) {
        drive->interface = g_str_equal(interface, "virtio") ? "virtio" : "none";
        return true;
    }
    if (!interface || g_str_equal(interface, "ide")) {
        return plan_refuse(error, "there is no IDE controller: write if=virtio, or if=none and a "
                           "-device");
    }
    quoted = qmp_text_quote(interface);
    return plan_refuse(error, "'if' must be virtio or none, not %s", quoted);
}

/* Keys that cannot be had; only values that change nothing are accepted. */
static bool check_refused(Item *item, GError **error)
{
    static const char *const never[] = { "snapshot", "copy-on-read" };
    const char *media = qmp_options_get(item->options, "media");

    if (media && !g_str_equal(media, "disk")) {
        return plan_refuse(error, "'media' must be disk: there is no CD-ROM drive");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(never); i++) {
        bool on = false;

        if (!plan_take_bool(item->options, never[i], &on, error)) {
            return false;
        }
        if (on) {
            return plan_refuse(error, "'%s' must be off: images are raw", never[i]);
        }
    }
    qmp_options_remove(item->options, "media");
    return true;
}

/* A driver for the outer node: images are never guessed. */
static const char *choose_format(Item *item, GError **error)
{
    const char *format = qmp_options_get(item->options, "format");
    const char *driver = qmp_options_get(item->options, "driver");

    if (format || driver) {
        return format ? format : driver;
    }
    qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING,
                  "must have a 'format': the format of an image is not guessed; write format=raw "
                  "if that is what it is");
    return NULL;
}

/* ---- Cache modes ---- */

static const struct {
    const char *name;
    const char *direct, *no_flush, *write_cache;
} cache_modes[] = {
    { "none",         "on",  "off", "on" },
    { "off",          "on",  "off", "on" },
    { "writeback",    "off", "off", "on" },
    { "unsafe",       "off", "on",  "on" },
    { "writethrough", "off", "off", "off" },
    { "directsync",   "on",  "off", "off" },
};

static bool set(QmpOptions *to, const char *path, const char *value, GError **error)
{
    return qmp_options_add(to, path, value, 0, error);
}

/* Whether the device's cache is on is the device's property; the rest is the file's. */
static bool apply_cache(Item *item, QmpOptions *node, GError **error)
{
    g_autofree char *mode = g_strdup(qmp_options_get(item->options, "cache"));
    g_autofree char *quoted = NULL;

    if (!mode) {
        return true;
    }
    qmp_options_remove(item->options, "cache");
    for (gsize i = 0; i < G_N_ELEMENTS(cache_modes); i++) {
        if (g_str_equal(mode, cache_modes[i].name)) {
            qmp_options_set(item->options, "write-cache", cache_modes[i].write_cache);
            return set(node, "file.cache.direct", cache_modes[i].direct, error) &&
                   set(node, "file.cache.no-flush", cache_modes[i].no_flush, error);
        }
    }
    quoted = qmp_text_quote(mode);
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                  "'cache' must be none, writeback, writethrough, directsync or unsafe, not %s",
                  quoted);
    return false;
}

/* ---- The file below ---- */

/* "file=" is a file's name, or a device's; what has a protocol in front of it is neither. */
static bool apply_file(Item *item, QmpOptions *node, GError **error)
{
    g_autofree char *name = g_strdup(qmp_options_get(item->options, "file"));
    g_autofree char *scheme = name ? g_strndup(name, strcspn(name, ":/")) : NULL;
    const char *path = name;
    guint position = qmp_options_position(item->options, "file");

    if (!name) {
        return true;                /* file.driver=, file.filename= */
    }
    qmp_options_remove(item->options, "file");
    if (g_str_has_prefix(name, "file:")) {
        path = name + strlen("file:");
    } else if (name[strlen(scheme)] == ':') {
        return plan_refuse(error, "at position %u: '%s' is no protocol that disks can be reached "
                           "by; a file whose name has a colon is file:NAME", position, scheme);
    }
    return set(node, "file.driver", g_str_has_prefix(path, "/dev/") ? "host_device" : "file",
               error) &&
           qmp_options_add(node, "file.filename", path, position, error);
}

/* Keys of the drive that go to the node, to the file, or to both. */
static bool apply_modes(Item *item, QmpOptions *node, GError **error)
{
    const char *read_only = qmp_options_get(item->options, "readonly");
    const char *discard = qmp_options_get(item->options, "discard");

    read_only = read_only ? read_only : qmp_options_get(item->options, "read-only");
    if (read_only && (!set(node, "read-only", read_only, error) ||
                      !set(node, "file.read-only", read_only, error))) {
        return false;
    }
    if (discard) {
        const char *value = g_str_equal(discard, "on") ? "unmap"
                            : g_str_equal(discard, "off") ? "ignore" : discard;

        if (!set(node, "discard", value, error) || !set(node, "file.discard", value, error)) {
            return false;
        }
    }
    qmp_options_remove(item->options, "readonly");
    qmp_options_remove(item->options, "read-only");
    qmp_options_remove(item->options, "discard");
    return plan_move(item->options, "aio", node, "file.aio", error) &&
           plan_move(item->options, "locking", node, "file.locking", error);
}

/* ---- The drive ---- */

static bool choose_node(Plan *plan, Item *item, Drive *drive, GError **error)
{
    const char *name = qmp_options_get(item->options, "node-name");
    g_autofree char *base = g_strdup_printf("virtio%u", plan->n_drive++);

    name = name ? name : qmp_options_get(item->options, "id");
    drive->node = name ? g_strdup(name) : plan_unique_id(plan, base);
    return true;
}

/* What the device needs is kept for its turn, under the names of its own properties. */
static void keep_device(Plan *plan, Item *item, Drive *drive, QmpOptions *device)
{
    static const char *const keys[] = { "serial", "werror", "rerror", "write-cache", "addr" };

    qmp_options_set(device, "drive", drive->node);
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *value = qmp_options_get(item->options, keys[i]);

        if (value) {
            qmp_options_set(device, keys[i], value);
            qmp_options_remove(item->options, keys[i]);
        }
    }
    g_ptr_array_add(plan->drive_devices, item);
}

static bool add_drive(Plan *plan, Item *item, Drive *drive, GError **error)
{
    g_autoptr(QmpOptions) node = plan_options(), device = plan_options();
    static const char *const dropped[] = { "if", "id", "node-name", "format", "driver", "index",
                                           "bus", "unit" };
    const char *format = choose_format(item, error);

    if (!format || !set(node, "driver", format, error) ||
        !set(node, "node-name", drive->node, error) || !apply_file(item, node, error) ||
        !apply_cache(item, node, error) || !apply_modes(item, node, error)) {
        return false;
    }
    if (qmp_options_get(item->options, "index") || qmp_options_get(item->options, "bus") ||
        qmp_options_get(item->options, "unit")) {
        plan_note(plan, "index, bus and unit are places on IDE and SCSI; this disk has its own");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(dropped); i++) {
        qmp_options_remove(item->options, dropped[i]);
    }
    if (g_str_equal(drive->interface, "virtio")) {
        keep_device(plan, item, drive, device);
    } else if (g_strcmp0(qmp_options_get(item->options, "write-cache"), "on") == 0) {
        qmp_options_remove(item->options, "write-cache");
    } else if (qmp_options_get(item->options, "write-cache")) {
        return plan_refuse(error, "with if=none, 'cache' must have the device's cache on; give "
                           "write-cache=off to the -device");
    }
    if (!plan_move_all(item->options, node, "", error) ||
        !plan_add_options(plan, "blockdev-add", node, NULL, error)) {
        return false;
    }
    /* From now on the item's group is the device's. */
    qmp_options_free(item->options);
    item->options = g_steal_pointer(&device);
    return true;
}

bool option_drive(Plan *plan, Item *item, GError **error)
{
    Drive drive = { 0 };
    bool ok = choose_interface(item, &drive, error) && check_refused(item, error) &&
              choose_node(plan, item, &drive, error) && add_drive(plan, item, &drive, error);

    g_free(drive.node);
    return ok;
}

bool finish_devices(Plan *plan, GError **error)
{
    const char *driver = plan_has_pci(plan) ? "virtio-blk-pci" : "virtio-blk-device";

    for (guint i = 0; i < plan->drive_devices->len; i++) {
        Item *item = plan->drive_devices->pdata[i];

        plan->current = item;
        qmp_options_set(item->options, "driver", driver);
        if (!plan_add_options(plan, "device_add", item->options, NULL, error)) {
            return false;
        }
    }
    return true;
}
