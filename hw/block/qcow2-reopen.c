/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: other options, while it is in use.
 */
#include "config.h"
#include "hw/block/qcow2.h"

#include "qmp/error.h"
#include "qom/qapi-objects-block.h"

typedef struct {
    const BlockdevOptions *options;
    bool read_only;
} Reopen;

/* Writes what is left, as when it is closed. */
static bool stop_writing(Qcow2 *s, GError **error)
{
    int ret = qcow2_end_writing(s);

    if (ret) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, ret,
                            "cannot write the rest of block node '%s'", s->node.object.name);
        return false;
    }
    g_mutex_lock(&s->mutex);
    s->writing = false;
    g_mutex_unlock(&s->mutex);
    qcow2_cache_clear(&s->refcounts);
    g_clear_pointer(&s->refcount_table, g_free);
    return true;
}

/* On the worker. */
static bool reopen(Qcow2 *s, void *data, GError **error)
{
    const Reopen *to = data;

    if (!s->node.read_only && !stop_writing(s, error)) {
        return false;
    }
    s->node.read_only = to->read_only;
    if (!to->read_only && !qcow2_open_for_writing(s, to->options, error)) {
        s->node.read_only = true;
        return false;
    }
    return true;
}

bool qcow2_reopen(BlockNode *node, const BlockdevOptions *options, bool read_only, GError **error)
{
    Reopen to = { .options = options, .read_only = read_only };

    if (node->read_only && read_only) {
        return true;
    }
    return qcow2_worker_call(to_qcow2(node), reopen, &to, error);
}

static bool swap_backing(Qcow2 *s, void *data, GError **error)
{
    g_mutex_lock(&s->mutex);
    s->backing = data;
    g_mutex_unlock(&s->mutex);
    return true;
}

void qcow2_set_backing(BlockNode *node, BlockNode *backing)
{
    qcow2_worker_call(to_qcow2(node), swap_backing, backing, NULL);
}
