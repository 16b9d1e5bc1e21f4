/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: marks that an image must have before the first change, and their removal
 * after the last.
 */
#include "config.h"
#include "hw/block/qcow2.h"

#include <errno.h>

enum {
    BITMAP_ENTRY = 24,          /* bytes of a directory's entry without its names */
    BITMAP_IN_USE = 1 << 0,
    BITMAP_AUTO = 1 << 1,
};

static int write_feature_word(Qcow2 *s, guint at, guint64 value)
{
    guint8 word[8];
    int error;

    qcow2_put64(word, value);
    error = qcow2_write(s, s->node.file, at, word, sizeof(word));
    return error ? error : qcow2_sync(s, s->node.file);
}

/* ---- Bitmaps ---- */

/* Marks bitmaps as inconsistent that have one of these flags, or all (0): vmd does not update
 * them. */
static int mark_entries(Qcow2 *s, guint8 *directory, gsize size, guint32 which, bool *changed)
{
    gsize at = 0;

    for (guint i = 0; i < s->header.n_bitmaps; i++) {
        guint32 flags;
        gsize length;

        if (size - at < BITMAP_ENTRY) {
            return qcow2_malformed_at(s, "the directory of bitmaps", s->header.bitmaps_offset);
        }
        flags = qcow2_get32(directory + at + 12);
        /* Names and extra data follow. */
        length = BITMAP_ENTRY + (gsize)qcow2_get32(directory + at + 20) +
                 (directory[at + 18] << 8 | directory[at + 19]);
        length = (length + 7) / 8 * 8;
        if (length > size - at) {
            return qcow2_malformed_at(s, "the directory of bitmaps", s->header.bitmaps_offset);
        }
        if ((!which || (flags & which)) && !(flags & BITMAP_IN_USE)) {
            qcow2_put32(directory + at + 12, flags | BITMAP_IN_USE);
            *changed = true;
        }
        at += length;
    }
    return 0;
}

static int mark_bitmaps(Qcow2 *s, guint32 which)
{
    guint64 size = s->header.bitmaps_size, offset = s->header.bitmaps_offset;
    g_autofree guint8 *directory = NULL;
    bool changed = false;
    int error;

    if (!s->header.n_bitmaps) {
        return 0;
    }
    if (offset > s->file_end || size > s->file_end - offset) {
        return qcow2_malformed_at(s, "the directory of bitmaps", offset);
    }
    directory = g_malloc(size);
    error = qcow2_read(s, s->node.file, offset, directory, size);
    if (!error) {
        error = mark_entries(s, directory, size, which, &changed);
    }
    if (!error && changed) {
        error = qcow2_write(s, s->node.file, offset, directory, size);
    }
    return error;
}

int qcow2_mark_bitmaps(Qcow2 *s)
{
    int error = mark_bitmaps(s, 0);

    return error ? error : qcow2_sync(s, s->node.file);
}

/* ---- Features ---- */

static int clear_unknown(Qcow2 *s)
{
    guint64 known = QCOW2_AUTOCLEAR_BITMAPS | QCOW2_AUTOCLEAR_RAW_DATA;

    if (!(s->header.autoclear & ~known)) {
        return 0;
    }
    s->header.autoclear &= known;
    return write_feature_word(s, QCOW2_AT_AUTOCLEAR, s->header.autoclear);
}

int qcow2_set_dirty(Qcow2 *s, bool dirty)
{
    guint64 features = s->header.incompatible & ~(guint64)QCOW2_INCOMPAT_DIRTY;
    int error;

    features |= dirty ? QCOW2_INCOMPAT_DIRTY : 0;
    if (features == s->header.incompatible) {
        return 0;
    }
    error = write_feature_word(s, QCOW2_AT_INCOMPATIBLE, features);
    if (!error) {
        s->header.incompatible = features;
    }
    return error;
}

void qcow2_note_corrupt(Qcow2 *s)
{
    guint64 features = s->header.incompatible | QCOW2_INCOMPAT_CORRUPT;

    if (s->header.version < 3 || s->node.read_only || !g_atomic_int_get(&s->told) ||
        features == s->header.incompatible) {
        return;
    }
    s->header.incompatible = features;
    write_feature_word(s, QCOW2_AT_INCOMPATIBLE, features);
}

int qcow2_begin_writing(Qcow2 *s)
{
    int error = 0;

    if (g_atomic_int_get(&s->told)) {
        return EIO;
    }
    if (s->writing) {
        return 0;
    }
    if (s->header.version >= 3) {
        /* Those that track changes of the disk. */
        error = mark_bitmaps(s, BITMAP_AUTO);
        if (!error) {
            error = clear_unknown(s);
        }
        if (!error && s->lazy) {
            error = qcow2_set_dirty(s, true);
        }
    }
    if (!error) {
        error = qcow2_sync(s, s->node.file);
    }
    if (!error) {
        g_mutex_lock(&s->mutex);
        s->writing = true;
        g_mutex_unlock(&s->mutex);
    }
    return error;
}

/* Flushes repeatedly: the next flush writes what the previous one has freed. */
int qcow2_end_writing(Qcow2 *s)
{
    int error = 0;

    if (!s->writing) {
        return 0;
    }
    for (guint i = 0; i < 3 && !error; i++) {
        error = qcow2_flush(s);
    }
    if (!error) {
        error = qcow2_write_refcounts(s);
    }
    if (!error) {
        error = qcow2_sync(s, s->node.file);
    }
    if (!error) {
        error = qcow2_set_dirty(s, false);
    }
    return error;
}
