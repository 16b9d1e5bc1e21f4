/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a board has by default: serial and parallel ports, the debug console; and
 * devices of QEMU's boards that these lack.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

#include "client/translate/drive-unit.h"

/* A device on a new character device, or on one that -chardev made. */
static bool add_port(Plan *plan, const char *text, const char *driver, const char *base,
                     guint index, const char *why, GError **error)
{
    g_autoptr(QmpOptions) options = plan_options();
    g_autofree char *id = plan_unique_id(plan, base);
    g_autofree char *number = g_strdup_printf("%u", index);
    bool shared = g_str_has_prefix(text, "chardev:");
    bool none = false;

    if (!shared && !chardev_add_legacy(plan, text, id, &none, error)) {
        return false;
    }
    if (none || (plan->ports.no_serial && g_str_equal(driver, "isa-serial"))) {
        return true;
    }
    qmp_options_set(options, "driver", driver);
    if (g_str_equal(driver, "isa-debugcon")) {
        qmp_options_set(options, "iobase", "0xe9");
    } else {
        qmp_options_set(options, "index", number);
    }
    qmp_options_set(options, "chardev", shared ? text + strlen("chardev:") : id);
    return plan_add_options(plan, "device_add", options, why, error);
}

bool option_serial(Plan *plan, Item *item, GError **error)
{
    g_autofree char *base = g_strdup_printf("serial%u", plan->ports.n_serial);

    plan->ports.has_serial = true;
    return add_port(plan, item->text, "isa-serial", base, plan->ports.n_serial++, NULL, error);
}

bool option_parallel(Plan *plan, Item *item, GError **error)
{
    g_autofree char *base = g_strdup_printf("parallel%u", plan->ports.n_parallel);

    plan->ports.has_parallel = true;
    return add_port(plan, item->text, "isa-parallel", base, plan->ports.n_parallel++, NULL, error);
}

bool option_debugcon(Plan *plan, Item *item, GError **error)
{
    return add_port(plan, item->text, "isa-debugcon", "debugcon", 0, NULL, error);
}

bool option_nodefaults(Plan *plan, Item *item, GError **error)
{
    plan->asked.nodefaults = true;
    plan_note(plan, "default devices are omitted");
    return true;
}

bool option_nographic(Plan *plan, Item *item, GError **error)
{
    plan->asked.nographic = true;
    plan_note(plan, "there is no display; a serial port is on standard input and output");
    return true;
}

bool option_stopped(Plan *plan, Item *item, GError **error)
{
    plan->asked.stopped = true;
    plan_note(plan, "the final 'cont' is omitted");
    return true;
}

/* ---- Defaults ---- */

static bool add_default_nic(Plan *plan, GError **error)
{
    g_autoptr(QmpOptions) netdev = plan_options(), device = plan_options();
    g_autofree char *id = plan_unique_id(plan, "net0");

    qmp_options_set(netdev, "type", "user");
    qmp_options_set(netdev, "id", id);
    net_allow_loopback(netdev);
    qmp_options_set(device, "driver", "e1000");
    qmp_options_set(device, "netdev", id);
    return plan_add_options(plan, "netdev_add", netdev, "the default network card",
                            error) &&
           plan_add_options(plan, "device_add", device, "the default network card",
                            error);
}

static bool add_defaults(Plan *plan, GError **error)
{
    bool is_pc = plan_has_pci(plan);

    if (plan->asked.nodefaults || g_str_equal(plan->machine.klass->name, "none-machine")) {
        return true;
    }
    if (!plan->ports.has_serial && !plan_has_device(plan, "isa-serial") &&
        !add_port(plan, plan->asked.nographic ? "mon:stdio" : "null", "isa-serial", "serial0", 0,
                  "the default serial port", error)) {
        return false;
    }
    if (is_pc && !plan->ports.has_parallel && !plan_has_device(plan, "isa-parallel") &&
        !add_port(plan, "null", "isa-parallel", "parallel0", 0,
                  "the default parallel port", error)) {
        return false;
    }
    return !is_pc || plan->net.has_nic || add_default_nic(plan, error);
}

bool finish_board(Plan *plan, GError **error)
{
    if (plan->net.nic_pending || plan->net.net_pending) {
        plan->current = plan->net.nic_pending ? plan->net.nic_pending : plan->net.net_pending;
        return plan_refuse(error, "-net nic and -net BACKEND must come in pairs: there are no "
                           "hubs");
    }
    return add_vga(plan, error) && drive_units_add_board(plan, error) &&
           add_defaults(plan, error) && plan_add_linked(plan, error);
}
