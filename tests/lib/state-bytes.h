/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saved state whose bytes a test changes, as somebody could who stores it.
 */
#ifndef TESTS_LIB_STATE_BYTES_H
#define TESTS_LIB_STATE_BYTES_H

#include <glib.h>

/* The elements of the field of that name ("group[0]/field" of a group), little endian, in
 * the state that device_save() made; there is one. */
guint8 *state_bytes(GByteArray *state, const char *name);
/* Sets all of their bytes. */
void state_bytes_fill(GByteArray *state, const char *name, guint8 value);
/* Sets a byte of some field's elements. */
void state_bytes_damage(GByteArray *state, guint where, guint8 value);

#endif
