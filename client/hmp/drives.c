/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks and media.  A line names a drive, or the device that it belongs to; requests have a member
 * for each.
 */
#include "config.h"

#include "client/hmp/functions.h"

/* "device" if that is the name of a drive, else "id". */
static const char *member_for(const json_t *drives, const char *name)
{
    const json_t *drive;
    gsize i;

    json_array_foreach(drives, i, drive) {
        if (g_str_equal(hmp_str(drive, "device"), name)) {
            return "device";
        }
    }
    return "id";
}

/* The line's drive, as a member of arguments. */
static json_t *name_drive(const HmpLine *line, const json_t *drives)
{
    const char *name = hmp_word(line, "device");

    return json_pack("{s:s}", member_for(drives, name), name);
}

static void on_eject(HmpLine *line, const json_t *reply)
{
    json_t *arguments = name_drive(line, reply);

    json_object_set_new(arguments, "force", json_boolean(hmp_given(line, "f")));
    hmp_ask(line, "eject", arguments, NULL);
}

void hmp_eject(HmpLine *line)
{
    hmp_ask(line, "query-block", NULL, on_eject);
}

static void on_change(HmpLine *line, const json_t *reply)
{
    json_t *arguments = name_drive(line, reply);

    json_object_set_new(arguments, "filename", json_string(hmp_word(line, "target")));
    if (hmp_given(line, "arg")) {
        json_object_set_new(arguments, "format", json_string(hmp_word(line, "arg")));
    }
    if (hmp_given(line, "mode")) {
        json_object_set_new(arguments, "read-only-mode", json_string(hmp_word(line, "mode")));
    }
    if (hmp_given(line, "f")) {
        json_object_set_new(arguments, "force", json_true());
    }
    hmp_ask(line, "blockdev-change-medium", arguments, NULL);
}

void hmp_change(HmpLine *line)
{
    const char *password = hmp_word(line, "arg");

    if (!g_str_equal(hmp_word(line, "device"), "vnc")) {
        hmp_ask(line, "query-block", NULL, on_change);
    } else if (password && (g_str_equal(hmp_word(line, "target"), "passwd") ||
                            g_str_equal(hmp_word(line, "target"), "password"))) {
        hmp_ask(line, "change-vnc-password", json_pack("{s:s}", "password", password), NULL);
    } else {
        hmp_fail(line, "of a VNC server only the password can be changed: "
                 "change vnc password PASSWORD");
    }
}

/* One that is not there any more has been removed with its device; Proxmox knows this message. */
static void on_nodes(HmpLine *line, const json_t *reply)
{
    const char *id = hmp_word(line, "id");
    const json_t *node;
    gsize i;

    json_array_foreach(reply, i, node) {
        if (g_str_equal(hmp_str(node, "node-name"), id)) {
            hmp_ask(line, "blockdev-del", json_pack("{s:s}", "node-name", id), NULL);
            return;
        }
    }
    hmp_fail(line, "Device '%s' not found", id);
}

/* Removes the drive's node; one that a device uses stays, since the device needs it. */
void hmp_drive_del(HmpLine *line)
{
    hmp_ask(line, "query-named-block-nodes", NULL, on_nodes);
}

static void on_resize(HmpLine *line, const json_t *reply)
{
    const char *name = hmp_word(line, "device");
    bool drive = g_str_equal(member_for(reply, name), "device");

    hmp_ask(line, "block_resize", json_pack("{s:s, s:I}", drive ? "device" : "node-name", name,
                                            "size", (json_int_t)hmp_number(line, "size")), NULL);
}

void hmp_block_resize(HmpLine *line)
{
    hmp_ask(line, "query-block", NULL, on_resize);
}

static void on_throttle(HmpLine *line, const json_t *reply)
{
    static const char names[][8] = { "bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr" };
    json_t *arguments = name_drive(line, reply);

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        json_object_set_new(arguments, names[i], json_integer(hmp_number(line, names[i])));
    }
    hmp_ask(line, "block_set_io_throttle", arguments, NULL);
}

void hmp_block_set_io_throttle(HmpLine *line)
{
    hmp_ask(line, "query-block", NULL, on_throttle);
}
