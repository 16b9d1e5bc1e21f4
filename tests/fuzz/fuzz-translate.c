/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: requests of a translation fit the schema, or there is a problem with a message;
 * except ids that are given twice, which only the daemon refuses.
 *
 * First byte: odd for a config file, else a command line whose words are lines.  -readconfig is
 * left out, so that no file of the host is read.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "client/checker.h"
#include "client/translate/translate.h"
#include "qmp/error.h"
#include "tests/fuzz/fuzz.h"

static void check_request(const json_t *request)
{
    g_autoptr(Checker) checker = checker_new();
    g_autoptr(GError) error = NULL;

    if (!checker_check(checker, request, 1, &error)) {
        g_printerr("%s\n", error->message);
        abort();
    }
}

static void check_translation(const Translation *translation)
{
    for (guint i = 0; i < translation->problems->len; i++) {
        const GError *error = translation->problems->pdata[i];

        fuzz_check(error && error->domain == QMP_ERROR && error->message[0]);
    }
    if (translation->problems->len) {
        return;
    }
    fuzz_check(translation->requests->len > 0);
    for (guint i = 0; i < translation->requests->len; i++) {
        check_request(((TranslatedRequest *)translation->requests->pdata[i])->json);
    }
}

static Translation *translate_words(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, "\n", -1);

    for (guint i = 0; words[i]; i++) {
        if (strstr(words[i], "readconfig")) {
            words[i][0] = '\0';
        }
    }
    return translate_command_line(g_strv_length(words), (const char *const *)words);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autofree char *text = size ? g_strndup((const char *)data + 1, size - 1) : NULL;
    g_autoptr(Translation) translation = NULL;

    if (!size) {
        return 0;
    }
    translation = data[0] & 1 ? translate_config("file", text) : translate_words(text);
    check_translation(translation);
    return 0;
}
