/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header of a qcow2 image (docs/interop/qcow2.txt of QEMU), read and checked.
 */
#ifndef HW_BLOCK_QCOW2_HEADER_H
#define HW_BLOCK_QCOW2_HEADER_H

#include <glib.h>
#include <stdbool.h>

enum {
    QCOW2_INCOMPAT_DIRTY = 1 << 0,
    QCOW2_INCOMPAT_CORRUPT = 1 << 1,
    QCOW2_INCOMPAT_DATA_FILE = 1 << 2,
    QCOW2_INCOMPAT_COMPRESSION = 1 << 3,
    QCOW2_INCOMPAT_EXTENDED_L2 = 1 << 4,
    QCOW2_COMPAT_LAZY_REFCOUNTS = 1 << 0,
    QCOW2_AUTOCLEAR_BITMAPS = 1 << 0,
    QCOW2_AUTOCLEAR_RAW_DATA = 1 << 1,

    QCOW2_MAGIC = 0x514649fb,
    QCOW2_LENGTH_V2 = 72,               /* of a header without extensions */
    QCOW2_BACKING_NAME_MAX = 1023,

    QCOW2_EXTENSION_END = 0,
    QCOW2_EXTENSION_FEATURES = 0x6803f857,
    QCOW2_EXTENSION_BITMAPS = 0x23852875,
    QCOW2_EXTENSION_DATA_FILE = 0x44415441,
    QCOW2_FEATURE_SIZE = 48,            /* an entry of the table of features' names */

    /* Offsets of fields that are written on their own. */
    QCOW2_AT_SIZE = 24,
    QCOW2_AT_L1 = 36,                   /* entries, then the offset */
    QCOW2_AT_REFCOUNT_TABLE = 48,       /* the offset, then clusters */
    QCOW2_AT_INCOMPATIBLE = 72,
    QCOW2_AT_AUTOCLEAR = 88,
    QCOW2_AT_COMPRESSION = 104,

    QCOW2_CLUSTER_BITS_MIN = 9,
    QCOW2_CLUSTER_BITS_MAX = 21,
    QCOW2_L1_MAX = 32 << 20,            /* bytes, as in QEMU */
    QCOW2_REFCOUNT_TABLE_MAX = 8 << 20,
    QCOW2_SNAPSHOTS_MAX = 65536,
    QCOW2_BITMAPS_MAX = 65535,
    QCOW2_BITMAP_DIRECTORY_MAX = 64 << 20,
};

typedef enum { QCOW2_ZLIB, QCOW2_ZSTD } Qcow2Compression;

typedef struct {
    guint version, cluster_bits;
    guint64 size;               /* of the disk, bytes */
    guint64 backing_at;         /* of the backing file's name; 0: none */
    guint32 backing_length;
    guint32 l1_size;            /* entries */
    guint64 l1_offset;
    guint64 refcount_table_offset;
    guint32 refcount_table_clusters;
    guint refcount_order;
    guint32 n_snapshots;
    guint64 snapshots_offset;
    guint64 incompatible, compatible, autoclear;
    guint32 length;             /* of the header without its extensions */
    Qcow2Compression compression;
    char *backing, *data_file;  /* names, or NULL */
    guint32 n_bitmaps;
    guint64 bitmaps_offset, bitmaps_size;
} Qcow2Header;

/*
 * Reads the fixed part from the first bytes of a file, of which there may be fewer than a
 * cluster; file_size limits the tables.  Fails with file-not-usable, or with not-supported
 * for features that this driver does not have.
 */
bool qcow2_header_read(Qcow2Header *header, const guint8 *data, gsize size, guint64 file_size,
                       GError **error);
/* Reads the extensions and names, from the first cluster (or as much as the file has). */
bool qcow2_header_read_rest(Qcow2Header *header, const guint8 *data, gsize size, GError **error);
void qcow2_header_clear(Qcow2Header *header);

/* Writes the header of a new image, which has no snapshots and no bitmaps, into a cluster of
 * zeros, as QEMU writes it; backing_format is the backing file's format, or NULL.  Fails with
 * invalid-value if it does not fit. */
bool qcow2_header_write(const Qcow2Header *header, const char *backing_format, guint8 *cluster,
                        GError **error);

/* Big-endian numbers at any address. */
guint32 qcow2_get32(const void *at);
guint64 qcow2_get64(const void *at);
void qcow2_put32(void *at, guint32 value);
void qcow2_put64(void *at, guint64 value);

#endif
