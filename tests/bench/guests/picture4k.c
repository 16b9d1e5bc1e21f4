/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A picture of 3840x2160 on the screen.
 */
#include "tests/bench/guests/vga.h"

const char bench_name[] = "picture4k";

uint64_t bench_run(void)
{
    vga_set_mode(3840, 2160);
    vga_fill(3840, 2160);
    return 0;
}
