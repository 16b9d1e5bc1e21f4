/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From registers to a mode: what is shown, how large, from where (TRM, "CRT Controller
 * Registers", "Attribute Controller Registers").
 *
 * Not modelled: skews, blanking and overscan (the picture is what lies within the border), and
 * the vertical counter at half speed.
 */
#include "config.h"
#include "hw/display/vga.h"

/* ---- DISPI ---- */

static void set_direct(const Vga *vga, VgaMode *mode)
{
    static const struct {
        guint16 bpp;
        guint bytes;
        SurfaceFormat little, big;
    } formats[] = {
        { 15, 2, SURFACE_RGB555, SURFACE_RGB555 },
        { 16, 2, SURFACE_RGB565, SURFACE_RGB565 },
        { 24, 3, SURFACE_RGB888, SURFACE_BGR888 },
        { 32, 4, SURFACE_XRGB8888, SURFACE_BGRX8888 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (formats[i].bpp == vga->vbe[VBE_BPP]) {
            mode->kind = VGA_KIND_DIRECT;
            mode->bytes = formats[i].bytes;
            mode->format = vga->big_endian ? formats[i].big : formats[i].little;
        }
    }
}

static void set_vbe(const Vga *vga, VgaMode *mode)
{
    const guint16 *r = vga->vbe;
    guint bits = r[VBE_BPP] == 15 ? 16 : r[VBE_BPP];

    *mode = (VgaMode){
        .kind = bits == 4 ? VGA_KIND_PLANAR : VGA_KIND_LINEAR_8,
        .width = r[VBE_XRES],
        .height = r[VBE_YRES],
        .pitch = r[VBE_VIRT_WIDTH] * bits / 8,
        .compare = G_MAXUINT,
        .scans = 1,
        .rows = 1,
    };
    /* Addresses of the display are multiples of 4. */
    mode->start = (r[VBE_Y_OFFSET] * mode->pitch + r[VBE_X_OFFSET] * bits / 8) & ~3u;
    set_direct(vga, mode);
}

/* ---- The VGA ---- */

static guint display_lines(const Vga *vga)
{
    guint8 overflow = vga->cr[CR_OVERFLOW];

    return (vga->cr[CR_V_DISPLAY_END] | (overflow & 0x02) << 7 | (overflow & 0x40) << 3) + 1;
}

static guint line_compare(const Vga *vga)
{
    return vga->cr[CR_LINE_COMPARE] | (vga->cr[CR_OVERFLOW] & CR_OVERFLOW_COMPARE8) << 4 |
           (vga->cr[CR_MAX_SCAN] & CR_MAX_SCAN_COMPARE9) << 3;
}

/* The address counter counts characters, of four planes; "byte panning" is added to it. */
static void set_addresses(const Vga *vga, VgaMode *mode)
{
    guint start = vga->cr[CR_START_HIGH] << 8 | vga->cr[CR_START_LOW];

    mode->start = (start + (vga->cr[CR_PRESET_ROW] >> 5 & 3)) * 4;
    mode->pitch = vga->cr[CR_OFFSET] * 8;
    mode->compare = line_compare(vga);
    mode->scans = vga->cr[CR_MAX_SCAN] & CR_MAX_SCAN_DOUBLE ? 2 : 1;
    mode->rows = (vga->cr[CR_MAX_SCAN] & CR_MAX_SCAN_ROWS) + 1;
    mode->first_row = MIN(vga->cr[CR_PRESET_ROW] & 0x1fu, mode->rows - 1);
    mode->pan_below = !(vga->ar[AR_MODE] & AR_MODE_PAN_TOP);
}

static void set_text(const Vga *vga, VgaMode *mode)
{
    bool half = vga->sr[SR_CLOCKING] & SR_CLOCKING_HALF;
    guint dots = vga->sr[SR_CLOCKING] & SR_CLOCKING_8DOTS ? 8 : 9;
    guint pan = vga->ar[AR_PANNING];

    mode->kind = VGA_KIND_TEXT;
    mode->wide = half;
    mode->cell = dots << half;
    mode->width = (vga->cr[CR_H_DISPLAY_END] + 1) * mode->cell;
    /* With nine dots, 8 stands for no panning, and 0 for one pixel. */
    pan = dots == 8 ? pan & 7 : pan < 8 ? pan + 1 : 0;
    mode->pan = pan << half;
}

static void set_graphics(const Vga *vga, VgaMode *mode)
{
    guint shift = vga->gr[GR_MODE] >> GR_MODE_SHIFT & 3;
    guint pan = vga->ar[AR_PANNING] & 7;

    mode->width = (vga->cr[CR_H_DISPLAY_END] + 1) * 8;
    if (shift >= 2) {
        mode->kind = VGA_KIND_PACKED;
        mode->pan = pan & ~1u;
        return;
    }
    mode->kind = shift ? VGA_KIND_CGA : VGA_KIND_PLANAR;
    mode->wide = vga->sr[SR_CLOCKING] & SR_CLOCKING_HALF;
    mode->width <<= mode->wide;
    mode->pan = pan << mode->wide;
}

/* Modes with colours of the palette need a VGA. */
static void get_dispi_mode(const Vga *vga, VgaMode *ret)
{
    *ret = (VgaMode){ .width = 640, .height = 480 };
    if (vga_vbe_enabled(vga)) {
        set_vbe(vga, ret);
    }
    if (ret->kind != VGA_KIND_DIRECT) {
        ret->kind = VGA_KIND_BLANK;
    }
}

static bool is_switched_off(const Vga *vga)
{
    bool ignored = vga->extension && vga->extension->never_off;

    return !ignored && (vga->sr[SR_CLOCKING] & SR_CLOCKING_OFF);
}

void vga_get_mode(const Vga *vga, VgaMode *ret)
{
    if (vga->dispi_only) {
        get_dispi_mode(vga, ret);
        return;
    }
    if (vga_vbe_enabled(vga)) {
        set_vbe(vga, ret);
    } else {
        *ret = (VgaMode){ .height = display_lines(vga) };
        set_addresses(vga, ret);
        if (vga->gr[GR_MISC] & GR_MISC_GRAPHICS) {
            set_graphics(vga, ret);
        } else {
            set_text(vga, ret);
        }
        if (vga->extension) {
            vga->extension->mode(vga, ret);
        }
    }
    if (!(vga->ar_index & AR_INDEX_DISPLAY) || is_switched_off(vga)) {
        ret->kind = VGA_KIND_BLANK;
    }
}

guint32 vga_over_look(const Vga *vga, const VgaMode *mode)
{
    bool graphics = mode->kind != VGA_KIND_BLANK && mode->kind != VGA_KIND_TEXT;

    return vga->extension && graphics ? vga->extension->over_look(vga) : 0;
}

/* ---- Colours ---- */

/* The DAC's values have 6 bits, unless software asked for 8; the lowest is repeated, as QEMU does
 * it. */
static guint32 component(const Vga *vga, guint8 value)
{
    if (vga->vbe[VBE_ENABLE] & VBE_8BIT_DAC) {
        return value;
    }
    value &= 0x3f;
    return value << 2 | (value & 1) * 3;
}

static guint32 color(const Vga *vga, guint8 index)
{
    const guint8 *rgb = vga->palette + (index & vga->pel_mask) * 3;

    return component(vga, rgb[0]) << 16 | component(vga, rgb[1]) << 8 | component(vga, rgb[2]);
}

void vga_get_colors16(const Vga *vga, guint32 ret[16])
{
    guint8 select = vga->ar[AR_COLOR_SELECT];

    for (guint i = 0; i < 16; i++) {
        guint8 index = vga->ar[AR_MODE] & AR_MODE_PALETTE_54
                       ? (select & 0x0f) << 4 | (vga->ar[i] & 0x0f)
                       : (select & 0x0c) << 4 | (vga->ar[i] & 0x3f);

        ret[i] = color(vga, index);
    }
}

void vga_get_colors256(const Vga *vga, guint32 ret[VGA_N_COLORS])
{
    for (guint i = 0; i < VGA_N_COLORS; i++) {
        ret[i] = color(vga, i);
    }
}
