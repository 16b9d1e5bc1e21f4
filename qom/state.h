/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State rows: a device's guest-visible state as a const table.  The same rows
 * serve reset, save and load, so that the three cannot drift apart.
 */
#ifndef QOM_STATE_H
#define QOM_STATE_H

#include <glib.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    STATE_END,
    STATE_BOOL,
    STATE_U8,
    STATE_U16,
    STATE_U32,
    STATE_U64,
    STATE_BYTES,                /* size bytes, no byte order */
    STATE_BLOB,                 /* the same behind a pointer, as many as realize decided */
} StateKind;

enum {
    STATE_KEEP = 1 << 0,        /* survives reset (RTC time, NVRAM) */
};

typedef struct {
    const char *name;
    StateKind kind;
    guint32 offset;             /* in the device struct */
    guint32 count;              /* elements of an array, or bytes; of a blob the offset of
                                   the guint32 that has its size */
    guint32 flags;
    guint64 reset;              /* value of each element after reset */
} StateRow;

/* STATE_FIELD(U8, Uart16550, lcr, 0x00) */
#define STATE_FIELD(kind_, type_, field_, reset_) \
    { .name = #field_, .kind = STATE_##kind_, .offset = offsetof(type_, field_), \
      .count = 1, .reset = (reset_) }
#define STATE_FIELD_KEEP(kind_, type_, field_) \
    { .name = #field_, .kind = STATE_##kind_, .offset = offsetof(type_, field_), \
      .count = 1, .flags = STATE_KEEP }
#define STATE_ARRAY(kind_, type_, field_, reset_) \
    { .name = #field_, .kind = STATE_##kind_, .offset = offsetof(type_, field_), \
      .count = G_N_ELEMENTS(((type_ *)0)->field_), .reset = (reset_) }
#define STATE_ARRAY_KEEP(kind_, type_, field_) \
    { .name = #field_, .kind = STATE_##kind_, .offset = offsetof(type_, field_), \
      .count = G_N_ELEMENTS(((type_ *)0)->field_), .flags = STATE_KEEP }
/* STATE_BLOB_KEEP(PciDevice, msix_table, msix_table_size); the pointer may be NULL
 * if the size is 0. */
#define STATE_BLOB_KEEP(type_, field_, size_) \
    { .name = #field_, .kind = STATE_BLOB, .offset = offsetof(type_, field_), \
      .count = offsetof(type_, size_), .flags = STATE_KEEP }
#define STATE_ROWS_END { .kind = STATE_END }

/* Puts every row without STATE_KEEP back to its reset value. */
void state_reset(const StateRow *rows, void *device);

/* Appends the rows' values, little endian, in order; and reads them back.
 * Loading fails (false, device unchanged) if length does not fit exactly or a
 * bool is neither 0 nor 1.  rows NULL is an empty table. */
void state_save(const StateRow *rows, const void *device, GByteArray *out);
bool state_load(const StateRow *rows, void *device, const guint8 *data, gsize length);
gsize state_size(const StateRow *rows, const void *device);

#endif
