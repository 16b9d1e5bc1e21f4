/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * balloon and query-balloon; the balloon is hw/virtio/virtio-balloon.c.
 */
#include "config.h"

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/virtio/virtio-balloon.h"
#include "qmp/error.h"
#include "qmp/qapi-types-virtio.h"

static VirtioBalloon *require_balloon(QmpRequest *req, GError **error)
{
    Machine *machine = vmd_machine(qmp_request_context(req));
    VirtioBalloon *balloon = machine ? virtio_balloon_find(machine) : NULL;

    if (!balloon) {
        qmp_error_set(error, ERROR_REASON_DEVICE_NOT_ACTIVE,
                      "No balloon device has been activated");
    }
    return balloon;
}

bool qmp_balloon(QmpRequest *req, BalloonArgs *args, GError **error)
{
    VirtioBalloon *balloon = require_balloon(req, error);

    if (balloon) {
        virtio_balloon_set_target(balloon, args->value);
    }
    return balloon != NULL;
}

bool qmp_query_balloon(QmpRequest *req, BalloonInfo **ret, GError **error)
{
    VirtioBalloon *balloon = require_balloon(req, error);

    if (!balloon) {
        return false;
    }
    *ret = g_new0(BalloonInfo, 1);
    (*ret)->actual = virtio_balloon_actual(balloon);
    return true;
}
