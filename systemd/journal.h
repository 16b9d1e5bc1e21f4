/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where GLib's log messages go: to the journal with their fields if standard
 * error is the journal (JOURNAL_STREAM), else to standard error as text.
 *
 * Code that logs about an object or for a client adds the fields:
 *
 *     g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_INFO, "OBJECT", path,
 *                      "CLIENT", peer, "MESSAGE", "%s by %s: done", command, peer);
 *
 * The message contains all that a reader needs; fields are for searching, and
 * text output omits them.  Every entry in the journal also gets VM=name.
 *
 * Logging never blocks on the journal, and at most a twentieth of a second on a reader of
 * standard error: lost messages are counted, and the count is logged when messages are
 * accepted again.  May be used from any thread.
 */
#ifndef SYSTEMD_JOURNAL_H
#define SYSTEMD_JOURNAL_H

#include <glib.h>
#include <stdbool.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

typedef struct Journal Journal;

/* Reads a log level: error, warning, notice, info or debug. */
bool journal_parse_level(const char *text, GLogLevelFlags *ret_level, GError **error);

/*
 * vm: the machine's name, for VM=; NULL leaves the field out.
 * level: the least important level that is logged.
 * socket_path: NULL for text on fd; else the journal's socket, and text on fd
 * if it cannot be opened.
 * fd: for text; borrowed.
 */
Journal *journal_new(const char *vm, GLogLevelFlags level, const char *socket_path, int fd);
void journal_free(Journal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_free)

/* True if fd is the stream that JOURNAL_STREAM describes. */
bool journal_is_stream(int fd);

/* GLogWriterFunc; data is the Journal. */
GLogWriterOutput journal_write(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                               gpointer data);

/* Makes all of GLib's logging go through a journal as described above, for
 * the rest of the process's life.  To be called once. */
void journal_install(const char *vm, GLogLevelFlags level);

#endif
