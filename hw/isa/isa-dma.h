/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA on the ISA bus: a device requests a channel (line DREQ), and moves bytes while its
 * controller (class i8257) lets it, at the address that the guest gave the controller.
 *
 *     isa_dma_request(&s->dma, true);      -> s->dma.ready(opaque), now or when the
 *                                             guest has programmed the channel
 *     n = isa_dma_write(&s->dma, data, size, &tc);
 *     isa_dma_request(&s->dma, false);
 *
 * Several devices may be connected to a channel, as boards with tri-state drivers are: what
 * happens when two of them request it at a time is their guest's fault, and both move bytes.
 *
 * All functions need the machine lock.
 */
#ifndef HW_ISA_ISA_DMA_H
#define HW_ISA_ISA_DMA_H

#include "qom/device.h"

enum { ISA_N_DMA_CHANNELS = 8 };

/* What a controller does for its channels, 0 to 7 of the bus. */
typedef struct {
    /* Some device requests the channel, or none does any more. */
    void (*request)(Device *controller, guint channel, bool level);
    /* Whether the guest has programmed a transfer in this direction, and how many bytes
     * are left of it. */
    gsize (*left)(Device *controller, guint channel, bool to_memory);
    /* Moves up to size bytes; returns how many. *ret_tc: the last one was that of the whole
     * transfer. */
    gsize (*move)(Device *controller, guint channel, bool to_memory, guint8 *data, gsize size,
                  bool *ret_tc);
} IsaDmaOps;

/* A device's end of a channel, which it embeds. */
typedef struct {
    /* Set by the device: called when it requests the channel and bytes can be moved; by any
     * thread, machine lock held. */
    void (*ready)(void *opaque);
    void *opaque;

    /* Used by isa-dma.c. */
    Device *dev;
    guint channel;
    bool level;
} IsaDma;

/* Connects dev, a device on an ISA bus, to a channel. Fails with out-of-range, and with
 * not-supported: its bus has no DMA controller. */
bool isa_dma_connect(Device *dev, IsaDma *dma, guint channel, GError **error);
/* A no-op if it is not connected. */
void isa_dma_disconnect(IsaDma *dma);

/* Sets the device's request line. */
void isa_dma_request(IsaDma *dma, bool level);
/* How many bytes the guest wants moved in this direction; 0: it has not programmed the channel
 * for that. */
gsize isa_dma_left(const IsaDma *dma, bool to_memory);
/* Moves up to size bytes from the device to memory, or the other way; returns how many, 0 if the
 * channel is not ready. *ret_tc: the controller has signalled terminal count with the last one. */
gsize isa_dma_write(IsaDma *dma, const void *data, gsize size, bool *ret_tc);
gsize isa_dma_read(IsaDma *dma, void *data, gsize size, bool *ret_tc);

/* ---- For controllers ---- */

/* The controller, a device on an ISA bus, serves channels first to first + n - 1, all below
 * ISA_N_DMA_CHANNELS, from now on. Fails with in-use. */
bool isa_dma_serve(Device *controller, const IsaDmaOps *ops, guint first, guint n, GError **error);
/* The mirror; devices remain connected, and are not served. */
void isa_dma_stop_serving(Device *controller);
/* The guest has programmed the channel: devices that request it are told. */
void isa_dma_channel_ready(Device *controller, guint channel);

#endif
