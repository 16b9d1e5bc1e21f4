/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a mux's frontends to its base; see char-mux.h.
 */
#include "config.h"
#include "hw/chardev/char-mux.h"

#include <string.h>

#include "qom/qapi-objects-char.h"

/* Writes the notes; true if the base has taken all. */
static bool flush_notes(CharMux *s)
{
    gsize n;

    if (s->notes->len == 0) {
        return true;
    }
    n = char_write(s->base, (const guint8 *)s->notes->str, s->notes->len);
    g_string_erase(s->notes, 0, n);
    return s->notes->len == 0;
}

void mux_note(CharMux *s, const char *text)
{
    if (s->notes->len + strlen(text) <= MUX_NOTES_MAX) {
        g_string_append(s->notes, text);
    }
    flush_notes(s);
}

void mux_toggle_timestamps(CharMux *s)
{
    s->timestamps = !s->timestamps;
    s->epoch = 0;
    s->line_start = false;
}

/* "[00:00:02.345] ", the time since the first one. */
static void note_time(CharMux *s)
{
    gint64 now = g_get_monotonic_time();
    g_autofree char *text = NULL;
    gint64 ms;

    if (!s->epoch) {
        s->epoch = now;
    }
    ms = (now - s->epoch) / 1000;
    text = g_strdup_printf("[%02d:%02d:%02d.%03d] ", (int)(ms / 3600000), (int)(ms / 60000 % 60),
                           (int)(ms / 1000 % 60), (int)(ms % 1000));
    mux_note(s, text);
}

/*
 * Writes up to the end of a line, or what there is of it, preceded by a time
 * stamp if one is due.
 */
static gsize write_line(CharMux *s, const guint8 *data, gsize size)
{
    const guint8 *end = memchr(data, '\n', size);
    gsize n = end ? (gsize)(end - data) + 1 : size;

    if (s->line_start) {
        s->line_start = false;
        note_time(s);
    }
    if (!flush_notes(s)) {
        return 0;
    }
    n = char_write(s->base, data, n);
    s->line_start = n && data[n - 1] == '\n';
    return n;
}

gsize mux_write(Chardev *chr, const guint8 *data, gsize size)
{
    CharMux *s = to_char_mux(chr);
    gsize done = 0, n;

    if (!flush_notes(s)) {
        return 0;
    }
    if (!s->timestamps) {
        return char_write(s->base, data, size);
    }
    do {
        n = write_line(s, data + done, size - done);
        done += n;
    } while (n && done < size);
    return done;
}

void mux_writable(void *opaque)
{
    CharMux *s = opaque;
    guint n = s->fronts->len;

    if (!flush_notes(s)) {
        return;
    }
    for (guint i = 0; i < n; i++) {
        const MuxFront *f = s->fronts->pdata[(s->first_writer + i) % n];

        if (f->ops->writable) {
            f->ops->writable(f->opaque);
        }
    }
    s->first_writer = n ? (s->first_writer + 1) % n : 0;
}
