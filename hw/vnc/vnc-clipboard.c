/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clipboard that the machine's VNC clients share: a text that one of them has reaches all
 * others, of each server.
 *
 * It is kept by each server, not by the machine: its guest knows nothing of it.
 */
#include "config.h"
#include "hw/vnc/vnc-internal.h"

#include "qom/env.h"

/* ---- From a client: the server's thread ---- */

void vnc_clipboard_begin(VncClient *c, bool extended)
{
    c->cut = g_byte_array_new();
    c->cut_extended = extended;
}

void vnc_clipboard_add(VncClient *c, const guint8 *data, gsize size)
{
    g_byte_array_append(c->cut, data, size);
}

/* Takes text. */
static void share(VncClient *c, GBytes *text)
{
    vnc_post(c->server, &(VncNote){ .kind = VNC_NOTE_CLIPBOARD, .text = text,
                                    .from = c->number });
}

static void take_extended(VncClient *c)
{
    const char *wrong = NULL;
    GBytes *text = NULL;
    VncCutKind kind = vnc_cut_parse(c->cut->data, c->cut->len, &text, &wrong);

    switch (kind) {
    case VNC_CUT_TEXT:
        share(c, text);
        break;
    case VNC_CUT_NOTHING:
        break;
    case VNC_CUT_WRONG:
        vnc_client_end(c, wrong);
        break;
    default:
        vnc_encoder_cut(c->encoder, kind);
        break;
    }
}

void vnc_clipboard_end(VncClient *c)
{
    if (c->cut_extended) {
        take_extended(c);
    } else {
        share(c, vnc_cut_from_latin1(c->cut->data, c->cut->len));
    }
    g_clear_pointer(&c->cut, g_byte_array_unref);
}

/* ---- To all servers: the main loop ---- */

void vnc_clipboard_drop(VncServer *s)
{
    g_mutex_lock(&s->mutex);
    g_clear_pointer(&s->clipboard, g_bytes_unref);
    g_mutex_unlock(&s->mutex);
}

/* number: of the client that has it; 0: it is another server's. */
static void store(VncServer *s, GBytes *text, guint64 number)
{
    if (s->n_entered) {
        g_mutex_lock(&s->mutex);
        g_clear_pointer(&s->clipboard, g_bytes_unref);
        s->clipboard = g_bytes_ref(text);
        s->clipboard_serial++;
        s->clipboard_from = number;
        g_mutex_unlock(&s->mutex);
        vnc_wake(s->wake_fd);
    }
}

void vnc_clipboard_share(VncServer *s, const VncNote *note)
{
    g_autoptr(GPtrArray) servers = vnc_list(object_root(&s->object));

    for (guint i = 0; i < servers->len; i++) {
        store(servers->pdata[i], note->text, servers->pdata[i] == s ? note->from : 0);
    }
}

/* ---- To the other clients: the server's thread ---- */

void vnc_clipboard_enter(VncClient *c)
{
    g_mutex_lock(&c->server->mutex);
    c->clipboard_serial = c->server->clipboard_serial;
    g_mutex_unlock(&c->server->mutex);
}

void vnc_clipboard_tell(VncClient *c)
{
    VncServer *s = c->server;
    GBytes *text = NULL;
    bool own;

    g_mutex_lock(&s->mutex);
    own = s->clipboard_from == c->number;
    if (c->clipboard_serial != s->clipboard_serial && s->clipboard) {
        c->clipboard_serial = s->clipboard_serial;
        text = g_bytes_ref(s->clipboard);
    }
    g_mutex_unlock(&s->mutex);
    if (text) {
        vnc_encoder_set_clipboard(c->encoder, text, !own);
    }
}
