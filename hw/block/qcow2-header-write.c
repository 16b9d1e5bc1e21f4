/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header of a new qcow2 image: see qcow2-header.h.
 */
#include "config.h"
#include "hw/block/qcow2-header.h"

#include <string.h>

#include "qmp/error.h"

enum {
    LENGTH_V3 = 112,            /* with the compression type, and padding */
    EXTENSION_BACKING_FORMAT = 0xe2792aca,
};

/* Where the next extension goes, and what is left of the cluster. */
typedef struct {
    guint8 *at;
    gsize left;
} Room;

/* ---- Extensions ---- */

/* False: there is no room. */
static bool add_extension(Room *room, guint32 type, const void *data, gsize size)
{
    gsize padded = (size + 7) & ~(gsize)7;

    if (padded + 8 > room->left) {
        return false;
    }
    qcow2_put32(room->at, type);
    qcow2_put32(room->at + 4, size);
    memcpy(room->at + 8, data, size);
    room->at += 8 + padded;
    room->left -= 8 + padded;
    return true;
}

static bool add_text(Room *room, guint32 type, const char *text)
{
    return !text || add_extension(room, type, text, strlen(text));
}

/* What QEMU calls the features, for programs that do not know them. */
static void add_features(Room *room)
{
    static const struct {
        guint8 kind, bit;
        char name[24];
    } features[] = {
        { 0, 0, "dirty bit" },
        { 0, 1, "corrupt bit" },
        { 0, 2, "external data file" },
        { 0, 3, "compression type" },
        { 0, 4, "extended L2 entries" },
        { 1, 0, "lazy refcounts" },
        { 2, 0, "bitmaps" },
        { 2, 1, "raw external data" },
    };
    guint8 table[G_N_ELEMENTS(features) * QCOW2_FEATURE_SIZE] = { 0 };

    for (guint i = 0; i < G_N_ELEMENTS(features); i++) {
        guint8 *row = table + i * QCOW2_FEATURE_SIZE;

        row[0] = features[i].kind;
        row[1] = features[i].bit;
        g_strlcpy((char *)row + 2, features[i].name, QCOW2_FEATURE_SIZE - 2);
    }
    /* Small clusters have no room for it. */
    add_extension(room, QCOW2_EXTENSION_FEATURES, table, sizeof(table));
}

/* The end of the extensions is eight zeros, which are there. */
static bool add_end(Room *room)
{
    return add_extension(room, QCOW2_EXTENSION_END, "", 0);
}

static bool add_backing(const Qcow2Header *h, guint8 *cluster, const Room *room)
{
    gsize length = h->backing ? strlen(h->backing) : 0;

    if (length > QCOW2_BACKING_NAME_MAX || length > room->left) {
        return false;
    }
    if (length) {
        memcpy(room->at, h->backing, length);
        qcow2_put64(cluster + 8, room->at - cluster);
        qcow2_put32(cluster + 16, length);
    }
    return true;
}

/* ---- Fields ---- */

static void write_fields(const Qcow2Header *h, guint8 *cluster)
{
    qcow2_put32(cluster, QCOW2_MAGIC);
    qcow2_put32(cluster + 4, h->version);
    qcow2_put32(cluster + 20, h->cluster_bits);
    qcow2_put64(cluster + QCOW2_AT_SIZE, h->size);
    qcow2_put32(cluster + QCOW2_AT_L1, h->l1_size);
    qcow2_put64(cluster + QCOW2_AT_L1 + 4, h->l1_offset);
    qcow2_put64(cluster + QCOW2_AT_REFCOUNT_TABLE, h->refcount_table_offset);
    qcow2_put32(cluster + QCOW2_AT_REFCOUNT_TABLE + 8, h->refcount_table_clusters);
    if (h->version >= 3) {
        qcow2_put64(cluster + QCOW2_AT_INCOMPATIBLE, h->incompatible);
        qcow2_put64(cluster + 80, h->compatible);
        qcow2_put64(cluster + QCOW2_AT_AUTOCLEAR, h->autoclear);
        qcow2_put32(cluster + 96, h->refcount_order);
        qcow2_put32(cluster + 100, LENGTH_V3);
        cluster[QCOW2_AT_COMPRESSION] = h->compression;
    }
}

/* The names that must be there come before the table of features, which may be left out. */
bool qcow2_header_write(const Qcow2Header *header, const char *backing_format, guint8 *cluster,
                        GError **error)
{
    gsize length = header->version >= 3 ? LENGTH_V3 : QCOW2_LENGTH_V2;
    gsize backing = header->backing ? strlen(header->backing) : 0;
    gsize size = (gsize)1 << header->cluster_bits;
    Room room = { .at = cluster + length, .left = size - length };

    write_fields(header, cluster);
    if (add_text(&room, EXTENSION_BACKING_FORMAT, backing_format) &&
        add_text(&room, QCOW2_EXTENSION_DATA_FILE, header->data_file) &&
        room.left >= backing + 8) {
        room.left -= backing + 8;
        if (header->version >= 3) {
            add_features(&room);
        }
        room.left += backing + 8;
        if (add_end(&room) && add_backing(header, cluster, &room)) {
            return true;
        }
    }
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "the names of other files do not fit into "
                  "the first cluster of the image, or are longer than %u bytes",
                  QCOW2_BACKING_NAME_MAX);
    return false;
}
