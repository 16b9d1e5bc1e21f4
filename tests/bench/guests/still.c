/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A picture of 1024x768 that stays, while the processor sleeps for good, and no timer runs.
 */
#include "tests/bench/guests/vga.h"

enum { PIT_CONTROL = 0x43, PIT_CHANNEL = 0x40, PIT_ONCE = 0x30 };

const char bench_name[] = "still";

uint64_t bench_run(void)
{
    out8(PIT_CONTROL, PIT_ONCE);
    out8(PIT_CHANNEL, 0xff);
    out8(PIT_CHANNEL, 0xff);
    vga_set_mode(1024, 768);
    vga_fill(1024, 768);
    for (;;)
        __asm__ volatile("cli; hlt");
}
