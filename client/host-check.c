/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks of the host, see host-check.h.
 */
#include "config.h"
#include "client/host-check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/translate/drive-chain.h"

/* Members that name a file, wherever in the arguments they are, and how it is used. */
static const struct {
    const char *tag;            /* member of the same object, or NULL: any object */
    const char *value;          /* its value */
    const char *member;
    int mode;                   /* of access(2) */
} files[] = {
    { NULL,       NULL,          "kernel",   R_OK },
    { "driver",   "file",        "filename", R_OK },
    { "driver",   "host_device", "filename", R_OK },
    { "qom-type", "rng-random",  "filename", R_OK },
    { "qom-type", "fw-cfg-file", "file",     R_OK },
    { "qom-type", "smbios-type-11", "path",  R_OK },
};

/* What a member's value requires of the kernel. */
static const struct {
    const char *member;
    const char *value;
    const char *path;
} devices[] = {
    { "qom-type", "kvm-accel", "/dev/kvm" },
    { "type",     "tap",       "/dev/net/tun" },
};

static void check_access(const char *path, int mode, GPtrArray *lines)
{
    if (access(path, mode) != 0) {
        g_ptr_array_add(lines, g_strdup_printf("%s: %s", path, g_strerror(errno)));
    }
}

/* An initrd, or modules of a Multiboot kernel: "FILE WORDS,FILE WORDS".  The kernel
 * image decides which; here it is taken for a list if there is no such file; "," is
 * doubled in names. */
static void check_initrd(const char *text, GPtrArray *lines)
{
    g_autoptr(GString) path = g_string_new(NULL);

    if (access(text, R_OK) == 0 || !strpbrk(text, " ,")) {
        check_access(text, R_OK, lines);
        return;
    }
    while (*text) {
        bool words = false;

        g_string_truncate(path, 0);
        for (; *text && (*text != ',' || text[1] == ','); text++) {
            text += *text == ',';
            words |= *text == ' ' && path->len;
            if (!words && *text != ' ') {
                g_string_append_c(path, *text);
            }
        }
        text += *text == ',';
        check_access(path->str, R_OK, lines);
    }
}

static const char *member_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* Whether a block node need not be written: as it says, or else as the node does that it is
 * defined in. */
static bool is_read_only(const json_t *object, bool outer)
{
    const json_t *own = json_object_get(object, "read-only");

    return json_is_true(json_object_get(object, "auto-read-only")) ||
           (own ? json_is_true(own) : outer);
}

/* Disks are also written, unless they are read-only. */
static int mode_of(gsize i, bool read_only)
{
    bool disk = files[i].tag && g_str_equal(files[i].tag, "driver");

    return disk && !read_only ? R_OK | W_OK : files[i].mode;
}

/* outer: that of is_read_only() */
static void check_object(const json_t *object, bool outer, GPtrArray *lines)
{
    const char *initrd = member_of(object, "initrd");
    bool read_only = is_read_only(object, outer);
    const char *key;
    json_t *value;

    if (initrd) {
        check_initrd(initrd, lines);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        const char *path = member_of(object, files[i].member);

        /* What comes as a descriptor is not opened. */
        if (path && !json_object_get(object, "fd") &&
            (!files[i].tag ||
             g_strcmp0(member_of(object, files[i].tag), files[i].value) == 0)) {
            check_access(path, mode_of(i, read_only), lines);
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS(devices); i++) {
        if (g_strcmp0(member_of(object, devices[i].member), devices[i].value) == 0) {
            check_access(devices[i].path, R_OK | W_OK, lines);
        }
    }
    json_object_foreach((json_t *)object, key, value) {
        if (json_is_object(value)) {
            check_object(value, read_only || g_str_equal(key, "backing"), lines);
        }
    }
}

void host_check(const json_t *request, GPtrArray *lines)
{
    const json_t *arguments = json_object_get(request, "arguments");

    if (json_is_object(arguments)) {
        check_object(arguments, false, lines);
    }
}

/* ---- Warnings ---- */

static void warn_of_object(const json_t *object, GPtrArray *lines)
{
    const json_t *file = json_object_get(object, "file");
    const char *path = member_of(file, "filename"), *format = NULL;
    const char *key;
    json_t *value;

    if (path && g_strcmp0(member_of(object, "driver"), "raw") == 0 &&
        !json_object_get(object, "offset")) {
        format = drive_see_format(path);
    }
    if (format) {
        g_ptr_array_add(lines, g_strdup_printf("'%s' begins as an image in format %s does: as raw, "
                                               "the guest sees that, not what the image holds",
                                               path, format));
    }
    json_object_foreach((json_t *)object, key, value) {
        if (json_is_object(value)) {
            warn_of_object(value, lines);
        }
    }
}

void host_warn(const json_t *request, GPtrArray *lines)
{
    const json_t *arguments = json_object_get(request, "arguments");

    if (json_is_object(arguments)) {
        warn_of_object(arguments, lines);
    }
}
