/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind hw/nvram/fw-cfg.h share; no other file includes it:
 *
 *   fw-cfg.c        items, files, their directory, and what is selected
 *   fw-cfg-dma.c    transfers to and from guest RAM
 *   fw-cfg-io.c     the registers as a PC has them
 *   fw-cfg-file.c   files that clients bring
 */
#ifndef HW_NVRAM_FW_CFG_INTERNAL_H
#define HW_NVRAM_FW_CFG_INTERNAL_H

#include "hw/core/clock.h"
#include "hw/memory/memory.h"
#include "hw/nvram/fw-cfg.h"

enum {
    FW_CFG_WRITE_CHANNEL = 0x4000,      /* in a selector: obsolete, ignored */
    FW_CFG_N_FIXED       = FW_CFG_FILE_FIRST,
};

/* An item.  A file that the guest may write has a separate buffer. */
typedef struct {
    GBytes *bytes;              /* or NULL */
    guint8 *buffer;             /* owned, or NULL */
    guint32 size;
} FwCfgItem;

typedef struct {
    char *name;
    FwCfgItem item;
    const FwCfgFileOps *ops;    /* or NULL */
    void *opaque;
    bool client;                /* of an object of class fw-cfg-file */
} FwCfgFile;

struct FwCfg {
    Device device;
    FwCfgItem fixed[2][FW_CFG_N_FIXED]; /* [1]: with FW_CFG_ARCH_LOCAL */
    GPtrArray *files;           /* of FwCfgFile, in order of their names */

    /* Guest-visible. */
    guint16 selector;
    guint32 offset;             /* in the selected item; may be beyond its end */
    guint64 dma_register;       /* as far as the guest has written it */
    /* The transfer in progress: dma_control is 0 if there is none. */
    guint32 dma_control;
    guint32 dma_left;           /* bytes */
    guint64 dma_address;        /* of the next byte, in guest RAM */
    guint64 dma_descriptor;     /* address of its FwCfgDmaAccess */

    Clock *clock;
    Timer *timer;               /* continues it */
    AddressSpace *memory;
};

/* Selects an item, and its first byte. */
void fw_cfg_select(FwCfg *s, guint16 selector);
/* The contents of a complete object of class fw-cfg-file, with a reference. */
GBytes *fw_cfg_file_bytes(Object *obj);
/* The next byte of the selected item, 0 beyond its end. */
guint8 fw_cfg_read_byte(FwCfg *s);
/* The selected item, which may be empty, and its bytes. */
const FwCfgItem *fw_cfg_selected(FwCfg *s);
const guint8 *fw_cfg_item_data(const FwCfgItem *item);
/* The selected file, or NULL if it is none. */
const FwCfgFile *fw_cfg_selected_file(FwCfg *s);

/* The DMA register of 8 bytes: its value is big endian. */
guint64 fw_cfg_dma_read(FwCfg *s, guint64 offset, guint size);
void fw_cfg_dma_write(FwCfg *s, guint64 offset, guint64 value, guint size);
/* TimerCallback: continues a transfer. */
void fw_cfg_dma_continue(void *opaque, gint64 now);

#endif
