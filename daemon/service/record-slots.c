/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Record slots: see record-slots.h.
 */
#include "config.h"
#include "daemon/service/record-slots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "qmp/error.h"

#define RECORD "exit.json"
#define NEXT ".exit.json.next"

struct RecordSlots {
    char *name;                 /* of the directory, for messages */
    int directory;
    int next;                   /* the file to be written, fully allocated; or -1 */
};

static bool fail(const RecordSlots *slots, const char *what, GError **error)
{
    qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "%s in the state directory %s",
                        what, slots->name);
    return false;
}

static bool write_all(int fd, const char *bytes, gsize size)
{
    for (gsize done = 0; done < size;) {
        ssize_t n = pwrite(fd, bytes + done, size - done, done);

        if (n < 0 && errno != EINTR) {
            return false;
        }
        done += MAX(n, 0);
    }
    return true;
}

/* Writes the text, and spaces up to the end of the slot's only line. */
static bool fill(int fd, const char *text, gsize length)
{
    char bytes[RECORD_SLOT_SIZE];

    memset(bytes, ' ', sizeof(bytes));
    memcpy(bytes, text, length);
    bytes[sizeof(bytes) - 1] = '\n';
    return write_all(fd, bytes, sizeof(bytes));
}

/* Blocks that were not written now may not be available later. */
bool record_slots_take(RecordSlots *slots, GError **error)
{
    if (slots->next >= 0) {
        return true;
    }
    slots->next = openat(slots->directory, NEXT, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (slots->next < 0 || ftruncate(slots->next, RECORD_SLOT_SIZE) < 0 ||
        !fill(slots->next, "", 0)) {
        fail(slots, "there is no space for the exit record", error);
        if (slots->next >= 0) {
            close(slots->next);
            slots->next = -1;
        }
        return false;
    }
    return true;
}

/* A file system that cannot lock directories does without: only EWOULDBLOCK means that
 * another daemon uses it. */
static bool open_directory(RecordSlots *slots, GError **error)
{
    slots->directory = open(slots->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (slots->directory < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno,
                            "cannot open the state directory %s", slots->name);
        return false;
    }
    if (flock(slots->directory, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "the state directory %s is in use by another daemon", slots->name);
        return false;
    }
    return true;
}

RecordSlots *record_slots_open(const char *directory, GError **error)
{
    g_autoptr(RecordSlots) slots = g_new0(RecordSlots, 1);

    slots->name = g_strdup(directory);
    slots->directory = slots->next = -1;
    return open_directory(slots, error) ? g_steal_pointer(&slots) : NULL;
}

void record_slots_free(RecordSlots *slots)
{
    if (!slots) {
        return;
    }
    if (slots->next >= 0) {
        close(slots->next);
    }
    if (slots->directory >= 0) {
        close(slots->directory);
    }
    g_free(slots->name);
    g_free(slots);
}

/* For the first record of a directory there is none to exchange with, and some file
 * systems do not support exchanging: then the slot is renamed, and the next one needs
 * new space. */
static bool exchange(const RecordSlots *slots)
{
    int dir = slots->directory;

    return renameat2(dir, NEXT, dir, RECORD, RENAME_EXCHANGE) == 0 ||
           renameat(dir, NEXT, dir, RECORD) == 0;
}

bool record_slots_write(RecordSlots *slots, const char *text, gsize length, GError **error)
{
    if (!record_slots_take(slots, error)) {
        return false;
    }
    if (!fill(slots->next, text, length) || fsync(slots->next) < 0) {
        return fail(slots, "cannot write the exit record", error);
    }
    if (!exchange(slots)) {
        return fail(slots, "cannot move the exit record into place", error);
    }
    close(slots->next);
    slots->next = -1;
    return fsync(slots->directory) == 0 ||
           fail(slots, "cannot write the exit record", error);
}

void record_slots_remove(RecordSlots *slots)
{
    unlinkat(slots->directory, RECORD, 0);
}
