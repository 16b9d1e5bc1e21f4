/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * query-command-line-options: the groups that vmctl translates, for clients that use it to
 * detect features.
 */
#include "config.h"

#include "client/translate/translate.h"
#include "daemon/qapi-commands.h"
#include "qmp/error.h"

typedef struct {
    const char *wanted;         /* NULL: all */
    GPtrArray *infos;           /* of CommandLineOptionInfo */
} Collection;

static CommandLineOptionInfo *make_info(const char *group, const TranslateKey *keys, guint n)
{
    CommandLineOptionInfo *info = g_new0(CommandLineOptionInfo, 1);

    info->option = g_strdup(group);
    info->parameters.n = n;
    info->parameters.items = g_new0(CommandLineParameterInfo *, n);
    for (guint i = 0; i < n; i++) {
        CommandLineParameterInfo *key = g_new0(CommandLineParameterInfo, 1);

        key->name = g_strdup(keys[i].name);
        key->type = keys[i].type;
        key->help = g_strdup(keys[i].help);
        info->parameters.items[i] = key;
    }
    return info;
}

static bool collect(const char *group, const TranslateKey *keys, guint n, void *data)
{
    Collection *collection = data;

    if (!collection->wanted || g_str_equal(group, collection->wanted)) {
        g_ptr_array_add(collection->infos, make_info(group, keys, n));
    }
    return true;
}

bool qmp_query_command_line_options(QmpRequest *req, QueryCommandLineOptionsArgs *args,
                                    CommandLineOptionInfoList *ret, GError **error)
{
    Collection collection = { args->option, g_ptr_array_new() };

    translate_foreach_group(collect, &collection);
    if (args->option && !collection.infos->len) {
        g_ptr_array_unref(collection.infos);
        qmp_error_set_at(error, "option", ERROR_REASON_INVALID_VALUE,
                         "there is no group of options '%s'", args->option);
        return false;
    }
    ret->n = collection.infos->len;
    ret->items = (CommandLineOptionInfo **)g_ptr_array_free(collection.infos, FALSE);
    return true;
}
