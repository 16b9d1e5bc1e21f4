/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory-backend-file: memory of a file.  A file that has content is never
 * resized; a failed object-add undoes the creation or growth of the file.
 */
#include "config.h"
#include "hw/backends/memory-backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/aio/fdset.h"
#include "hw/backends/memory-backend-internal.h"
#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-objects-memory.h"

#define FILE_MODE 0600          /* the guest's secrets are in it */

struct MemoryBackendFile {
    MemoryBackend parent;
    bool created, grown;        /* to be undone unless it becomes complete */
    bool was_there;             /* it was complete, and is released */
};

/* A file without a name in a directory. */
static int open_in_directory(const char *path)
{
    g_autofree char *name = NULL;
    int fd = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0 || errno != EOPNOTSUPP) {
        return fd;
    }
    name = g_build_filename(path, "vmd-memory-XXXXXX", NULL);
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0) {
        unlink(name);
    }
    return fd;
}

static int open_file(MemoryBackendFile *s)
{
    const MemoryBackendFileProps *props = memory_backend_file_props(s);
    struct stat st;
    int fd;

    if (props->readonly) {
        return fdset_open(props->mem_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    }
    if (stat(props->mem_path, &st) == 0 && S_ISDIR(st.st_mode)) {
        return open_in_directory(props->mem_path);
    }
    fd = fdset_open(props->mem_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    s->created = fd >= 0;
    return fd < 0 && errno == EEXIST ? fdset_open(props->mem_path, O_RDWR | O_CLOEXEC, 0) : fd;
}

/* Regular files have a size; character devices such as DAX are not checked. */
static bool fit_size(MemoryBackendFile *s, GError **error)
{
    const MemoryBackendFileProps *props = memory_backend_file_props(s);
    int fd = s->parent.fd;
    struct stat st;

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (guint64)st.st_size >= props->size) {
        return true;
    }
    if (st.st_size > 0 || props->readonly) {
        qmp_error_set_at(error, "size", ERROR_REASON_FILE_NOT_USABLE, "file '%s' has %"
                         G_GUINT64_FORMAT " bytes, and property 'size' is %" G_GUINT64_FORMAT,
                         props->mem_path, (guint64)st.st_size, props->size);
        return false;
    }
    if (props->size > G_MAXINT64 || ftruncate(fd, props->size) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_NO_MEMORY,
                            props->size > G_MAXINT64 ? EFBIG : errno,
                            "cannot make file '%s' %" G_GUINT64_FORMAT " bytes long",
                            props->mem_path, props->size);
        qmp_error_blame(error, "size");
        return false;
    }
    s->grown = true;
    return true;
}

static bool check_align(const MemoryBackendFileProps *props, GError **error)
{
    if (props->has_align && (props->align & (props->align - 1))) {
        qmp_error_set_at(error, "align", ERROR_REASON_INVALID_VALUE, "property 'align' is %"
                         G_GUINT64_FORMAT ", which is not a power of two", props->align);
        return false;
    }
    return true;
}

/* Only for a backend that was not complete, or is not complete any more. */
static void undo(MemoryBackendFile *s)
{
    if (s->grown && !s->created && ftruncate(s->parent.fd, 0) < 0) {
        g_warning("file '%s' stays longer than it was", memory_backend_file_props(s)->mem_path);
    }
    if (s->created) {
        unlink(memory_backend_file_props(s)->mem_path);
    }
    s->created = s->grown = false;
    memory_backend_unmap(&s->parent);
}

static bool file_prepare(Object *obj, GError **error)
{
    MemoryBackendFile *s = to_memory_backend_file(obj);
    const MemoryBackendFileProps *props = memory_backend_file_props(s);

    if (!check_align(props, error)) {
        return false;
    }
    s->parent.fd = open_file(s);
    if (s->parent.fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot open '%s'",
                            props->mem_path);
        qmp_error_blame(error, "mem-path");
        return false;
    }
    if (!fit_size(s, error) ||
        !memory_backend_map(&s->parent, props->has_align ? props->align : 0, props->readonly,
                            error)) {
        undo(s);
        return false;
    }
    return true;
}

static void discard(const MemoryBackendFile *s)
{
    const MemoryBackendFileProps *props = memory_backend_file_props(s);

    if (props->discard_data && !props->readonly &&
        fallocate(s->parent.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, props->size) < 0) {
        g_warning("content of '%s' stays: %s", props->mem_path, g_strerror(errno));
    }
}

static void file_release(Object *obj)
{
    MemoryBackendFile *s = to_memory_backend_file(obj);

    if (s->was_there) {
        discard(s);
    }
    s->was_there = false;
    undo(s);
}

static bool file_keep(Object *obj, GError **error)
{
    MemoryBackendFile *s = to_memory_backend_file(obj);

    s->created = s->grown = false;
    return true;
}

static bool file_complete(Object *obj, GError **error)
{
    return env_keep(obj, file_keep, error);
}

/* Discarding may block, and is left for release. */
static void file_dismantle(Object *obj)
{
    to_memory_backend_file(obj)->was_there = true;
}

static const ObjectOps file_object_ops = {
    .prepare = file_prepare,
    .release = file_release,
    .complete = file_complete,
    .dismantle = file_dismantle,
};

const TypeInfo memory_backend_file_type = {
    .schema = &qmp_class_memory_backend_file,
    .size = sizeof(MemoryBackendFile),
    .object = &file_object_ops,
};
