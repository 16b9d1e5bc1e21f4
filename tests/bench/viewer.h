/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VNC client that takes pictures as fast as they come, and throws them away: it reads no more of
 * an encoding than where its rectangles end.
 */
#ifndef BENCH_VIEWER_H
#define BENCH_VIEWER_H

#include <glib.h>
#include <stdbool.h>

typedef enum { VIEWER_RAW = 0, VIEWER_TIGHT = 7, VIEWER_ZRLE = 16 } ViewerEncoding;

typedef struct Viewer Viewer;

/* Connects to the socket, which may not be there yet, and waits until the picture has that width at
 * least.  NULL on error. */
Viewer *viewer_new(const char *path, ViewerEncoding encoding, guint width, GError **error);
void viewer_free(Viewer *viewer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Viewer, viewer_free)

/* Takes changes for so many nanoseconds at least: how many pixels they have, and how long it took. */
bool viewer_watch(Viewer *viewer, gint64 ns, guint64 *ret_pixels, gint64 *ret_ns, GError **error);
/* Asks for the next change, and takes none. */
bool viewer_ask(Viewer *viewer, GError **error);

#endif
