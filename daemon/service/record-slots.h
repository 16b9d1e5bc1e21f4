/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Record slots: two files of one size in the state directory, of which exit.json is the one
 * that counts and the other the one that is written next.
 *
 * A full disk must not keep a daemon from telling how it ended.  So the space of the next
 * record is taken when the daemon starts, the record is written over it, and the two files
 * change their names: that needs no space, and a reader never sees half a record.  The
 * descriptor of the next slot stays open, for a daemon that may have none left at its end.
 * A file system that copies what is overwritten can still refuse.
 *
 * The directory is locked for as long as the slots are open: its record tells of one daemon.
 * Main thread.
 */
#ifndef DAEMON_SERVICE_RECORD_SLOTS_H
#define DAEMON_SERVICE_RECORD_SLOTS_H

#include <glib.h>
#include <stdbool.h>

/* A record's bytes; what a text leaves of them is filled with spaces, which JSON ignores. */
enum { RECORD_SLOT_SIZE = 4096 };

typedef struct RecordSlots RecordSlots;

/* Opens and locks the directory.  NULL with file-not-usable if it is not there, or another
 * daemon has it; what is named is the directory. */
RecordSlots *record_slots_open(const char *directory, GError **error);
void record_slots_free(RecordSlots *slots);             /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RecordSlots, record_slots_free)

/* Takes the space of the record to be written next, unless it is taken.  Fails with
 * file-not-usable if there is none. */
bool record_slots_take(RecordSlots *slots, GError **error);

/* Makes a text of less than RECORD_SLOT_SIZE bytes the content of exit.json, on the disk when
 * this returns.  Uses up what was taken.  Fails with file-not-usable; exit.json is then as it
 * was, or its name may not be on the disk. */
bool record_slots_write(RecordSlots *slots, const char *text, gsize length, GError **error);

/* Removes exit.json, which tells of another daemon, or of what could not begin. */
void record_slots_remove(RecordSlots *slots);

#endif
