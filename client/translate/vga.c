/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -vga, and the card that a PC of QEMU has without it.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

/* Types that QEMU has on PCs. */
static const char *const absent[] = { "cirrus", "qxl", "virtio", "vmware", "xenfb" };

/* Cards in whose presence QEMU leaves out its default one. */
static const char *const cards[] = {
    "VGA", "cirrus-vga", "isa-vga", "qxl-vga", "vhost-user-vga", "virtio-vga", "virtio-vga-gl",
    "vmware-svga",
};

bool option_vga(Plan *plan, Item *item, GError **error)
{
    const char *type = item->text;

    plan->vga = item;
    if (g_str_equal(type, "none")) {
        plan_note(plan, "there is none");
        return true;
    }
    if (g_str_equal(type, "std")) {
        return true;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(absent); i++) {
        if (g_str_equal(type, absent[i])) {
            return plan_refuse(error, "there is no such card; std is the one with drivers in most "
                               "operating systems");
        }
    }
    return plan_refuse(error, "the type is std or none");
}

/* A user who wants no display has no use for the default card. */
static bool wants_default(const Plan *plan)
{
    bool has = plan->vga || plan->asked.nodefaults || plan->asked.nographic;

    for (gsize i = 0; i < G_N_ELEMENTS(cards); i++) {
        has |= plan_has_device(plan, cards[i]);
    }
    return !has && plan_has_pci(plan);
}

/* QEMU makes the card before other devices, so it is in slot 2. */
static bool add_card(Plan *plan, GError **error)
{
    g_autoptr(QmpOptions) device = plan_options();

    qmp_options_set(device, "driver", "VGA");
    qmp_options_set(device, "addr", "2");
    return plan_add_options(plan, "device_add", device, "the VGA card", error);
}

bool add_vga(Plan *plan, GError **error)
{
    if (wants_default(plan)) {
        plan_note(plan, "the machine has a VGA card; 'vmctl screen --web' shows its screen in a "
                  "browser");
        return add_card(plan, error);
    }
    if (!plan->vga || !g_str_equal(plan->vga->text, "std")) {
        return true;
    }
    if (!plan_has_pci(plan)) {
        plan->current = plan->vga;
        return plan_refuse(error, "the machine has no PCI bus for the card");
    }
    return add_card(plan, error);
}
