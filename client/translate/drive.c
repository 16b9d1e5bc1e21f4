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
#include "client/translate/image.h"
#include "client/translate/drive-unit.h"
#include "client/translate/typed.h"
#include "qmp/text.h"

bool option_blockdev(Plan *plan, Item *item, GError **error)
{
    if (item->json) {
        return plan_add_json(plan, "blockdev-add", item->json, error);
    }
    return plan_add_options(plan, "blockdev-add", item->options, NULL, error);
}

/* -hda, -cdrom and the like, and a word without option: a -drive with its place. */
bool option_disk(Plan *plan, Item *item, GError **error)
{
    const char *name = item->row->name;
    bool floppy = g_str_has_prefix(name, "fd"), cdrom = g_str_equal(name, "cdrom");
    char index[] = { cdrom ? '2' : '0' + (name[2] - 'a'), 0 };

    item->options = plan_options();
    qmp_options_set(item->options, "file", item->text);
    qmp_options_set(item->options, "index", index);
    if (floppy) {
        qmp_options_set(item->options, "if", "floppy");
    } else {
        qmp_options_set(item->options, "media", cdrom ? "cdrom" : "disk");
    }
    return option_drive(plan, item, error);
}

/* ---- What -drive has of its own ---- */

typedef struct {
    DriveUnit *unit;            /* borrowed */
    char *driver;               /* of that node */
    const char *below;          /* prefix of file keys: "file.", or "" if node is the file */
    const char *protocol;       /* driver of the file; NULL: file= was not given */
    char *filename;             /* without the protocol */
    guint position;             /* of file= */
    bool probed;                /* that the image is raw was guessed */
    bool snapshot;              /* what the guest writes goes to a temporary image */
    bool read_only;
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

/* Keys that are not supported; only values without effect are accepted. */
static bool check_refused(Item *item, GError **error)
{
    bool on = false;

    if (!plan_take_bool(item->options, "copy-on-read", &on, error)) {
        return false;
    }
    return !on || plan_refuse(error, "'copy-on-read' must be off: there is no such layer on "
                              "images");
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

/* The file that "file.filename=" names, which stays where it is; not one that the client opens. */
static void see_file(const Item *item, Drive *drive)
{
    const char *driver = qmp_options_get(item->options, "file.driver");

    if (driver && (g_str_equal(driver, "file") || g_str_equal(driver, "host_device")) &&
        !qmp_options_get(item->options, "file.fd")) {
        drive->filename = g_strdup(qmp_options_get(item->options, "file.filename"));
    }
}

/* "file=" is the name of a file or device, optionally preceded by a protocol. */
static bool take_file(Item *item, Drive *drive, GError **error)
{
    const char *name = qmp_options_get(item->options, "file");
    gsize length = name ? strcspn(name, ":/") : 0;

    if (!name) {
        see_file(item, drive);
        return true;
    }
    drive->position = qmp_options_position(item->options, "file");
    drive->protocol = image_protocol(name);
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

/* The format that a file shows by its first bytes; one that shows none is raw. */
static char *guess_format(Plan *plan, Drive *drive)
{
    char *format = drive->filename ? drive_guess_format(plan, drive->filename) : NULL;

    if (format) {
        plan_note(plan, "'%s' is an image in format %s", drive->filename, format);
        return format;
    }
    if (drive->filename) {
        plan_note(plan, "'%s' has no format that vmctl knows, so it is raw; format=raw says that "
                  "it is", drive->filename);
        drive->probed = true;
    }
    return g_strdup("raw");
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
    } else {
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

/* It has two names; CDs are read-only by default. */
static bool take_read_only(Item *item, Drive *drive, bool *ret_given, GError **error)
{
    const char *const keys[] = { "read-only", "readonly" };
    bool given[] = { qmp_options_get(item->options, keys[0]) != NULL,
                     qmp_options_get(item->options, keys[1]) != NULL };

    if (given[0] && given[1]) {
        return plan_refuse(error, "'%s' and '%s' are the same, and exclude each other", keys[0],
                           keys[1]);
    }
    drive->read_only = drive->unit->cdrom;
    *ret_given = given[0] || given[1] || drive->unit->cdrom;
    return plan_take_bool(item->options, keys[given[1]], &drive->read_only, error);
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
static bool apply_modes(Item *item, Drive *drive, QmpOptions *node, GError **error)
{
    static const char *const of_file[] = { "aio", "locking" };
    const char *discard = qmp_options_get(item->options, "discard");
    bool says = false;

    if (!take_read_only(item, drive, &says, error) ||
        (says && !set_both(drive, node, "read-only", drive->read_only ? "on" : "off", error)) ||
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

/* Keeps the device's keys for its phase, under the names of its properties. */
static void keep_device(Item *item, DriveUnit *unit)
{
    static const char *const keys[] = { "serial", "werror", "rerror", "write-cache", "addr" };

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *value = qmp_options_get(item->options, keys[i]);

        if (value) {
            qmp_options_set(unit->device, keys[i], value);
            qmp_options_remove(item->options, keys[i]);
        }
    }
}

/* Of a drive without a device, only the node is made, and its write cache is on. */
static bool check_no_device(Item *item, GError **error)
{
    bool cache = true;

    return plan_take_bool(item->options, "write-cache", &cache, error) &&
           (cache || plan_refuse(error, "with if=none, 'cache' must have the device's cache on; "
                                 "give write-cache=off to the -device"));
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

/* Puts a temporary image over the node, which becomes its backing node. */
static bool add_overlay(Plan *plan, const Drive *drive, QmpOptions *node, GError **error)
{
    g_autoptr(QmpOptions) below = plan_options();
    g_autofree char *fd = g_strconcat("vmctl-overlay-", drive->unit->name, NULL);
    g_autofree char *name = g_strdup_printf("temporary image over %s", drive->filename);
    g_autofree char *zeroes = g_strdup(qmp_options_get(node, "detect-zeroes"));
    g_autofree char *limits = g_strdup(qmp_options_get(node, "io-limits"));
    g_autofree char *discard = g_strdup(qmp_options_get(node, "discard"));
    TranslationOverlay *overlay;

    if (!drive->filename) {
        return plan_refuse(error, "'snapshot' needs 'file'");
    }
    qmp_options_remove(node, "node-name");
    qmp_options_remove(node, "detect-zeroes");
    qmp_options_remove(node, "io-limits");
    qmp_options_set(node, "read-only", "on");
    if (*drive->below) {
        qmp_options_set(node, "file.read-only", "on");
    }
    if (!plan_move_all(node, below, "backing.", error) ||
        (zeroes && !set(node, "detect-zeroes", zeroes, error)) ||
        (limits && !set(node, "io-limits", limits, error)) ||
        (discard && (!set(node, "discard", discard, error) ||
                     !set(node, "file.discard", discard, error))) ||
        !set(node, "driver", "qcow2", error) ||
        !set(node, "node-name", drive->unit->name, error) ||
        !set(node, "file.driver", "file", error) || !set(node, "file.filename", name, error) ||
        !set(node, "file.fd", fd, error) || !set(node, "file.cache.no-flush", "on", error) ||
        !plan_move_all(below, node, "", error)) {
        return false;
    }
    overlay = g_new(TranslationOverlay, 1);
    *overlay = (TranslationOverlay){
        .fd = g_steal_pointer(&fd), .filename = g_strdup(drive->filename),
        .qcow2 = g_str_equal(drive->driver, "qcow2"),
    };
    g_ptr_array_add(plan->out->overlays, overlay);
    plan_note(plan, "what the guest writes to '%s' goes to a temporary image, and is lost at the "
              "end", drive->filename);
    return true;
}

bool option_snapshot(Plan *plan, Item *item, GError **error)
{
    plan->asked.snapshot = true;
    plan_note(plan, "disks get temporary images, which take what the guest writes");
    return true;
}

static bool add_node(Plan *plan, Item *item, Drive *drive, GError **error)
{
    static const char *const dropped[] = { "id", "node-name", "format", "driver" };
    g_autoptr(QmpOptions) node = plan_options();

    if (!take_file(item, drive, error) || !choose_driver(plan, item, drive, error) ||
        !set(node, "driver", drive->driver, error) ||
        !set(node, "node-name", drive->unit->name, error) || !apply_file(drive, node, error) ||
        !add_chain(plan, item, drive, node, error) ||
        !apply_cache(item, drive, node, error) || !apply_modes(item, drive, node, error) ||
        !drive_add_limits(plan, item->options, drive->unit->name, node, error)) {
        return false;
    }
    if (drive->probed && !drive->read_only && !set(node, "probed", "on", error)) {
        return false;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(dropped); i++) {
        qmp_options_remove(item->options, dropped[i]);
    }
    if (drive_unit_has_device(drive->unit)) {
        keep_device(item, drive->unit);
        qmp_options_set(drive->unit->device, "drive", drive->unit->name);
    } else if (!check_no_device(item, error)) {
        return false;
    }
    return plan_move_all(item->options, node, "", error) &&
           (!drive->snapshot || drive->read_only || add_overlay(plan, drive, node, error)) &&
           plan_add_options(plan, "blockdev-add", node, NULL, error);
}

/* A drive without a medium: keys of an image make no sense. */
static bool add_empty(Plan *plan, Item *item, DriveUnit *unit, GError **error)
{
    static const char *const known[] = { NULL };

    qmp_options_remove(item->options, "id");
    keep_device(item, unit);
    return plan_check_keys(item->options, known, error);
}

static bool is_empty(const Item *item, const DriveUnit *unit)
{
    static const char *const keys[] = { "file", "driver", "file.driver", "file.filename" };

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (qmp_options_get(item->options, keys[i])) {
            return false;
        }
    }
    return drive_unit_has_device(unit) && drive_unit_is_removable(unit);
}

bool option_drive(Plan *plan, Item *item, GError **error)
{
    Drive drive = { .unit = drive_unit_take(plan, item, error), .snapshot = plan->asked.snapshot };
    bool ok = drive.unit && check_refused(item, error) &&
              plan_take_bool(item->options, "snapshot", &drive.snapshot, error) &&
              (is_empty(item, drive.unit) ? add_empty(plan, item, drive.unit, error)
                                          : add_node(plan, item, &drive, error));

    g_free(drive.driver);
    g_free(drive.filename);
    return ok;
}
