/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware configuration device: items of bytes that firmware and kernels
 * read by number, and files, which are items with names and a directory.
 *
 * A board fills it between the recipe and the first reset; functions that a
 * guest's access calls (FwCfgFileOps) may change a file later.  Files are
 * numbered in order of their names, so the order in which code adds them does
 * not matter to the guest.
 *
 * All functions need the machine lock.
 */
#ifndef HW_NVRAM_FW_CFG_H
#define HW_NVRAM_FW_CFG_H

#include "hw/machine/machine.h"
#include "qom/device.h"

typedef struct FwCfg FwCfg;

/* Numbers of items that have no names (QEMU Firmware Configuration Device). */
enum {
    FW_CFG_SIGNATURE     = 0x00,        /* the device's own */
    FW_CFG_ID            = 0x01,        /* the device's own */
    FW_CFG_UUID          = 0x02,
    FW_CFG_RAM_SIZE      = 0x03,
    FW_CFG_NOGRAPHIC     = 0x04,
    FW_CFG_NB_CPUS       = 0x05,
    FW_CFG_MACHINE_ID    = 0x06,
    FW_CFG_KERNEL_ADDR   = 0x07,
    FW_CFG_KERNEL_SIZE   = 0x08,
    FW_CFG_INITRD_ADDR   = 0x0a,
    FW_CFG_INITRD_SIZE   = 0x0b,
    FW_CFG_BOOT_DEVICE   = 0x0c,
    FW_CFG_NUMA          = 0x0d,
    FW_CFG_BOOT_MENU     = 0x0e,
    FW_CFG_MAX_CPUS      = 0x0f,
    FW_CFG_KERNEL_ENTRY  = 0x10,
    FW_CFG_KERNEL_DATA   = 0x11,
    FW_CFG_INITRD_DATA   = 0x12,
    FW_CFG_CMDLINE_ADDR  = 0x13,
    FW_CFG_CMDLINE_SIZE  = 0x14,
    FW_CFG_CMDLINE_DATA  = 0x15,
    FW_CFG_SETUP_ADDR    = 0x16,
    FW_CFG_SETUP_SIZE    = 0x17,
    FW_CFG_SETUP_DATA    = 0x18,
    FW_CFG_FILE_DIR      = 0x19,        /* the device's own */
    FW_CFG_FILE_FIRST    = 0x20,        /* files begin here */

    FW_CFG_ARCH_LOCAL    = 0x8000,      /* items of PCs: */
    FW_CFG_IRQ0_OVERRIDE = 0x8002,

    FW_CFG_NAME_MAX      = 55,          /* characters of a file's name */
};

/* Hooks for a file that the guest selects. */
typedef struct {
    /* The guest selects the file: fw_cfg_set_file() may replace its content
     * now, preferably with the same size, since the guest may have read the
     * directory before.  May be NULL. */
    void (*selected)(void *opaque);
    /* The guest wrote length bytes at offset; data is the whole file after
     * that. NULL: it may not write. */
    void (*written)(void *opaque, const guint8 *data, guint32 offset, guint32 length);
} FwCfgFileOps;

/* The machine's first one, or NULL. */
FwCfg *fw_cfg_find(const Machine *machine);

/* Sets an item, whose number is below FW_CFG_FILE_FIRST, with or without
 * FW_CFG_ARCH_LOCAL; takes data's reference.  Items that were never set are
 * empty. */
void fw_cfg_set(FwCfg *s, guint16 key, GBytes *data);
/* A number of 2, 4 or 8 bytes, little endian. */
void fw_cfg_set_number(FwCfg *s, guint16 key, guint64 value, guint size);

/* Sets a file: makes it, or replaces its content.  Takes data's reference, even
 * on failure.  Fails with limit-exceeded (no slot is left, data is too long),
 * invalid-value (an empty or too long name), id-in-use (the name is that of a
 * client's file). */
bool fw_cfg_set_file(FwCfg *s, const char *name, GBytes *data, GError **error);
/* The same, with hooks for the guest's accesses; ops is borrowed forever. */
bool fw_cfg_set_file_ops(FwCfg *s, const char *name, GBytes *data, const FwCfgFileOps *ops,
                         void *opaque, GError **error);
/* Forgets a file that fw_cfg_set_file_ops() has set; while the machine is built, or undone. */
void fw_cfg_remove_file(FwCfg *s, const char *name);
/* A file's contents at this moment, with a reference, or NULL. */
GBytes *fw_cfg_get_file(const FwCfg *s, const char *name);

/* Adds the files of all objects of class `fw-cfg-file` in the device's tree,
 * replacing those of an earlier call.  Called last, after the board has set its
 * own.  Fails with id-in-use or limit-exceeded, and then adds none. */
bool fw_cfg_add_client_files(FwCfg *s, GError **error);

extern const TypeInfo fw_cfg_type;
extern const TypeInfo fw_cfg_io_type;
extern const TypeInfo fw_cfg_file_type;

#endif
