/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of a client, see vnc-message.h.
 */
#include "config.h"
#include "hw/vnc/vnc-message.h"

#include <string.h>

enum {
    SET_PIXEL_FORMAT = 0,
    SET_ENCODINGS = 2,
    UPDATE_REQUEST = 3,
    KEY = 4,
    POINTER = 5,
    CUT_TEXT = 6,
    SET_DESKTOP_SIZE = 251,
    QEMU = 255,
    QEMU_KEY = 0,               /* of QEMU: the message's second byte */
    QEMU_AUDIO = 1,
};

static guint get16(const guint8 *p)
{
    return p[0] << 8 | p[1];
}

static guint32 get32(const guint8 *p)
{
    return (guint32)get16(p) << 16 | get16(p + 2);
}

static void put32(guint8 *p, guint32 value)
{
    for (guint i = 0; i < 4; i++) {
        p[i] = value >> (24 - 8 * i);
    }
}

/* ---- Pixel formats ---- */

/* Whether a maximum has the form 2^n - 1 and fits at its place in the pixel. */
static bool is_channel(const guint8 *max, guint8 shift, guint bits)
{
    guint value = get16(max);

    return value && !(value & (value + 1)) && shift < bits &&
           ((guint64)value << shift) >> bits == 0;
}

/* message: SetPixelFormat. */
static const char *check_format(const guint8 *message)
{
    const guint8 *format = message + 4;
    guint bits = format[0];

    if (bits != 8 && bits != 16 && bits != 32) {
        return "it asked for pixels of a size other than 8, 16 or 32 bits";
    }
    if (!format[3]) {
        return bits == 8 ? NULL : "it asked for a palette with pixels of more than 8 bits";
    }
    return is_channel(format + 4, format[10], bits) && is_channel(format + 6, format[11], bits) &&
           is_channel(format + 8, format[12], bits)
               ? NULL : "it asked for colours that do not fit into its pixels";
}

/* ---- Encodings ---- */

enum {
    ENCODING_RAW = 0,
    ENCODING_RRE = 2,
    ENCODING_CORRE = 4,
    ENCODING_HEXTILE = 5,
    ENCODING_ZLIB = 6,
    ENCODING_TIGHT = 7,
    ENCODING_ZRLE = 16,
    /* Pseudo-encodings. */
    ENCODING_QUALITY_0 = -32, ENCODING_QUALITY_9 = -23,
    ENCODING_DESKTOP_SIZE = -223,
    ENCODING_LAST_RECT = -224,
    ENCODING_POINTER_POSITION = -232,
    ENCODING_CURSOR = -239,
    ENCODING_COMPRESSION_0 = -256, ENCODING_COMPRESSION_9 = -247,
    ENCODING_MOTION = -257,
    ENCODING_KEYS = -258,
    ENCODING_LEDS = -261,
    ENCODING_SCREENS = -308,
    ENCODING_ALPHA_CURSOR = -314,
    ENCODING_CLIPBOARD = -0x3f5e1a32,   /* 0xc0a1e5ce */
};

/* Whether the library is to know about an encoding. */
static bool is_passed(const VncParser *parser, gint32 encoding)
{
    switch (encoding) {
    case ENCODING_RAW:
    case ENCODING_RRE:
    case ENCODING_CORRE:
    case ENCODING_HEXTILE:
    case ENCODING_ZLIB:
    case ENCODING_TIGHT:
    case ENCODING_ZRLE:
    case ENCODING_LAST_RECT:
        return true;
    default:
        return (encoding >= ENCODING_COMPRESSION_0 && encoding <= ENCODING_COMPRESSION_9) ||
               (parser->lossy && encoding >= ENCODING_QUALITY_0 &&
                encoding <= ENCODING_QUALITY_9);
    }
}

static guint feature_of(gint32 encoding)
{
    switch (encoding) {
    case ENCODING_MOTION:
        return VNC_FEATURE_MOTION;
    case ENCODING_KEYS:
        return VNC_FEATURE_KEYS;
    case ENCODING_LEDS:
        return VNC_FEATURE_LEDS;
    case ENCODING_DESKTOP_SIZE:
        return VNC_FEATURE_SIZE;
    case ENCODING_SCREENS:
        return VNC_FEATURE_SCREENS;
    case ENCODING_CURSOR:
        return VNC_FEATURE_CURSOR;
    case ENCODING_ALPHA_CURSOR:
        return VNC_FEATURE_ALPHA_CURSOR;
    case ENCODING_POINTER_POSITION:
        return VNC_FEATURE_POINTER;
    case ENCODING_CLIPBOARD:
        return VNC_FEATURE_CLIPBOARD;
    default:
        return 0;
    }
}

/* size: of the whole message, at most VNC_MESSAGE_MAX. */
static void set_encodings(VncParser *parser, const guint8 *message, gsize size)
{
    guint8 passed[VNC_MESSAGE_MAX];
    guint features = 0, n = 0;

    for (gsize at = 4; at < size; at += 4) {
        gint32 encoding = get32(message + at);

        features |= feature_of(encoding);
        if (is_passed(parser, encoding)) {
            put32(passed + 4 + 4 * n++, encoding);
        }
    }
    put32(passed, (guint32)SET_ENCODINGS << 24 | n);
    parser->extended = features & VNC_FEATURE_CLIPBOARD;
    parser->ops->features(parser->opaque, features);
    parser->ops->pass(parser->opaque, passed, 4 + 4 * n);
}

/* ---- Sizes ---- */

/* Bytes of a screen in SetDesktopSize, and its rectangle in them. */
enum { SCREEN_SIZE = 16, SCREEN_PLACE = 4 };

/* Whether a wish for a size is about one screen, so that there is more to read. */
static bool is_one_screen(const guint8 *message)
{
    return message[6] == 1;
}

/* The screen has to be the whole picture. */
static void set_desktop_size(const VncParser *parser, const guint8 *message)
{
    const guint8 *place = message + 8 + SCREEN_PLACE;
    guint width = get16(message + 2), height = get16(message + 4);
    bool valid = width && height && !get32(place) && !memcmp(place + 4, message + 2, 4);

    parser->ops->wish(parser->opaque, valid ? width : 0, valid ? height : 0);
}

/* ---- Clipboards ---- */

/* Then its length is below 0; without the encoding, it is a large one. */
static bool is_extended(const VncParser *parser, const guint8 *message)
{
    return parser->extended && message[4] >> 7;
}

/* Bytes of the content. */
static guint32 cut_size(const VncParser *parser, const guint8 *message)
{
    guint32 length = get32(message + 4);

    return is_extended(parser, message) ? -length : length;
}

static const char *check_cut(const VncParser *parser, const guint8 *message)
{
    return cut_size(parser, message) > VNC_CLIPBOARD_MAX
               ? "it sent a clipboard of more than 1 MiB" : NULL;
}

/* A part of a message that is handed on or ignored; returns how much of size was. */
static gsize take_rest(VncParser *parser, const guint8 *data, gsize size)
{
    gsize n = MIN(parser->rest, size);

    if (parser->cutting && n) {
        parser->ops->cut_part(parser->opaque, data, n);
    }
    parser->rest -= n;
    if (parser->cutting && !parser->rest) {
        parser->cutting = false;
        parser->ops->cut_end(parser->opaque);
    }
    return n;
}

/* ---- Messages ---- */

/* The size of the fixed part of a message, or 0: there is no such message. */
static gsize fixed_size(guint type)
{
    switch (type) {
    case SET_PIXEL_FORMAT:
        return 20;
    case SET_ENCODINGS:
        return 4;
    case UPDATE_REQUEST:
        return 10;
    case KEY:
    case CUT_TEXT:
    case SET_DESKTOP_SIZE:
        return 8;
    case POINTER:
        return 6;
    case QEMU:
        return 12;
    default:
        return 0;
    }
}

/* The size of a message whose fixed part is there. */
static guint64 whole_size(const guint8 *message)
{
    switch (message[0]) {
    case SET_ENCODINGS:
        return 4 + 4 * (guint64)get16(message + 2);
    case SET_DESKTOP_SIZE:
        return 8 + SCREEN_SIZE * (guint64)message[6];
    default:
        return fixed_size(message[0]);
    }
}

/* NULL: the message may be taken, or skipped. */
static const char *check(const VncParser *parser, const guint8 *message)
{
    switch (message[0]) {
    case SET_PIXEL_FORMAT:
        return check_format(message);
    case SET_ENCODINGS:
        return get16(message + 2) > VNC_ENCODINGS_MAX ? "it sent more than 256 encodings" : NULL;
    case CUT_TEXT:
        return check_cut(parser, message);
    case QEMU:
        return message[1] == QEMU_AUDIO ? "it asked for sound, which there is not"
             : message[1] != QEMU_KEY ? "it sent a message that this server does not have" : NULL;
    default:
        return NULL;
    }
}

static void act(VncParser *parser, const guint8 *message, gsize size)
{
    const VncMessageOps *ops = parser->ops;

    switch (message[0]) {
    case SET_ENCODINGS:
        set_encodings(parser, message, size);
        break;
    case UPDATE_REQUEST:
        if (!message[1]) {
            ops->whole(parser->opaque);
        }
        ops->pass(parser->opaque, message, size);
        break;
    case SET_PIXEL_FORMAT:
        ops->pass(parser->opaque, message, size);
        break;
    case SET_DESKTOP_SIZE:
        set_desktop_size(parser, message);
        break;
    case KEY:
        ops->key(parser->opaque, get32(message + 4), message[1]);
        break;
    case POINTER:
        ops->pointer(parser->opaque, message[1], get16(message + 2), get16(message + 4));
        break;
    case QEMU:
        ops->key_number(parser->opaque, get32(message + 4), get32(message + 8),
                        get16(message + 2));
        break;
    default:
        break;
    }
}

/* Begins with a message that is not kept until it is whole; false: it is none. */
static bool begin_long(VncParser *parser, const guint8 *message)
{
    if (message[0] == CUT_TEXT) {
        parser->cutting = true;
        parser->rest = cut_size(parser, message);
        parser->ops->cut_begin(parser->opaque, is_extended(parser, message));
    } else if (message[0] == SET_DESKTOP_SIZE && !is_one_screen(message)) {
        parser->rest = whole_size(message) - fixed_size(message[0]);
        parser->ops->wish(parser->opaque, 0, 0);
    } else {
        return false;
    }
    return true;
}

/* A whole message, or the fixed part of one that is not kept; returns its size.  0: more is needed,
 * or it is wrong. */
static gsize take_message(VncParser *parser, const guint8 *message, gsize size,
                          const char **ret_wrong)
{
    gsize fixed = fixed_size(message[0]);

    if (!fixed) {
        *ret_wrong = "it sent a message that this server does not have";
        return 0;
    }
    if (size < fixed || (*ret_wrong = check(parser, message))) {
        return 0;
    }
    if (begin_long(parser, message)) {
        take_rest(parser, NULL, 0);
        return fixed;
    }
    if (size < whole_size(message)) {
        return 0;
    }
    size = whole_size(message);
    act(parser, message, size);
    return size;
}

gsize vnc_parse(VncParser *parser, const guint8 *data, gsize size, const char **ret_wrong)
{
    gsize used = 0, n = 1;

    *ret_wrong = NULL;
    while (used < size && n) {
        n = parser->rest ? take_rest(parser, data + used, size - used)
                         : take_message(parser, data + used, size - used, ret_wrong);
        used += n;
    }
    return used;
}
