/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA channels of the ISA bus: see isa-dma.h.
 */
#include "config.h"
#include "hw/isa/isa-dma.h"

#include "hw/isa/isa-internal.h"
#include "qmp/error.h"

static IsaBus *bus_of(const Device *dev)
{
    return to_isa_bus(dev->bus);
}

/* ---- Controllers ---- */

bool isa_dma_serve(Device *controller, const IsaDmaOps *ops, guint first, guint n, GError **error)
{
    IsaBus *bus = bus_of(controller);

    for (guint i = first; i < first + n; i++) {
        if (bus->dma[i].controller) {
            g_autofree char *path = object_path(&bus->dma[i].controller->object);

            qmp_error_set(error, ERROR_REASON_IN_USE,
                          "DMA channel %u of bus '%s' is served by '%s'", i,
                          bus->bus.object.name, path);
            return false;
        }
    }
    for (guint i = first; i < first + n; i++) {
        bus->dma[i].controller = controller;
        bus->dma[i].ops = ops;
    }
    return true;
}

void isa_dma_stop_serving(Device *controller)
{
    IsaBus *bus = bus_of(controller);

    for (guint i = 0; i < ISA_N_DMA_CHANNELS; i++) {
        if (bus->dma[i].controller == controller) {
            bus->dma[i].controller = NULL;
        }
    }
}

static bool is_requested(const IsaBus *bus, guint channel)
{
    const GPtrArray *lines = bus->dma[channel].lines;

    for (guint i = 0; lines && i < lines->len; i++) {
        if (((const IsaDma *)lines->pdata[i])->level) {
            return true;
        }
    }
    return false;
}

void isa_dma_channel_ready(Device *controller, guint channel)
{
    const GPtrArray *lines = bus_of(controller)->dma[channel].lines;

    for (guint i = 0; lines && i < lines->len; i++) {
        const IsaDma *dma = lines->pdata[i];

        if (dma->level) {
            dma->ready(dma->opaque);
        }
    }
}

/* ---- Devices ---- */

bool isa_dma_connect(Device *dev, IsaDma *dma, guint channel, GError **error)
{
    IsaBus *bus = bus_of(dev);

    if (channel >= ISA_N_DMA_CHANNELS) {
        qmp_error_set_at(error, "dma", ERROR_REASON_OUT_OF_RANGE,
                         "an ISA bus has no DMA channel %u: 0 to %u", channel,
                         ISA_N_DMA_CHANNELS - 1);
        return false;
    }
    if (!bus->dma[channel].controller) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "ISA controller does not support DMA: bus '%s' has no DMA controller",
                      bus->bus.object.name);
        return false;
    }
    dma->dev = dev;
    dma->channel = channel;
    dma->level = false;
    if (!bus->dma[channel].lines) {
        bus->dma[channel].lines = g_ptr_array_new();
    }
    g_ptr_array_add(bus->dma[channel].lines, dma);
    return true;
}

/* Tells the controller, if the level of all devices together has changed. */
static void set_level(IsaDma *dma, bool level)
{
    const IsaBus *bus = bus_of(dma->dev);
    bool before = is_requested(bus, dma->channel), now;

    dma->level = level;
    now = is_requested(bus, dma->channel);
    if (before != now && bus->dma[dma->channel].controller) {
        bus->dma[dma->channel].ops->request(bus->dma[dma->channel].controller, dma->channel, now);
    }
}

void isa_dma_disconnect(IsaDma *dma)
{
    if (dma->dev) {
        set_level(dma, false);
        g_ptr_array_remove(bus_of(dma->dev)->dma[dma->channel].lines, dma);
        dma->dev = NULL;
    }
}

static bool can_move(const IsaDma *dma)
{
    return isa_dma_left(dma, true) || isa_dma_left(dma, false);
}

void isa_dma_request(IsaDma *dma, bool level)
{
    set_level(dma, level);
    if (level && can_move(dma)) {
        dma->ready(dma->opaque);
    }
}

gsize isa_dma_left(const IsaDma *dma, bool to_memory)
{
    const IsaBus *bus = bus_of(dma->dev);
    Device *controller = bus->dma[dma->channel].controller;

    return controller ? bus->dma[dma->channel].ops->left(controller, dma->channel, to_memory) : 0;
}

static gsize move(IsaDma *dma, bool to_memory, guint8 *data, gsize size, bool *ret_tc)
{
    const IsaBus *bus = bus_of(dma->dev);
    Device *controller = bus->dma[dma->channel].controller;

    *ret_tc = false;
    return controller && dma->level
               ? bus->dma[dma->channel].ops->move(controller, dma->channel, to_memory, data, size,
                                                  ret_tc)
               : 0;
}

gsize isa_dma_write(IsaDma *dma, const void *data, gsize size, bool *ret_tc)
{
    return move(dma, true, (guint8 *)data, size, ret_tc);
}

gsize isa_dma_read(IsaDma *dma, void *data, gsize size, bool *ret_tc)
{
    return move(dma, false, data, size, ret_tc);
}

/* ---- Bus ---- */

void isa_dma_finalize(IsaBus *bus)
{
    for (guint i = 0; i < ISA_N_DMA_CHANNELS; i++) {
        g_clear_pointer(&bus->dma[i].lines, g_ptr_array_unref);
    }
}
