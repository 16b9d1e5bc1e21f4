/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Image locks: see file-lock.h.
 */
#include "config.h"
#include "hw/block/file-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "qmp/error.h"

enum { USED_BASE = 100, UNSHARED_BASE = 200 };

/* Permissions, by number. */
enum { CONSISTENT_READ, WRITE, WRITE_UNCHANGED, RESIZE, N_PERMISSIONS };

static const char *const names[N_PERMISSIONS] = {
    "consistent read", "write", "write unchanged", "resize",
};

#define BIT(permission) (1u << (permission))

static int lock_byte(int fd, int byte)
{
    struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

    return fcntl(fd, F_OFD_SETLK, &lock);
}

/* Whether another process has a lock on the byte. */
static bool locked_by_other(int fd, int byte)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static bool take(int fd, const char *filename, int base, guint permissions, GError **error)
{
    for (int i = 0; i < N_PERMISSIONS; i++) {
        if ((permissions & BIT(i)) && lock_byte(fd, base + i) < 0) {
            qmp_error_set_errno(error, errno == EAGAIN ? ERROR_REASON_IN_USE
                                                       : ERROR_REASON_HOST_ERROR, errno,
                                "cannot lock '%s' ('locking' 'off' avoids this)", filename);
            qmp_error_blame(error, "filename");
            return false;
        }
    }
    return true;
}

static bool check(int fd, const char *filename, int base, guint permissions, GError **error)
{
    for (int i = 0; i < N_PERMISSIONS; i++) {
        if ((permissions & BIT(i)) && locked_by_other(fd, base + i)) {
            qmp_error_set_at(error, "filename", ERROR_REASON_IN_USE,
                             "'%s' is in use by another machine or "
                             "block node: cannot get the \"%s\" lock", filename, names[i]);
            return false;
        }
    }
    return true;
}

#define WRITING (BIT(WRITE) | BIT(RESIZE))

bool file_lock_again(int fd, const char *filename, bool writable, GError **error)
{
    guint used = BIT(CONSISTENT_READ) | (writable ? WRITING : 0);

    return take(fd, filename, USED_BASE, used, error) &&
           take(fd, filename, UNSHARED_BASE, WRITING, error);
}

bool file_lock(int fd, const char *filename, bool writable, GError **error)
{
    guint used = BIT(CONSISTENT_READ) | (writable ? WRITING : 0);

    return file_lock_again(fd, filename, writable, error) &&
           check(fd, filename, UNSHARED_BASE, used, error) &&
           check(fd, filename, USED_BASE, WRITING, error);
}

static void unlock(int fd, int base, guint permissions)
{
    for (int i = 0; i < N_PERMISSIONS; i++) {
        struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = base + i,
                              .l_len = 1 };

        if (permissions & BIT(i)) {
            fcntl(fd, F_OFD_SETLK, &lock);
        }
    }
}

void file_lock_stop_writing(int fd)
{
    unlock(fd, USED_BASE, WRITING);
}

void file_lock_release(int fd)
{
    unlock(fd, USED_BASE, BIT(CONSISTENT_READ) | WRITING);
    unlock(fd, UNSHARED_BASE, WRITING);
}
