/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -vga, and the card that a PC of QEMU has without it.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

/* Types that there are, and those that QEMU has besides on PCs. */
static const struct {
    char type[8], driver[12];
} types[] = {
    { "cirrus", "cirrus-vga" }, { "std", "VGA" }, { "virtio", "virtio-vga" },
};
static const char absent[][8] = { "qxl", "vmware", "xenfb" };

/* Cards in whose presence QEMU leaves out its default one. */
static const char cards[][16] = {
    "VGA", "cirrus-vga", "isa-vga", "qxl-vga", "vhost-user-vga", "virtio-vga", "virtio-vga-gl",
    "vmware-svga",
};

/* The card of a type, or NULL. */
static const char *find_driver(const char *type)
{
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_str_equal(type, types[i].type)) {
            return types[i].driver;
        }
    }
    return NULL;
}

bool option_vga(Plan *plan, Item *item, GError **error)
{
    const char *type = item->text;

    plan->vga = item;
    if (g_str_equal(type, "none")) {
        plan_note(plan, "there is none");
        return true;
    }
    if (find_driver(type)) {
        return true;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(absent); i++) {
        if (g_str_equal(type, absent[i])) {
            return plan_refuse(error, "there is no such card; std is the one with drivers in most "
                               "operating systems");
        }
    }
    return plan_refuse(error, "the type is cirrus, std, virtio or none");
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
static bool add_card(Plan *plan, const char *driver, GError **error)
{
    g_autoptr(QmpOptions) device = plan_options();

    qmp_options_set(device, "driver", driver);
    qmp_options_set(device, "addr", "2");
    return plan_add_options(plan, "device_add", device, "the VGA card", error);
}

bool add_vga(Plan *plan, GError **error)
{
    const char *driver = plan->vga ? find_driver(plan->vga->text) : NULL;

    if (wants_default(plan)) {
        driver = "VGA";
    } else if (!driver) {
        return true;
    } else if (!plan_has_pci(plan)) {
        plan->current = plan->vga;
        return plan_refuse(error, "the machine has no PCI bus for the card");
    }
    plan_note(plan, "the machine has a VGA card; 'vmctl screen --web' shows its screen in a "
              "browser");
    return add_card(plan, driver, error);
}
