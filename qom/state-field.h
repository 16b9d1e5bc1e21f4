/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A field of saved state: what state.c, state-load.c and state-show.c share.  Private to
 * this folder.
 *
 * In saved state a field is, numbers little endian:
 *
 *   1 byte       length of the name
 *   ...          the name
 *   1 byte       StateKind; STATE_FIELD_IS_LIST: shown as a list
 *   4 bytes      number of elements
 *   4 bytes      bytes of all elements
 *   ...          the elements
 *
 * An element is as many bytes as its kind has; a typed value is as qmp_stream_save()
 * writes it; a group is the length of its fields in four bytes, and its fields.
 */
#ifndef QOM_STATE_FIELD_H
#define QOM_STATE_FIELD_H

#include "qom/state.h"

enum {
    STATE_FIELD_IS_LIST = 0x80,
    STATE_MAX_DEPTH = 8,        /* of nested groups */
};

typedef struct {
    const char *name;           /* not terminated */
    gsize name_length;
    StateKind kind;
    bool is_list;
    guint32 count;
    const guint8 *data;
    gsize length;
} StateField;

/* Takes the next field off *data.  False with invalid-value: the bytes are not a field.
 * The field has a valid kind and as many bytes as its elements need; the content of
 * groups and typed values is not checked yet. */
bool state_field_next(const guint8 **data, gsize *length, StateField *ret, GError **error);

/* Takes the fields of the next group off the field's data. */
bool state_group_next(StateField *field, const guint8 **ret_data, gsize *ret_length,
                      GError **error);

/* Bytes of one element, the same in memory and when saved; 0 for kinds whose size varies. */
gsize state_element_size(StateKind kind);

/* The element of this kind at data. */
guint64 state_element(StateKind kind, const guint8 *data);

/* How many elements a row has now, and where the i-th one is. */
guint32 state_row_count(const StateRow *row, const void *device);
void *state_row_element(const StateRow *row, const void *device, guint32 i);

/* Whether the loaded state decides how many elements it has, up to the row's count. */
bool state_row_varies(const StateRow *row);

/* Bytes of all elements if they are contiguous in memory in their saved form; 0 if not. */
gsize state_row_block(const StateRow *row, guint32 count);

/* Stores a number's bits. */
void state_store(StateKind kind, void *where, guint64 value);
/* Sets a row to its reset value, even one with STATE_KEEP. */
void state_reset_row(const StateRow *row, void *device);

#endif
