/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of the VGA, named and numbered as in IBM's technical reference ("Video
 * Subsystems"), and of the DISPI interface (docs/specs/standard-vga.txt of QEMU,
 * VBE_DISPI of Bochs).
 */
#ifndef HW_DISPLAY_VGA_REGS_H
#define HW_DISPLAY_VGA_REGS_H

enum {                          /* ports */
    VGA_PORTS_MONO = 0x3b0,
    VGA_PORTS_MONO_SIZE = 0x0c,
    VGA_PORTS = 0x3c0,
    VGA_PORTS_SIZE = 0x20,
    VBE_PORTS = 0x1ce,
    VBE_PORTS_SIZE = 4,

    VGA_WINDOW = 0xa0000,
    VGA_WINDOW_SIZE = 0x20000,
};

enum {                          /* numbers of registers */
    VGA_N_SR = 5,
    VGA_N_GR = 9,
    VGA_N_AR = 21,
    VGA_N_CR = 25,
    VGA_N_COLORS = 256,
};

enum {                          /* miscellaneous output */
    MISC_COLOR = 0x01,          /* CRT controller at 0x3d4, else 0x3b4 */
    MISC_CLOCK_SHIFT = 2,
};

enum {                          /* input status 1 */
    STATUS_DISPLAY_OFF = 0x01,
    STATUS_RETRACE = 0x08,
};

enum {                          /* sequencer */
    SR_CLOCKING = 1,
    SR_CLOCKING_8DOTS = 0x01,
    SR_CLOCKING_HALF = 0x08,    /* dot clock divided by 2 */
    SR_CLOCKING_OFF = 0x20,     /* screen off */
    SR_MAP_MASK = 2,
    SR_CHARACTER_MAP = 3,
    SR_MEMORY_MODE = 4,
    SR_MEMORY_CHAIN4 = 0x08,
};

enum {                          /* graphics controller */
    GR_SET_RESET = 0,
    GR_ENABLE_SET_RESET = 1,
    GR_COLOR_COMPARE = 2,
    GR_DATA_ROTATE = 3,
    GR_READ_MAP = 4,
    GR_MODE = 5,
    GR_MODE_WRITE = 0x03,
    GR_MODE_READ = 0x08,
    GR_MODE_ODD_EVEN = 0x10,
    GR_MODE_SHIFT = 5,          /* 2 bits: 0 planes, 1 CGA, 2 or 3 256 colours */
    GR_MISC = 6,
    GR_MISC_GRAPHICS = 0x01,
    GR_MISC_MAP_SHIFT = 2,      /* 2 bits: which part of the window */
    GR_COLOR_DONT_CARE = 7,
    GR_BIT_MASK = 8,
};

enum {                          /* attribute controller */
    AR_INDEX_DISPLAY = 0x20,    /* of the index: the palette belongs to the display */
    AR_MODE = 16,
    AR_MODE_LINE_GRAPHICS = 0x04,
    AR_MODE_BLINK = 0x08,
    AR_MODE_PAN_TOP = 0x20,     /* panning ends at the split */
    AR_MODE_PALETTE_54 = 0x80,  /* bits 5 and 4 of a colour come from AR_COLOR_SELECT */
    AR_OVERSCAN = 17,
    AR_PLANE_ENABLE = 18,
    AR_PANNING = 19,
    AR_COLOR_SELECT = 20,
};

enum {                          /* CRT controller */
    CR_H_TOTAL = 0,
    CR_H_DISPLAY_END = 1,
    CR_V_TOTAL = 6,
    CR_OVERFLOW = 7,
    CR_OVERFLOW_COMPARE8 = 0x10,
    CR_PRESET_ROW = 8,
    CR_MAX_SCAN = 9,
    CR_MAX_SCAN_ROWS = 0x1f,
    CR_MAX_SCAN_COMPARE9 = 0x40,
    CR_MAX_SCAN_DOUBLE = 0x80,
    CR_CURSOR_START = 10,
    CR_CURSOR_OFF = 0x20,
    CR_CURSOR_END = 11,
    CR_START_HIGH = 12,
    CR_START_LOW = 13,
    CR_CURSOR_HIGH = 14,
    CR_CURSOR_LOW = 15,
    CR_V_RETRACE_START = 16,
    CR_V_RETRACE_END = 17,
    CR_V_RETRACE_LOCK = 0x80,   /* registers 0 to 7 cannot be written */
    CR_V_DISPLAY_END = 18,
    CR_OFFSET = 19,
    CR_UNDERLINE = 20,
    CR_MODE = 23,
    CR_MODE_CMS0 = 0x01,        /* 0: row bit 0 is an address bit (CGA) */
    CR_MODE_CMS1 = 0x02,        /* 0: row bit 1 is one (Hercules) */
    CR_MODE_BYTE = 0x40,
    CR_LINE_COMPARE = 24,
};

enum {                          /* DISPI */
    VBE_ID,
    VBE_XRES,
    VBE_YRES,
    VBE_BPP,
    VBE_ENABLE,
    VBE_BANK,
    VBE_VIRT_WIDTH,
    VBE_VIRT_HEIGHT,
    VBE_X_OFFSET,
    VBE_Y_OFFSET,
    VBE_N,
    VBE_MEMORY_64K = VBE_N,     /* read only */

    VBE_ID_FIRST = 0xb0c0,
    VBE_ID_LAST = 0xb0c5,
    VBE_ENABLED = 0x01,
    VBE_GETCAPS = 0x02,
    VBE_8BIT_DAC = 0x20,
    VBE_NOCLEARMEM = 0x80,
};

enum {
    VGA_PAGE = 4096,            /* of logs of writes to the memory */
    VGA_MAX_WIDTH = 5120,       /* also of DISPI's modes */
    VGA_MAX_HEIGHT = 4096,
    VBE_MAX_BPP = 32,
};

#endif
