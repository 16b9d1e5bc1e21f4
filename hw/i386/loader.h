/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that clients name for the guest (kernel, initrd): opened once, read in
 * pieces whose bounds are checked here, so that parsers may pass any number
 * from a file.
 *
 * A file system may not answer, so the content is read where blocking is allowed, and
 * kept in memory while it is needed: from the opening to the machine's first start.
 * Since it would be a good part of an idle machine's memory, it is read again for each
 * reset.
 */
#ifndef HW_I386_LOADER_H
#define HW_I386_LOADER_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    gatomicrefcount refs;
    int fd;
    guint64 size;               /* bytes */
    GBytes *held;               /* all of them, or NULL */
    GError *failed;             /* why the content could not be read, or NULL */
    char *what;                 /* for messages: "kernel '/boot/vmlinuz'" */
    char *text;                 /* text for the guest: the path, or a module's words */
} LoaderFile;

/* Opens a regular file; role is "kernel" or "initrd".  Fails with
 * file-not-usable.  May block for as long as the host's file system does. */
LoaderFile *loader_open(const char *role, const char *path, GError **error);
/* The same for a descriptor, of which it takes ownership even on failure (tests). */
LoaderFile *loader_open_fd(const char *role, const char *path, int fd, GError **error);
/* Reads all of it, on any thread; fails with file-not-usable or no-memory.  May block as
 * well. */
GBytes *loader_fetch(const LoaderFile *file, GError **error);
/* Makes loader_read() copy from bytes, or fail with error; takes ownership of either. */
void loader_hold(LoaderFile *file, GBytes *bytes, GError *error);
void loader_let_go(LoaderFile *file);
LoaderFile *loader_ref(LoaderFile *file);
void loader_close(LoaderFile *file);                    /* drops a reference; accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LoaderFile, loader_close)

/* Whether size bytes from offset lie in the file. */
bool loader_has(const LoaderFile *file, guint64 offset, guint64 size);
/* Reads exactly size bytes, from the file itself if nothing is held; fails with
 * file-not-usable; buf is then undefined. */
bool loader_read(const LoaderFile *file, guint64 offset, void *buf, guint64 size, GError **error);

#endif
