/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A timed program on two CPUs of a machine at once, without shared data: the second CPU has a
 * copy of the whole image 64 MiB above it, and page tables that map the image's addresses there.
 * So the program itself need not know.  SDM vol. 3A, section 9.4.4: INIT, then SIPI.
 */
#include "tests/bench/guests/guest.h"

enum {
    OTHER = 64 << 20,
    PAGES = OTHER / 4096,
    DIRECTORIES = PAGES / 512,
    MAILBOX = OTHER - 4096,             /* the page that both map */
    TRAMPOLINE = 0x8000,
    WINDOW = 1 << 30,                   /* the first CPU sees physical memory from here */
    WINDOW_PAGES = 64,
    FLAGS = 3, UNCACHED = 1 << 4, LARGE = 1 << 7,
    LARGE_SIZE = 2 << 20,
    SECOND = 1 << 24,                   /* its APIC id */
    INIT = 0x4500, SIPI = 0x4600 | TRAMPOLINE >> 12,
};

static const uintptr_t APIC = 0xfee00000, APIC_SVR = 0xf0, APIC_ICR = 0x300, APIC_ICR_HIGH = 0x310;
static const uint32_t SVR_ENABLED = 0x1ff;

typedef struct {
    uint64_t sum;
    uint32_t done;
} Mailbox;

extern char image_start[], image_end[], pair_trampoline[], pair_trampoline_end[];
extern uint64_t page_map[], page_pointers[], page_directory[], page_tables[];

static uint64_t window[512] __attribute__((aligned(4096)));
static uint64_t top[512] __attribute__((aligned(4096)));

void pair_main(void) __attribute__((noreturn));

static volatile Mailbox *mailbox(void)
{
    return (volatile Mailbox *)(uintptr_t)MAILBOX;
}

static void apic_write(uintptr_t reg, uint32_t value)
{
    *(volatile uint32_t *)(APIC + reg) = value;
}

static void map_window(void)
{
    for (int i = 0; i < WINDOW_PAGES; i++)
        window[i] = (uint64_t)i * LARGE_SIZE | FLAGS | LARGE;
    top[APIC / LARGE_SIZE % 512] = APIC | FLAGS | UNCACHED | LARGE;
    page_pointers[1] = (uintptr_t)window | FLAGS;
    page_pointers[3] = (uintptr_t)top | FLAGS;
}

static void copy(uintptr_t physical, const char *from, const char *end)
{
    volatile char *to = (volatile char *)(WINDOW + physical);

    while (from < end)
        *to++ = *from++;
}

/* The second CPU's tables are in its copy. */
static void move(const uint64_t *table, int n)
{
    volatile uint64_t *entry = (volatile uint64_t *)(WINDOW + OTHER + (uintptr_t)table);

    for (int i = 0; i < n; i++)
        entry[i] += OTHER;
}

static void make_copy(void)
{
    copy(OTHER + (uintptr_t)image_start, image_start, image_end);
    copy(OTHER + TRAMPOLINE, pair_trampoline, pair_trampoline_end);
    copy(TRAMPOLINE, pair_trampoline, pair_trampoline_end);
    move(page_map, 1);
    move(page_pointers, 1);
    move(page_directory, DIRECTORIES);
    move(page_tables, PAGES - 1);       /* all but the mailbox */
}

static void start_second(void)
{
    apic_write(APIC_SVR, SVR_ENABLED);
    apic_write(APIC_ICR_HIGH, SECOND);
    apic_write(APIC_ICR, INIT);
    apic_write(APIC_ICR_HIGH, SECOND);
    apic_write(APIC_ICR, SIPI);
}

void pair_main(void)
{
    mailbox()->sum = bench_run();
    __atomic_store_n(&mailbox()->done, 1, __ATOMIC_RELEASE);
    for (;;)
        __asm__ volatile("cli; hlt");
}

uint64_t guest_run(void)
{
    uint64_t sum;

    mailbox()->done = 0;
    map_window();
    make_copy();
    start_second();
    sum = bench_run();
    while (!__atomic_load_n(&mailbox()->done, __ATOMIC_ACQUIRE))
        __asm__ volatile("pause");
    return mailbox()->sum == sum ? sum : ~sum;
}
