/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -usb and -usbdevice: a PC's USB controller, and devices on it; and which USB devices of QEMU
 * there are not.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

static const char *const devices[][2] = {
    { "keyboard", "usb-kbd" },
    { "mouse", "usb-mouse" },
    { "tablet", "usb-tablet" },
};

static const struct {
    const char *driver;
    const char *why;
} refused[] = {
    { "usb-host", "devices of the host are not passed on to guests" },
    { "usb-redir", "devices are not redirected over a network" },
    { "usb-audio", "there is no sound, and no USB controller transfers isochronous data" },
};

bool check_usb_device(const char *driver, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        if (g_str_equal(driver, refused[i].driver)) {
            return plan_refuse(error, "%s", refused[i].why);
        }
    }
    return true;
}

bool option_usb(Plan *plan, Item *item, GError **error)
{
    qmp_options_set(plan->machine.options, "usb", "on");
    return true;
}

/* A -device that the option stands for. */
static bool add_device(Plan *plan, const Item *item, const char *driver, const char *drive,
                       GError **error)
{
    QmpOptions *options = plan_options();

    qmp_options_set(options, "driver", driver);
    if (drive) {
        qmp_options_set(options, "drive", drive);
    }
    return plan_add_group(plan, option_find_group("device"), options, item->origin, error);
}

/* disk:FILE, as it was before QEMU 2.12. */
static bool add_disk(Plan *plan, const Item *item, const char *file, GError **error)
{
    QmpOptions *options = plan_options();
    g_autofree char *id = plan_unique_id(plan, "usbdisk");

    qmp_options_set(options, "if", "none");
    qmp_options_set(options, "id", id);
    qmp_options_set(options, "file", file);
    return plan_add_group(plan, option_find_group("drive"), options, item->origin, error) &&
           add_device(plan, item, "usb-storage", id, error);
}

bool option_usbdevice(Plan *plan, Item *item, GError **error)
{
    qmp_options_set(plan->machine.options, "usb", "on");
    for (gsize i = 0; i < G_N_ELEMENTS(devices); i++) {
        if (g_str_equal(item->text, devices[i][0])) {
            return add_device(plan, item, devices[i][1], NULL, error);
        }
    }
    if (g_str_has_prefix(item->text, "disk:")) {
        return add_disk(plan, item, item->text + strlen("disk:"), error);
    }
    return plan_refuse(error, "the device is keyboard, mouse, tablet or disk:FILE");
}
