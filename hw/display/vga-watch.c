/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has changed of a picture since it was last drawn for watchers: all of it, if anything that
 * it depends on besides the memory has; else what shows pages that were written.
 */
#include "config.h"
#include "hw/display/vga.h"

#include <string.h>

/* What the picture depends on; without gaps, or they are zero. */
struct VgaLook {
    VgaMode mode;
    guint32 colors[VGA_N_COLORS];
    guint8 sr[VGA_N_SR], ar[VGA_N_AR], cr[VGA_N_CR];
    guint phase;
    bool big_endian;
    guint32 over;
};

void vga_watched(void *opaque, bool watched)
{
    Vga *vga = opaque;

    if (watched) {
        vga->look = g_new0(VgaLook, 1);
        region_log_begin(vga->region);
    } else {
        g_clear_pointer(&vga->look, g_free);
        region_log_end(vga->region);
    }
}

/* The mode's members one by one: what is between them has no value. */
static void copy_mode(VgaMode *to, const VgaMode *from)
{
    to->kind = from->kind;
    to->width = from->width;
    to->height = from->height;
    to->start = from->start;
    to->pitch = from->pitch;
    to->compare = from->compare;
    to->scans = from->scans;
    to->rows = from->rows;
    to->first_row = from->first_row;
    to->pan = from->pan;
    to->pan_below = from->pan_below;
    to->wide = from->wide;
    to->cell = from->cell;
    to->format = from->format;
    to->bytes = from->bytes;
}

/* Whether the look differs from that of the last call. */
static bool look_changed(Vga *vga, const VgaMode *mode, const guint32 *colors)
{
    g_autofree VgaLook *look = g_new0(VgaLook, 1);
    bool changed;

    copy_mode(&look->mode, mode);
    memcpy(look->colors, colors, sizeof(look->colors));
    memcpy(look->sr, vga->sr, sizeof(look->sr));
    memcpy(look->ar, vga->ar, sizeof(look->ar));
    memcpy(look->cr, vga->cr, sizeof(look->cr));
    look->big_endian = vga->big_endian;
    look->phase = mode->kind == VGA_KIND_TEXT ? vga_text_phase(vga) : 0;
    look->over = vga_over_look(vga, mode);
    changed = memcmp(look, vga->look, sizeof(*look)) != 0;
    memcpy(vga->look, look, sizeof(*look));
    return changed;
}

static bool is_empty(const guint8 *bitmap, gsize size)
{
    return !bitmap[0] && memcmp(bitmap, bitmap + 1, size - 1) == 0;
}

/* The rows of text that show a page are those of its characters, but a page may contain a font as
 * well, which all of them show. */
guint8 *vga_take_written(Vga *vga, const VgaMode *mode, const guint32 *colors)
{
    gsize size = vga->vram_size / VGA_PAGE / 8;
    g_autofree guint8 *written = g_malloc(size);

    region_log_take(vga->region, vga->as, written);
    if (look_changed(vga, mode, colors) ||
        (mode->kind == VGA_KIND_TEXT && !is_empty(written, size))) {
        return NULL;
    }
    return g_steal_pointer(&written);
}
