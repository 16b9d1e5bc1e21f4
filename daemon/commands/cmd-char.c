/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-add, chardev-remove, query-chardev, ringbuf-read and ringbuf-write.
 * Chardevs are below /chardevs.
 */
#include "config.h"

#include <string.h>

#include "daemon/machine/creation.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/chardev/char-pty.h"
#include "hw/chardev/char-ringbuf.h"
#include "hw/chardev/char.h"
#include "qmp/error.h"
#include "qom/place.h"
#include "qom/qapi-objects-char.h"

/* ---- chardev-add ---- */

static void return_choice(QmpRequest *req, Chardev *chr)
{
    ChardevReturn choice = { .pty = (char *)char_pty_path(chr) };
    ChardevReturn *ret = &choice;

    qmp_request_return(req, &ret);
}

/* A chardev-add with `wait`: its first client has connected, or the chardev has
 * been removed meanwhile. */
typedef struct {
    QmpRequest *req;
    Chardev *chr;               /* borrowed: it notifies of its end */
} Wait;

static void wait_over(void *opaque, bool connected)
{
    g_autofree Wait *wait = opaque;
    GError *error = NULL;

    if (connected) {
        return_choice(wait->req, wait->chr);
        return;
    }
    qmp_error_set_at(&error, "id", ERROR_REASON_OBJECT_NOT_FOUND,
                     "chardev was removed before a client connected");
    qmp_request_fail(wait->req, error);
}

static bool waits_for_client(const Chardev *chr)
{
    const ChardevBackend *backend = char_backend(chr);
    const ChardevSocket *opts;

    if (backend->type != CHARDEV_BACKEND_KIND_SOCKET) {
        return false;
    }
    opts = backend->u.socket.data;
    return opts->wait && (!opts->has_server || opts->server);
}

static void chardev_add_done(Vmd *vmd, QmpRequest *req, Object *obj, GError *error, void *data)
{
    Chardev *chr = to_chardev(obj);
    Wait *wait;

    if (!chr) {
        qmp_request_fail(req, error);
        return;
    }
    if (!waits_for_client(chr)) {
        return_choice(req, chr);
        return;
    }
    wait = g_new(Wait, 1);
    *wait = (Wait) { .req = req, .chr = chr };
    char_when_connected(chr, wait_over, wait);
}

void qmp_chardev_add(QmpRequest *req, ChardevAddArgs *args)
{
    Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;
    Chardev *chr;

    if (!creation_check_room(vmd, &error)) {
        qmp_request_fail(req, error);
        return;
    }
    chr = chardev_new(vmd->root, args->id, args->backend, &error);
    if (!chr) {
        qmp_error_blame(&error, "id");
        qmp_request_fail(req, error);
        return;
    }
    creation_run(vmd, req, &chr->object, chardev_add_done, NULL);
}

bool qmp_query_chardev_backends(QmpRequest *req, ChardevBackendInfoList *ret, GError **error)
{
    ret->items = g_new0(ChardevBackendInfo *, CHARDEV_BACKEND_KIND__MAX);
    while (ret->n < CHARDEV_BACKEND_KIND__MAX) {
        ChardevBackendInfo *info = g_new0(ChardevBackendInfo, 1);

        info->name = g_strdup(qmp_name(qmp_values(&qmp_type_ChardevBackendKind)[ret->n].name));
        ret->items[ret->n++] = info;
    }
    return true;
}

/* ---- chardev-remove ---- */

void qmp_chardev_remove(QmpRequest *req, ChardevRemoveArgs *args)
{
    Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;
    Chardev *chr = chardev_find(vmd->root, args->id, &error);

    if (!chr || !object_may_delete(&chr->object, &error)) {
        qmp_error_blame(&error, "id");
        qmp_request_fail(req, error);
        return;
    }
    creation_undo(vmd, req, &chr->object);
}

/* ---- query-chardev ---- */

static bool add_chardev(Object *obj, void *data)
{
    Chardev *chr = to_chardev(obj);
    ChardevInfo *info;

    if (object_life(obj) != OBJECT_COMPLETE) {
        return true;
    }
    info = g_new0(ChardevInfo, 1);
    info->label = g_strdup(obj->name);
    info->filename = char_filename(chr);
    info->frontend_open = char_in_use(chr);
    g_ptr_array_add(data, info);
    return true;
}

bool qmp_query_chardev(QmpRequest *req, ChardevInfoList *ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    GPtrArray *list = g_ptr_array_new();

    object_foreach_child(place_folder(vmd->root, &qmp_class_chardev), add_chardev, list);
    ret->n = list->len;
    ret->items = (ChardevInfo **)g_ptr_array_free(list, false);
    return true;
}

/* ---- Ring buffers ---- */

static Chardev *find_ringbuf(QmpRequest *req, const char *id, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    Chardev *chr = chardev_find(vmd->root, id, error);

    if (!chr) {
        qmp_error_blame(error, "device");
    } else if (!object_is_a(chr, &qmp_class_chardev_ringbuf)) {
        qmp_error_set_at(error, "device", ERROR_REASON_INVALID_VALUE,
                         "chardev '%s' is not a ring buffer", id);
        return NULL;
    }
    return chr;
}

bool qmp_ringbuf_read(QmpRequest *req, RingbufReadArgs *args, char **ret, GError **error)
{
    Chardev *chr = find_ringbuf(req, args->device, error);
    g_autofree guint8 *data = NULL;
    gsize size;

    if (!chr) {
        return false;
    }
    size = MIN((guint64)args->size, char_ringbuf_length(chr));
    data = g_malloc(size + 1);
    size = char_ringbuf_read(chr, data, size);
    *ret = args->format == DATA_FORMAT_BASE64 ? g_base64_encode(data, size)
                                              : g_utf8_make_valid((const char *)data, size);
    return true;
}

/* GLib's decoder skips invalid characters. */
static bool is_base64(const char *text)
{
    gsize n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    gsize padding = strspn(text + n, "=");

    return text[n + padding] == '\0' && padding <= 2 && (n + padding) % 4 == 0;
}

bool qmp_ringbuf_write(QmpRequest *req, RingbufWriteArgs *args, GError **error)
{
    Chardev *chr = find_ringbuf(req, args->device, error);
    g_autofree guint8 *decoded = NULL;
    gsize size = strlen(args->data);

    if (!chr) {
        return false;
    }
    if (args->format == DATA_FORMAT_BASE64) {
        if (!is_base64(args->data)) {
            qmp_error_set_at(error, "data", ERROR_REASON_INVALID_VALUE,
                             "argument 'data' is not base64");
            return false;
        }
        decoded = g_base64_decode(args->data, &size);
    }
    char_write(chr, decoded ? decoded : (const guint8 *)args->data, size);
    return true;
}
