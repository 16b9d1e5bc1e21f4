/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths of arguments, looked up in what a client sent; see blame.h.
 */
#include "config.h"
#include "qmp/blame.h"

#include <string.h>

#include "qmp/error.h"

static bool leads_on(const QmpInputOps *ops, const void *node, const char *path, bool missing);

/* True if path ends here, or goes on to a member or an element. */
static bool member_leads_on(const QmpInputOps *ops, const void *node, const char *path,
                            gsize length, bool missing)
{
    g_autofree char *key = g_strndup(path, length);
    const void *item = ops->dict_get(node, key);

    path += length;
    return item && leads_on(ops, item, path + (*path == '.'), missing);
}

/* Names may contain dots and brackets themselves: each possible end of the name is tried. */
static bool in_dict(const QmpInputOps *ops, const void *node, const char *path, bool missing)
{
    gsize length = 0;

    while (path[length]) {
        length += 1 + strcspn(path + length + 1, ".[");
        if (member_leads_on(ops, node, path, length, missing)) {
            return true;
        }
    }
    return missing;
}

static bool in_list(const QmpInputOps *ops, const void *node, const char *path, bool missing)
{
    guint64 index;
    char *end;

    if (*path != '[') {
        return false;
    }
    index = g_ascii_strtoull(path + 1, &end, 10);
    if (*end != ']' || index >= ops->list_length(node)) {
        return false;
    }
    end++;
    return leads_on(ops, ops->list_item(node, index), end + (*end == '.'), missing);
}

static bool leads_on(const QmpInputOps *ops, const void *node, const char *path, bool missing)
{
    if (!*path) {
        return true;
    }
    switch (ops->kind(node)) {
    case QMP_VALUE_DICT:
        return in_dict(ops, node, path, missing);
    case QMP_VALUE_LIST:
        return in_list(ops, node, path, missing);
    default:
        return false;
    }
}

void qmp_blame_check(GError *error, const QmpInputOps *ops, const void *node)
{
    bool missing = qmp_error_is(error, ERROR_REASON_PROPERTY_MISSING);
    const char *path = qmp_error_path(error);

    if (path && !(node ? leads_on(ops, node, path, missing) : missing)) {
        qmp_error_replace_path(error, NULL);
    }
}
