/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts of clipboards as VNC has them: ClientCutText and ServerCutText, in Latin-1 (RFC 6143,
 * sections 7.5.6 and 7.6.4) and in UTF-8, compressed (the extended clipboard of the community's
 * rfbproto document).
 *
 * Here a text is in UTF-8, with line feeds and without a null character.  zlib_load() has been
 * called.  No thread, no lock: all functions work on their arguments only.
 */
#ifndef HW_VNC_VNC_CUT_H
#define HW_VNC_VNC_CUT_H

#include <glib.h>
#include <stdbool.h>

/* Bytes of a text, or of a message with one. */
enum { VNC_CLIPBOARD_MAX = 1 << 20 };

/* What a message of the extended clipboard says. */
typedef enum {
    VNC_CUT_NOTHING,            /* nothing that concerns texts */
    VNC_CUT_TEXT,               /* here is a text */
    VNC_CUT_NOTIFY,             /* there is a text */
    VNC_CUT_REQUEST,            /* the text is wanted */
    VNC_CUT_PEEK,               /* is there a text? */
    VNC_CUT_WRONG,
} VncCutKind;

/* A text in Latin-1. */
GBytes *vnc_cut_from_latin1(const guint8 *data, gsize size);
/* A message's content.  VNC_CUT_TEXT: its text is in *ret_text, for g_bytes_unref(); VNC_CUT_WRONG:
 * what is wrong with the client ("it sent ...") is in *ret_wrong, a static text. */
VncCutKind vnc_cut_parse(const guint8 *data, gsize size, GBytes **ret_text,
                         const char **ret_wrong);

/* Messages of the server, for g_byte_array_unref().  Characters that Latin-1 does not have become
 * question marks. */
GByteArray *vnc_cut_latin1(GBytes *text);
GByteArray *vnc_cut_provide(GBytes *text);
/* The same without a text: kind is VNC_CUT_NOTIFY or VNC_CUT_REQUEST; is_there: otherwise there is
 * none. */
GByteArray *vnc_cut_message(VncCutKind kind, bool is_there);
/* What the server understands. */
GByteArray *vnc_cut_capabilities(void);

#endif
