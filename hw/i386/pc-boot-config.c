/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot configuration of a PC's firmware; see pc-boot-config.h.  Names and
 * formats of the items are those that SeaBIOS reads.
 */
#include "config.h"
#include "hw/i386/pc-boot-config.h"

#include <string.h>

#include "hw/i386/loader.h"
#include "qmp/bytes.h"
#include "qmp/error.h"

enum { SPLASH_MAX = 16 << 20 };

/* ---- Picture ---- */

/* The firmware's name for a picture, by its first bytes; NULL: unknown
 * format. */
static const char *splash_name(GBytes *splash)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(splash, &size);

    if (size >= 2 && data[0] == 0xff && data[1] == 0xd8) {
        return "bootsplash.jpg";
    }
    return size >= 2 && data[0] == 'B' && data[1] == 'M' ? "bootsplash.bmp" : NULL;
}

static GBytes *read_file(const char *path, GError **error)
{
    g_autoptr(LoaderFile) file = loader_open("boot picture", path, error);
    g_autofree guint8 *data = NULL;

    if (!file) {
        return NULL;
    }
    if (file->size > SPLASH_MAX) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "%s has more than %d MiB", file->what,
                      SPLASH_MAX >> 20);
        return NULL;
    }
    data = g_malloc(file->size);
    if (!loader_read(file, 0, data, file->size, error)) {
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&data), file->size);
}

bool pc_boot_load_splash(const BootConfiguration *boot, GBytes **ret_splash, GError **error)
{
    g_autoptr(GBytes) splash = NULL;

    if (!boot || !boot->splash) {
        *ret_splash = NULL;
        return true;
    }
    splash = read_file(boot->splash, error);
    if (!splash) {
        return false;
    }
    if (!splash_name(splash)) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "boot picture '%s' is neither BMP nor JPEG", boot->splash);
        return false;
    }
    *ret_splash = g_steal_pointer(&splash);
    return true;
}

/* ---- Items ---- */

static bool set_number(FwCfg *fw_cfg, const char *name, guint64 value, guint size, GError **error)
{
    guint8 bytes[8];

    put_le(bytes, value, size);
    return fw_cfg_set_file(fw_cfg, name, g_bytes_new(bytes, size), error);
}

bool pc_boot_set_items(FwCfg *fw_cfg, const BootConfiguration *boot, GBytes *splash,
                       GError **error)
{
    bool menu = boot && boot->has_menu && boot->menu;
    gint64 retry = boot && boot->has_reboot_timeout ? boot->reboot_timeout : -1;

    fw_cfg_set_number(fw_cfg, FW_CFG_BOOT_MENU, menu, 2);
    if (boot && boot->has_splash_time &&
        !set_number(fw_cfg, "etc/boot-menu-wait", boot->splash_time, 2, error)) {
        return false;
    }
    if (splash &&
        !fw_cfg_set_file(fw_cfg, splash_name(splash), g_bytes_ref(splash), error)) {
        return false;
    }
    return set_number(fw_cfg, "etc/boot-fail-wait", retry, 4, error);
}
