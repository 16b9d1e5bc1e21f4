/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening of character backends' files; see the header.
 */
#include "config.h"
#include "hw/chardev/char-file-open.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/aio/fdset.h"
#include "qmp/error.h"

#define OUTPUT_MODE 0666        /* less the umask */

int char_open_output(const char *path, bool append, bool *ret_created, GError **error)
{
    int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (append ? O_APPEND : 0);
    int fd = fdset_open(path, flags | O_CREAT | O_EXCL, OUTPUT_MODE);

    *ret_created = fd >= 0;
    if (fd < 0 && errno == EEXIST) {
        fd = fdset_open(path, flags, 0);
    }
    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno,
                            errno == ENXIO ? "cannot open '%s', which has no reader"
                                           : "cannot open '%s' for writing", path);
    }
    return fd;
}

void char_undo_output(const char *path, bool created)
{
    if (created) {
        unlink(path);
    }
}

bool char_is_file(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
}

int char_open_input(const char *path, GError **error)
{
    int fd = fdset_open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);

    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno,
                            "cannot open '%s' for reading", path);
    }
    return fd;
}
