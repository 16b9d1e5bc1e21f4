/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the ISA bus share.
 */
#ifndef HW_ISA_ISA_INTERNAL_H
#define HW_ISA_ISA_INTERNAL_H

#include "hw/isa/isa-bus.h"
#include "hw/isa/isa-dma.h"
#include "qom/qapi-objects-machine.h"

struct IsaBus {
    Bus bus;
    GArray *claims;             /* of the Claim of isa-bus.c: who has which ports */
    struct {
        Device *controller;     /* borrowed; NULL: nothing serves this channel */
        const IsaDmaOps *ops;
        GPtrArray *lines;       /* of IsaDma, borrowed; NULL: none yet */
    } dma[ISA_N_DMA_CHANNELS];
};

/* Frees what isa-dma.c keeps in a bus, which has no devices any more. */
void isa_dma_finalize(IsaBus *bus);

#endif
