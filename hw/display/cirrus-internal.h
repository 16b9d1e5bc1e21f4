/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the card cirrus-vga share; no other file includes it:
 *
 *   cirrus.c             class, mapping, reset, state
 *   cirrus-registers.c   ports and registers
 *   cirrus-memory.c      how the processor reaches the video memory
 *   cirrus-blit.c        the blitter: what is drawn where, and whether it may be
 *   cirrus-draw.c        the blitter: lines and raster operations
 *   cirrus-picture.c     modes and the hardware cursor
 *
 * After Cirrus Logic, "CL-GD5446 Technical Reference Manual" (1996; "TRM" below): numbers of
 * registers are hexadecimal, as there (GR31).
 *
 * Guest-hostile bounds: each address of the blitter and of the memory windows is masked into the
 * chip's 4 MiB; a blit that leaves them, or whose lines overlap, is refused as a whole, so one
 * draws at most 4 MiB.
 *
 * Threads: machine lock.
 */
#ifndef HW_DISPLAY_CIRRUS_INTERNAL_H
#define HW_DISPLAY_CIRRUS_INTERNAL_H

#include "hw/display/vga.h"
#include "hw/pci/pci.h"
#include "qom/qapi-objects-display.h"

enum {
    CIRRUS_MEMORY = 4 << 20,
    CIRRUS_MASK = CIRRUS_MEMORY - 1,
    CIRRUS_N_BANKS = 2,
    CIRRUS_BANK_SIZE = 0x8000,

    CIRRUS_N_SR = 0x20,
    CIRRUS_N_GR = 0x3a,
    CIRRUS_N_CR = 0x1e,
    CIRRUS_N_CURSOR_COLORS = 16,

    CIRRUS_LINE = 8192,         /* bytes of a line of the blitter at most */
};

enum {                          /* sequencer */
    SRX_UNLOCK = 0x06,
    SRX_MODE = 0x07,
    SRX_MODE_EXTENDED = 0x01,
    SRX_MODE_DEPTH = 0x0e,
    SRX_CURSOR_X = 0x10,
    SRX_CURSOR_Y = 0x11,
    SRX_CURSOR = 0x12,
    SRX_CURSOR_SHOWN = 0x01,
    SRX_CURSOR_COLORS = 0x02,   /* 0x3c8 and 0x3c9 are about the cursor's colours */
    SRX_CURSOR_LARGE = 0x04,    /* 64x64, else 32x32 */
    SRX_CURSOR_PATTERN = 0x13,
    SRX_CONFIGURATION = 0x17,
    SRX_MMIO = 0x44,            /* bits: on, and where */
    SRX_MMIO_WINDOW = 0x04,     /* at 0xb8000 */
    SRX_MMIO_LINEAR = 0x44,     /* in the last 256 bytes of the linear memory */
};

enum {                          /* graphics controller */
    GRX_BANK = 0x09,            /* and 0x0a */
    GRX_EXTENSIONS = 0x0b,
    GRX_TWO_BANKS = 0x01,
    GRX_BY_8 = 0x02,            /* an address of the processor stands for 8 bytes */
    GRX_WRITE_MODES = 0x04,     /* modes 4 and 5 */
    GRX_BY_16 = 0x10,           /* for 16, and modes 4 and 5 write words */
    GRX_BANKS_OF_16K = 0x20,
    GRX_BLIT = 0x20,            /* the first of the blitter's registers */
    GRX_BLIT_START_HIGH = 0x2a, /* a write starts a blit, with BLIT_AUTOSTART */
    GRX_BLIT_STATUS = 0x31,
};

enum {                          /* GR31 */
    BLIT_BUSY = 0x01,
    BLIT_START = 0x02,
    BLIT_RESET = 0x04,
    BLIT_FIFO_USED = 0x10,
    BLIT_AUTOSTART = 0x80,
};

enum {                          /* GR30 */
    BLIT_BACKWARD = 0x01,
    BLIT_TO_SYSTEM = 0x02,
    BLIT_FROM_SYSTEM = 0x04,
    BLIT_TRANSPARENT = 0x08,
    BLIT_PIXEL_SHIFT = 4,       /* 2 bits: bytes of a pixel, less one */
    BLIT_PATTERN = 0x40,
    BLIT_EXPAND = 0x80,
};

enum {                          /* GR33 */
    BLIT_DWORDS = 0x01,         /* lines of bits from the processor are multiples of 4 bytes */
    BLIT_INVERTED = 0x02,
    BLIT_SOLID = 0x04,
};

/* What the registers said when a blit was started, and its progress. */
typedef struct {
    guint8 mode, extended;      /* GR30, GR33 */
    guint8 rop;                 /* GR32 */
    guint8 skip;                /* GR2F: what is left of a line is not drawn */
    guint32 width, height;      /* bytes; lines that are left */
    guint32 pitch, source_pitch;
    guint32 address, source;    /* of the next line; of a pattern */
    guint32 foreground, background;
    guint16 key;                /* the colour that is transparent */
    /* Bytes for a line, or for a pattern, that the processor has to write; 0: no such blit is in
     * progress. */
    guint32 wanted;
    guint32 filled;             /* of buffer */
    guint8 buffer[CIRRUS_LINE];
} CirrusBlit;

struct CirrusVga {
    PciDevice parent;
    Vga vga;
    Console *console;
    /* Guest-visible.  Registers that IBM's VGA has as well are in vga; here are its extensions,
     * and GR0 and GR1 with all of their bits. */
    guint8 sr_index, gr_index;
    guint8 sr[CIRRUS_N_SR], gr[CIRRUS_N_GR], cr[CIRRUS_N_CR];
    guint8 hidden_dac, hidden_dac_reads;
    guint8 cursor_colors[CIRRUS_N_CURSOR_COLORS * 3];
    guint16 cursor_x, cursor_y;
    CirrusBlit blit;
    /* What the processor sees, in the order of creation. */
    MemoryRegion *mono, *ports, *mmio;
    MemoryRegion *window, *window_io, *banks[CIRRUS_N_BANKS];
    MemoryRegion *bar, *linear_io, *source_io;
    guint32 bank_bases[CIRRUS_N_BANKS];     /* that banks show */
};

/* ---- Mapping (cirrus.c) ---- */

/* Maps the memory itself where accesses need not be looked at.  After each change of what
 * cirrus_is_plain() and cirrus_bank_base() depend on. */
void cirrus_remap(CirrusVga *s);

/* ---- Registers (cirrus-registers.c) ---- */

/* Ports 0x3b0 to 0x3bb, 0x3c0 to 0x3df; BAR 1.  opaque: CirrusVga. */
extern const RegionOps cirrus_mono_ports;
extern const RegionOps cirrus_ports;
extern const RegionOps cirrus_mmio;

/* The blitter's registers as they are in memory. */
guint8 cirrus_blit_register_read(const CirrusVga *s, guint offset);
void cirrus_blit_register_write(CirrusVga *s, guint offset, guint8 value);

/* ---- Memory (cirrus-memory.c) ---- */

/* The window at 0xa0000; the memory in BAR 0; where the processor writes what is to be drawn. */
extern const RegionOps cirrus_window;
extern const RegionOps cirrus_linear;
extern const RegionOps cirrus_source;

/* Whether accesses are nothing but accesses to the memory. */
bool cirrus_is_plain(const CirrusVga *s);
/* Address of the first byte in one half of the window from 0xa0000 to 0xaffff. */
guint32 cirrus_bank_base(const CirrusVga *s, guint bank);
/* size bytes from this address on have changed; both are masked. */
void cirrus_wrote(CirrusVga *s, guint32 address, guint32 size);

/* ---- Blitter (cirrus-blit.c, cirrus-draw.c) ---- */

void cirrus_blit_start(CirrusVga *s);
/* Ends a blit that waits for the processor. */
void cirrus_blit_reset(CirrusVga *s);
/* The next byte from the processor; a blit must be waiting for it. */
void cirrus_blit_feed(CirrusVga *s, guint8 value);
/* Whether the progress of a blit that was loaded is one that a guest can cause. */
bool cirrus_blit_valid(const CirrusBlit *blit);

/* Bytes of source for one line that is expanded from bits. */
guint32 cirrus_expanded_size(const CirrusBlit *blit);
/* Draws all lines that are left, or with a source of a line, that one.  source: NULL: the video
 * memory, else a buffer of CIRRUS_LINE bytes. */
void cirrus_blit_draw(CirrusVga *s, const guint8 *source, guint32 n_lines);

/* ---- Picture (cirrus-picture.c) ---- */

extern const VgaExtension cirrus_extension;

#endif
