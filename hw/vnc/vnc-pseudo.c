/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rectangles without a picture, see vnc-pseudo.h.  (RFC 6143, section 7.8, and the community's
 * rfbproto document.)
 */
#include "config.h"
#include "hw/vnc/vnc-pseudo.h"

#include <string.h>

enum {
    DESKTOP_SIZE = -223, POINTER_POSITION = -232, CURSOR = -239, POINTER_MOTION = -257,
    EXTENDED_KEYS = -258, LED_STATE = -261, EXTENDED_DESKTOP_SIZE = -308, ALPHA_CURSOR = -314,
};

/* The first pixels of a cursor with alpha are in this encoding. */
enum { ENCODING_RAW = 0 };

enum { HEADER = 16, SCREEN_SIZE = 16 };

static guint8 *put16(guint8 *p, guint value)
{
    p[0] = value >> 8;
    p[1] = value;
    return p + 2;
}

typedef struct {
    guint x, y, width, height;
} Rectangle;

/* An update with one rectangle of a pseudo-encoding, which has n bytes of data. */
static void send_pseudo(rfbClientPtr client, gint32 encoding, Rectangle r, const guint8 *data,
                        gsize n)
{
    guint8 header[HEADER] = { 0 }, *p = put16(header + 2, 1);

    p = put16(p, r.x);
    p = put16(p, r.y);
    p = put16(p, r.width);
    p = put16(p, r.height);
    p = put16(p, (guint32)encoding >> 16);
    put16(p, encoding);
    if (rfbWriteExact(client, (const char *)header, sizeof(header)) > 0 && n) {
        rfbWriteExact(client, (const char *)data, n);
    }
}

/* ---- Sizes ---- */

/* Why it is told: the first is the server's, or another client's, reason. */
enum { REASON_SERVER = 0, REASON_CLIENT = 1 };

/* The whole picture is one screen. */
static void send_screens(rfbClientPtr client, guint answer, guint width, guint height)
{
    guint8 data[4 + SCREEN_SIZE] = { 1 };

    put16(put16(data + 12, width), height);
    send_pseudo(client, EXTENDED_DESKTOP_SIZE,
                (Rectangle){ answer ? REASON_CLIENT : REASON_SERVER, answer, width, height },
                data, sizeof(data));
}

void vnc_pseudo_size(rfbClientPtr client, guint features, guint answer, guint width, guint height)
{
    if (features & VNC_FEATURE_SCREENS) {
        send_screens(client, answer, width, height);
    } else if (features & VNC_FEATURE_SIZE) {
        send_pseudo(client, DESKTOP_SIZE, (Rectangle){ .width = width, .height = height }, NULL, 0);
    }
}

/* ---- State ---- */

void vnc_pseudo_state(rfbClientPtr client, VncTold *told, const VncState *state, guint width,
                      guint height)
{
    const Rectangle whole = { .width = width, .height = height };
    guint features = state->features, new = features & ~told->features;
    guint8 led = state->leds;

    if (new & VNC_FEATURE_KEYS) {
        send_pseudo(client, EXTENDED_KEYS, whole, NULL, 0);
    }
    if (features & VNC_FEATURE_SCREENS && (state->tell_size || new & VNC_FEATURE_SCREENS)) {
        send_screens(client, 0, width, height);
    }
    if (features & VNC_FEATURE_SCREENS && state->answer) {
        send_screens(client, state->answer, width, height);
    }
    if (features & VNC_FEATURE_MOTION && state->absolute != told->absolute) {
        told->absolute = state->absolute;
        send_pseudo(client, POINTER_MOTION,
                    (Rectangle){ .x = state->absolute, .width = width, .height = height }, NULL, 0);
    }
    if (features & VNC_FEATURE_LEDS && led != told->leds) {
        told->leds = led;
        send_pseudo(client, LED_STATE, (Rectangle){ .width = 1, .height = 1 }, &led, 1);
    }
    told->features |= features;
}

/* ---- The clipboard ---- */

/* Takes message. */
static void send_message(rfbClientPtr client, GByteArray *message)
{
    rfbWriteExact(client, (const char *)message->data, message->len);
    g_byte_array_unref(message);
}

void vnc_pseudo_clipboard(rfbClientPtr client, const VncTold *told, const VncState *state)
{
    guint features = state->features;
    bool told_all = told->features & VNC_FEATURE_CLIPBOARD;

    if (!(features & VNC_FEATURE_CLIPBOARD)) {
        if (state->tell_clipboard) {
            send_message(client, vnc_cut_latin1(state->clipboard));
        }
        return;
    }
    if (!told_all) {
        send_message(client, vnc_cut_capabilities());
    }
    if (state->tell_clipboard || state->cut & 1 << VNC_CUT_PEEK) {
        send_message(client, vnc_cut_message(VNC_CUT_NOTIFY, state->clipboard));
    }
    if (state->cut & 1 << VNC_CUT_NOTIFY) {
        send_message(client, vnc_cut_message(VNC_CUT_REQUEST, true));
    }
    if (state->cut & 1 << VNC_CUT_REQUEST && state->clipboard) {
        send_message(client, vnc_cut_provide(state->clipboard));
    }
}

/* ---- The cursor ---- */

/* Red, green, blue, each multiplied by alpha, and alpha. */
static void send_alpha_cursor(rfbClientPtr client, const VncCursor *cursor, Rectangle r)
{
    gsize n = (gsize)r.width * r.height;
    g_autofree guint8 *data = g_malloc0(4 + n * 4);
    guint8 *p = data + 4;

    data[3] = ENCODING_RAW;
    for (gsize i = 0; i < n; i++, p += 4) {
        guint32 pixel = cursor->pixels[i];
        guint alpha = pixel >> 24;

        for (guint j = 0; j < 3; j++) {
            p[j] = ((pixel >> (16 - 8 * j) & 0xff) * alpha + 127) / 255;
        }
        p[3] = alpha;
    }
    send_pseudo(client, ALPHA_CURSOR, r, data, 4 + n * 4);
}

/* Pixels in the client's format, and a mask of those that are at least half opaque. */
static void send_cursor(rfbClientPtr client, const VncCursor *cursor, Rectangle r)
{
    gsize pixels = (gsize)r.width * r.height * (client->format.bitsPerPixel / 8);
    gsize row = (r.width + 7) / 8;
    g_autofree guint8 *data = g_malloc0(pixels + row * r.height + 1);

    if (r.width) {
        client->translateFn(client->translateLookupTable, &client->screen->serverFormat,
                            &client->format, (char *)cursor->pixels, (char *)data,
                            r.width * sizeof(guint32), r.width, r.height);
    }
    for (guint y = 0; y < r.height; y++) {
        for (guint x = 0; x < r.width; x++) {
            if (cursor->pixels[(gsize)y * r.width + x] >> 31) {
                data[pixels + y * row + x / 8] |= 0x80 >> x % 8;
            }
        }
    }
    send_pseudo(client, CURSOR, r, data, pixels + row * r.height);
}

/* As long as the card has had none, the client shows its own. */
static void tell_shape(rfbClientPtr client, VncTold *told, guint features, const VncCursor *cursor)
{
    bool shown = vnc_cursor_shown(cursor);
    Rectangle r = { 0 };

    if (told->shape == cursor->shape && told->shown == shown) {
        return;
    }
    told->shape = cursor->shape;
    told->shown = shown;
    if (shown) {
        r = (Rectangle){ cursor->hot_x, cursor->hot_y, cursor->width, cursor->height };
    }
    if (features & VNC_FEATURE_ALPHA_CURSOR) {
        send_alpha_cursor(client, cursor, r);
    } else {
        send_cursor(client, cursor, r);
    }
}

/* With a pointer that takes positions, it is where the client's is, or soon will be. */
static void tell_place(rfbClientPtr client, VncTold *told, const VncCursor *cursor)
{
    gint x = CLAMP((gint64)cursor->x + cursor->hot_x, 0, G_MAXUINT16);
    gint y = CLAMP((gint64)cursor->y + cursor->hot_y, 0, G_MAXUINT16);

    if (x != told->x || y != told->y) {
        told->x = x;
        told->y = y;
        send_pseudo(client, POINTER_POSITION, (Rectangle){ .x = x, .y = y }, NULL, 0);
    }
}

void vnc_pseudo_cursor(rfbClientPtr client, VncTold *told, const VncState *state,
                       const VncCursor *cursor)
{
    guint features = state->features;

    if (features & (VNC_FEATURE_CURSOR | VNC_FEATURE_ALPHA_CURSOR)) {
        tell_shape(client, told, features, cursor);
    } else {
        told->shape = 0;
        told->shown = false;
    }
    if (features & VNC_FEATURE_POINTER && !state->absolute && vnc_cursor_shown(cursor)) {
        tell_place(client, told, cursor);
    }
}
