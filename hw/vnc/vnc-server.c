/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `vnc-server`: its life, notes, and its password.  See vnc-internal.h.
 */
#include "config.h"
#include "hw/vnc/vnc-internal.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hw/backends/secret.h"
#include "hw/core/zlib-library.h"
#include "hw/vnc/vnc-library.h"
#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-objects-secret.h"
#include "qom/qapi-objects-tls.h"

/* Notes that may wait before clients have to. */
enum { NOTES_MAX = 512 };

/* ---- Notes ---- */

void vnc_wake(int eventfd)
{
    const guint64 one = 1;
    ssize_t n;

    do {
        n = write(eventfd, &one, sizeof(one));
    } while (n < 0 && errno == EINTR);
}

void vnc_wake_clear(int eventfd)
{
    guint64 count;
    ssize_t n;

    do {
        n = read(eventfd, &count, sizeof(count));
    } while (n < 0 && errno == EINTR);
}

void vnc_post(VncServer *s, const VncNote *note)
{
    g_mutex_lock(&s->mutex);
    g_queue_push_tail(&s->notes, g_memdup2(note, sizeof(*note)));
    g_mutex_unlock(&s->mutex);
    vnc_wake(s->main_fd);
}

bool vnc_notes_full(VncServer *s)
{
    bool full;

    g_mutex_lock(&s->mutex);
    full = g_queue_get_length(&s->notes) >= NOTES_MAX;
    g_mutex_unlock(&s->mutex);
    return full;
}

static void note_free(void *data)
{
    VncNote *note = data;

    g_clear_pointer(&note->text, g_bytes_unref);
    g_free(note);
}

static void take_note(VncServer *s, const VncNote *note)
{
    switch (note->kind) {
    case VNC_NOTE_ENTER:
        vnc_screen_enter(s);
        break;
    case VNC_NOTE_LEAVE:
        vnc_screen_leave(s);
        break;
    case VNC_NOTE_WISH:
        vnc_screen_wish(s, note->x, note->y);
        break;
    case VNC_NOTE_CLIPBOARD:
        vnc_clipboard_share(s, note);
        break;
    default:
        vnc_input_note(s, note);
        break;
    }
}

static void on_notes(evutil_socket_t fd, short what, void *opaque)
{
    VncServer *s = opaque;
    const Env *env = object_env(&s->object);
    GQueue notes;
    VncNote *note;

    vnc_wake_clear(s->main_fd);
    g_mutex_lock(&s->mutex);
    notes = s->notes;
    g_queue_init(&s->notes);
    g_mutex_unlock(&s->mutex);
    if (g_queue_get_length(&notes) >= NOTES_MAX) {
        vnc_wake(s->wake_fd);
    }
    env->lock(env);
    while ((note = g_queue_pop_head(&notes))) {
        take_note(s, note);
        note_free(note);
    }
    env->unlock(env);
}

/* ---- The password ---- */

bool vnc_check_response(VncServer *s, const guint8 *challenge, const guint8 *response)
{
    guint8 expected[VNC_CHALLENGE_SIZE];
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    guint8 differs = 0;
    bool valid;

    memcpy(expected, challenge, sizeof(expected));
    g_mutex_lock(&s->mutex);
    valid = s->has_password && now < s->expiry;
    rfbEncryptBytes(expected, s->password);
    g_mutex_unlock(&s->mutex);
    for (guint i = 0; i < sizeof(expected); i++) {
        differs |= expected[i] ^ response[i];
    }
    return valid && !differs;
}

/* An empty one is none. */
static void store_password(VncServer *s, const char *password, gsize size)
{
    g_mutex_lock(&s->mutex);
    memset(s->password, 0, sizeof(s->password));
    memcpy(s->password, password, MIN(size, VNC_PASSWORD_MAX));
    s->has_password = size;
    g_mutex_unlock(&s->mutex);
}

bool vnc_set_password(VncServer *s, const char *password, GError **error)
{
    if (!s->needs_password) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "VNC server '%s' needs no password: it was made without 'password'",
                      s->object.name);
        return false;
    }
    store_password(s, password, strlen(password));
    return true;
}

void vnc_set_expiry(VncServer *s, gint64 time)
{
    g_mutex_lock(&s->mutex);
    s->expiry = time;
    g_mutex_unlock(&s->mutex);
}

/* ---- Life ---- */

static void server_init(Object *obj)
{
    VncServer *s = to_vnc_server(obj);

    vnc_listen_init(s);
    s->main_fd = s->wake_fd = -1;
    s->expiry = G_MAXINT64;
    s->console_observer = (ConsoleObserver){ .appeared = vnc_screen_appeared, .opaque = s };
    s->input_observer = (InputObserver){ .changed = vnc_input_changed, .opaque = s };
    g_mutex_init(&s->mutex);
    g_queue_init(&s->notes);
    s->entered = g_ptr_array_new();
    vnc_picture_init(&s->picture);
}

static void server_finalize(Object *obj)
{
    VncServer *s = to_vnc_server(obj);

    vnc_listen_close(s);
    vnc_picture_done(&s->picture);
    g_ptr_array_unref(s->entered);
    g_queue_clear_full(&s->notes, note_free);
    g_mutex_clear(&s->mutex);
}

static bool check_options(const VncServerProps *props, GError **error)
{
    if (props->password && props->password_secret.path) {
        qmp_error_set_at(error, "password-secret", ERROR_REASON_INVALID_VALUE,
                         "only one of 'password' and 'password-secret' can be given");
        return false;
    }
    return true;
}

static bool server_linked(Object *obj, GError **error)
{
    VncServer *s = to_vnc_server(obj);

    return check_options(vnc_server_props(s), error) && vnc_listen_link(s, error);
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void server_release(Object *obj)
{
    VncServer *s = to_vnc_server(obj);

    close_fd(&s->main_fd);
    close_fd(&s->wake_fd);
    vnc_listen_close(s);
    g_clear_pointer(&s->keymap, vnc_keymap_free);
}

static bool make_keymap(VncServer *s, GError **error)
{
    s->keymap = vnc_keymap_new(vnc_server_props(s)->keyboard_layout, error);
    return s->keymap || qmp_error_blame(error, "keyboard-layout");
}

static bool server_prepare(Object *obj, GError **error)
{
    VncServer *s = to_vnc_server(obj);

    s->main_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->main_fd < 0 || s->wake_fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot create an eventfd");
    } else if (surface_load(error) && vnc_library_load(error) && zlib_load(error) &&
               make_keymap(s, error) && vnc_listen_open(s, error)) {
        return true;
    }
    server_release(obj);
    return false;
}

/* A card that is named must be there; a machine without a screen is served, too. */
static bool find_machine(VncServer *s, GError **error)
{
    s->machine = machine_made(object_root(&s->object));
    if (!s->machine) {
        qmp_error_set(error, ERROR_REASON_NO_MACHINE, "there is no machine to show");
        return false;
    }
    return !(vnc_server_props(s)->display || vnc_server_props(s)->has_head) ||
           vnc_screen_find(s, error);
}

static void note_security(VncServer *s)
{
    const VncServerProps *props = vnc_server_props(s);
    const GByteArray *secret;

    s->creds = to_tls_creds(props->tls_creds.target);
    s->needs_password = props->password || props->password_secret.target;
    if (props->password_secret.target) {
        secret = secret_bytes(to_secret(props->password_secret.target));
        store_password(s, (const char *)secret->data, secret->len);
    }
}

static void server_dismantle(Object *obj)
{
    VncServer *s = to_vnc_server(obj);

    vnc_loop_stop(s);
    g_clear_pointer(&s->event, event_free);
    vnc_screen_end(s);
    vnc_clipboard_drop(s);
    s->n_entered = 0;
    console_unobserve(s->machine, &s->console_observer);
    input_unobserve(s->machine, &s->input_observer);
    vnc_listen_forget(s);
}

static bool server_complete(Object *obj, GError **error)
{
    VncServer *s = to_vnc_server(obj);
    const Env *env = object_env(obj);

    if (!find_machine(s, error)) {
        return false;
    }
    note_security(s);
    vnc_listen_note(s);
    console_observe(s->machine, &s->console_observer);
    input_observe(s->machine, &s->input_observer);
    vnc_input_changed(s);
    s->event = env && env->base
               ? event_new(env->base, s->main_fd, EV_READ | EV_PERSIST, on_notes, s) : NULL;
    if (!s->event || event_add(s->event, NULL) < 0) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot wait for clients");
    } else if (vnc_loop_start(s, error)) {
        return true;
    }
    server_dismantle(obj);
    return false;
}

const TypeInfo vnc_server_type = {
    .schema = &qmp_class_vnc_server,
    .size = sizeof(VncServer),
    .object = &(const ObjectOps){
        .init = server_init,
        .linked = server_linked,
        .prepare = server_prepare,
        .release = server_release,
        .complete = server_complete,
        .dismantle = server_dismantle,
        .finalize = server_finalize,
    },
};
