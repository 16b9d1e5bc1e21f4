/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMBIOS tables (DMTF DSP0134, versions 2.8 and 3.0): an entry point and a block
 * of structures.
 *
 *     SmbiosConfig config = { .product = ..., .ranges = ... };
 *
 *     smbios_collect(machine, &config, &error)    CPUs, and objects of class smbios
 *     tables = smbios_build(&config, &error)      a pure function
 *     smbios_set_files(tables, fw_cfg, &error)    for firmware, or
 *     smbios_relocate(tables, address)            to be placed there, both in one
 *     smbios_clear(&config)
 */
#ifndef HW_SMBIOS_SMBIOS_H
#define HW_SMBIOS_SMBIOS_H

#include "hw/machine/machine.h"
#include "hw/nvram/fw-cfg.h"
#include "qmp/qapi-types-firmware.h"

/* A range of RAM in guest addresses. */
typedef struct {
    guint64 start, size;
} SmbiosRange;

typedef struct {
    guint32 id;                 /* in the topology */
    guint cores, threads;       /* all in the socket */
} SmbiosSocket;

typedef struct {
    /* The board sets these. */
    const char *manufacturer;   /* defaults for parts, unless a client sets */
    const char *product;        /* others: "QEMU", a description and the name of */
    const char *version;        /* the machine type */
    bool is_64;                 /* the 64-bit entry point of version 3.0 */
    guint64 ram_size;
    const SmbiosRange *ranges;
    guint n_ranges;

    /* smbios_collect() sets these. */
    const char *uuid;           /* or NULL */
    guint64 processor_id;       /* CPUID leaf 1: eax, edx */
    GArray *sockets;            /* of SmbiosSocket */
    const SmbiosType0Props *type0;      /* NULL: not set by the client */
    const SmbiosType1Props *type1;
    const SmbiosType2Props *type2;
    const SmbiosType3Props *type3;
    const SmbiosType4Props *type4;
    const SmbiosType17Props *type17;
    GPtrArray *strings;         /* of char *, borrowed: type 11 */
} SmbiosConfig;

typedef struct {
    GByteArray *anchor;         /* the entry point */
    GByteArray *structures;
} SmbiosTables;

/* Strings are borrowed from the objects; those must outlive config.  Fails with
 * limit-exceeded for more strings than a structure has room for. */
bool smbios_collect(Machine *machine, SmbiosConfig *config, GError **error);
void smbios_clear(SmbiosConfig *config);
/* For machine types without such tables: fails with not-supported if a client
 * has settings for them. */
bool smbios_refuse(Machine *machine, GError **error);

/* Fails with limit-exceeded for structures beyond 64 KiB (32-bit entry point). */
SmbiosTables *smbios_build(const SmbiosConfig *config, GError **error);
void smbios_tables_free(SmbiosTables *tables);          /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmbiosTables, smbios_tables_free)

/* Files etc/smbios/smbios-anchor and etc/smbios/smbios-tables; firmware fills in
 * address and checksums. */
bool smbios_set_files(const SmbiosTables *tables, FwCfg *fw_cfg, GError **error);
/* Both one after the other for guest address gpa, a multiple of 16, newly
 * allocated. */
GByteArray *smbios_relocate(const SmbiosTables *tables, guint32 gpa);

extern const TypeInfo smbios_type;
extern const TypeInfo smbios_type_0_type;
extern const TypeInfo smbios_type_1_type;
extern const TypeInfo smbios_type_11_type;

#endif
