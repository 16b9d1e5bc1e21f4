/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind hw/smbios/smbios.h share; no other file includes it:
 *
 *   smbios.c            the block of structures and its entry point
 *   smbios-structures.c the structures by type
 *   smbios-object.c     settings of clients
 *   smbios-collect.c    from a machine's objects to a SmbiosConfig
 */
#ifndef HW_SMBIOS_SMBIOS_INTERNAL_H
#define HW_SMBIOS_SMBIOS_INTERNAL_H

#include "hw/smbios/smbios.h"

enum { SMBIOS_MAX_STRINGS = 255 };

/* A structure under construction: its strings are numbered from 1. */
typedef struct {
    GByteArray *out;            /* the block */
    guint start;
    GByteArray *strings;        /* each with its NUL */
    guint n_strings;
} SmbiosStructure;

/* Counts and sizes for the entry point. */
typedef struct {
    GByteArray *out;
    guint n_structures;
    guint longest;              /* bytes of the longest one, with its strings */
} SmbiosBlock;

void smbios_begin(SmbiosStructure *s, SmbiosBlock *block, guint8 type, guint16 handle);
void smbios_append(SmbiosStructure *s, guint64 value, guint size);
/* Adds a string; returns its number, 0 for NULL and for an empty one. */
guint8 smbios_add_string(SmbiosStructure *s, const char *text);
/* The same, and appends the number. */
void smbios_append_string(SmbiosStructure *s, const char *text);
void smbios_end(SmbiosStructure *s, SmbiosBlock *block);

/* All structures, in order of their types. */
void smbios_structures(SmbiosBlock *block, const SmbiosConfig *config);

/* "MAJOR.MINOR", two numbers up to 255. */
bool smbios_parse_release(const char *release, guint8 *ret_major, guint8 *ret_minor);
/* The string that a complete object of class smbios-type-11 read, or NULL. */
const char *smbios_type_11_text(Object *obj);

#endif
