/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vga: the core of graphics cards that are compatible with IBM's VGA, with the Bochs
 * extensions (DISPI).  Cards embed it: VGA and secondary-vga (vga-pci.c), bochs-display, which has
 * only the extensions, and cirrus-vga, which has others (VgaExtension).
 *
 *   vga.c           life, reset, state       vga-ports.c   registers of the VGA
 *   vga-memory.c    the window at 0xa0000    vga-vbe.c     registers of DISPI
 *   vga-retrace.c   where the beam is        vga-mode.c    from registers to a mode
 *   vga-draw.c      the picture              vga-text.c    text modes
 *   vga-watch.c     what of it has changed   vga-mmio.c    registers in memory
 *
 * After IBM's "Personal System/2 Hardware Interface Technical Reference: Video Subsystems"
 * (1991; "TRM" below), and QEMU's interface descriptions docs/specs/standard-vga.txt.
 *
 * Four planes of memory are interleaved: byte A of plane P is byte 4 A + P of the linear frame
 * buffer.  Different from IBM's chips, and as QEMU and Bochs have it, chained addresses are
 * compact: with chain 4, byte A of the window is byte A of the frame buffer, and in odd/even
 * mode, bytes 2 A and 2 A + 1 of the window are byte A of two planes.  So the display always
 * counts addresses as IBM's byte mode does; words matter only for where CGA's banks are.
 *
 * Guest-hostile bounds: addresses are masked into the memory, whose size is a power of two, or
 * a whole picture is checked to lie in it; sizes of pictures are bounded by VGA_MAX_WIDTH and
 * VGA_MAX_HEIGHT.
 *
 * Threads: machine lock.
 */
#ifndef HW_DISPLAY_VGA_H
#define HW_DISPLAY_VGA_H

#include "hw/core/clock.h"
#include "hw/display/console.h"
#include "hw/display/vga-regs.h"
#include "hw/memory/memory.h"

typedef struct VgaExtension VgaExtension;
typedef struct VgaLook VgaLook;

typedef struct {
    guint8 *vram;               /* from vga_init to vga_finalize */
    guint32 vram_size;          /* bytes, a power of two, at least 256 KiB */
    Clock *clock;               /* the machine's; virtual time */
    bool dispi_only;            /* there is no VGA: the card sets it */
    const VgaExtension *extension;      /* or NULL; the same */
    void *card;                 /* for its functions */
    /* For watchers. */
    MemoryRegion *region;       /* shows vram; the card sets it in realize */
    AddressSpace *as;           /* where the guest reaches it; the same */
    VgaLook *look;              /* NULL: nobody watches */
    /* Guest-visible. */
    guint8 misc, feature;       /* outputs 0x3c2, 0x3da */
    guint8 sr_index, sr[VGA_N_SR];
    guint8 gr_index, gr[VGA_N_GR];
    guint8 ar_index, ar[VGA_N_AR];      /* with bit AR_INDEX_DISPLAY */
    bool ar_data;               /* the next write to 0x3c0 is data */
    guint8 cr_index, cr[VGA_N_CR];
    guint8 pel_mask, dac_state, dac_read, dac_write, dac_component;
    guint8 dac_latch[3];
    guint8 palette[VGA_N_COLORS * 3];
    guint32 latch;              /* four planes, as in memory */
    guint16 vbe_index, vbe[VBE_N];
    guint16 bank;               /* 64 KiB of the memory that the window shows */
    bool big_endian;            /* of direct colour modes */
} Vga;

/* ---- Life (vga.c) ---- */

/* The next power of two, for a size of memory that was asked for; value is at most 2^31. */
guint32 vga_round_up(guint32 value);
/* Allocates memory: size is a power of two from 256 KiB to 2 GiB.  Fails with no-memory. */
bool vga_init(Vga *vga, guint32 size, Clock *clock, GError **error);
void vga_finalize(Vga *vga);    /* accepts one without memory */
/* What a reset does besides the rows: DISPI's version. */
void vga_reset(Vga *vga);
/* Brings values that came from outside into range. */
void vga_loaded(Vga *vga);
/* Rows for STATE_STRUCT: everything but the memory, which is carried like the guest's RAM. */
extern const StateRow vga_state[];

/* ---- Access ---- */

/* Ports 0x3b0 to 0x3bb, and 0x3c0 to 0x3df.  opaque: Vga. */
extern const RegionOps vga_mono_ports;
extern const RegionOps vga_ports;
/* The window from 0xa0000 to 0xbffff.  opaque: Vga. */
extern const RegionOps vga_window;
/* Ports 0x1ce to 0x1d1, and the same registers in memory, two bytes each. */
extern const RegionOps vga_vbe_ports;
extern const RegionOps vga_vbe_mmio;

/* Input status 1: whether the beam is in a blanking or retrace interval. */
guint8 vga_beam(const Vga *vga);

/* Writes a register of the graphics controller, up to GR_BIT_MASK. */
void vga_write_gr(Vga *vga, guint index, guint8 value);

/* Offset in the memory of what the window shows with bank switching. */
guint32 vga_bank_offset(const Vga *vga);
bool vga_vbe_enabled(const Vga *vga);

/* ---- The picture ---- */

typedef enum {
    VGA_KIND_BLANK,
    VGA_KIND_TEXT,
    VGA_KIND_PLANAR,            /* four planes, a bit of each to a pixel */
    VGA_KIND_CGA,               /* two bits to a pixel */
    VGA_KIND_PACKED,            /* 256 colours, each pixel twice */
    VGA_KIND_LINEAR_8,          /* 256 colours, each pixel once */
    VGA_KIND_DIRECT,            /* direct colours */
} VgaKind;

/* What the registers say, ready to be drawn. */
typedef struct {
    VgaKind kind;
    guint width, height;        /* pixels of the picture */
    guint start, pitch;         /* bytes in the memory: of the first line, from line to line */
    guint compare;              /* after this line, the picture goes on at address 0 */
    guint scans;                /* times that each line is shown */
    guint rows;                 /* lines of a character, or CGA's banks: addresses move on
                                   after that many */
    guint first_row;            /* of the first character line */
    guint pan;                  /* pixels of the first address that are left of the picture */
    bool pan_below;             /* pan also applies below the split */
    bool wide;                  /* each pixel is shown twice */
    guint cell;                 /* text: width of a character in pixels: 8, 9, 16, 18 */
    SurfaceFormat format;       /* direct colours */
    guint bytes;                /* of a pixel there */
} VgaMode;

void vga_get_mode(const Vga *vga, VgaMode *ret);

/* What a card adds to IBM's picture. */
struct VgaExtension {
    bool never_off;             /* SR_CLOCKING_OFF does nothing */
    /* Changes the mode that IBM's registers give. */
    void (*mode)(const Vga *vga, VgaMode *mode);
    /* What it draws over pictures of graphics: a number that changes when that does; 0: nothing. */
    guint32 (*over_look)(const Vga *vga);
    /* Draws that over line y of the picture; only while there is something. */
    void (*draw_over)(const Vga *vga, guint y, guint32 *line, guint width);
};

/* over_look() for this mode. */
guint32 vga_over_look(const Vga *vga, const VgaMode *mode);

/* The 16 colours of attributes, as the palette and the DAC have them now; and all of the
 * DAC's.  0xRRGGBB. */
void vga_get_colors16(const Vga *vga, guint32 ret[16]);
void vga_get_colors256(const Vga *vga, guint32 ret[VGA_N_COLORS]);

/* Changes whenever the cursor or blinking characters do, if there are any. */
guint vga_text_phase(const Vga *vga);
/* Draws pixels of character line `row` of the text line at `address` (bytes), columns of
 * width pixels in total, to ret (which has room for 18 more). */
void vga_text_line(const Vga *vga, const VgaMode *mode, const guint32 colors[16], guint address,
                   guint row, guint32 *ret);

/* For the card's console; opaque: Vga. */
extern const ConsoleOps vga_console_ops;
bool vga_text(void *opaque, ConsoleText *ret);
void vga_watched(void *opaque, bool watched);

/* While the card is watched: pages of the memory that were written since the last call, a bit
 * each, newly allocated; NULL if all of the picture may have changed, since what it depends on
 * besides the memory has, or because it is text and the memory was written at all. */
guint8 *vga_take_written(Vga *vga, const VgaMode *mode, const guint32 *colors);

#endif
