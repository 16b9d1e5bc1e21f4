/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VncEncoder: what the library (libvncserver) does for one client, on a thread of its own: it
 * answers requests for updates with rectangles in the client's encoding and pixel format.
 *
 * The library reads and writes one end of a socket pair, and waits there when the client does not
 * take what was written; so nothing of it is called on a thread that others need.  At the other
 * end, the server's thread has the client (vnc-client.c).
 *
 * Bytes that the library sends before the client's first request are not the client's: the
 * library has a handshake of its own, in which VNC_ENCODER_HELLO is the client's part, and the
 * first VNC_ENCODER_GREETING bytes are the library's.
 */
#ifndef HW_VNC_VNC_ENCODER_H
#define HW_VNC_VNC_ENCODER_H

#include "hw/vnc/vnc-cut.h"
#include "hw/vnc/vnc-picture.h"

/* Version 3.3, in which the server alone decides that there is no authentication; then
 * ClientInit with the flag "shared". */
#define VNC_ENCODER_HELLO "RFB 003.003\n\1"
enum { VNC_ENCODER_GREETING = 12 + 4 };

typedef struct VncEncoder VncEncoder;

/*
 * Starts one.  fd: the library's end of the socket pair, taken; picture lives until
 * vnc_encoder_free(); there is a picture (vnc_picture_ready()).  name: of the desktop, copied.
 * ended_fd: an eventfd that is signalled when the thread ends.  NULL: no thread, memory or
 * descriptor.  The server's thread, here and below.
 */
VncEncoder *vnc_encoder_new(int fd, VncPicture *picture, const char *name, int ended_fd);

/* Whether it has ended; because the socket's other end is closed, or the library gave up. */
bool vnc_encoder_ended(VncEncoder *encoder);

/* Waits for the thread, so the other end is closed, or vnc_encoder_ended().  Accepts NULL. */
void vnc_encoder_free(VncEncoder *encoder);

/* The client is told the size of its picture again: because it asks for all of it (0), or as an
 * answer (VncSizeAnswer) to its wish for a size.  Of answers that wait, the last one is sent. */
void vnc_encoder_answer(VncEncoder *encoder, guint answer);
/* The clipboard has a text, which is taken; tell: the client hears of it. */
void vnc_encoder_set_clipboard(VncEncoder *encoder, GBytes *text, bool tell);
/* The client has said something about clipboards; kind: VNC_CUT_NOTIFY, VNC_CUT_REQUEST or
 * VNC_CUT_PEEK. */
void vnc_encoder_cut(VncEncoder *encoder, VncCutKind kind);
/* What the client has (VncFeature).  Before the message with encodings is sent to it. */
void vnc_encoder_set_features(VncEncoder *encoder, guint features);
/* The LEDs of the guest's keyboard, and whether the guest takes positions of the pointer. */
void vnc_encoder_set_state(VncEncoder *encoder, guint leds, bool absolute);

#endif
