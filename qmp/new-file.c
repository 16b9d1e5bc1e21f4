/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that takes the place of another one; see new-file.h.
 */
#include "config.h"
#include "qmp/new-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLAGS = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, ATTEMPTS = 100 };

struct NewFile {
    char *path;                 /* of the file, without links */
    char *beside;               /* of the new one until then; NULL: it is written in place */
    int fd;
};

/* The path of what is to be replaced, newly allocated, with the mode that a file there has;
 * NULL if it is to be written in place. */
static char *replaceable(const char *path, mode_t *mode)
{
    char *real = realpath(path, NULL);
    struct stat st;
    char *ret;

    if (!real) {
        /* Nothing is there, or a link that leads nowhere. */
        return errno == ENOENT && lstat(path, &st) < 0 ? g_strdup(path) : NULL;
    }
    ret = stat(real, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
          st.st_uid == geteuid() && access(real, W_OK) == 0 ? g_strdup(real) : NULL;
    *mode = st.st_mode & 07777;
    free(real);
    return ret;
}

/* Makes a file in the directory of file->path.  False: that cannot be. */
static bool open_beside(NewFile *file)
{
    g_autofree char *folder = g_path_get_dirname(file->path);

    for (guint i = 0; i < ATTEMPTS; i++) {
        g_autofree char *name = g_strdup_printf("%s/.vmd-%08x", folder, g_random_int());

        file->fd = open(name, FLAGS | O_EXCL, 0666);
        if (file->fd >= 0) {
            file->beside = g_steal_pointer(&name);
            return true;
        }
        if (errno != EEXIST) {
            return false;
        }
    }
    return false;
}

NewFile *new_file_begin(const char *path)
{
    mode_t mode = 0;
    NewFile *file = g_new(NewFile, 1);

    *file = (NewFile){ .path = replaceable(path, &mode), .fd = -1 };
    if (file->path && open_beside(file)) {
        if (mode) {
            fchmod(file->fd, mode);
        }
        return file;
    }
    file->fd = open(path, FLAGS | O_TRUNC, 0666);
    if (file->fd < 0) {
        g_free(file->path);
        g_free(file);
        return NULL;
    }
    return file;
}

int new_file_fd(const NewFile *file)
{
    return file->fd;
}

int new_file_end(NewFile *file, bool keep)
{
    int error = close(file->fd) < 0 ? errno : 0;

    if (file->beside && keep && !error && rename(file->beside, file->path) < 0) {
        error = errno;
    }
    if (file->beside && (!keep || error)) {
        unlink(file->beside);
    }
    g_free(file->beside);
    g_free(file->path);
    g_free(file);
    return error;
}
