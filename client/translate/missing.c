/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that options and QEMU's machines use, and that have no class here.
 */
#include "config.h"
#include "client/translate/missing.h"

#include "qmp/type.h"

static const MissingDevice devices[] = {
    { "VGA", "VGA card" },
    { "floppy", "floppy drive" },
    { "ide-cd", "CD-ROM drive" },
    { "ide-hd", "IDE controller" },
};

const MissingDevice *missing_device_rows(gsize *ret_n)
{
    *ret_n = G_N_ELEMENTS(devices);
    return devices;
}

const char *missing_device(const char *driver)
{
    for (gsize i = 0; i < G_N_ELEMENTS(devices); i++) {
        if (g_str_equal(devices[i].driver, driver) && !qmp_class_find(driver)) {
            return devices[i].what;
        }
    }
    return NULL;
}

char *missing_devices(const char *const *drivers)
{
    g_autoptr(GPtrArray) missing = g_ptr_array_new();
    GString *text = g_string_new(NULL);

    for (; *drivers; drivers++) {
        const char *what = missing_device(*drivers);

        if (what) {
            g_ptr_array_add(missing, (char *)what);
        }
    }
    for (guint i = 0; i < missing->len; i++) {
        g_string_append_printf(text, "%sa %s", !i ? "" : i + 1 < missing->len ? ", " : " and ",
                               (const char *)missing->pdata[i]);
    }
    return g_string_free(text, FALSE);
}
