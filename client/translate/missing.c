/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that options and QEMU's machines use, and that have no class here.
 */
#include "config.h"
#include "client/translate/missing.h"

#include "qmp/type.h"

static const MissingDevice devices[] = {
    { "VGA", "VGA card" },
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
