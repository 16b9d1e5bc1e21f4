/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter-dump: writes frames to a file in the pcap format, version 2.4 (the
 * format is described in the IETF's draft-ietf-opsawg-pcap): a header for the
 * file, and one for each frame, in the host's byte order.
 *
 * A frame is one write.  A file that cannot be written any more (disk full) is
 * cut off behind the last whole frame and left alone.
 */
#include "config.h"
#include "hw/net/filter-dump.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "hw/net/net.h"
#include "qmp/error.h"
#include "qmp/qapi-types-net.h"
#include "qom/env.h"

enum {
    PCAP_MAGIC = 0xa1b2c3d4,    /* times in microseconds */
    PCAP_MAJOR = 2,
    PCAP_MINOR = 4,
    LINKTYPE_ETHERNET = 1,
};

typedef struct {
    guint32 magic;
    guint16 major, minor;
    guint32 zone, accuracy, max_length, link_type;
} PcapFile;

typedef struct {
    guint32 seconds, microseconds, kept, length;
} PcapFrame;

typedef struct {
    Object object;
    NetFilter filter;
    int fd;
    bool created;               /* the file did not exist before */
    bool failed;                /* said so already */
} FilterDump;

static const FilterDumpProps *dump_props(const FilterDump *s)
{
    return object_props(s);
}

/* ---- Frames ---- */

static void give_up(FilterDump *s, off_t end)
{
    int error = errno;

    g_warning("filter '%s': '%s' is not written any more: %s", s->object.name,
              dump_props(s)->file, g_strerror(error));
    env_refused(&s->object, error, s->fd);
    (void)!ftruncate(s->fd, end);
    s->failed = true;
}

/* iov[0] is the frame's header. */
static void write_record(FilterDump *s, const struct iovec *iov, guint n, gsize size)
{
    off_t end = lseek(s->fd, 0, SEEK_END);
    ssize_t done;

    do {
        done = writev(s->fd, iov, n);
    } while (done < 0 && errno == EINTR);
    if (done != (ssize_t)size) {
        errno = done >= 0 ? ENOSPC : errno;
        give_up(s, end);
    }
}

static bool wanted(const FilterDump *s, bool from_guest)
{
    const FilterDumpProps *props = dump_props(s);

    return !s->failed && props->status == NET_FILTER_STATUS_ON &&
           (props->queue == NET_FILTER_DIRECTION_ALL ||
            (props->queue == NET_FILTER_DIRECTION_RX) == from_guest);
}

static void dump_frame(NetFilter *filter, bool from_guest, const NetFrame *frame)
{
    FilterDump *s = (FilterDump *)((guint8 *)filter - offsetof(FilterDump, filter));
    gint64 now = g_get_real_time();
    guint32 left = MIN(frame->size, dump_props(s)->maxlen);
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
    write_record(s, iov, n, sizeof(header) + header.kept);
}

/* ---- Life ---- */

static void dump_init(Object *obj)
{
    ((FilterDump *)obj)->fd = -1;
}

static bool dump_prepare(Object *obj, GError **error)
{
    FilterDump *s = (FilterDump *)obj;
    const char *path = dump_props(s)->file;

    s->created = access(path, F_OK) < 0;
    s->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (s->fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot open '%s'", path);
        qmp_error_blame(error, "file");
        return false;
    }
    return true;
}

static void dump_release(Object *obj)
{
    FilterDump *s = (FilterDump *)obj;

    close(s->fd);
    s->fd = -1;
    if (s->created) {
        unlink(dump_props(s)->file);
    }
}

/* What was in the file goes when nothing else can fail any more. */
static bool start_file(FilterDump *s, GError **error)
{
    const PcapFile header = {
        .magic = PCAP_MAGIC, .major = PCAP_MAJOR, .minor = PCAP_MINOR,
        .max_length = dump_props(s)->maxlen, .link_type = LINKTYPE_ETHERNET,
    };

    if ((ftruncate(s->fd, 0) < 0 && errno != EINVAL) ||
        write(s->fd, &header, sizeof(header)) != sizeof(header)) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot write '%s'",
                            dump_props(s)->file);
        qmp_error_blame(error, "file");
        return false;
    }
    return true;
}

static bool dump_keep(Object *obj, GError **error)
{
    FilterDump *s = (FilterDump *)obj;

    if (!start_file(s, error)) {
        return false;
    }
    s->created = false;
    s->filter.frame = dump_frame;
    net_add_filter(dump_props(s)->netdev.target, &s->filter);
    return true;
}

static bool dump_complete(Object *obj, GError **error)
{
    return env_keep(obj, dump_keep, error);
}

static void dump_dismantle(Object *obj)
{
    FilterDump *s = (FilterDump *)obj;

    if (s->filter.frame) {
        net_remove_filter(dump_props(s)->netdev.target, &s->filter);
        s->filter.frame = NULL;
    }
}

static const ObjectOps dump_object_ops = {
    .init = dump_init,
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
