/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text screen of 80x25 that scrolls by moving its characters, as consoles without a driver of
 * their own do, and gets a new line each time.
 */
#include "tests/bench/guests/vga.h"

enum { COLUMNS = 80, LINES = 25, SCROLLS = 4000 };

#define TEXT ((volatile uint16_t *)0xb8000)

const char bench_name[] = "scroll";

/* IBM's mode 3. */
static void set_mode(void)
{
    static const uint8_t sequencer[] = { 0x03, 0x00, 0x03, 0x00, 0x02 };
    static const uint8_t graphics[] = { 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff };

    vga_attach();
    vga_dispi(DISPI_ENABLE, 0);
    out8(0x3c2, 0x67);
    for (uint8_t i = 0; i < sizeof(sequencer); i++)
        out16(0x3c4, (uint16_t)(sequencer[i] << 8 | i));
    for (uint8_t i = 0; i < sizeof(graphics); i++)
        out16(0x3ce, (uint16_t)(graphics[i] << 8 | i));
}

static void scroll(uint64_t *state)
{
    for (int i = 0; i < COLUMNS * (LINES - 1); i++)
        TEXT[i] = TEXT[i + COLUMNS];
    for (int x = 0; x < COLUMNS; x++)
        TEXT[COLUMNS * (LINES - 1) + x] = (uint16_t)(0x0700 | (bench_random(state) & 0x7f));
}

uint64_t bench_run(void)
{
    uint64_t state = 3, sum = 0;

    set_mode();
    for (int i = 0; i < COLUMNS * LINES; i++)
        TEXT[i] = 0x0720;
    for (int i = 0; i < SCROLLS; i++)
        scroll(&state);
    for (int i = 0; i < COLUMNS * LINES; i++)
        sum = bench_mix(sum, TEXT[i]);
    return sum;
}
