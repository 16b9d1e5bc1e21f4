/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-mux: several frontends on one backend.  Private to char-mux.c (
 * frontends, input, life) and char-mux-output.c.
 *
 *   frontend --.                        .-- output: lines, notes, time
 *   frontend ---- CharMux (a Chardev) --+
 *   frontend --'                        '-- input: keys, focus
 *                                              |
 *                   as frontend of          base (a Chardev)
 *
 * Notes are output of the mux itself (help, time).  Output that the base does
 * not take stays with the frontends, which are told of room in turn.
 */
#ifndef HW_CHARDEV_CHAR_MUX_H
#define HW_CHARDEV_CHAR_MUX_H

#include "hw/chardev/char.h"

/* Up to this much input is buffered for a frontend. */
#define MUX_HELD_MAX 64
/* Input that was not checked for keys yet. */
#define MUX_INPUT_MAX 256
/* Notes that the base does not take; more than this is lost. */
#define MUX_NOTES_MAX 2048

typedef struct {
    const CharFrontOps *ops;
    void *opaque;
    guint8 held[MUX_HELD_MAX];
    guint n_held;
} MuxFront;

typedef struct CharMux {
    Chardev parent;             /* parent.front is the frontend with the focus */
    Chardev *base;
    GPtrArray *fronts;          /* of MuxFront, in order of attachment */
    guint focus;                /* index there */
    guint first_writer;         /* index there: which is told of room first */
    guint8 input[MUX_INPUT_MAX];
    guint n_input;
    bool escaped;               /* the previous key was Ctrl-A */
    bool delivering;
    /* Output. */
    GString *notes;
    bool timestamps;
    bool line_start;            /* the next byte of output begins a line */
    gint64 epoch;               /* time 0 of the time stamps, 0: none yet; microseconds */
} CharMux;

/* CharOps.write. */
gsize mux_write(Chardev *chr, const guint8 *data, gsize size);
/* Writes a message to the base's other side. */
void mux_note(CharMux *s, const char *text);
void mux_toggle_timestamps(CharMux *s);
/* The base has room: notes first, then the frontends. */
void mux_writable(void *opaque);

#endif
