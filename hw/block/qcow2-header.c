/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header of a qcow2 image: see qcow2-header.h.  No number in it is trusted before it has
 * been checked.
 */
#include "config.h"
#include "hw/block/qcow2-header.h"

#include <string.h>

#include "qmp/error.h"

enum {
    LENGTH_V3 = 104,            /* at least */
    REFCOUNT_ORDER_V2 = 4,
    REFCOUNT_ORDER_MAX = 6,
    EXTENDED_CLUSTER_BITS_MIN = 14,
};

#define KNOWN_INCOMPATIBLE (QCOW2_INCOMPAT_DIRTY | QCOW2_INCOMPAT_CORRUPT | \
                            QCOW2_INCOMPAT_DATA_FILE | QCOW2_INCOMPAT_COMPRESSION | \
                            QCOW2_INCOMPAT_EXTENDED_L2)

/* ---- Numbers ---- */

guint32 qcow2_get32(const void *at)
{
    guint32 value;

    memcpy(&value, at, sizeof(value));
    return GUINT32_FROM_BE(value);
}

guint64 qcow2_get64(const void *at)
{
    guint64 value;

    memcpy(&value, at, sizeof(value));
    return GUINT64_FROM_BE(value);
}

void qcow2_put32(void *at, guint32 value)
{
    value = GUINT32_TO_BE(value);
    memcpy(at, &value, sizeof(value));
}

void qcow2_put64(void *at, guint64 value)
{
    value = GUINT64_TO_BE(value);
    memcpy(at, &value, sizeof(value));
}

/* ---- Fields ---- */

G_GNUC_PRINTF(2, 3)
static bool malformed(GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "malformed qcow2 image: %s", text);
    return false;
}

static void read_fields(Qcow2Header *h, const guint8 *data)
{
    h->backing_at = qcow2_get64(data + 8);
    h->backing_length = qcow2_get32(data + 16);
    h->cluster_bits = qcow2_get32(data + 20);
    h->size = qcow2_get64(data + QCOW2_AT_SIZE);
    h->l1_size = qcow2_get32(data + QCOW2_AT_L1);
    h->l1_offset = qcow2_get64(data + QCOW2_AT_L1 + 4);
    h->refcount_table_offset = qcow2_get64(data + QCOW2_AT_REFCOUNT_TABLE);
    h->refcount_table_clusters = qcow2_get32(data + QCOW2_AT_REFCOUNT_TABLE + 8);
    h->n_snapshots = qcow2_get32(data + 60);
    h->snapshots_offset = qcow2_get64(data + 64);
    h->refcount_order = REFCOUNT_ORDER_V2;
    h->length = QCOW2_LENGTH_V2;
}

static bool read_fields_v3(Qcow2Header *h, const guint8 *data, gsize size, GError **error)
{
    if (size < LENGTH_V3) {
        return malformed(error, "the file is too short for a header");
    }
    h->incompatible = qcow2_get64(data + QCOW2_AT_INCOMPATIBLE);
    h->compatible = qcow2_get64(data + 80);
    h->autoclear = qcow2_get64(data + QCOW2_AT_AUTOCLEAR);
    h->refcount_order = qcow2_get32(data + 96);
    h->length = qcow2_get32(data + 100);
    if (h->length < LENGTH_V3 || h->length % 8 || h->length > 1U << h->cluster_bits) {
        return malformed(error, "a header of %u bytes", h->length);
    }
    if (h->length > QCOW2_AT_COMPRESSION && size > QCOW2_AT_COMPRESSION) {
        h->compression = data[QCOW2_AT_COMPRESSION];
    }
    return true;
}

static bool check_table(const Qcow2Header *h, const char *what, guint64 offset, guint64 bytes,
                        guint64 max, guint64 file_size, GError **error)
{
    guint64 cluster = G_GUINT64_CONSTANT(1) << h->cluster_bits;

    if (bytes > max) {
        return malformed(error, "%s of %" G_GUINT64_FORMAT " bytes", what, bytes);
    }
    if (offset % cluster || (bytes && !offset)) {
        return malformed(error, "%s at offset %" G_GUINT64_FORMAT ", which is no cluster's", what,
                         offset);
    }
    if (offset > file_size || bytes > file_size - offset) {
        return malformed(error, "%s ends beyond the end of the file", what);
    }
    return true;
}

static bool check_tables(const Qcow2Header *h, guint64 file_size, GError **error)
{
    guint entry_bits = h->incompatible & QCOW2_INCOMPAT_EXTENDED_L2 ? 4 : 3;
    guint shift = 2 * h->cluster_bits - entry_bits;
    guint64 needed = (h->size >> shift) + !!(h->size & ((G_GUINT64_CONSTANT(1) << shift) - 1));
    guint64 cluster = G_GUINT64_CONSTANT(1) << h->cluster_bits;

    if (!check_table(h, "an L1 table", h->l1_offset, (guint64)h->l1_size * 8, QCOW2_L1_MAX,
                     file_size, error) ||
        !check_table(h, "a refcount table", h->refcount_table_offset,
                     h->refcount_table_clusters * cluster, QCOW2_REFCOUNT_TABLE_MAX,
                     file_size + cluster - 1, error)) {
        return false;
    }
    if (h->l1_size < needed) {
        return malformed(error, "an L1 table of %u entries for a disk of %" G_GUINT64_FORMAT
                         " bytes", h->l1_size, h->size);
    }
    if (!h->refcount_table_clusters) {
        return malformed(error, "there is no refcount table");
    }
    if (h->n_snapshots > QCOW2_SNAPSHOTS_MAX) {
        return malformed(error, "%u snapshots", h->n_snapshots);
    }
    return check_table(h, "a snapshot table", h->n_snapshots ? h->snapshots_offset : 0,
                       h->n_snapshots, QCOW2_SNAPSHOTS_MAX, file_size, error);
}

static bool check_features(const Qcow2Header *h, GError **error)
{
    bool typed = h->incompatible & QCOW2_INCOMPAT_COMPRESSION;

    if (h->refcount_order > REFCOUNT_ORDER_MAX) {
        return malformed(error, "reference counts of 2^%u bits", h->refcount_order);
    }
    if (typed != (h->compression != QCOW2_ZLIB)) {
        return malformed(error, "the header contradicts itself about compression");
    }
    if (h->compression > QCOW2_ZSTD) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "the image has compression type %u, which is not known", h->compression);
        return false;
    }
    if ((h->incompatible & QCOW2_INCOMPAT_EXTENDED_L2) &&
        h->cluster_bits < EXTENDED_CLUSTER_BITS_MIN) {
        return malformed(error, "subclusters in clusters of %u bytes", 1U << h->cluster_bits);
    }
    if ((h->incompatible & QCOW2_INCOMPAT_DATA_FILE) && h->n_snapshots) {
        return malformed(error, "snapshots with an external data file");
    }
    return true;
}

bool qcow2_header_read(Qcow2Header *header, const guint8 *data, gsize size, guint64 file_size,
                       GError **error)
{
    guint32 method;

    *header = (Qcow2Header){ .version = 0 };
    if (size < QCOW2_LENGTH_V2 || qcow2_get32(data) != QCOW2_MAGIC) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "this is not a qcow2 image");
        return false;
    }
    header->version = qcow2_get32(data + 4);
    if (header->version != 2 && header->version != 3) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "the image is of version %u of the format; 2 and 3 are known",
                      header->version);
        return false;
    }
    read_fields(header, data);
    if (header->cluster_bits < QCOW2_CLUSTER_BITS_MIN ||
        header->cluster_bits > QCOW2_CLUSTER_BITS_MAX) {
        return malformed(error, "clusters of 2^%u bytes", header->cluster_bits);
    }
    if (header->version == 3 && !read_fields_v3(header, data, size, error)) {
        return false;
    }
    method = qcow2_get32(data + 32);
    if (method) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "the image is encrypted (%s)",
                      method == 1 ? "AES" : method == 2 ? "LUKS" : "an unknown method");
        return false;
    }
    if (header->size > G_MAXINT64) {
        return malformed(error, "a disk of %" G_GUINT64_FORMAT " bytes", header->size);
    }
    return check_features(header, error) && check_tables(header, file_size, error);
}

/* ---- Extensions ---- */

/* The image's name for an incompatible feature, or NULL. */
static char *feature_name(const guint8 *table, gsize size, guint bit)
{
    for (gsize at = 0; at + QCOW2_FEATURE_SIZE <= size; at += QCOW2_FEATURE_SIZE) {
        if (table[at] == 0 && table[at + 1] == bit) {
            g_autofree char *text = g_strndup((const char *)table + at + 2, QCOW2_FEATURE_SIZE - 2);

            return g_utf8_make_valid(text, -1);
        }
    }
    return NULL;
}

static bool check_known(const Qcow2Header *h, const guint8 *features, gsize size, GError **error)
{
    guint64 unknown = h->incompatible & ~(guint64)KNOWN_INCOMPATIBLE;
    guint bit = 0;
    g_autofree char *name = NULL;

    if (!unknown) {
        return true;
    }
    while (!(unknown >> bit & 1)) {
        bit++;
    }
    name = feature_name(features, size, bit);
    qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                  "the image needs feature %u%s%s%s, which is not known", bit,
                  name ? " ('" : "", name ? name : "", name ? "')" : "");
    return false;
}

static bool read_bitmaps(Qcow2Header *h, const guint8 *data, gsize size, GError **error)
{
    /* Inconsistent bitmaps are ignored. */
    if (!(h->autoclear & QCOW2_AUTOCLEAR_BITMAPS)) {
        return true;
    }
    if (size != 24) {
        return malformed(error, "a bitmaps extension of %zu bytes", size);
    }
    h->n_bitmaps = qcow2_get32(data);
    h->bitmaps_size = qcow2_get64(data + 8);
    h->bitmaps_offset = qcow2_get64(data + 16);
    if (!h->n_bitmaps || h->n_bitmaps > QCOW2_BITMAPS_MAX ||
        h->bitmaps_size > QCOW2_BITMAP_DIRECTORY_MAX || !h->bitmaps_offset ||
        h->bitmaps_offset >> 56 ||
        h->bitmaps_offset & ((G_GUINT64_CONSTANT(1) << h->cluster_bits) - 1)) {
        return malformed(error, "a directory of %u bitmaps, %" G_GUINT64_FORMAT " bytes at %"
                         G_GUINT64_FORMAT, h->n_bitmaps, h->bitmaps_size, h->bitmaps_offset);
    }
    return true;
}

static char *name_from(const guint8 *data, gsize size)
{
    g_autofree char *text = g_strndup((const char *)data, size);

    return g_utf8_make_valid(text, -1);
}

static bool read_backing(Qcow2Header *h, const guint8 *data, gsize size, GError **error)
{
    if (!h->backing_at) {
        return true;
    }
    if (h->backing_length > QCOW2_BACKING_NAME_MAX || h->backing_at > size ||
        h->backing_length > size - h->backing_at) {
        return malformed(error, "the backing file's name is not within the first cluster");
    }
    if (h->backing_length) {
        h->backing = name_from(data + h->backing_at, h->backing_length);
    }
    return true;
}

bool qcow2_header_read_rest(Qcow2Header *header, const guint8 *data, gsize size, GError **error)
{
    gsize end = header->backing_at ? MIN(header->backing_at, size) : size;
    const guint8 *features = NULL;
    gsize features_size = 0;

    for (gsize at = header->length; at < end && end - at >= 8;) {
        guint32 type = qcow2_get32(data + at), length = qcow2_get32(data + at + 4);
        const guint8 *body = data + at + 8;

        if (type == QCOW2_EXTENSION_END) {
            break;
        }
        if (length > end - at - 8) {
            return malformed(error, "a header extension reaches beyond the first cluster");
        }
        if (type == QCOW2_EXTENSION_FEATURES) {
            features = body;
            features_size = length;
        } else if (type == QCOW2_EXTENSION_DATA_FILE && !header->data_file) {
            header->data_file = name_from(body, length);
        } else if (type == QCOW2_EXTENSION_BITMAPS && !read_bitmaps(header, body, length, error)) {
            return false;
        }
        at += 8 + ((gsize)length + 7) / 8 * 8;
    }
    return check_known(header, features, features_size, error) &&
           read_backing(header, data, size, error);
}

void qcow2_header_clear(Qcow2Header *header)
{
    g_clear_pointer(&header->backing, g_free);
    g_clear_pointer(&header->data_file, g_free);
}
