/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See cpus.h.
 */
#include "tests/guest/cpus.h"

#include "tests/guest/console.h"
#include "tests/guest/io.h"
#include "tests/guest/machine-end.h"

enum {
    CODE = 0x40000,             /* one page, in front of the records */
    PAGE = 0x1000,
    RECORD = 512,
    LEAF_ID = 0xb,

    MSR_APIC_BASE = 0x1b,
    APIC_BASE_X2APIC = 3 << 10,
    MSR_X2APIC_ICR = 0x830,
    LAPIC_ICR = 0xfee00300,
    ICR_PENDING = 1 << 12,
    ICR_ASSERT = 1 << 14,
    ICR_TO_OTHERS = 3 << 18,
    ICR_INIT = 5 << 8,
    ICR_START = 6 << 8,
};

/* Ticks of the time stamp counter: some milliseconds, some seconds. */
#define A_LITTLE 20000000ull
#define PATIENCE (2000 * A_LITTLE)

typedef struct {
    uint32_t leaf, subleaf;
} Leaf;

typedef struct {
    uint32_t eax, ebx, ecx, edx;
} Registers;

/* cpus-start.S */
extern const uint8_t cpus_start[], cpus_start_end[], cpus_leaves[], cpus_ticket[], cpus_done[];

static const Leaf *leaves(void)
{
    return (const Leaf *)(uintptr_t)cpus_leaves;
}

static volatile Registers *record(uint32_t cpu)
{
    return (volatile Registers *)(uintptr_t)(CODE + PAGE + RECORD * cpu);
}

/* A variable of the copy. */
static volatile uint32_t *variable(const uint8_t *original)
{
    return (volatile uint32_t *)(uintptr_t)(CODE + (original - cpus_start));
}

static void cpuid(const Leaf *leaf, volatile Registers *ret)
{
    uint32_t eax = leaf->leaf, ebx, ecx = leaf->subleaf, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    ret->eax = eax;
    ret->ebx = ebx;
    ret->ecx = ecx;
    ret->edx = edx;
}

static void wait_a_little(void)
{
    uint64_t start = time_stamp();

    while (time_stamp() - start < A_LITTLE) {
    }
}

static bool is_x2apic(void)
{
    return (msr_read(MSR_APIC_BASE) & APIC_BASE_X2APIC) == APIC_BASE_X2APIC;
}

/* destination: an id, which x2APIC mode needs; or ICR_TO_OTHERS is in the command. */
static void send(uint32_t destination, uint32_t command)
{
    if (is_x2apic()) {
        msr_write(MSR_X2APIC_ICR, (uint64_t)destination << 32 | command | ICR_ASSERT);
    } else {
        mmio_write32(LAPIC_ICR, command | ICR_ASSERT);
        while (mmio_read32(LAPIC_ICR) & ICR_PENDING) {
        }
    }
    wait_a_little();
}

/* The first record is this CPU's.  to: as of ICR, where. */
static void start(uint32_t destination, uint32_t to)
{
    volatile uint8_t *copy = (volatile uint8_t *)(uintptr_t)CODE;

    for (uint32_t i = 0; cpus_start + i < cpus_start_end; i++)
        copy[i] = cpus_start[i];
    *variable(cpus_ticket) = 1;
    for (uint32_t i = 0; leaves()[i].leaf != UINT32_MAX; i++)
        cpuid(&leaves()[i], &record(0)[i]);
    *variable(cpus_done) = 1;
    send(destination, to | ICR_INIT);
    send(destination, to | ICR_START | CODE / PAGE);
}

/* Waits until n have told what they are, and not one more. */
static void wait_for(uint64_t n)
{
    uint64_t start = time_stamp();

    while (*variable(cpus_done) < n && time_stamp() - start < PATIENCE) {
    }
    wait_a_little();
    if (*variable(cpus_done) != n) {
        print("cpuid: %u CPUs, not %lu\n", *variable(cpus_done), n);
        machine_exit(MACHINE_END_FAILED);
    }
}

/* The APIC id of a record's CPU: of 32 bits, or of 8 if it does not tell more. */
static uint32_t apic_id(uint32_t cpu)
{
    uint32_t id = 0;

    for (uint32_t i = 0; leaves()[i].leaf != UINT32_MAX; i++) {
        if (leaves()[i].leaf == 1)
            id = record(cpu)[i].ebx >> 24;
        if (leaves()[i].leaf == LEAF_ID && record(cpu)[i].ebx)
            id = record(cpu)[i].edx;
    }
    return id;
}

static void print_record(uint32_t cpu)
{
    for (uint32_t i = 0; leaves()[i].leaf != UINT32_MAX; i++) {
        volatile const Registers *r = &record(cpu)[i];

        print("cpuid: %x %x.%x %08x %08x %08x %08x\n", apic_id(cpu), leaves()[i].leaf,
              leaves()[i].subleaf, r->eax, r->ebx, r->ecx, r->edx);
    }
}

/* Prints the CPU with the least id from `least` on; returns what follows that id. */
static uint64_t print_next(uint32_t n, uint64_t least)
{
    uint32_t next = 0;
    uint64_t id = UINT64_MAX;

    for (uint32_t i = 0; i < n; i++) {
        if (apic_id(i) >= least && apic_id(i) < id) {
            id = apic_id(i);
            next = i;
        }
    }
    if (id != UINT64_MAX)
        print_record(next);
    return id == UINT64_MAX ? id : id + 1;
}

void cpus_print(uint64_t n)
{
    uint64_t next = 0;

    start(0, ICR_TO_OTHERS);
    wait_for(n);
    while (next != UINT64_MAX)
        next = print_next((uint32_t)n, next);
}

void cpus_start_one(uint32_t id)
{
    msr_write(MSR_APIC_BASE, msr_read(MSR_APIC_BASE) | APIC_BASE_X2APIC);
    start(id, 0);
    wait_for(2);
    print("started: %x\n", apic_id(1));
}
