/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saved state of devices: sections, one for each class of an object that has state.
 *
 * A section is, numbers little endian:
 *
 *   4 bytes      length of what follows
 *   2 bytes      length of the path
 *   ...          the object's path
 *   1 byte       length of the name
 *   ...          the name: of the class, or what classes that take each other's share
 *   4 bytes      version of that class's state
 *   ...          its fields: qom/state-field.h
 *
 * Readers trust none of it.  All functions are pure.
 */
#ifndef QOM_STATE_STREAM_H
#define QOM_STATE_STREAM_H

#include "qom/state.h"

typedef struct {
    char *path, *name;          /* owned */
    guint32 version;
    const guint8 *data;         /* fields, borrowed */
    gsize length;
} StateSection;

void state_section_clear(StateSection *section);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(StateSection, state_section_clear)

/* Appends a section of an object at path with the rows' fields, which are of base. */
void state_section_save(GByteArray *out, const char *path, const char *name, guint32 version,
                        const StateRow *rows, const void *base);

/* Takes the next section off *data into *ret, which must be clear.  False with
 * invalid-value: the bytes are not a section. */
bool state_section_next(const guint8 **data, gsize *length, StateSection *ret, GError **error);

struct DeviceState;

/* What sections say about the object at path (schema/state.json); NULL with
 * invalid-value: they are not valid, or one is of another object.  Free with
 * qmp_clear. */
struct DeviceState *state_show(const char *path, const guint8 *data, gsize length,
                               GError **error);

#endif
