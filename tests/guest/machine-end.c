/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ways for the guest to end its machine.
 */
#include "tests/guest/machine-end.h"

#include "tests/guest/console.h"
#include "tests/guest/io.h"

enum { DEBUG_EXIT = 0x501 };

void machine_exit(uint32_t value)
{
    if (value <= UINT8_MAX)
        out8(DEBUG_EXIT, (uint8_t)value);
    else if (value <= UINT16_MAX)
        out16(DEBUG_EXIT, (uint16_t)value);
    else
        out32(DEBUG_EXIT, value);
    print("end: no isa-debug-exit, reset\n");
    machine_reboot();
}

void machine_reboot(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) no_table = { 0, 0 };

    /* An exception that finds no handler, nor one for the double fault. */
    for (;;)
        __asm__ volatile("cli; lidt %0; ud2" : : "m"(no_table));
}

void machine_halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

void machine_loop(void)
{
    for (;;)
        __asm__ volatile("pause");
}
