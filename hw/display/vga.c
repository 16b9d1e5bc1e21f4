/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Life and state of the core; see vga.h.
 */
#include "config.h"
#include "hw/display/vga.h"

#include <errno.h>
#include <sys/mman.h>

#include "qmp/error.h"
#include "qom/state.h"

guint32 vga_round_up(guint32 value)
{
    guint32 power = 1;

    while (power < value) {
        power <<= 1;
    }
    return power;
}

bool vga_init(Vga *vga, guint32 size, Clock *clock, GError **error)
{
    void *vram = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (vram == MAP_FAILED) {
        qmp_error_set_errno(error, ERROR_REASON_NO_MEMORY, errno, "%u MiB of video memory",
                            size >> 20);
        return false;
    }
    vga->vram = vram;
    vga->vram_size = size;
    vga->clock = clock;
    return true;
}

void vga_finalize(Vga *vga)
{
    if (vga->vram) {
        munmap(vga->vram, vga->vram_size);
        vga->vram = NULL;
    }
}

void vga_reset(Vga *vga)
{
    vga->vbe[VBE_ID] = VBE_ID_LAST;
}

const StateRow vga_state[] = {
    STATE_FIELD(U8, Vga, misc, 0),
    STATE_FIELD(U8, Vga, feature, 0),
    STATE_FIELD(U8, Vga, sr_index, 0),
    STATE_ARRAY(U8, Vga, sr, 0),
    STATE_FIELD(U8, Vga, gr_index, 0),
    STATE_ARRAY(U8, Vga, gr, 0),
    STATE_FIELD(U8, Vga, ar_index, 0),
    STATE_ARRAY(U8, Vga, ar, 0),
    STATE_FIELD(BOOL, Vga, ar_data, false),
    STATE_FIELD(U8, Vga, cr_index, 0),
    STATE_ARRAY(U8, Vga, cr, 0),
    STATE_FIELD(U8, Vga, pel_mask, 0xff),
    STATE_FIELD(U8, Vga, dac_state, 0),
    STATE_FIELD(U8, Vga, dac_read, 0),
    STATE_FIELD(U8, Vga, dac_write, 0),
    STATE_FIELD(U8, Vga, dac_component, 0),
    STATE_ARRAY(U8, Vga, dac_latch, 0),
    STATE_ARRAY(BYTES, Vga, palette, 0),
    STATE_FIELD(U32, Vga, latch, 0),
    STATE_FIELD(U16, Vga, vbe_index, 0),
    STATE_ARRAY(U16, Vga, vbe, 0),
    STATE_FIELD(U16, Vga, bank, 0),
    STATE_FIELD(BOOL, Vga, big_endian, false),
    STATE_ROWS_END
};
