/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers in bytes at any address: little endian in tables that guests read and
 * files that they bring, big endian in frames of a network and commands of SCSI.  The
 * caller checks bounds.
 */
#ifndef QMP_BYTES_H
#define QMP_BYTES_H

#include <glib.h>
#include <string.h>

static inline guint16 get_le16(const guint8 *p)
{
    return p[0] | p[1] << 8;
}

static inline guint32 get_le32(const guint8 *p)
{
    return get_le16(p) | (guint32)get_le16(p + 2) << 16;
}

static inline guint64 get_le64(const guint8 *p)
{
    return get_le32(p) | (guint64)get_le32(p + 4) << 32;
}

static inline guint16 get_be16(const guint8 *p)
{
    return p[0] << 8 | p[1];
}

static inline guint32 get_be32(const guint8 *p)
{
    return (guint32)get_be16(p) << 16 | get_be16(p + 2);
}

static inline guint64 get_be64(const guint8 *p)
{
    return (guint64)get_be32(p) << 32 | get_be32(p + 4);
}

/* The low size bytes of value. */
static inline void put_be(guint8 *p, guint64 value, guint size)
{
    for (guint i = 0; i < size; i++) {
        p[size - 1 - i] = value >> i * 8;
    }
}

static inline void put_le(guint8 *p, guint64 value, guint size)
{
    for (guint i = 0; i < size; i++) {
        p[i] = value >> i * 8;
    }
}

static inline void append_le(GByteArray *table, guint64 value, guint size)
{
    guint8 bytes[8];

    put_le(bytes, value, size);
    g_byte_array_append(table, bytes, size);
}

/* text without its NUL, filled up with spaces to size bytes. */
static inline void append_text(GByteArray *table, const char *text, guint size)
{
    for (guint i = 0; i < size; i++) {
        append_le(table, *text ? (guint8)*text++ : ' ', 1);
    }
}

#endif
