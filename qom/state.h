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

#include "qmp/type.h"

typedef enum {
    STATE_END,
    STATE_BOOL,
    STATE_I8,
    STATE_I16,
    STATE_I32,
    STATE_I64,
    STATE_U8,
    STATE_U16,
    STATE_U32,
    STATE_U64,
    STATE_NUMBER,               /* double */
    STATE_TYPED,                /* a value of the schema: str, enum, list, struct, ... */
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
    guint64 reset;              /* value of each element after reset; a typed value is
                                   cleared instead */
    const QmpType *type;        /* of a typed value, which is kept as qmp/type.h says; the
                                   device clears it at its end */
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
/* STATE_VALUE(&qmp_type_str, Chip, label) */
#define STATE_VALUE(value_type_, type_, field_) \
    { .name = #field_, .kind = STATE_TYPED, .offset = offsetof(type_, field_), \
      .count = 1, .type = (value_type_) }
#define STATE_VALUE_KEEP(value_type_, type_, field_) \
    { .name = #field_, .kind = STATE_TYPED, .offset = offsetof(type_, field_), \
      .count = 1, .flags = STATE_KEEP, .type = (value_type_) }
/* STATE_BLOB_KEEP(PciDevice, msix_table, msix_table_size); the pointer may be NULL
 * if the size is 0. */
#define STATE_BLOB_KEEP(type_, field_, size_) \
    { .name = #field_, .kind = STATE_BLOB, .offset = offsetof(type_, field_), \
      .count = offsetof(type_, size_), .flags = STATE_KEEP }
#define STATE_ROWS_END { .kind = STATE_END }

/* Puts every row without STATE_KEEP back to its reset value. */
void state_reset(const StateRow *rows, void *device);

/* Appends the rows' values, little endian, in order; and reads them back.
 * Loading fails (false, device unchanged) if length does not fit exactly, a bool
 * is neither 0 nor 1, a number not finite, or a typed value not of its type.
 * rows NULL is an empty table. */
void state_save(const StateRow *rows, const void *device, GByteArray *out);
bool state_load(const StateRow *rows, void *device, const guint8 *data, gsize length);

/* How many of the bytes the rows take, as far as they are right; -1: loading would fail. */
gssize state_check(const StateRow *rows, const void *device, const guint8 *data, gsize length);

#endif
