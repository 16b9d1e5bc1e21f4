/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware files; see firmware.h.
 */
#include "config.h"
#include "hw/machine/firmware.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "hw/aio/file-bytes.h"
#include "qmp/error.h"

char *firmware_path(const char *name)
{
    g_auto(GStrv) folders = g_strsplit(FIRMWARE_PATH, ":", -1);

    for (guint i = 0; !strchr(name, '/') && folders[i]; i++) {
        g_autofree char *path = g_build_filename(folders[i], name, NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS)) {
            return g_steal_pointer(&path);
        }
    }
    return g_strdup(name);
}

/* Allocates memory of at least size bytes, a power of two. */
static bool make_room(FirmwareImage *image, const char *what, GError **error)
{
    void *data;

    while (image->room < image->size) {
        image->room *= 2;
    }
    data = mmap(NULL, image->room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) {
        qmp_error_set_errno(error, ERROR_REASON_NO_MEMORY, errno, "%s", what);
        return false;
    }
    image->data = data;
    return true;
}

bool firmware_load(FirmwareImage *ret, const char *role, const char *name, gsize room, gsize max,
                   GError **error)
{
    g_autofree char *path = firmware_path(name);
    g_autoptr(GBytes) bytes = file_bytes_read(path, max, error);

    if (!bytes) {
        g_prefix_error(error, "%s: ", role);
        return false;
    }
    return firmware_fill(ret, role, path, bytes, room, max, error);
}

bool firmware_fill(FirmwareImage *ret, const char *role, const char *path, GBytes *bytes,
                   gsize room, gsize max, GError **error)
{
    g_autofree char *what = g_strdup_printf("%s '%s'", role, path);
    FirmwareImage image = { .room = MAX(room, 1), .size = g_bytes_get_size(bytes) };

    if (!image.size || image.size > max) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "%s is %s", what,
                      image.size ? "too long" : "empty");
        return false;
    }
    if (!make_room(&image, what, error)) {
        return false;
    }
    memcpy(image.data, g_bytes_get_data(bytes, NULL), image.size);
    *ret = image;
    return true;
}

void firmware_free(FirmwareImage *image)
{
    if (image->data) {
        munmap(image->data, image->room);
    }
    *image = (FirmwareImage){ 0 };
}
