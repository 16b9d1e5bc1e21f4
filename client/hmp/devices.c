/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a line adds: devices, objects and backends from key=value text, decoded by the rows of the
 * schema, as options of a command line are.
 */
#include "config.h"

#include <string.h>

#include "client/hmp/functions.h"
#include "client/translate/translate.h"
#include "client/translate/typed.h"
#include "qmp/json.h"

/* Decodes the line's options, text or JSON, as the arguments of a command. */
static void add(HmpLine *line, const char *command, const char *implied_key)
{
    const char *text = hmp_word(line, "options");
    g_autoptr(QmpOptions) options = NULL;
    g_autoptr(GError) error = NULL;
    json_t *arguments = NULL;

    if (*text == '{') {
        arguments = qmp_json_parse(text, strlen(text), &error);
    } else {
        options = qmp_options_parse(text, implied_key, 0, &error);
        arguments = options ? typed_from_options(typed_command(command), options, &error) : NULL;
    }
    if (arguments) {
        hmp_ask(line, command, arguments, NULL);
    } else {
        hmp_fail(line, "%s", error->message);
    }
}

void hmp_device_add(HmpLine *line)
{
    add(line, "device_add", "driver");
}

void hmp_object_add(HmpLine *line)
{
    add(line, "object-add", "qom-type");
}

void hmp_netdev_add(HmpLine *line)
{
    add(line, "netdev_add", "type");
}

/* ---- As an option of a command line ---- */

static const GError *first_problem(const Translation *translation)
{
    return translation->problems->len ? translation->problems->pdata[0] : NULL;
}

static void on_chardev(HmpLine *line, const json_t *reply)
{
    if (json_object_get(reply, "pty")) {
        hmp_print(line, "char device redirected to %s\n", hmp_str(reply, "pty"));
    }
}

/* Asks for those requests that option alone leads to: of this command. */
static void add_translated(HmpLine *line, const char *option, const char *command, HmpReply *reply)
{
    const char *const words[] = { "-nodefaults", "-machine", "none", option,
                                  hmp_word(line, "options") };
    g_autoptr(Translation) translation = translate_command_line(G_N_ELEMENTS(words), words);
    const GError *problem = first_problem(translation);

    if (problem) {
        hmp_fail(line, "%s", problem->message);
        return;
    }
    for (guint i = 0; i < translation->requests->len; i++) {
        const TranslatedRequest *request = translation->requests->pdata[i];

        if (g_str_equal(hmp_str(request->json, "execute"), command)) {
            hmp_ask(line, command, json_incref(json_object_get(request->json, "arguments")), reply);
        }
    }
}

void hmp_chardev_add(HmpLine *line)
{
    add_translated(line, "-chardev", "chardev-add", on_chardev);
}

/* Proxmox waits for this word. */
static void on_drive(HmpLine *line, const json_t *reply)
{
    hmp_print(line, "OK\n");
}

void hmp_drive_add(HmpLine *line)
{
    add_translated(line, hmp_given(line, "n") ? "-blockdev" : "-drive", "blockdev-add",
                   hmp_given(line, "n") ? NULL : on_drive);
}
