/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring: `written` and `taken` count all bytes, and their low bits are
 * positions in the buffer, whose size is a power of two.
 */
#include "config.h"
#include "hw/chardev/char-ringbuf.h"

#include <string.h>

#include "hw/chardev/char-types.h"
#include "qmp/error.h"
#include "qom/qapi-objects-char.h"

#define DEFAULT_SIZE 65536

struct CharRingbuf {
    Chardev parent;
    guint8 *buf;
    gsize size;
    guint64 written, taken;
};

gsize char_ringbuf_length(const Chardev *chr)
{
    const CharRingbuf *s = to_char_ringbuf(chr);

    return s->written - s->taken;
}

/* Copies between data and the ring from position `at` on, in one piece or two. */
static void copy_out(const CharRingbuf *s, guint64 at, guint8 *data, gsize size)
{
    gsize start = at & (s->size - 1);
    gsize first = MIN(size, s->size - start);

    memcpy(data, s->buf + start, first);
    memcpy(data + first, s->buf, size - first);
}

static void copy_in(CharRingbuf *s, guint64 at, const guint8 *data, gsize size)
{
    gsize start = at & (s->size - 1);
    gsize first = MIN(size, s->size - start);

    memcpy(s->buf + start, data, first);
    memcpy(s->buf, data + first, size - first);
}

gsize char_ringbuf_read(Chardev *chr, guint8 *data, gsize size)
{
    CharRingbuf *s = to_char_ringbuf(chr);
    gsize n = MIN(size, char_ringbuf_length(chr));

    copy_out(s, s->taken, data, n);
    s->taken += n;
    return n;
}

static gsize ringbuf_write(Chardev *chr, const guint8 *data, gsize size)
{
    CharRingbuf *s = to_char_ringbuf(chr);
    gsize n = MIN(size, s->size);

    copy_in(s, s->written + size - n, data + size - n, n);
    s->written += size;
    if (s->written - s->taken > s->size) {
        char_drop(chr, s->written - s->taken - s->size);
        s->taken = s->written - s->size;
    }
    return size;
}

static char *ringbuf_filename(Chardev *chr)
{
    return g_strdup("ringbuf");
}

/* ---- Life ---- */

static bool ringbuf_prepare(Object *obj, GError **error)
{
    CharRingbuf *s = to_char_ringbuf(obj);
    const ChardevBackend *backend = char_backend(&s->parent);
    const ChardevRingbuf *options = backend ? backend->u.ringbuf.data : NULL;

    s->size = options && options->has_size ? options->size : DEFAULT_SIZE;
    if (s->size & (s->size - 1)) {
        qmp_error_set_at(error, "backend.data.size", ERROR_REASON_INVALID_VALUE, "size %"
                         G_GSIZE_FORMAT " of a ring buffer is not a power of two", s->size);
        return false;
    }
    s->buf = g_try_malloc(s->size);
    if (!s->buf) {
        qmp_error_set_at(error, "backend.data.size", ERROR_REASON_NO_MEMORY,
                         "no memory for a ring buffer of %" G_GSIZE_FORMAT " bytes", s->size);
    }
    return s->buf != NULL;
}

static void ringbuf_release(Object *obj)
{
    g_clear_pointer(&to_char_ringbuf(obj)->buf, g_free);
}

static bool ringbuf_complete(Object *obj, GError **error)
{
    char_event(to_chardev(obj), CHAR_EVENT_OPENED);
    return true;
}

static const CharOps ringbuf_char_ops = {
    .write = ringbuf_write,
    .filename = ringbuf_filename,
};

static const ObjectOps ringbuf_object_ops = {
    .prepare = ringbuf_prepare,
    .release = ringbuf_release,
    .complete = ringbuf_complete,
};

const TypeInfo chardev_ringbuf_type = {
    .schema = &qmp_class_chardev_ringbuf,
    .size = sizeof(CharRingbuf),
    .object = &ringbuf_object_ops,
    .kind = &ringbuf_char_ops,
};
