/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * softcpu QTEST-SOCKET RAM-FILE: a processor in software for a PC of accelerator
 * `qtest`, so that firmware and drivers which this project did not write run on its
 * devices on any host.
 *
 * Instructions are libx86emu's, an interpreter of 32-bit code without paging, FPU
 * and SSE, which is what firmware is made of.  This program gives it the machine's
 * memory and ports (bus.h), time, and the interrupts of devices, which the library
 * has not; and mends where it is no 80386 (quirks.h).
 *
 * An instruction takes NS_PER_INSTRUCTION of the machine's time.  A processor that
 * waits (HLT) lets it pass no faster than it really does, so that answers of a
 * network of the real world come in time.
 *
 * There is no screen: characters that the guest writes by the BIOS's teletype
 * function go to standard output.  It ends with status 0 when the machine does, and
 * with 1 and a line on standard error when the guest does what it cannot.
 */
#include "config.h"

#include <stdio.h>
#include <x86emu.h>

#include "tests/softcpu/bus.h"
#include "tests/softcpu/quirks.h"

enum {
    NS_PER_INSTRUCTION = 500,
    NS_PER_MS = 1000000,
    /* Instructions between two looks at the machine without an access. */
    SLICE = 10000,
};

enum { OPCODE_POP_SS = 0x17, OPCODE_MOV_SREG = 0x8e, OPCODE_HLT = 0xf4, OPCODE_STI = 0xfb };
enum { CR0_PE = 1, VIDEO_BIOS = 0x10, TELETYPE = 0x0e };

/* Intel SDM volume 3, section 9.1.4: the first instruction is near the end. */
#define RESET_CS_BASE 0xffff0000u

typedef struct {
    x86emu_t *emu;
    x86emu_regs_t *regs;
    Link *link;
    Bus *bus;
    guint slice;                /* instructions left of it */
} SoftCpu;

/* ---- What the library asks ---- */

static unsigned on_access(x86emu_t *emu, u32 addr, u32 *val, unsigned type)
{
    SoftCpu *cpu = emu->_private;
    guint bits = type & 0xff;
    guint size = bits == X86EMU_MEMIO_8_NOPERM ? 1 : 1 << bits;

    switch (type & ~0xff) {
    case X86EMU_MEMIO_R:
    case X86EMU_MEMIO_X:
        *val = bus_read(cpu->bus, addr, size);
        break;
    case X86EMU_MEMIO_W:
        bus_write(cpu->bus, addr, *val, size);
        break;
    case X86EMU_MEMIO_I:
        *val = bus_in(cpu->bus, addr, size);
        break;
    case X86EMU_MEMIO_O:
        bus_out(cpu->bus, addr, *val, size);
        break;
    }
    return 0;
}

/* A Pentium whose time stamp counter always runs (leaf 0x80000007), so that drivers
 * need not poll the PIT for their delays. */
static void on_cpuid(x86emu_t *emu)
{
    x86emu_regs_t *r = &emu->x86;
    u32 leaf = r->R_EAX;

    r->R_EAX = r->R_EBX = r->R_ECX = r->R_EDX = 0;
    switch (leaf) {
    case 0:
        r->R_EAX = 1;
        r->R_EBX = 0x756e6547;          /* "Genu" */
        r->R_EDX = 0x49656e69;          /* "ineI" */
        r->R_ECX = 0x6c65746e;          /* "ntel" */
        break;
    case 1:
        r->R_EAX = 0x543;
        r->R_EDX = 1 << 4 | 1 << 5;     /* TSC, MSRs */
        break;
    case 0x80000000:
        r->R_EAX = 0x80000007;
        break;
    case 0x80000007:
        r->R_EDX = 1 << 8;
        break;
    }
}

/* Firmware that does its work has no faults, so one is somebody's mistake. */
static int on_interrupt(x86emu_t *emu, u8 number, unsigned type)
{
    const x86emu_regs_t *r = &emu->x86;

    if (type & INTR_TYPE_FAULT) {
        link_die("exception %#x at %04x:%08x, instruction %02x %02x %02x %02x", number,
                 r->saved_cs, r->saved_eip, r->instr_buf[0], r->instr_buf[1], r->instr_buf[2],
                 r->instr_buf[3]);
    }
    if (number == VIDEO_BIOS && r->R_AH == TELETYPE) {
        putchar(r->R_AL);
        fflush(stdout);
    }
    return 0;
}

static void mend(SoftCpu *cpu)
{
    x86emu_regs_t *r = cpu->regs;
    bool is_32bit = ACC_D(r->R_CS_ACC);
    guint8 copy[QUIRKS_MAX_INSTRUCTION];
    const guint8 *code = bus_peek(cpu->bus, r->R_CS_BASE + r->R_EIP, copy, sizeof(copy));

    r->R_EIP += quirks_fxsave(code, is_32bit);
    if (r->R_SS_BASE != r->R_DS_BASE && quirks_in_stack(code, is_32bit)) {
        r->default_seg = r->seg + R_SS_INDEX;
    }
}

/* The time stamp counter counts ns. */
static void pass(SoftCpu *cpu, guint ns)
{
    link_pass(cpu->link, ns);
    cpu->regs->R_TSC += ns;
}

static bool can_interrupt(const SoftCpu *cpu)
{
    return link_interrupt(cpu->link) && (cpu->regs->R_EFLG & F_IF);
}

/* Nothing interrupts between one of these and the instruction behind it. */
static bool in_shadow(const SoftCpu *cpu)
{
    const guint8 last = cpu->regs->instr_buf[0];

    return last == OPCODE_STI || last == OPCODE_MOV_SREG || last == OPCODE_POP_SS;
}

/* Before each instruction; what is not zero stops. */
static int on_instruction(x86emu_t *emu)
{
    SoftCpu *cpu = emu->_private;

    pass(cpu, NS_PER_INSTRUCTION);
    if (--cpu->slice == 0) {
        cpu->slice = SLICE;
        link_tell_time(cpu->link);
    }
    if (can_interrupt(cpu) && !in_shadow(cpu)) {
        return 1;
    }
    mend(cpu);
    return 0;
}

/* ---- Interrupts of devices ---- */

typedef struct {
    guint16 selector;
    guint32 offset;
    guint size;                 /* of what is pushed: 2 or 4 bytes each */
    guint32 cleared;            /* flags */
} Gate;

/* Intel SDM volume 3, section 20.1.4. */
static Gate real_gate(SoftCpu *cpu, guint8 vector)
{
    guint32 entry = bus_read(cpu->bus, cpu->regs->R_IDT_BASE + 4 * vector, 4);

    return (Gate){ .selector = entry >> 16, .offset = entry & 0xffff, .size = 2,
                   .cleared = F_IF | F_TF };
}

/* Section 6.11: bit 11 says 32 bits, bit 8 that it is a trap's. */
static Gate protected_gate(SoftCpu *cpu, guint8 vector)
{
    guint32 at = cpu->regs->R_IDT_BASE + 8 * vector;
    guint32 low = bus_read(cpu->bus, at, 4), high = bus_read(cpu->bus, at + 4, 4);

    if (8u * vector + 7 > cpu->regs->R_IDT_LIMIT || (high & 0x9600) != 0x8600) {
        link_die("interrupt %#x has no gate", vector);
    }
    return (Gate){ .selector = low >> 16, .offset = (low & 0xffff) | (high & 0xffff0000),
                   .size = high & 0x800 ? 4 : 2, .cleared = high & 0x100 ? F_TF : F_IF | F_TF };
}

static void push(SoftCpu *cpu, guint32 value, guint size)
{
    x86emu_regs_t *r = cpu->regs;

    if (ACC_D(r->R_SS_ACC)) {
        r->R_ESP -= size;
        bus_write(cpu->bus, r->R_SS_BASE + r->R_ESP, value, size);
    } else {
        r->R_SP -= size;
        bus_write(cpu->bus, r->R_SS_BASE + r->R_SP, value, size);
    }
}

/* Within one privilege level, which is all that firmware knows. */
static void interrupt(SoftCpu *cpu)
{
    x86emu_regs_t *r = cpu->regs;
    guint8 vector = bus_acknowledge(cpu->bus);
    Gate gate = r->R_CR0 & CR0_PE ? protected_gate(cpu, vector) : real_gate(cpu, vector);

    push(cpu, r->R_EFLG, gate.size);
    push(cpu, r->R_CS, gate.size);
    push(cpu, r->R_EIP, gate.size);
    r->R_EFLG &= ~gate.cleared;
    x86emu_set_seg_register(cpu->emu, r->R_CS_SEL, gate.selector);
    r->R_EIP = gate.offset;
    r->instr_buf[0] = 0;
}

/* ---- Running ---- */

/* Until an interrupt comes, or the machine ends. */
static void halt(SoftCpu *cpu)
{
    if (!(cpu->regs->R_EFLG & F_IF)) {
        fprintf(stderr, "softcpu: halted forever at %04x:%08x\n", cpu->regs->R_CS,
                cpu->regs->R_EIP);
    }
    while (!can_interrupt(cpu)) {
        link_wait(cpu->link, 1);
        pass(cpu, NS_PER_MS);
        link_tell_time(cpu->link);
    }
}

static void run(SoftCpu *cpu)
{
    for (;;) {
        bool stopped = x86emu_run(cpu->emu, 0) & X86EMU_RUN_NO_CODE;

        if (!stopped) {
            if (cpu->regs->instr_buf[0] != OPCODE_HLT) {
                link_die("stopped at %04x:%08x", cpu->regs->R_CS, cpu->regs->R_EIP);
            }
            halt(cpu);
        }
        interrupt(cpu);
    }
}

int main(int argc, char **argv)
{
    SoftCpu cpu = { .slice = SLICE };

    if (argc != 3) {
        link_die("usage: softcpu QTEST-SOCKET RAM-FILE");
    }
    cpu.link = link_open(argv[1], "/machine/i8259");
    cpu.bus = bus_new(cpu.link, argv[2]);
    cpu.emu = x86emu_new(X86EMU_PERM_RWX, X86EMU_PERM_RW);
    cpu.emu->_private = &cpu;
    cpu.regs = &cpu.emu->x86;
    x86emu_set_memio_handler(cpu.emu, on_access);
    x86emu_set_cpuid_handler(cpu.emu, on_cpuid);
    x86emu_set_code_handler(cpu.emu, on_instruction);
    x86emu_set_intr_handler(cpu.emu, on_interrupt);
    cpu.regs->R_CS_BASE = RESET_CS_BASE;
    run(&cpu);
}
