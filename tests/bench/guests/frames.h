/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A screen that changes as a whole, sixty times a second, while the processor sleeps in between: the
 * picture is higher than the screen, and each line differs from the others, so where the screen
 * begins changes all of it.
 */
#ifndef BENCH_GUESTS_FRAMES_H
#define BENCH_GUESTS_FRAMES_H

#include "tests/bench/guests/vga.h"

enum { DISPI_Y_OFFSET = 9 };
enum { EXTRA_LINES = 16, HERTZ = 60 };

enum {
    PIC1 = 0x20, PIC2 = 0xa0, VECTOR = 0x20, EOI = 0x20,
    PIT_CONTROL = 0x43, PIT_CHANNEL = 0x40, PIT_HERTZ = 1193182, PIT_RATE = 0x34,
    APIC_SPURIOUS = 0xf0 / 4, APIC_LINT0 = 0x350 / 4, WRITABLE = 3, LARGE_PAGE = 0x83,
    CODE_SELECTOR = 0x10, INTERRUPT_GATE = 0x8e00,
};

#define APIC UINT64_C(0xfee00000)

struct frames_gate {
    uint16_t low, selector, flags, middle;
    uint32_t high, reserved;
};

/* Lines of areas that differ from each other, with some noise. */
static inline void frames_draw(uint32_t width, uint32_t height)
{
    uint64_t state = 9;
    volatile uint32_t *at = VGA_MEMORY;

    for (uint32_t y = 0; y < height + EXTRA_LINES; y++) {
        for (uint32_t x = 0; x < width; x++)
            *at++ = y % 8 ? (x / 64 ^ y / 48 ^ y % 7) * 0x030507 : (uint32_t)bench_random(&state);
    }
}

__attribute__((interrupt, target("general-regs-only")))
static void frames_tick(void *frame)
{
    (void)frame;
    out8(PIC1, EOI);
}

/* Maps the local APIC, which is above what is mapped, and lets it pass the interrupts of the PIC on,
 * as firmware would have done. */
static inline void frames_wire_pic(void)
{
    static uint64_t directory[512] __attribute__((aligned(4096)));
    volatile uint32_t *apic = (volatile uint32_t *)APIC;
    const uint64_t *map;
    uint64_t *pointers;

    __asm__ volatile("mov %%cr3, %0" : "=r"(map));
    pointers = (uint64_t *)(map[0] & ~(uint64_t)0xfff);
    directory[(APIC >> 21) & 511] = (APIC & ~(uint64_t)0x1fffff) | LARGE_PAGE;
    pointers[APIC >> 30] = (uint64_t)(uintptr_t)directory | WRITABLE;
    apic[APIC_SPURIOUS] = 0x1ff;
    apic[APIC_LINT0] = 0x700;
}

/* The timer's interrupt, and no other. */
static inline void frames_start_timer(void)
{
    static struct frames_gate gates[VECTOR + 1];
    const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) table = { sizeof(gates) - 1, (uint64_t)(uintptr_t)gates };
    uint64_t handler = (uint64_t)(uintptr_t)frames_tick;
    static const uint8_t first[] = { VECTOR, 4, 1 }, second[] = { VECTOR + 8, 2, 1 };

    gates[VECTOR] = (struct frames_gate){
        (uint16_t)handler, CODE_SELECTOR, INTERRUPT_GATE, (uint16_t)(handler >> 16),
        (uint32_t)(handler >> 32), 0,
    };
    __asm__ volatile("lidt %0" : : "m"(table));
    frames_wire_pic();
    out8(PIC1, 0x11);
    out8(PIC2, 0x11);
    for (int i = 0; i < 3; i++) {
        out8(PIC1 + 1, first[i]);
        out8(PIC2 + 1, second[i]);
    }
    out8(PIC1 + 1, 0xfe);
    out8(PIC2 + 1, 0xff);
    out8(PIT_CONTROL, PIT_RATE);
    out8(PIT_CHANNEL, (PIT_HERTZ / HERTZ) & 0xff);
    out8(PIT_CHANNEL, (PIT_HERTZ / HERTZ) >> 8);
}

/* Never ends. */
static inline void frames_show(uint16_t width, uint16_t height)
{
    vga_set_mode(width, height);
    frames_draw(width, height);
    frames_start_timer();
    for (uint16_t line = 0;; line = (line + 1) % EXTRA_LINES) {
        vga_dispi(DISPI_Y_OFFSET, line);
        __asm__ volatile("sti; hlt" : : : "memory");
    }
}

#endif
