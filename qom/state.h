/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State rows: a device's guest-visible state as a const table.  The same rows
 * serve reset, save, load and query-device-state, so that these cannot drift apart.
 *
 * Saved state contains each field's name, type and number of elements
 * (qom/state-stream.h).  A field that is added later gets a version (STATE_SINCE);
 * loading the state of an earlier version gives it its reset value.  A field that
 * changes its meaning gets a new name.
 */
#ifndef QOM_STATE_H
#define QOM_STATE_H

#include <glib.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include "qmp/type.h"

/* The type of a field; saved state has these numbers. */
typedef enum {
    STATE_END = 0,
    STATE_BOOL = 1,
    STATE_I8 = 2,
    STATE_I16 = 3,
    STATE_I32 = 4,
    STATE_I64 = 5,
    STATE_U8 = 6,
    STATE_U16 = 7,
    STATE_U32 = 8,
    STATE_U64 = 9,
    STATE_NUMBER = 10,          /* double */
    STATE_TYPED = 11,           /* a value of the schema: str, enum, list, struct, ... */
    STATE_BYTES = 12,           /* no byte order */
    STATE_TIMER = 13,           /* when it fires */
    STATE_GROUP = 14,           /* nested fields */
    STATE_N_KINDS,
} StateKind;

/* Where a row's elements are, and how many. */
typedef enum {
    STATE_FIXED,                /* `count` in the struct itself */
    STATE_BLOB,                 /* behind a pointer, as many as realize decided */
    STATE_POINTERS,             /* behind a blob of pointers, one element each */
    STATE_LIST,                 /* behind a pointer that g_free() takes, up to `count` */
    STATE_SOME,                 /* an array of `count`, of which the first are in use */
    STATE_QUEUE,                /* a ring of `count`, some of them in use */
} StateShape;

enum {
    STATE_KEEP = 1 << 0,        /* survives reset (RTC time, NVRAM) */
    STATE_ARRAYED = 1 << 1,     /* shown as a list, even of one */
};

/* How a timer is saved, by the time when it fires (never: G_MAXINT64), and set again.
 * timer is the row's pointer. */
typedef struct {
    gint64 (*get)(const void *timer);
    void (*set)(void *timer, gint64 when);
} StateTimerOps;

typedef struct StateRow StateRow;

struct StateRow {
    char name[24];              /* here and not behind a pointer: most tables need no relocation */
    guint8 kind;                /* StateKind */
    guint8 shape;               /* StateShape */
    guint8 flags;
    guint8 since;               /* first version of the class's state that has it */
    guint32 offset;             /* in the device struct */
    guint32 count;              /* elements of an array, or bytes; the maximum of a
                                   list or a queue */
    guint32 stride;             /* bytes from one element to the next; 0: the size of the kind */
    guint32 number;             /* not fixed: offset of the guint32 with their number */
    guint32 head;               /* queue: offset of the guint32 with the index of the first */
    guint64 reset;              /* value of each element after reset; a typed value is
                                   cleared, a timer canceled instead, a list or queue empty */
    union {
        const QmpType *type;    /* of a typed value, stored as qmp/type.h says; the device
                                   clears it when it ends */
        const StateRow *rows;   /* of a group: offsets in the element */
        const StateTimerOps *timer;
    };
};

#define STATE_STRIDE(type_, field_) sizeof(((type_ *)0)->field_[0])

/* STATE_FIELD(U8, Uart16550, lcr, 0x00) */
#define STATE_FIELD(kind_, type_, field_, reset_) \
    { .name = #field_, .kind = STATE_##kind_, .offset = offsetof(type_, field_), \
      .count = 1, .reset = (reset_) }
#define STATE_FIELD_KEEP(kind_, type_, field_) \
    { .name = #field_, .kind = STATE_##kind_, .offset = offsetof(type_, field_), \
      .count = 1, .flags = STATE_KEEP }
/* A field that this version of the class's state added: STATE_SINCE(2, U8, Chip, mode, 0) */
#define STATE_SINCE(since_, kind_, type_, field_, reset_) \
    { .name = #field_, .kind = STATE_##kind_, .offset = offsetof(type_, field_), \
      .count = 1, .since = (since_), .reset = (reset_) }
#define STATE_ARRAY(kind_, type_, field_, reset_) \
    { .name = #field_, .kind = STATE_##kind_, .flags = STATE_ARRAYED, \
      .offset = offsetof(type_, field_), .count = G_N_ELEMENTS(((type_ *)0)->field_), \
      .reset = (reset_) }
#define STATE_ARRAY_KEEP(kind_, type_, field_) \
    { .name = #field_, .kind = STATE_##kind_, .offset = offsetof(type_, field_), \
      .count = G_N_ELEMENTS(((type_ *)0)->field_), .flags = STATE_KEEP | STATE_ARRAYED }
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
    { .name = #field_, .kind = STATE_BYTES, .shape = STATE_BLOB, .flags = STATE_KEEP, \
      .offset = offsetof(type_, field_), .number = offsetof(type_, size_) }
/* An embedded struct, and an array of them: STATE_STRUCTS(Hpet, timers, timer_rows) */
#define STATE_STRUCT(type_, field_, rows_) \
    { .name = #field_, .kind = STATE_GROUP, .offset = offsetof(type_, field_), .count = 1, \
      .stride = sizeof(((type_ *)0)->field_), .rows = (rows_) }
#define STATE_STRUCTS(type_, field_, rows_) \
    { .name = #field_, .kind = STATE_GROUP, .flags = STATE_ARRAYED, \
      .offset = offsetof(type_, field_), .count = G_N_ELEMENTS(((type_ *)0)->field_), \
      .stride = STATE_STRIDE(type_, field_), .rows = (rows_) }
/* Structs, each behind one of the pointers at which field points. */
#define STATE_STRUCT_POINTERS(type_, field_, number_, rows_) \
    { .name = #field_, .kind = STATE_GROUP, .shape = STATE_POINTERS, .flags = STATE_ARRAYED, \
      .offset = offsetof(type_, field_), .number = offsetof(type_, number_), \
      .stride = sizeof(void *), .rows = (rows_) }
/* Elements at which field points: as many as number says, at most max.  Loading
 * reallocates them.  What elements own is not freed, so they must not contain
 * typed values. */
#define STATE_NUMBERS(kind_, type_, field_, number_, max_) \
    { .name = #field_, .kind = STATE_##kind_, .shape = STATE_LIST, .flags = STATE_ARRAYED, \
      .offset = offsetof(type_, field_), .count = (max_), .number = offsetof(type_, number_) }
#define STATE_STRUCT_LIST(type_, field_, number_, max_, rows_) \
    { .name = #field_, .kind = STATE_GROUP, .shape = STATE_LIST, .flags = STATE_ARRAYED, \
      .offset = offsetof(type_, field_), .count = (max_), .stride = STATE_STRIDE(type_, field_), \
      .number = offsetof(type_, number_), .rows = (rows_) }
/* Structs in an array, of which the first ones are in use; `number` says how many. */
#define STATE_STRUCT_SOME(type_, field_, number_, rows_) \
    { .name = #field_, .kind = STATE_GROUP, .shape = STATE_SOME, .flags = STATE_ARRAYED, \
      .offset = offsetof(type_, field_), .count = G_N_ELEMENTS(((type_ *)0)->field_), \
      .stride = STATE_STRIDE(type_, field_), .number = offsetof(type_, number_), .rows = (rows_) }
/* Bytes in an array, of which the first ones are in use; `number` says how many. */
#define STATE_SOME_BYTES(type_, field_, number_) \
    { .name = #field_, .kind = STATE_BYTES, .shape = STATE_SOME, \
      .offset = offsetof(type_, field_), .count = G_N_ELEMENTS(((type_ *)0)->field_), \
      .number = offsetof(type_, number_) }
/* A ring in an array: `number` of its elements are in use, starting at `head`.  Loading
 * puts the first one at 0. */
#define STATE_RING(kind_, type_, field_, head_, number_) \
    { .name = #field_, .kind = STATE_##kind_, .shape = STATE_QUEUE, .flags = STATE_ARRAYED, \
      .offset = offsetof(type_, field_), .count = G_N_ELEMENTS(((type_ *)0)->field_), \
      .number = offsetof(type_, number_), .head = offsetof(type_, head_) }
/* A pointer to a timer; hw/core/timer-state.h has ops for timers of the machine's clock. */
#define STATE_TIMER_BY(ops_, flags_, type_, field_) \
    { .name = #field_, .kind = STATE_TIMER, .flags = (flags_), .offset = offsetof(type_, field_), \
      .count = 1, .timer = (ops_) }
#define STATE_ROWS_END { .kind = STATE_END }

/* Sets every row without STATE_KEEP to its reset value; in groups, by their rows. */
void state_reset(const StateRow *rows, void *device);

/* Appends the rows' fields.  rows NULL is an empty table. */
void state_save(const StateRow *rows, const void *device, GByteArray *out);

/*
 * Whether the rows accept these fields of state of that version.  Fails with
 * invalid-value and the name of a field that is unknown, missing or duplicate,
 * differs from its row in type or number of elements, or has a value that its type
 * does not allow.
 */
bool state_check(const StateRow *rows, const void *device, guint32 version, const guint8 *data,
                 gsize length, GError **error);
/* The same, and stores the values; on failure device is unchanged. */
bool state_load(const StateRow *rows, void *device, guint32 version, const guint8 *data,
                gsize length, GError **error);

#endif
