/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drivers `file` and `host_device`: opening, sizes, alignment.  Requests are in
 * file-io.c.
 */
#include "config.h"
#include "hw/block/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "hw/aio/fdset.h"
#include "hw/block/block-types.h"
#include "hw/block/block-wait.h"
#include "hw/block/file-lock.h"
#include "hw/aio/aio.h"
#include "qmp/error.h"
#include "qmp/image-magic.h"
#include "qom/env.h"
#include "qom/qapi-objects-block.h"

enum { ALIGNMENT_MAX = 4096 };

/* ---- Size ---- */

/* Bytes, or -1 and errno. */
static gint64 get_size(const BlockFile *s)
{
    struct stat st;
    guint64 size;

    if (fstat(s->fd, &st) < 0) {
        return -1;
    }
    if (!S_ISBLK(st.st_mode)) {
        return S_ISREG(st.st_mode) ? st.st_size : 0;
    }
    return ioctl(s->fd, BLKGETSIZE64, &size) < 0 ? -1 : (gint64)size;
}

/* The size cached by the kernel: the server of a remote file system might never answer. */
static gint64 file_actual_size(BlockNode *node)
{
    struct statx stx;

    return statx(to_block_file(node)->fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BLOCKS,
                 &stx) < 0 ? -1 : (gint64)stx.stx_blocks * 512;
}

static bool resize_device(BlockFile *s, guint64 size, GError **error)
{
    gint64 now = get_size(s);

    if (now < 0 || size > (guint64)now) {
        qmp_error_set_at(error, "size", ERROR_REASON_NOT_SUPPORTED, "block device '%s' has %"
                         G_GINT64_FORMAT " bytes and does not grow",
                         s->node.options->u.file.filename, now);
        return false;
    }
    __atomic_store_n(&s->node.size, now, __ATOMIC_RELAXED);
    return true;
}

static bool file_can_resize(BlockNode *node, GError **error)
{
    if (node->read_only) {
        qmp_error_set_at(error, "node-name", ERROR_REASON_NOT_SUPPORTED,
                         "block node '%s' is read-only", node->object.name);
        return false;
    }
    return true;
}

static bool file_resize(BlockNode *node, guint64 size, GError **error)
{
    BlockFile *s = to_block_file(node);

    if (s->is_device) {
        return resize_device(s, size, error);
    }
    __atomic_store_n(&node->resized, true, __ATOMIC_RELAXED);
    if (ftruncate(s->fd, size) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot resize '%s'",
                            node->options->u.file.filename);
        __atomic_store_n(&node->size, MAX(get_size(s), 0), __ATOMIC_RELAXED);
        return false;
    }
    __atomic_store_n(&node->size, size, __ATOMIC_RELAXED);
    return true;
}

/* ---- Alignment ---- */

/* The alignment that direct I/O needs, found by trial. */
static guint probe_alignment(int fd, void *buf)
{
    for (guint alignment = BLOCK_SECTOR_SIZE; alignment < ALIGNMENT_MAX; alignment *= 2) {
        if (pread(fd, buf, alignment, 0) >= 0 || errno != EINVAL) {
            return alignment;
        }
    }
    return ALIGNMENT_MAX;
}

bool block_file_find_alignment(BlockFile *s, GError **error)
{
    struct statx stx = { .stx_mask = 0 };
    BlockNode *node = &s->node;
    void *buf;
    int sector;

    node->alignment = node->memory_alignment = 1;
    if (!s->direct) {
        return true;
    }
    if (statx(s->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) == 0 &&
        (stx.stx_mask & STATX_DIOALIGN) && stx.stx_dio_offset_align) {
        node->alignment = MAX(stx.stx_dio_offset_align, 1);
        node->memory_alignment = MAX(stx.stx_dio_mem_align, 1);
    } else if (s->is_device && ioctl(s->fd, BLKSSZGET, &sector) == 0) {
        node->alignment = node->memory_alignment = sector;
    } else {
        if (posix_memalign(&buf, ALIGNMENT_MAX, ALIGNMENT_MAX) != 0) {
            qmp_error_set(error, ERROR_REASON_NO_MEMORY, "no memory to probe the alignment");
            return false;
        }
        node->alignment = node->memory_alignment = probe_alignment(s->fd, buf);
        free(buf);
    }
    return true;
}

/* ---- Opening ---- */

/* Opening a FIFO must not wait; later it is cleared, since io_uring would fail
 * requests on an O_NONBLOCK file instead of waiting for the disk. */
static int open_path(const BlockNode *node, bool read_only)
{
    const BlockdevOptionsFile *options = &node->options->u.file;
    int flags = (read_only ? O_RDONLY : O_RDWR) | (block_node_direct(node) ? O_DIRECT : 0);
    int fd = fdset_open(options->filename, flags | O_CLOEXEC | O_NONBLOCK, 0);

    if (fd >= 0) {
        fcntl(fd, F_SETFL, flags);
    }
    return fd;
}

/* What the client passed must be open for what the node is for. */
static bool open_given(BlockFile *s, GError **error)
{
    BlockNode *node = &s->node;
    const BlockdevOptions *options = node->options;
    int fd = qmp_fd_get(s->given);
    int flags = fcntl(fd, F_GETFL);
    int access = flags & O_ACCMODE;

    if (access == O_RDONLY && options->auto_read_only) {
        node->read_only = true;
    }
    if (flags & O_PATH || access == O_WRONLY || (access == O_RDONLY && !node->read_only)) {
        qmp_error_set_at(error, "fd", ERROR_REASON_FILE_NOT_USABLE,
                         "descriptor '%s' was not opened for %s", options->u.file.fd,
                         access == O_RDONLY && !(flags & O_PATH)
                         ? "writing, and the node is not 'read-only'" : "reading");
        return false;
    }
    flags = (flags & ~(O_NONBLOCK | O_DIRECT)) | (s->direct ? O_DIRECT : 0);
    if (fcntl(fd, F_SETFL, flags) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno,
                            "cannot use descriptor '%s' with 'cache.direct'", options->u.file.fd);
        return qmp_error_blame(error, "fd");
    }
    s->fd = fd;
    return true;
}

static bool open_file(BlockFile *s, GError **error)
{
    BlockNode *node = &s->node;
    const BlockdevOptions *options = node->options;

    node->read_only = options->read_only;
    if (s->given) {
        return open_given(s, error);
    }
    s->fd = open_path(node, node->read_only);
    if (s->fd < 0 && !node->read_only && options->auto_read_only &&
        (errno == EACCES || errno == EPERM || errno == EROFS)) {
        node->read_only = true;
        s->fd = open_path(node, true);
    }
    if (s->fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot open '%s'%s",
                            options->u.file.filename,
                            errno == EINVAL && block_node_direct(node)
                            ? " (its file system may not take 'cache.direct')" : "");
        qmp_error_blame(error, "filename");
        return false;
    }
    return true;
}

static bool check_kind(BlockFile *s, GError **error)
{
    const BlockdevOptions *options = s->node.options;
    struct statfs fs;
    struct stat st;
    bool wanted, device = options->driver == BLOCKDEV_DRIVER_HOST_DEVICE;

    if (fstat(s->fd, &st) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno,
                            "cannot get the status of '%s'", options->u.file.filename);
        qmp_error_blame(error, "filename");
        return false;
    }
    s->is_device = S_ISBLK(st.st_mode);
    s->aside = fstatfs(s->fd, &fs) == 0 && fs.f_type == FUSE_SUPER_MAGIC;
    wanted = device ? S_ISBLK(st.st_mode) : S_ISREG(st.st_mode);
    if (!wanted) {
        qmp_error_set_at(error, "filename", ERROR_REASON_FILE_NOT_USABLE, "'%s' is no %s",
                         options->u.file.filename,
                         device ? "block device, which driver 'host_device' needs"
                                : "regular file, which driver 'file' needs");
    }
    return wanted;
}

bool block_file_is_locked(const BlockFile *s)
{
    const BlockdevOptions *options = s->node.options;

    return options->u.file.locking != ON_OFF_AUTO_OFF && !options->force_share;
}

static bool lock_image(BlockFile *s, GError **error)
{
    return !block_file_is_locked(s) ||
           file_lock(s->fd, s->node.options->u.file.filename, !s->node.read_only, error);
}

/* What the file begins with; a file that cannot be read here fails later. */
static void look_at_magic(BlockFile *s)
{
    void *buffer = block_buffer(ALIGNMENT_MAX);
    ssize_t size = buffer ? pread(s->fd, buffer, ALIGNMENT_MAX, 0) : -1;

    s->node.magic = size > 0 ? image_magic(buffer, size) : NULL;
    free(buffer);
}

static bool set_up(BlockFile *s, GError **error)
{
    gint64 size;

    if (!check_kind(s, error) || !lock_image(s, error) || !block_file_find_alignment(s, error)) {
        return false;
    }
    size = get_size(s);
    if (size < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "'%s' has no size",
                            s->node.options->u.file.filename);
        qmp_error_blame(error, "filename");
        return false;
    }
    s->node.size = size;
    look_at_magic(s);
    s->zeros = mmap(NULL, FILE_ZEROS, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s->zeros == MAP_FAILED) {
        s->zeros = NULL;
        qmp_error_set_errno(error, ERROR_REASON_NO_MEMORY, errno, "no memory for zeros");
        return false;
    }
    return true;
}

/* Written data is on the medium before the node is gone. */
static void file_close(BlockNode *node)
{
    BlockFile *s = to_block_file(node);

    if (s->fd < 0) {
        return;
    }
    if (block_node_is_changed(node) && !s->no_flush && fdatasync(s->fd) < 0) {
        g_warning("'%s' may have lost data: %s", node->options->u.file.filename,
                  g_strerror(errno));
    }
    file_lock_release(s->fd);
    close(s->fd);
    s->fd = -1;
    if (s->zeros) {
        munmap(s->zeros, FILE_ZEROS);
        s->zeros = NULL;
    }
}

static bool file_open(BlockNode *node, GError **error)
{
    BlockFile *s = to_block_file(node);

    s->direct = block_node_direct(node);
    s->no_flush = block_node_no_flush(node);
    s->lost = s->no_zero_range = 0;
    if (!aio_library_load(error) || !open_file(s, error)) {
        return false;
    }
    if (!set_up(s, error)) {
        if (!s->given) {
            close(s->fd);
        }
        s->fd = -1;
        return false;
    }
    if (s->given) {
        qmp_fd_take(g_steal_pointer(&s->given));
    }
    return true;
}

static bool file_begin(BlockNode *node, GError **error)
{
    const char *name = node->options->u.file.fd;
    const Env *env = object_env(&node->object);

    if (!name) {
        return true;
    }
    if (!env || !env->take_fd) {
        qmp_error_set_at(error, "fd", ERROR_REASON_NOT_SUPPORTED, "there are no descriptors here");
        return false;
    }
    to_block_file(node)->given = env->take_fd(env, name, error);
    return to_block_file(node)->given || qmp_error_blame(error, "fd");
}

static void file_finalize(Object *obj)
{
    qmp_fd_close(g_steal_pointer(&to_block_file(obj)->given));
}

static bool file_needs_io(BlockNode *node)
{
    return true;
}

static void file_init(Object *obj)
{
    to_block_file(obj)->fd = -1;
}

static const BlockDriver file_driver = {
    .begin = file_begin,
    .open = file_open,
    .close = file_close,
    .submit = block_file_submit,
    .can_resize = file_can_resize,
    .resize = file_resize,
    .actual_size = file_actual_size,
    .needs_io = file_needs_io,
};

const TypeInfo block_file_type = {
    .schema = &qmp_class_block_file,
    .size = sizeof(BlockFile),
    .object = &(const ObjectOps){
        .init = file_init,
        .finalize = file_finalize,
    },
    .kind = &file_driver,
};
