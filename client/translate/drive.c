/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks: -drive, -blockdev, and the options that mean IDE disks.
 *
 * A -drive becomes a block node, a format over a file, and a device if its interface says so.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

#include "client/translate/drive-chain.h"
#include "client/translate/drive-limits.h"
#include "client/translate/missing.h"
#include "client/translate/typed.h"
#include "qmp/text.h"

bool option_blockdev(Plan *plan, Item *item, GError **error)
{
    if (item->json) {
        return plan_add_json(plan, "blockdev-add", item->json, error);
    }
    return plan_add_options(plan, "blockdev-add", item->options, NULL, error);
}

/* If there is no such device, says so, and what to do instead. */
static bool refuse_device(const char *driver, const char *instead, GError **error)
{
    const char *what = missing_device(driver);

    return what ? plan_refuse(error, "there is no %s: %s", what, instead)
                : plan_refuse(error, "%s", instead);
}

/* -hda, -cdrom and the like, and a word without option. */
bool option_disk(Plan *plan, Item *item, GError **error)
{
    const char *name = item->row->name;

    return refuse_device(g_str_has_prefix(name, "fd") ? "floppy"
                         : g_str_equal(name, "cdrom") ? "ide-cd" : "ide-hd",
                         "write -drive file=FILE,format=raw,if=virtio", error);
}

/* ---- What -drive has of its own ---- */

typedef struct {
    char *node;                 /* node-name */
    const char *interface;      /* "virtio" or "none" */
    char *driver;               /* of that node */
    const char *below;          /* prefix of file keys: "file.", or "" if node is the file */
    const char *protocol;       /* driver of the file; NULL: file= was not given */
    char *filename;             /* without the protocol */
    guint position;             /* of file= */
} Drive;

/* Drivers for files, and their prefixes in file names. */
static const struct {
    const char *driver;
    const char *prefix;
} protocols[] = {
    { "file", "file:" },
    { "host_device", "host_device:" },
    { "null-co", "null-co://" },
};

static bool choose_interface(Item *item, Drive *drive, GError **error)
{
    const char *interface = qmp_options_get(item->options, "if");
    g_autofree char *quoted = NULL;

    if (g_strcmp0(interface, "virtio") == 0 || g_strcmp0(interface, "none") == 0) {
        drive->interface = g_str_equal(interface, "virtio") ? "virtio" : "none";
        return true;
    }
    if (!interface || g_str_equal(interface, "ide")) {
        return refuse_device("ide-hd", "write if=virtio, or if=none and a -device", error);
    }
    quoted = qmp_text_quote(interface);
    return plan_refuse(error, "'if' must be virtio or none, not %s", quoted);
}

/* Keys that are not supported; only values without effect are accepted. */
static bool check_refused(Item *item, GError **error)
{
    static const char *const never[] = { "snapshot", "copy-on-read" };
    const char *media = qmp_options_get(item->options, "media");

    if (media && !g_str_equal(media, "disk")) {
        return refuse_device("ide-cd", "'media' must be disk", error);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(never); i++) {
        bool on = false;

        if (!plan_take_bool(item->options, never[i], &on, error)) {
            return false;
        }
        if (on) {
            return plan_refuse(error, "'%s' must be off: there is no such layer on images",
                               never[i]);
        }
    }
    qmp_options_remove(item->options, "media");
    return true;
}

static bool is_protocol(const char *driver)
{
    for (gsize i = 0; i < G_N_ELEMENTS(protocols); i++) {
        if (g_str_equal(driver, protocols[i].driver)) {
            return true;
        }
    }
    return false;
}

/* "file=" is the name of a file or device, optionally preceded by a protocol. */
static bool take_file(Item *item, Drive *drive, GError **error)
{
    const char *name = qmp_options_get(item->options, "file");
    gsize length = name ? strcspn(name, ":/") : 0;

    if (!name) {
        return true;                /* file.driver=, file.filename= */
    }
    drive->position = qmp_options_position(item->options, "file");
    drive->protocol = g_str_has_prefix(name, "/dev/") ? "host_device" : "file";
    for (gsize i = 0; i < G_N_ELEMENTS(protocols); i++) {
        if (g_str_has_prefix(name, protocols[i].prefix)) {
            drive->protocol = protocols[i].driver;
            name += strlen(protocols[i].prefix);
            length = 0;
            break;
        }
    }
    if (length && name[length] == ':') {
        return plan_refuse(error, "at position %u: '%.*s' is not a supported protocol for disks; "
                           "use file:, host_device: or null-co://; a file whose name contains a "
                           "colon is file:NAME", drive->position, (int)length, name);
    }
    if (*name && g_str_equal(drive->protocol, "null-co")) {
        return plan_refuse(error, "at position %u: null-co:// takes no name: there is no "
                           "file", drive->position);
    }
    drive->filename = g_strdup(name);
    qmp_options_remove(item->options, "file");
    return true;
}

/* A format that a file shows beyond doubt; raw is not one of those. */
static char *guess_format(Plan *plan, const Drive *drive)
{
    char *format = drive->filename ? drive_guess_format(drive->filename) : NULL;

    if (format) {
        plan_note(plan, "'%s' is an image in format %s", drive->filename, format);
    }
    return format;
}

/* What is said to be raw is, but a guest that sees an image's tables is seldom meant. */
static void note_format(Plan *plan, const Drive *drive)
{
    const char *format = NULL;

    if (drive->filename && !g_str_equal(drive->driver, "qcow2")) {
        format = drive_see_format(drive->filename);
    }
    if (format) {
        plan_note(plan, "'%s' begins as an image in format %s does: with format=%s the guest "
                  "sees that, not what the image holds", drive->filename, format, drive->driver);
    }
}

/* The outer node's driver.  A node without image is raw. */
static bool choose_driver(Plan *plan, Item *item, Drive *drive, GError **error)
{
    const char *format = qmp_options_get(item->options, "format");
    const char *driver = qmp_options_get(item->options, "driver");
    bool null = g_strcmp0(drive->protocol, "null-co") == 0;

    if (format && driver) {
        return plan_refuse(error, "'driver' and 'format' are the same, and exclude each other");
    }
    if (!format && !driver && !null) {
        drive->driver = guess_format(plan, drive);
    }
    if (!format && !driver && !null && !drive->driver) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING,
                      "must have a 'format': the format of an image is not guessed; write "
                      "format=raw if that is what it is");
        return false;
    }
    if (!drive->driver) {
        drive->driver = g_strdup(format ? format : driver ? driver : "raw");
        note_format(plan, drive);
    }
    drive->below = is_protocol(drive->driver) ? "" : "file.";
    return true;
}

/* ---- Cache modes ---- */

/* The device's write cache is a property of the device; the other keys belong to the file. */
static const struct {
    const char *key;
    const char *device;         /* the device's property, or NULL */
} cache_keys[] = {
    { "cache.direct", NULL },
    { "cache.no-flush", NULL },
    { "cache.writeback", "write-cache" },
};

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

/* The same for a key of the file. */
static bool set_below(const Drive *drive, QmpOptions *to, const char *key, const char *value,
                      GError **error)
{
    g_autofree char *path = g_strconcat(drive->below, key, NULL);

    return set(to, path, value, error);
}

static bool set_cache_mode(Item *item, const char *name, GError **error)
{
    g_autofree char *quoted = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(cache_modes); i++) {
        if (g_str_equal(name, cache_modes[i].name)) {
            const char *const values[] = { cache_modes[i].direct, cache_modes[i].no_flush,
                                           cache_modes[i].write_cache };

            for (gsize k = 0; k < G_N_ELEMENTS(cache_keys); k++) {
                if (!qmp_options_get(item->options, cache_keys[k].key)) {
                    qmp_options_set(item->options, cache_keys[k].key, values[k]);
                }
            }
            return true;
        }
    }
    quoted = qmp_text_quote(name);
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                  "'cache' must be none, writeback, writethrough, directsync or unsafe, not %s",
                  quoted);
    return false;
}

/* A mode gives a value to each key that was not given. */
static bool apply_cache(Item *item, const Drive *drive, QmpOptions *node, GError **error)
{
    const char *mode = qmp_options_get(item->options, "cache");

    if (mode && !set_cache_mode(item, mode, error)) {
        return false;
    }
    qmp_options_remove(item->options, "cache");
    for (gsize i = 0; i < G_N_ELEMENTS(cache_keys); i++) {
        const char *value = qmp_options_get(item->options, cache_keys[i].key);
        guint position = qmp_options_position(item->options, cache_keys[i].key);
        g_autofree char *path = g_strconcat(drive->below, cache_keys[i].key, NULL);
        bool ok = !value || (cache_keys[i].device
                             ? qmp_options_add(item->options, cache_keys[i].device, value,
                                               position, error)
                             : qmp_options_add(node, path, value, position, error));

        if (!ok) {
            return false;
        }
        qmp_options_remove(item->options, cache_keys[i].key);
    }
    return true;
}

/* ---- The file below ---- */

/* The file's driver and name. */
static bool apply_file(const Drive *drive, QmpOptions *node, GError **error)
{
    g_autofree char *path = g_strconcat(drive->below, "filename", NULL);
    bool null = g_strcmp0(drive->protocol, "null-co") == 0;

    if (!drive->protocol) {
        return true;
    }
    if (null && !*drive->below && !g_str_equal(drive->driver, "null-co")) {
        return plan_refuse(error, "at position %u: there is no file, which format=%s needs",
                           drive->position, drive->driver);
    }
    return (!*drive->below || set(node, "file.driver", drive->protocol, error)) &&
           (null || qmp_options_add(node, path, drive->filename, drive->position, error));
}

/* A value with two names, or NULL; fails if both are given. */
static bool take_alias(Item *item, const char *name, const char *alias, char **ret, GError **error)
{
    const char *value = qmp_options_get(item->options, name);
    const char *other = qmp_options_get(item->options, alias);

    if (value && other) {
        return plan_refuse(error, "'%s' and '%s' are the same, and exclude each other", name,
                           alias);
    }
    *ret = g_strdup(value ? value : other);
    qmp_options_remove(item->options, name);
    qmp_options_remove(item->options, alias);
    return true;
}

/* Sets a value for the node, and for its file if that is a separate node. */
static bool set_both(const Drive *drive, QmpOptions *node, const char *key, const char *value,
                     GError **error)
{
    return set(node, key, value, error) &&
           (!*drive->below || set_below(drive, node, key, value, error));
}

static const char *discard_mode(const char *text)
{
    return g_str_equal(text, "on") ? "unmap" : g_str_equal(text, "off") ? "ignore" : text;
}

/* Keys of the drive that go to the node, to the file, or to both. */
static bool apply_modes(Item *item, const Drive *drive, QmpOptions *node, GError **error)
{
    static const char *const of_file[] = { "aio", "locking" };
    g_autofree char *read_only = NULL;
    const char *discard = qmp_options_get(item->options, "discard");

    if (!take_alias(item, "read-only", "readonly", &read_only, error) ||
        (read_only && !set_both(drive, node, "read-only", read_only, error)) ||
        (discard && !set_both(drive, node, "discard", discard_mode(discard), error))) {
        return false;
    }
    qmp_options_remove(item->options, "discard");
    for (gsize i = 0; i < G_N_ELEMENTS(of_file); i++) {
        g_autofree char *path = g_strconcat(drive->below, of_file[i], NULL);

        if (!plan_move(item->options, of_file[i], node, path, error)) {
            return false;
        }
    }
    return true;
}

/* ---- The drive ---- */

static bool choose_node(Plan *plan, Item *item, Drive *drive, GError **error)
{
    const char *name = qmp_options_get(item->options, "node-name");
    g_autofree char *base = g_strdup_printf("virtio%u", plan->disks.n++);

    name = name ? name : qmp_options_get(item->options, "id");
    drive->node = name ? g_strdup(name) : plan_unique_id(plan, base);
    return true;
}

/* Keeps the device's keys for its phase, under the names of its properties. */
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
    g_ptr_array_add(plan->disks.devices, item);
}

/* Whoever says what an image is based on is not helped. */
static bool add_chain(Plan *plan, Item *item, const Drive *drive, QmpOptions *node,
                      GError **error)
{
    static const char *const own[] = { "backing", "backing.driver", "data-file",
                                       "data-file.driver" };

    for (gsize i = 0; i < G_N_ELEMENTS(own); i++) {
        if (qmp_options_get(item->options, own[i])) {
            return true;
        }
    }
    return !drive->filename || !g_str_equal(drive->driver, "qcow2") ||
           drive_add_chain(plan, node, drive->filename, error);
}

static bool add_drive(Plan *plan, Item *item, Drive *drive, GError **error)
{
    g_autoptr(QmpOptions) node = plan_options(), device = plan_options();
    static const char *const dropped[] = { "if", "id", "node-name", "format", "driver", "index",
                                           "bus", "unit" };

    if (!take_file(item, drive, error) || !choose_driver(plan, item, drive, error) ||
        !set(node, "driver", drive->driver, error) ||
        !set(node, "node-name", drive->node, error) || !apply_file(drive, node, error) ||
        !add_chain(plan, item, drive, node, error) ||
        !apply_cache(item, drive, node, error) || !apply_modes(item, drive, node, error) ||
        !drive_add_limits(plan, item->options, drive->node, node, error)) {
        return false;
    }
    if (qmp_options_get(item->options, "index") || qmp_options_get(item->options, "bus") ||
        qmp_options_get(item->options, "unit")) {
        plan_note(plan, "index, bus and unit are for IDE and SCSI; this disk has its own address");
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
    g_free(drive.driver);
    g_free(drive.filename);
    return ok;
}

bool finish_devices(Plan *plan, GError **error)
{
    const char *driver = plan_has_pci(plan) ? "virtio-blk-pci" : "virtio-blk-device";

    for (guint i = 0; i < plan->disks.devices->len; i++) {
        Item *item = plan->disks.devices->pdata[i];

        plan->current = item;
        qmp_options_set(item->options, "driver", driver);
        if (!plan_add_options(plan, "device_add", item->options, NULL, error)) {
            return false;
        }
    }
    return true;
}
