/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Record slots: two files of the same size in the state directory: exit.json is the current
 * one, and the other is written next.
 *
 * A full disk must not keep a daemon from recording how it ended.  So the space of the
 * next record is allocated when the daemon starts, the record is written over it, and the
 * two files exchange their names: that needs no space, and a reader never sees a partial
 * record.  The descriptor of the next slot stays open, for a daemon that may have no
 * descriptors left at its end.  A copy-on-write file system can still fail.
 *
 * The directory is locked for as long as the slots are open: its record is that of one
 * daemon.  Main thread.
 */
#ifndef DAEMON_SERVICE_RECORD_SLOTS_H
#define DAEMON_SERVICE_RECORD_SLOTS_H

#include <glib.h>
#include <stdbool.h>

/* A record's bytes; the rest after the text is filled with spaces, which JSON ignores. */
enum { RECORD_SLOT_SIZE = 4096 };

typedef struct RecordSlots RecordSlots;

/* Opens and locks the directory.  NULL with file-not-usable if it does not exist, or
 * another daemon uses it; the message names the directory. */
RecordSlots *record_slots_open(const char *directory, GError **error);
void record_slots_free(RecordSlots *slots);             /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RecordSlots, record_slots_free)

/* Allocates the space of the next record, unless that is done.  Fails with
 * file-not-usable if there is none. */
bool record_slots_take(RecordSlots *slots, GError **error);

/* Makes a text of less than RECORD_SLOT_SIZE bytes the content of exit.json, on the disk when
 * this returns.  Uses up the allocated slot.  Fails with file-not-usable; exit.json is then
 * unchanged, or its new name may not be on the disk. */
bool record_slots_write(RecordSlots *slots, const char *text, gsize length, GError **error);

/* Removes exit.json of an earlier daemon, or of a failed start. */
void record_slots_remove(RecordSlots *slots);

#endif
