/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The actions that the command line can request before the guest ends.
 */
#include "tests/guest/actions.h"

#include "tests/guest/console.h"
#include "tests/guest/io.h"
#include "tests/guest/words.h"

enum {
    PAGE_SIZE = 4096,
    /* Accesses in a row: what the loop itself costs hardly counts then, even
     * where instructions are emulated. */
    UNROLLED = 16,
};

static void print_ticks(const char *what, uint64_t count, uint64_t where, uint64_t ticks)
{
    print("bench: %s %lu accesses at 0x%lx, %lu ticks\n", what, count, where, ticks);
}

void action_bench_pio(uint64_t count, uint16_t port)
{
    uint64_t rounds = count / UNROLLED, rest = count % UNROLLED, start = time_stamp();

    for (uint64_t i = 0; i < rounds; i++)
        __asm__ volatile(".rept %c2; outb %0, %1; .endr"
                         : : "a"((uint8_t)i), "d"(port), "i"(UNROLLED));
    for (uint64_t i = 0; i < rest; i++)
        out8(port, 0);
    print_ticks("pio", count, port, time_stamp() - start);
}

void action_bench_mmio(uint64_t count, uint64_t address)
{
    uint64_t rounds = count / UNROLLED, rest = count % UNROLLED, start = time_stamp();

    for (uint64_t i = 0; i < rounds; i++)
        __asm__ volatile(".rept %c1; movl (%0), %%eax; .endr"
                         : : "r"(address), "i"(UNROLLED) : "eax", "memory");
    for (uint64_t i = 0; i < rest; i++)
        mmio_read32(address);
    print_ticks("mmio", count, address, time_stamp() - start);
}

void action_dirty(const BootInfo *info, uint64_t size)
{
    uint64_t pages = size / PAGE_SIZE, start = boot_info_find_free(info, pages * PAGE_SIZE);

    if (pages == 0 || start == 0) {
        print("dirty: no %lu bytes of free memory\n", size);
        return;
    }
    for (uint64_t i = 0; i < pages; i++)
        *(volatile uint64_t *)(uintptr_t)(start + i * PAGE_SIZE) = i + 1;
    print("dirty: %lu pages at 0x%lx\n", pages, start);
}

/* Filled by the interrupt handler, emptied by action_echo with interrupts off. */
static volatile struct {
    char text[WORD_MAX];
    unsigned n;
    bool complete;
} line;

static void receive(void)
{
    char c;

    while (!line.complete && console_receive(&c)) {
        if (c == '\r' || c == '\n') {
            line.text[line.n] = '\0';
            line.complete = line.n > 0;
        } else if (line.n < WORD_MAX - 1) {
            line.text[line.n++] = c;
        }
    }
}

/* Waits with hlt, interrupts being let in only there. */
static const char *wait_line(void)
{
    while (!line.complete)
        __asm__ volatile("sti; hlt; cli" : : : "memory");
    return (const char *)line.text;
}

void action_echo(InterruptController controller)
{
    bool done;

    interrupt_connect(controller, CONSOLE_IRQ, receive);
    console_enable_receive_interrupt();
    print("echo: ready\n");
    do {
        const char *text = wait_line();

        print("echo: %s\n", text);
        done = word_equal(text, "quit");
        line.n = 0;
        line.complete = false;
        /* The line went down for no new edge if characters were left. */
        receive();
    } while (!done);
    __asm__ volatile("cli");
}
