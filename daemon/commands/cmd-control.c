/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of qmp/schema/control.json and resource.json: negotiation, versions, descriptors
 * by name, quit; resources of the host.
 */
#include "config.h"

#include "daemon/machine/shutdown.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qmp/qapi-types-control.h"
#include "qmp/session.h"

bool qmp_qmp_capabilities(QmpRequest *req, QmpCapabilitiesArgs *args, GError **error)
{
    guint32 enabled = 0;

    for (gsize i = 0; i < args->enable.n; i++) {
        enabled |= 1u << args->enable.items[i];
    }
    return qmp_request_negotiate(req, enabled, error);
}

bool qmp_query_version(QmpRequest *req, VersionInfo **ret, GError **error)
{
    VersionInfo *info = g_new0(VersionInfo, 1);

    info->qemu = g_new0(VersionTriple, 1);
    info->qemu->major = QMP_LEVEL_MAJOR;
    info->qemu->minor = QMP_LEVEL_MINOR;
    info->qemu->micro = QMP_LEVEL_MICRO;
    info->package = g_strdup("vmd " PACKAGE_VERSION);
    *ret = info;
    return true;
}

bool qmp_query_commands(QmpRequest *req, CommandInfoList *ret, GError **error)
{
    const Vmd *vmd = qmp_request_context(req);

    ret->n = vmd->dispatch.n_commands;
    ret->items = g_new0(CommandInfo *, ret->n);
    for (guint i = 0; i < vmd->dispatch.n_commands; i++) {
        ret->items[i] = g_new0(CommandInfo, 1);
        ret->items[i]->name = g_strdup(vmd->dispatch.commands[i].name);
    }
    return true;
}

void qmp_quit(QmpRequest *req)
{
    shutdown_daemon(qmp_request_context(req), SHUTDOWN_CAUSE_HOST_QMP_QUIT);
    qmp_request_return(req, NULL);
}

bool qmp_getfd(QmpRequest *req, GetfdArgs *args, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    QmpFd *fd;

    if (args->fdname[0] == '\0' || g_ascii_isdigit(args->fdname[0])) {
        qmp_error_set_at(error, "fdname", ERROR_REASON_INVALID_VALUE,
                         "descriptor name '%s' must not be empty or begin with a digit",
                         args->fdname);
        return false;
    }
    fd = qmp_request_take_fd(req, error);
    if (!fd) {
        return qmp_error_blame(error, "fdname");
    }
    return fd_table_put(vmd->fds, vmd->client, args->fdname, fd, error);
}

bool qmp_closefd(QmpRequest *req, ClosefdArgs *args, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    QmpFd *fd = fd_table_take(vmd->fds, vmd->client, args->fdname, error);

    if (!fd) {
        return qmp_error_blame(error, "fdname");
    }
    qmp_fd_close(fd);
    return true;
}

bool qmp_query_host_resources(QmpRequest *req, HostResourceInfoList *ret, GError **error)
{
    const Vmd *vmd = qmp_request_context(req);

    ret->n = HOST_RESOURCE__MAX;
    ret->items = g_new(HostResourceInfo *, ret->n);
    for (int which = 0; which < HOST_RESOURCE__MAX; which++) {
        ret->items[which] = resources_info(vmd->resources, which);
    }
    return true;
}

bool qmp_query_name(QmpRequest *req, NameInfo **ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);

    *ret = g_new0(NameInfo, 1);
    (*ret)->name = g_strdup(vmd->options->name);
    return true;
}

bool qmp_query_target(QmpRequest *req, TargetInfo **ret, GError **error)
{
    *ret = g_new0(TargetInfo, 1);
    (*ret)->arch = SYS_EMU_TARGET_X86_64;
    return true;
}
