/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of descriptors: monitor.json.
 */
#include "config.h"

#include "daemon/qapi-commands.h"
#include "hw/aio/fdset.h"
#include "qmp/error.h"
#include "qmp/qapi-types-monitor.h"

bool qmp_add_fd(QmpRequest *req, AddFdArgs *args, AddfdInfo **ret, GError **error)
{
    QmpFd *fd = qmp_request_take_fd(req, error);
    int number = qmp_fd_get(fd);
    gint64 id = fd ? fdset_add(args->has_fdset_id ? args->fdset_id : -1, fd, args->opaque, error)
                   : -1;

    if (id < 0) {
        return false;
    }
    *ret = g_new0(AddfdInfo, 1);
    (*ret)->fdset_id = id;
    (*ret)->fd = number;
    return true;
}

bool qmp_remove_fd(QmpRequest *req, RemoveFdArgs *args, GError **error)
{
    if (args->has_fd && args->fd < 0) {
        qmp_error_set_at(error, "fd", ERROR_REASON_FD_NOT_FOUND, "no descriptor is negative");
        return false;
    }
    return fdset_remove(args->fdset_id, args->has_fd ? args->fd : -1, error) ||
           qmp_error_blame(error, args->has_fd ? "fd" : "fdset-id");
}

/* The list of sets while it is made. */
typedef struct {
    GPtrArray *sets;            /* of FdsetInfo */
    GPtrArray *fds;             /* of FdsetFdInfo: those of the last set */
} Listing;

static void end_set(Listing *listing)
{
    FdsetInfo *set;

    if (!listing->fds) {
        return;
    }
    set = listing->sets->pdata[listing->sets->len - 1];
    set->fds.n = listing->fds->len;
    set->fds.items = (FdsetFdInfo **)g_ptr_array_free(g_steal_pointer(&listing->fds), FALSE);
}

static void list_fd(gint64 id, int fd, const char *opaque, void *data)
{
    Listing *listing = data;
    FdsetInfo *last = listing->sets->len ? listing->sets->pdata[listing->sets->len - 1] : NULL;
    FdsetFdInfo *info = g_new0(FdsetFdInfo, 1);

    if (!last || last->fdset_id != id) {
        end_set(listing);
        last = g_new0(FdsetInfo, 1);
        last->fdset_id = id;
        g_ptr_array_add(listing->sets, last);
        listing->fds = g_ptr_array_new();
    }
    info->fd = fd;
    info->opaque = g_strdup(opaque);
    g_ptr_array_add(listing->fds, info);
}

bool qmp_query_fdsets(QmpRequest *req, FdsetInfoList *ret, GError **error)
{
    Listing listing = { .sets = g_ptr_array_new() };

    fdset_foreach(list_fd, &listing);
    end_set(&listing);
    ret->n = listing.sets->len;
    ret->items = (FdsetInfo **)g_ptr_array_free(listing.sets, FALSE);
    return true;
}
