/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info network: the cards with their backends, then backends without a card, as QEMU prints
 * them; set_link and announce_self.
 *
 * The first reads query-config, which has each backend with its options, and each card.
 */
#include "config.h"

#include "client/hmp/functions.h"
#include "qmp/json.h"
#include "qmp/options.h"

static const json_t *next_request(const json_t *config, const char *command, gsize *i)
{
    const json_t *requests = json_object_get(config, "requests");

    while (*i < json_array_size(requests)) {
        const json_t *request = json_array_get(requests, (*i)++);

        if (g_str_equal(hmp_str(request, "execute"), command)) {
            return json_object_get(request, "arguments");
        }
    }
    return NULL;
}

static void print_options(HmpLine *line, const json_t *backend)
{
    json_t *rest = json_copy((json_t *)backend);
    g_autofree char *text = NULL;

    json_object_del(rest, "id");
    json_object_del(rest, "type");
    text = qmp_options_print(&qmp_json_input, rest);
    hmp_print(line, "index=0,type=%s%s%s\n", hmp_str(backend, "type"), *text ? "," : "", text);
    json_decref(rest);
}

static const json_t *find_backend(const json_t *config, const char *id)
{
    const json_t *backend;
    gsize i = 0;

    while ((backend = next_request(config, "netdev_add", &i))) {
        if (g_str_equal(hmp_str(backend, "id"), id)) {
            return backend;
        }
    }
    return NULL;
}

static bool has_card(const json_t *config, const char *id)
{
    const json_t *card;
    gsize i = 0;

    while ((card = next_request(config, "device_add", &i))) {
        if (g_str_equal(hmp_str(card, "netdev"), id)) {
            return true;
        }
    }
    return false;
}

static void print_card(HmpLine *line, const json_t *config, const json_t *card)
{
    const char *peer = hmp_str(card, "netdev"), *id = hmp_str(card, "id");
    const json_t *backend = find_backend(config, peer);

    hmp_print(line, "%s: index=0,type=nic,model=%s,macaddr=%s\n",
              *id ? id : hmp_str(card, "driver"), hmp_str(card, "driver"), hmp_str(card, "mac"));
    if (backend) {
        hmp_print(line, " \\ %s: ", peer);
        print_options(line, backend);
    }
}

static void on_config(HmpLine *line, const json_t *reply)
{
    const json_t *item;
    gsize i = 0;

    while ((item = next_request(reply, "device_add", &i))) {
        if (json_object_get(item, "mac")) {
            print_card(line, reply, item);
        }
    }
    i = 0;
    while ((item = next_request(reply, "netdev_add", &i))) {
        if (!has_card(reply, hmp_str(item, "id"))) {
            hmp_print(line, "%s: ", hmp_str(item, "id"));
            print_options(line, item);
        }
    }
}

void hmp_info_network(HmpLine *line)
{
    hmp_ask(line, "query-config", NULL, on_config);
}

void hmp_set_link(HmpLine *line)
{
    hmp_ask(line, "set_link", json_pack("{s:s, s:b}", "name", hmp_word(line, "name"), "up",
                                        (int)hmp_number(line, "up")), NULL);
}

/* When and how often is what QEMU's monitor uses: its defaults for the end of a migration. */
void hmp_announce_self(HmpLine *line)
{
    json_t *arguments = json_pack("{s:i, s:i, s:i, s:i}", "initial", 50, "max", 550, "rounds", 5,
                                  "step", 100);

    if (hmp_given(line, "interfaces")) {
        g_auto(GStrv) names = g_strsplit(hmp_word(line, "interfaces"), ",", -1);
        json_t *interfaces = json_array();

        for (guint i = 0; names[i]; i++) {
            json_array_append_new(interfaces, json_string(names[i]));
        }
        json_object_set_new(arguments, "interfaces", interfaces);
    }
    if (hmp_given(line, "id")) {
        json_object_set_new(arguments, "id", json_string(hmp_word(line, "id")));
    }
    hmp_ask(line, "announce-self", arguments, NULL);
}
