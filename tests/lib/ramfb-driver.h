/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of ramfb, for its tests: a rig with RAM, a firmware configuration device, and a ramfb
 * "v".
 */
#ifndef TESTS_LIB_RAMFB_DRIVER_H
#define TESTS_LIB_RAMFB_DRIVER_H

#include "tests/lib/rig.h"

enum { RAMFB_RAM = 4 << 20, RAMFB_FILE_SIZE = 28 };

typedef struct {
    Rig *rig;
    guint8 *ram;                /* RAMFB_RAM bytes from address 0 */
} RamfbBench;

void ramfb_bench_init(RamfbBench *b);
void ramfb_bench_done(RamfbBench *b);

/* Writes length bytes at offset to the file "etc/ramfb" by DMA; false: the device refused it. */
bool ramfb_write(RamfbBench *b, const guint8 *data, guint32 offset, guint32 length);
/* The whole file. */
bool ramfb_configure(RamfbBench *b, guint64 address, const char *fourcc, guint32 width,
                     guint32 height, guint32 stride);
/* A byte of the file, as the guest reads it. */
guint8 ramfb_read(RamfbBench *b, guint32 offset);

#endif
