/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A picture of 1024x768 on the screen.
 */
#include "tests/bench/guests/vga.h"

const char bench_name[] = "picture";

uint64_t bench_run(void)
{
    vga_set_mode(1024, 768);
    vga_fill(1024, 768);
    return 0;
}
