/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter-dump: writes frames to a file in the pcap format, version 2.4 (the
 * format is described in the IETF's draft-ietf-opsawg-pcap): a header for the
 * file, and one for each frame, in the host's byte order.
 *
 * A thread writes the file (file-writer.h), so that a file that takes nothing blocks
 * neither the network nor the main loop: frames for which there is no room are left
 * out.  A file that cannot be written any more (disk full) is truncated after the
 * last whole frame and not written again.
 */
#include "config.h"
#include "hw/net/filter-dump.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "hw/aio/fdset.h"
#include "hw/aio/file-writer.h"
#include "hw/net/net.h"
#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-objects-net.h"

enum {
    PCAP_MAGIC = 0xa1b2c3d4,    /* times in microseconds */
    PCAP_MAJOR = 2,
    PCAP_MINOR = 4,
    LINKTYPE_ETHERNET = 1,
    PENDING_MAX = 1024 * 1024,  /* buffer for frames that the file does not take yet */
};

typedef struct {
    guint32 magic;
    guint16 major, minor;
    guint32 zone, accuracy, max_length, link_type;
} PcapFile;

typedef struct {
    guint32 seconds, microseconds, kept, length;
} PcapFrame;

struct FilterDump {
    Object object;
    NetFilter filter;
    FileWriter *file;           /* NULL: not open */
    bool created;               /* the file did not exist before */
    gint failed;                /* atomic: already logged */
    guint64 missing;            /* frames left out since that was logged */
};

/* ---- Frames ---- */

/* On the writer's thread. */
static void file_moved(void *opaque, int error)
{
    FilterDump *s = opaque;

    if (error && !g_atomic_int_get(&s->failed)) {
        g_atomic_int_set(&s->failed, 1);
        g_warning("filter '%s': '%s' is no longer written: %s", s->object.name,
                  filter_dump_props(s)->file, g_strerror(error));
        env_refused(&s->object, error, file_writer_fd(s->file));
    }
}

static void note_missing(FilterDump *s)
{
    if (!s->missing++) {
        g_warning("filter '%s': '%s' takes nothing, frames are missing from it", s->object.name,
                  filter_dump_props(s)->file);
    }
}

static void tell_missing(FilterDump *s)
{
    if (s->missing) {
        g_message("filter '%s': %" G_GUINT64_FORMAT " frames are missing from '%s'",
                  s->object.name, s->missing, filter_dump_props(s)->file);
        s->missing = 0;
    }
}

/* iov[0] is the frame's header.  Once frames are missing, the buffer must drain first. */
static void write_record(FilterDump *s, const struct iovec *iov, guint n)
{
    if (s->missing && file_writer_idle(s->file)) {
        tell_missing(s);
    }
    if (s->missing || !file_writer_put_vector(s->file, iov, n)) {
        note_missing(s);
    }
}

static bool wanted(const FilterDump *s, bool from_guest)
{
    const FilterDumpProps *props = filter_dump_props(s);

    return !g_atomic_int_get(&s->failed) && props->status == NET_FILTER_STATUS_ON &&
           (props->queue == NET_FILTER_DIRECTION_ALL ||
            (props->queue == NET_FILTER_DIRECTION_RX) == from_guest);
}

static void dump_frame(NetFilter *filter, bool from_guest, const NetFrame *frame)
{
    FilterDump *s = container_of(filter, FilterDump, filter);
    gint64 now = g_get_real_time();
    guint32 left = MIN(frame->size, filter_dump_props(s)->maxlen);
    PcapFrame header = {
        .seconds = now / G_USEC_PER_SEC, .microseconds = now % G_USEC_PER_SEC,
        .kept = left, .length = frame->size,
    };
    struct iovec iov[NET_IOV_MAX + 1] = { { &header, sizeof(header) } };
    guint n = 1;

    if (!wanted(s, from_guest)) {
        return;
    }
    for (guint i = 0; i < frame->n_iov && n <= NET_IOV_MAX && left; i++) {
        iov[n] = frame->iov[i];
        iov[n].iov_len = MIN(iov[n].iov_len, left);
        left -= iov[n++].iov_len;
    }
    write_record(s, iov, n);
}

/* ---- Life ---- */

static void undo_file(FilterDump *s)
{
    if (s->created) {
        unlink(filter_dump_props(s)->file);
    }
    s->created = false;
}

/* A pipe is opened when it has a reader; from then on its writes do not block. */
static int open_file(FilterDump *s, GError **error)
{
    const char *path = filter_dump_props(s)->file;
    int fd;

    s->created = access(path, F_OK) < 0;
    fd = fdset_open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot open '%s'", path);
        qmp_error_blame(error, "file");
        return -1;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static bool dump_prepare(Object *obj, GError **error)
{
    FilterDump *s = to_filter_dump(obj);
    int fd = open_file(s, error);

    if (fd < 0) {
        return false;
    }
    s->file = file_writer_new(fd, PENDING_MAX, error);
    if (!s->file) {
        undo_file(s);
        close(fd);
        return false;
    }
    file_writer_keep_whole(s->file);
    file_writer_watch(s->file, file_moved, s);
    return true;
}

static void dump_release(Object *obj)
{
    FilterDump *s = to_filter_dump(obj);
    gsize left;

    undo_file(s);
    left = file_writer_free(s->file);
    s->file = NULL;             /* its thread does not use it any more */
    if (left) {
        g_warning("filter '%s': '%s' takes nothing, its end is missing", s->object.name,
                  filter_dump_props(s)->file);
    }
    tell_missing(s);
}

/* The old content is discarded only when nothing else can fail any more. */
static bool dump_keep(Object *obj, GError **error)
{
    FilterDump *s = to_filter_dump(obj);
    const PcapFile header = {
        .magic = PCAP_MAGIC, .major = PCAP_MAJOR, .minor = PCAP_MINOR,
        .max_length = filter_dump_props(s)->maxlen, .link_type = LINKTYPE_ETHERNET,
    };

    file_writer_empty(s->file);
    file_writer_put_all(s->file, (const guint8 *)&header, sizeof(header));
    s->created = false;
    s->filter.frame = dump_frame;
    net_add_filter(filter_dump_props(s)->netdev.target, &s->filter);
    return true;
}

static bool dump_complete(Object *obj, GError **error)
{
    return env_keep(obj, dump_keep, error);
}

static void dump_dismantle(Object *obj)
{
    FilterDump *s = to_filter_dump(obj);

    if (s->filter.frame) {
        net_remove_filter(filter_dump_props(s)->netdev.target, &s->filter);
        s->filter.frame = NULL;
    }
}

static const ObjectOps dump_object_ops = {
    .prepare = dump_prepare,
    .release = dump_release,
    .complete = dump_complete,
    .dismantle = dump_dismantle,
};

const TypeInfo filter_dump_type = {
    .schema = &qmp_class_filter_dump,
    .size = sizeof(FilterDump),
    .object = &dump_object_ops,
};
