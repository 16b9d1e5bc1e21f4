/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors: the GError domain of vmd, extended by the path of the argument, the
 * request that would succeed, and the host's errno.
 *
 * They are in the error's private data, so that they survive g_error_copy() and
 * need no separate type; qmp/dispatch.c sends the path to clients that enabled
 * `error-details`.
 */
#include "config.h"
#include "qmp/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "qmp/text.h"

/* the highest errno of Linux */
enum { ERRNO_MAX = 133 };

typedef struct {
    char *path;                 /* NULL: the error is about no argument */
    int host_errno;             /* 0: not from a system call */
    char *command, *arguments;  /* of the request that would succeed instead, or NULL */
    bool not_there;             /* its class is DeviceNotFound, whatever the reason */
} QmpErrorPrivate;

static void qmp_error_private_init(QmpErrorPrivate *priv)
{
    priv->path = priv->command = priv->arguments = NULL;
    priv->host_errno = 0;
    priv->not_there = false;
}

static void qmp_error_private_copy(const QmpErrorPrivate *src, QmpErrorPrivate *dst)
{
    dst->path = g_strdup(src->path);
    dst->command = g_strdup(src->command);
    dst->arguments = g_strdup(src->arguments);
    dst->host_errno = src->host_errno;
    dst->not_there = src->not_there;
}

static void qmp_error_private_clear(QmpErrorPrivate *priv)
{
    g_clear_pointer(&priv->path, g_free);
    g_clear_pointer(&priv->command, g_free);
    g_clear_pointer(&priv->arguments, g_free);
}

G_DEFINE_EXTENDED_ERROR(QmpError, qmp_error)

/* Longer messages are cut: they may contain names from a client, which can have any length. */
enum { MESSAGE_MAX = 1000 };

/* Takes a message and returns one line of UTF-8 of limited length, whatever client
 * text is in it. */
static char *tidy(char *message)
{
    if (!g_utf8_validate(message, -1, NULL)) {
        char *valid = g_utf8_make_valid(message, -1);

        g_free(message);
        message = valid;
    }
    qmp_text_veil(message);
    if (strlen(message) > MESSAGE_MAX) {
        char *end = g_utf8_find_prev_char(message, message + MESSAGE_MAX - 3);

        memcpy(end ? end : message, "...", sizeof("..."));
    }
    return message;
}

static void G_GNUC_PRINTF(3, 0) set_valist(GError **error, ErrorReason reason, const char *format,
                                           va_list args)
{
    *error = g_error_new_valist(QMP_ERROR, reason, format, args);
    (*error)->message = tidy((*error)->message);
}

void qmp_error_set(GError **error, ErrorReason reason, const char *format, ...)
{
    va_list args;

    if (!error) {
        return;
    }
    va_start(args, format);
    set_valist(error, reason, format, args);
    va_end(args);
}

void qmp_error_set_at(GError **error, const char *path, ErrorReason reason,
                      const char *format, ...)
{
    va_list args;

    if (!error) {
        return;
    }
    va_start(args, format);
    set_valist(error, reason, format, args);
    va_end(args);
    qmp_error_replace_path(*error, path);
}

bool qmp_error_blame(GError **error, const char *path)
{
    if (error && *error && !qmp_error_path(*error)) {
        qmp_error_replace_path(*error, path);
    }
    return false;
}

void qmp_error_set_instead(GError *error, const char *command, const char *arguments)
{
    QmpErrorPrivate *priv = qmp_error_get_private(error);

    g_free(priv->command);
    g_free(priv->arguments);
    priv->command = g_strdup(command);
    priv->arguments = g_strdup(arguments);
}

const char *qmp_error_instead(const GError *error, const char **ret_arguments)
{
    const QmpErrorPrivate *priv =
        error->domain == QMP_ERROR ? qmp_error_get_private((GError *)error) : NULL;

    *ret_arguments = priv ? priv->arguments : NULL;
    return priv ? priv->command : NULL;
}

bool qmp_error_not_there(GError **error)
{
    if (error && *error && (*error)->domain == QMP_ERROR) {
        ((QmpErrorPrivate *)qmp_error_get_private(*error))->not_there = true;
    }
    return false;
}

bool qmp_error_is_not_there(const GError *error)
{
    return error->domain == QMP_ERROR &&
           ((QmpErrorPrivate *)qmp_error_get_private((GError *)error))->not_there;
}

void qmp_error_set_errno(GError **error, ErrorReason reason, int saved_errno,
                         const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list args;

    if (!error) {
        return;
    }
    va_start(args, format);
    message = tidy(g_strdup_vprintf(format, args));
    va_end(args);
    g_set_error(error, QMP_ERROR, reason, "%s: %s", message, g_strerror(saved_errno));
    ((QmpErrorPrivate *)qmp_error_get_private(*error))->host_errno = saved_errno;
}

int qmp_error_file_errno(const GError *error)
{
    for (int number = 1; error->domain == G_FILE_ERROR && number <= ERRNO_MAX; number++) {
        if (error->code != G_FILE_ERROR_FAILED &&
            error->code == (int)g_file_error_from_errno(number)) {
            return number;
        }
    }
    return EIO;
}

void qmp_error_prefix_path(GError *error, const char *element)
{
    QmpErrorPrivate *priv;
    char *old;

    if (!error || error->domain != QMP_ERROR) {
        return;
    }
    priv = qmp_error_get_private(error);
    old = priv->path;
    if (!old) {
        priv->path = g_strdup(element);
    } else {
        priv->path = g_strconcat(element, old[0] == '[' ? "" : ".", old, NULL);
    }
    g_free(old);
}

void qmp_error_replace_path(GError *error, const char *path)
{
    QmpErrorPrivate *priv;

    if (!error || error->domain != QMP_ERROR) {
        return;
    }
    priv = qmp_error_get_private(error);
    g_free(priv->path);
    priv->path = g_strdup(path);
}

void qmp_error_rename_path(GError *error, const char *from, const char *to)
{
    g_autofree char *old = g_strdup(qmp_error_path(error));
    gsize length = strlen(from);
    const char *rest;

    if (!old || strncmp(old, from, length) || (old[length] && !strchr(".[", old[length]))) {
        return;
    }
    rest = old + length;
    if (to) {
        g_autofree char *path = g_strconcat(to, rest, NULL);

        qmp_error_replace_path(error, path);
    } else {
        qmp_error_replace_path(error, *rest == '.' ? rest + 1 : NULL);
    }
}

const char *qmp_error_path(const GError *error)
{
    if (!error || error->domain != QMP_ERROR) {
        return NULL;
    }
    return qmp_error_get_private(error)->path;
}

int qmp_error_errno(const GError *error)
{
    if (!error || error->domain != QMP_ERROR) {
        return 0;
    }
    return ((const QmpErrorPrivate *)qmp_error_get_private(error))->host_errno;
}

ErrorReason qmp_error_reason(const GError *error)
{
    if (!error || error->domain != QMP_ERROR) {
        return ERROR_REASON_GENERIC;
    }
    return error->code;
}

bool qmp_error_is(const GError *error, ErrorReason reason)
{
    return g_error_matches(error, QMP_ERROR, reason);
}
