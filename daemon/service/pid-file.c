/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of --pidfile: see pid-file.h.
 */
#include "config.h"
#include "daemon/service/pid-file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "qmp/error.h"

bool pid_file_write(PidFile *file, const char *path, GError **error)
{
    g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    g_autoptr(GError) why = NULL;
    struct stat st;

    if (!g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644,
                                  &why)) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, qmp_error_file_errno(why),
                            "--pidfile %s", path);
        return false;
    }
    if (lstat(absolute, &st) == 0) {
        *file = (PidFile){ .path = g_steal_pointer(&absolute), .device = st.st_dev,
                           .inode = st.st_ino };
    }
    return true;
}

void pid_file_remove(PidFile *file)
{
    struct stat st;

    if (file->path && lstat(file->path, &st) == 0 && st.st_dev == file->device &&
        st.st_ino == file->inode) {
        unlink(file->path);
    }
    g_clear_pointer(&file->path, g_free);
}
