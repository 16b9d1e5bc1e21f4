/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Temporary overlays: see overlay.h.
 *
 * An empty image is four pieces of the format (docs/interop/qcow2 of QEMU, version 3): header,
 * refcount table, one refcount block, and a first-level table of zeros, which is a hole.
 */
#include "config.h"
#include "client/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "qmp/error.h"

enum {
    CLUSTER_BITS = 16,
    CLUSTER = 1 << CLUSTER_BITS,
    REFCOUNT_TABLE = 1 * CLUSTER,
    REFCOUNT_BLOCK = 2 * CLUSTER,
    L1_TABLE = 3 * CLUSTER,
    HEADER_LENGTH = 104,
    REFCOUNT_ORDER = 4,         /* 16 bits */
    QCOW2_SIZE_AT = 24,         /* offset of an image's size in its header */
};

/* Bytes of the image that one entry of the first-level table stands for. */
#define L1_ENTRY_BYTES ((guint64)CLUSTER * (CLUSTER / 8))
/* The refcount block has room for this many clusters of metadata. */
#define L1_CLUSTERS_MAX (CLUSTER / 2 - 3)

static void put32(guint8 *at, guint32 value)
{
    value = GUINT32_TO_BE(value);
    memcpy(at, &value, sizeof(value));
}

static void put64(guint8 *at, guint64 value)
{
    value = GUINT64_TO_BE(value);
    memcpy(at, &value, sizeof(value));
}

static bool write_at(int fd, const guint8 *data, gsize size, gint64 offset)
{
    return pwrite(fd, data, size, offset) == (gssize)size;
}

static bool write_header(int fd, guint64 size, guint64 l1_entries)
{
    guint8 header[HEADER_LENGTH] = "QFI\xfb";

    put32(header + 4, 3);
    put32(header + 20, CLUSTER_BITS);
    put64(header + QCOW2_SIZE_AT, size);
    put32(header + 36, l1_entries);
    put64(header + 40, L1_TABLE);
    put64(header + 48, REFCOUNT_TABLE);
    put32(header + 56, 1);
    put32(header + 96, REFCOUNT_ORDER);
    put32(header + 100, HEADER_LENGTH);
    return write_at(fd, header, sizeof(header), 0);
}

/* Each cluster of metadata is in use once. */
static bool write_refcounts(int fd, guint clusters)
{
    g_autofree guint8 *block = g_malloc0(CLUSTER);
    guint8 entry[8];

    for (guint i = 0; i < clusters; i++) {
        block[2 * i + 1] = 1;
    }
    put64(entry, REFCOUNT_BLOCK);
    return write_at(fd, block, CLUSTER, REFCOUNT_BLOCK) &&
           write_at(fd, entry, sizeof(entry), REFCOUNT_TABLE);
}

static bool write_image(int fd, guint64 size)
{
    guint64 entries = MAX(size / L1_ENTRY_BYTES + (size % L1_ENTRY_BYTES != 0), 1);
    guint64 l1_clusters = (entries * 8 + CLUSTER - 1) / CLUSTER;

    if (l1_clusters > L1_CLUSTERS_MAX) {
        errno = EFBIG;
        return false;
    }
    return write_header(fd, size, entries) && write_refcounts(fd, 3 + l1_clusters) &&
           ftruncate(fd, L1_TABLE + l1_clusters * CLUSTER) == 0;
}

/* What a guest sees as the size of the image, or -1 and errno. */
static gint64 image_size(const char *filename, bool qcow2)
{
    int fd = open(filename, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    gint64 size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    guint64 value;

    if (size >= 0 && qcow2) {
        errno = EINVAL;
        size = pread(fd, &value, sizeof(value), QCOW2_SIZE_AT) == sizeof(value)
               ? (gint64)GUINT64_FROM_BE(value) : -1;
    }
    if (fd >= 0) {
        close(fd);
    }
    return size;
}

static int new_file(const char *folder)
{
    g_autofree char *name = NULL;
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    /* Not all file systems have that. */
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        name = g_build_filename(folder, "vmctl-XXXXXX", NULL);
        fd = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0) {
            unlink(name);
        }
    }
    return fd;
}

int overlay_new(const char *filename, bool qcow2, GError **error)
{
    const char *folder = g_getenv("TMPDIR") ? g_getenv("TMPDIR") : "/var/tmp";
    gint64 size = image_size(filename, qcow2);
    int fd;

    if (size < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno,
                            "cannot get the size of '%s'", filename);
        return -1;
    }
    fd = new_file(folder);
    if (fd < 0 || !write_image(fd, ((guint64)size + 511) / 512 * 512)) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno,
                            "cannot make a temporary image in '%s' (TMPDIR)", folder);
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}
