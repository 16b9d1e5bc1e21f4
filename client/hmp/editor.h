/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The editor of a line on a terminal: echo, cursor keys, history, completion.
 *
 * Bytes in, bytes out: the same code serves a chardev in the daemon and a person's terminal in
 * vmctl, so the keys are the same.
 */
#ifndef CLIENT_HMP_EDITOR_H
#define CLIENT_HMP_EDITOR_H

#include "client/hmp/hmp.h"

typedef struct HmpEditor HmpEditor;

typedef enum {
    HMP_EDITOR_GOES_ON,         /* nothing to be done */
    HMP_EDITOR_LINE,            /* a line is complete: hmp_editor_text(), then hmp_editor_begin() */
    HMP_EDITOR_COMPLETE,        /* candidates are wanted: hmp_editor_offer() */
    HMP_EDITOR_END,             /* the end of input, on an empty line */
} HmpEditorEvent;

/* monitor, whose history it is, is borrowed and must outlive it. */
HmpEditor *hmp_editor_new(HmpMonitor *monitor, const char *prompt);
void hmp_editor_free(HmpEditor *editor);            /* accepts NULL */

/* Begins a line: appends the prompt to out. */
void hmp_editor_begin(HmpEditor *editor, GString *out);

/* Takes a byte, and appends what the terminal is to show to out. */
HmpEditorEvent hmp_editor_feed(HmpEditor *editor, char byte, GString *out);

/* The line as it is; up to the cursor.  Borrowed; the second is newly allocated. */
const char *hmp_editor_text(const HmpEditor *editor);
char *hmp_editor_before_cursor(const HmpEditor *editor);

/* Inserts what all candidates begin with; several that begin alike are listed. */
void hmp_editor_offer(HmpEditor *editor, const GPtrArray *candidates, gsize completed,
                      GString *out);

#endif
