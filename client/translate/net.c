/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks: -netdev, -nic, and pairs of -net.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

#include "qmp/text.h"

/* Wraps lists of strings, for which the command has structs with one member. */
static bool wrap_strings(QmpOptions *options, GError **error)
{
    static const char *const keys[] = { "hostfwd", "guestfwd", "dnssearch" };

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
        guint position = qmp_options_position(options, keys[i]);
        const char *value;

        for (guint n = 0; (value = qmp_options_get_nth(options, keys[i], n)); n++) {
            g_ptr_array_add(values, g_strdup(value));
        }
        if (!values->len) {
            continue;
        }
        qmp_options_remove(options, keys[i]);
        for (guint n = 0; n < values->len; n++) {
            g_autofree char *path = g_strdup_printf("%s.%u.str", keys[i], n);

            if (!qmp_options_add(options, path, values->pdata[n], position, error)) {
                return false;
            }
        }
    }
    return true;
}

#define HOST_LOOPBACK "disable-host-loopback"

/* QEMU's guests can reach services on the host's loopback addresses. */
void net_allow_loopback(QmpOptions *options)
{
    if (g_strcmp0(qmp_options_get(options, "type"), "user") == 0 &&
        !qmp_options_get(options, HOST_LOOPBACK)) {
        qmp_options_set(options, HOST_LOOPBACK, "off");
    }
}

static void allow_loopback_json(json_t *options)
{
    if (g_strcmp0(json_string_value(json_object_get(options, "type")), "user") == 0 &&
        !json_object_get(options, HOST_LOOPBACK)) {
        json_object_set_new(options, HOST_LOOPBACK, json_false());
    }
}

/* -netdev bridge, and a tap with a helper: the device is made by the host's helper. */
static bool needs_helper(const QmpOptions *options)
{
    const char *type = qmp_options_get(options, "type");

    return g_strcmp0(type, "bridge") == 0 ||
           (g_strcmp0(type, "tap") == 0 && (qmp_options_get(options, "helper") ||
                                            qmp_options_get(options, "br")));
}

static bool take_bridge(Plan *plan, QmpOptions *options, GError **error)
{
    static const char *const tap_only[] = { "ifname", "fd", "fds", "script", "downscript",
                                            "queues", NULL };
    const char *id = qmp_options_get(options, "id");
    g_autofree char *fd = g_strconcat(TRANSLATION_OWN_FD "bridge-", id ? id : "", NULL);
    TranslationBridge *bridge;

    for (gsize i = 0; tap_only[i]; i++) {
        if (qmp_options_get(options, tap_only[i])) {
            qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                          "'%s' is not for a device that a helper makes", tap_only[i]);
            return false;
        }
    }
    bridge = g_new0(TranslationBridge, 1);
    bridge->origin = g_strdup(plan->current->origin);
    bridge->fd = g_strdup(fd);
    bridge->bridge = g_strdup(qmp_options_get(options, "br"));
    bridge->helper = g_strdup(qmp_options_get(options, "helper"));
    g_ptr_array_add(plan->out->bridges, bridge);
    qmp_options_remove(options, "br");
    qmp_options_remove(options, "helper");
    qmp_options_set(options, "type", "tap");
    qmp_options_set(options, "fd", fd);
    plan_note(plan, "vmctl has the host's helper make the device, and passes it as '%s'", fd);
    return true;
}

static bool add_netdev(Plan *plan, QmpOptions *options, GError **error)
{
    net_allow_loopback(options);
    if (needs_helper(options) && !take_bridge(plan, options, error)) {
        return false;
    }
    return wrap_strings(options, error) &&
           plan_add_options(plan, "netdev_add", options, NULL, error);
}

bool option_netdev(Plan *plan, Item *item, GError **error)
{
    plan->net.has_nic = true;
    if (item->json) {
        allow_loopback_json(item->json);
        return plan_add_json(plan, "netdev_add", item->json, error);
    }
    return add_netdev(plan, item->options, error);
}

/* ---- Cards ---- */

static const char *model_class(const Plan *plan, const char *model)
{
    if (!model) {
        return plan_has_pci(plan) ? "e1000" : "virtio-net-device";
    }
    if (g_str_equal(model, "virtio") || g_str_equal(model, "virtio-net")) {
        return plan_has_pci(plan) ? "virtio-net-pci" : "virtio-net-device";
    }
    return model;
}

/* The card of a group that may also describe its network; takes the card's keys. */
static bool take_nic(Plan *plan, QmpOptions *options, const char *netdev, QmpOptions *device,
                     GError **error)
{
    const char *model = model_class(plan, qmp_options_get(options, "model"));

    return qmp_options_add(device, "driver", model, qmp_options_position(options, "model"),
                           error) &&
           qmp_options_add(device, "netdev", netdev, 0, error) &&
           plan_move(options, "macaddr", device, "mac", error) &&
           plan_move(options, "mac", device, "mac", error) &&
           plan_move(options, "addr", device, "addr", error) &&
           plan_move(options, "vectors", device, "vectors", error) &&
           (qmp_options_remove(options, "model"), true);
}

bool option_nic(Plan *plan, Item *item, GError **error)
{
    g_autoptr(QmpOptions) device = plan_options();
    g_autofree char *base = g_strdup_printf("net%u", plan->net.n++);
    g_autofree char *id = NULL;
    const char *type = qmp_options_get(item->options, "type");

    plan->net.has_nic = true;
    if (g_strcmp0(type, "none") == 0) {
        plan_note(plan, "no network card");
        return true;
    }
    id = qmp_options_get(item->options, "id") ? g_strdup(qmp_options_get(item->options, "id"))
                                              : plan_unique_id(plan, base);
    qmp_options_set(item->options, "id", id);
    return take_nic(plan, item->options, id, device, error) &&
           add_netdev(plan, item->options, error) &&
           plan_add_options(plan, "device_add", device, NULL, error);
}

/* ---- -net: a card and a network on a hub; a pair of them needs none ---- */

static bool join(Plan *plan, Item *nic, Item *net, GError **error)
{
    g_autoptr(QmpOptions) device = plan_options();
    g_autofree char *base = g_strdup_printf("net%u", plan->net.n++);
    g_autofree char *id = plan_unique_id(plan, base);

    qmp_options_set(net->options, "id", id);
    if (!take_nic(plan, nic->options, id, device, error)) {
        return false;
    }
    qmp_options_remove(nic->options, "type");
    return plan_move_all(nic->options, device, "", error) &&
           add_netdev(plan, net->options, error) &&
           plan_add_options(plan, "device_add", device, NULL, error);
}

bool option_net(Plan *plan, Item *item, GError **error)
{
    const char *type = qmp_options_get(item->options, "type");
    bool is_nic = g_strcmp0(type, "nic") == 0;
    Item **own = is_nic ? &plan->net.nic_pending : &plan->net.net_pending;
    Item **other = is_nic ? &plan->net.net_pending : &plan->net.nic_pending;

    plan->net.has_nic = true;
    if (g_strcmp0(type, "none") == 0) {
        plan_note(plan, "no network card");
        return true;
    }
    if (is_nic && qmp_options_get(item->options, "netdev")) {
        g_autoptr(QmpOptions) device = plan_options();
        g_autofree char *id = g_strdup(qmp_options_get(item->options, "netdev"));

        qmp_options_remove(item->options, "netdev");
        qmp_options_remove(item->options, "type");
        return take_nic(plan, item->options, id, device, error) &&
               plan_move_all(item->options, device, "", error) &&
               plan_add_options(plan, "device_add", device, NULL, error);
    }
    if (*own) {
        return plan_refuse(error, "-net nic and -net BACKEND must come in pairs: there are no "
                           "hubs; use -nic");
    }
    *own = item;
    if (*other) {
        Item *nic = plan->net.nic_pending, *net = plan->net.net_pending;

        plan->net.nic_pending = plan->net.net_pending = NULL;
        return join(plan, nic, net, error);
    }
    return true;
}
