/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drivers `file` and `host_device`: opening the same file another way.  Requests keep the
 * number of the descriptor, which refers to either opening of the file.
 */
#include "config.h"
#include "hw/block/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "hw/block/file-lock.h"
#include "qmp/error.h"
#include "qom/qapi-objects-block.h"

static void stop_writing(const BlockFile *s)
{
    if (block_file_is_locked(s)) {
        file_lock_stop_writing(s->fd);
    }
}

static bool failed(const BlockNode *node, GError **error)
{
    qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot reopen '%s'",
                        node->made_with->u.file.filename);
    return false;
}

/* Not by its name, which may be another file's by now. */
static int open_again(const BlockFile *s, bool read_only, bool direct)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", s->fd);

    return open(path, (read_only ? O_RDONLY : O_RDWR) | (direct ? O_DIRECT : 0) | O_CLOEXEC);
}

/* The old opening looks for conflicts, as the new one would find those of the old one. */
static bool lock_again(BlockFile *s, int fd, bool read_only, GError **error)
{
    const char *name = s->node.made_with->u.file.filename;
    bool more = !read_only && s->node.read_only;

    return !block_file_is_locked(s) ||
           ((!more || file_lock(s->fd, name, true, error)) &&
            file_lock_again(fd, name, !read_only, error));
}

/* Puts another opening in the place of the one that requests use. */
static bool exchange(BlockFile *s, int fd, int *old_fd, GError **error)
{
    *old_fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
    if (*old_fd < 0) {
        return failed(&s->node, error);
    }
    if (dup3(fd, s->fd, O_CLOEXEC) < 0) {
        failed(&s->node, error);
        close(*old_fd);
        *old_fd = -1;
        return false;
    }
    return true;
}

bool block_file_reopen(BlockNode *node, const BlockdevOptions *options, bool read_only,
                       int *old_fd, GError **error)
{
    BlockFile *s = to_block_file(node);
    bool direct = options->cache && options->cache->direct;
    bool ok;
    int fd;

    if (read_only == node->read_only && direct == s->direct) {
        return true;
    }
    if (!read_only && s->given_read_only) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "descriptor '%s' was not opened for writing", node->made_with->u.file.fd);
        return false;
    }
    fd = open_again(s, read_only, direct);
    if (fd < 0) {
        return failed(node, error);
    }
    ok = lock_again(s, fd, read_only, error) && exchange(s, fd, old_fd, error);
    close(fd);
    if (!ok) {
        if (node->read_only) {
            stop_writing(s);
        }
        return false;
    }
    if (direct == s->direct) {
        return true;
    }
    s->direct = direct;
    return block_file_find_alignment(s, error);
}

void block_file_reopen_undo(BlockNode *node, int *old_fd)
{
    BlockFile *s = to_block_file(node);

    if (*old_fd < 0) {
        return;
    }
    if (dup3(*old_fd, s->fd, O_CLOEXEC) < 0) {
        g_warning("'%s' stays as it was reopened: %s", node->made_with->u.file.filename,
                  g_strerror(errno));
    }
    if (node->read_only) {
        stop_writing(s);
    }
    close(*old_fd);
    *old_fd = -1;
    if (s->direct != block_node_direct(node)) {
        s->direct = block_node_direct(node);
        block_file_find_alignment(s, NULL);
    }
}

void block_file_reopen_done(BlockNode *node, int *old_fd)
{
    if (*old_fd >= 0) {
        block_file_close(to_block_file(node), *old_fd);
        *old_fd = -1;
    }
}

void block_file_options_changed(BlockNode *node)
{
    to_block_file(node)->no_flush = block_node_no_flush(node);
}
