/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA of the firmware configuration device.  The guest writes the address of a
 * descriptor to the DMA register, most significant half first; the device does
 * what the descriptor says and writes its control field back: 0, or
 * CONTROL_ERROR.
 *
 * A descriptor may ask for 4 GiB.  The first STEP bytes are copied inside the
 * access, which is usually enough for firmware; the rest is copied from the
 * main loop, STEP bytes at a time, so that no guest occupies the machine lock
 * for long.  Until then the control field has the descriptor's own bits, for
 * which the interface tells guests to wait, and the device does nothing else.
 */
#include "config.h"

#include <string.h>

#include "hw/machine/machine.h"
#include "hw/nvram/fw-cfg-internal.h"
#include "qom/guest-error.h"
#include "qom/qapi-trace.h"

#define SIGNATURE G_GUINT64_CONSTANT(0x51454d5520434647)        /* "QEMU CFG" */

enum {
    CONTROL_ERROR  = 1 << 0,
    CONTROL_READ   = 1 << 1,
    CONTROL_SKIP   = 1 << 2,
    CONTROL_SELECT = 1 << 3,    /* the item's number is in the upper half */
    CONTROL_WRITE  = 1 << 4,

    STEP = 1 << 20,
};

/* In guest RAM, big endian. */
typedef struct {
    guint32 control;
    guint32 length;
    guint64 address;
} FwCfgDmaAccess;

static guint32 bytes_left(FwCfg *s)
{
    const FwCfgItem *item = fw_cfg_selected(s);

    return item->size > s->offset ? item->size - s->offset : 0;
}

/* ---- The pieces of a transfer ---- */

static bool fill_zeros(AddressSpace *memory, guint64 address, guint32 length)
{
    static const guint8 zeros[4096];

    while (length) {
        guint32 n = MIN(length, sizeof(zeros));

        if (!memory_write(memory, address, zeros, n)) {
            return false;
        }
        address += n;
        length -= n;
    }
    return true;
}

/* Beyond the item's end it reads zeros. */
static bool read_piece(FwCfg *s, guint32 length)
{
    guint32 n = MIN(length, bytes_left(s));

    if (n && !memory_write(s->memory, s->dma_address,
                           fw_cfg_item_data(fw_cfg_selected(s)) + s->offset, n)) {
        return false;
    }
    s->offset += n;
    return fill_zeros(s->memory, s->dma_address + n, length - n);
}

static bool write_piece(FwCfg *s, guint32 length)
{
    const FwCfgFile *file = fw_cfg_selected_file(s);
    guint32 offset = s->offset;

    if (!file || !file->item.buffer || length > bytes_left(s) ||
        !memory_read(s->memory, s->dma_address, file->item.buffer + offset, length)) {
        return false;
    }
    s->offset += length;
    file->ops->written(file->opaque, file->item.buffer, offset, length);
    return true;
}

static void finish(FwCfg *s, bool ok)
{
    guint32 control = GUINT32_TO_BE(ok ? 0 : CONTROL_ERROR);

    s->dma_control = 0;
    s->dma_left = 0;
    memory_write(s->memory, s->dma_descriptor, &control, sizeof(control));
}

/* Up to STEP bytes; ends the transfer if nothing is left or it fails. */
static void step(FwCfg *s)
{
    guint32 n = MIN(s->dma_left, STEP);
    bool ok = s->dma_control & CONTROL_READ ? read_piece(s, n) : write_piece(s, n);

    s->dma_left -= n;
    s->dma_address += n;
    if (!ok) {
        device_guest_error(&s->device, "a transfer leaves RAM, or its item");
    }
    if (!ok || !s->dma_left) {
        finish(s, ok);
    }
}

static void go_on_later(FwCfg *s)
{
    if (s->dma_control) {
        timer_set_after(s->timer, 0);
    }
}

void fw_cfg_dma_continue(void *opaque, gint64 now)
{
    FwCfg *s = opaque;

    do {
        step(s);
        /* With a stopped clock the timer might not fire for long. */
    } while (s->dma_control && clock_stands(s->clock));
    go_on_later(s);
}

/* ---- Beginning one ---- */

/* A write to a read-only item, or beyond its end, is refused as a whole. */
static bool may_write(FwCfg *s, guint32 length)
{
    const FwCfgFile *file = fw_cfg_selected_file(s);

    return file && file->item.buffer && length <= bytes_left(s);
}

static void begin(FwCfg *s, const FwCfgDmaAccess *access)
{
    guint32 control = GUINT32_FROM_BE(access->control);
    guint32 length = GUINT32_FROM_BE(access->length);

    trace_fw_cfg_dma(s, control, length, GUINT64_FROM_BE(access->address));
    if (control & CONTROL_SELECT) {
        fw_cfg_select(s, control >> 16);
    }
    if (length && control & (CONTROL_READ | CONTROL_WRITE)) {
        s->dma_control = control;
        s->dma_left = length;
        s->dma_address = GUINT64_FROM_BE(access->address);
        if (!(control & CONTROL_READ) && !may_write(s, length)) {
            device_guest_error(&s->device, "item 0x%x cannot be written, or not so much of it",
                               s->selector);
            finish(s, false);
            return;
        }
        step(s);
        go_on_later(s);
        return;
    }
    if (control & CONTROL_SKIP && !(control & (CONTROL_READ | CONTROL_WRITE))) {
        s->offset += MIN(length, bytes_left(s));
    }
    finish(s, true);
}

static void start(FwCfg *s)
{
    FwCfgDmaAccess access;

    s->dma_descriptor = s->dma_register;
    s->dma_register = 0;
    if (memory_read(s->memory, s->dma_descriptor, &access, sizeof(access))) {
        begin(s, &access);
    } else {
        device_guest_error(&s->device, "the descriptor of a transfer is not in RAM: 0x%"
                           G_GINT64_MODIFIER "x", s->dma_descriptor);
        finish(s, false);
    }
}

/* ---- The register ---- */

guint64 fw_cfg_dma_read(FwCfg *s, guint64 offset, guint size)
{
    guint64 le = GUINT64_SWAP_LE_BE(SIGNATURE) >> offset * 8;

    return size < 8 ? le & ((G_GUINT64_CONSTANT(1) << size * 8) - 1) : le;
}

void fw_cfg_dma_write(FwCfg *s, guint64 offset, guint64 value, guint size)
{
    if (s->dma_control) {
        return;
    }
    if (size == 8) {
        s->dma_register = GUINT64_SWAP_LE_BE(value);
        start(s);
    } else if (size == 4 && offset == 0) {
        s->dma_register = (guint64)GUINT32_SWAP_LE_BE((guint32)value) << 32;
    } else if (size == 4) {
        s->dma_register |= GUINT32_SWAP_LE_BE((guint32)value);
        start(s);
    }
}
