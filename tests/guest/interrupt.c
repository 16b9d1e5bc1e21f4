/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions and one external interrupt.  Gates: Intel SDM vol. 3A, 6.14.1;
 * local APIC: 11.4; I/O APIC: Intel 82093AA, section 3; PIC: Intel 8259A,
 * "Initialization command words".
 */
#include "tests/guest/interrupt.h"

#include "tests/guest/console.h"
#include "tests/guest/io.h"
#include "tests/guest/machine-end.h"

enum {
    N_EXCEPTIONS = 32,
    /* The PICs want 16 vectors that start at a multiple of 8. */
    IRQ_VECTOR_BASE = 32,
    N_VECTORS = IRQ_VECTOR_BASE + 16,
    CODE_SELECTOR = 0x10,
    GATE_INTERRUPT = 0x8e,

    LAPIC = 0xfee00000,
    LAPIC_ID = LAPIC + 0x20,
    LAPIC_EOI = LAPIC + 0xb0,
    LAPIC_SPURIOUS = LAPIC + 0xf0,
    SPURIOUS_ENABLE = 0x1ff,
    LAPIC_LINT0 = LAPIC + 0x350,
    LINT0_EXTINT = 0x700,

    IOAPIC_SELECT = 0xfec00000,
    IOAPIC_WINDOW = 0xfec00010,
    IOAPIC_REDIRECTION = 0x10,

    PIC_MASTER = 0x20,
    PIC_SLAVE = 0xa0,
    PIC_EOI = 0x20,
    ICW1_CASCADE_ICW4 = 0x11,
    ICW4_8086 = 0x01,
};

typedef struct {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
} Gate;

/* interrupt-entry.S: code of 16 bytes for each exception, and of any interrupt. */
extern char exception_entries[], interrupt_entry[];

static Gate idt[N_VECTORS];
static void (*irq_handler)(void);
static InterruptController irq_controller;
static uint8_t irq_line;

static void set_gate(unsigned vector, const char *entry)
{
    uint64_t offset = (uint64_t)(uintptr_t)entry;

    idt[vector] = (Gate){
        .offset_low = (uint16_t)offset,
        .selector = CODE_SELECTOR,
        .type = GATE_INTERRUPT,
        .offset_middle = (uint16_t)(offset >> 16),
        .offset_high = (uint32_t)(offset >> 32),
    };
}

void interrupt_init(void)
{
    const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) table = { sizeof(idt) - 1, (uint64_t)(uintptr_t)idt };

    for (unsigned i = 0; i < N_EXCEPTIONS; i++)
        set_gate(i, exception_entries + 16 * i);
    __asm__ volatile("lidt %0" : : "m"(table));
}

static uint32_t ioapic_read(uint8_t index)
{
    mmio_write32(IOAPIC_SELECT, index);
    return mmio_read32(IOAPIC_WINDOW);
}

static void ioapic_write(uint8_t index, uint32_t value)
{
    mmio_write32(IOAPIC_SELECT, index);
    mmio_write32(IOAPIC_WINDOW, value);
}

/* Edge, active high, fixed, to this CPU.  The line goes to the PIC as well,
 * which no firmware may have masked. */
static void ioapic_connect(uint8_t irq)
{
    uint8_t low = (uint8_t)(IOAPIC_REDIRECTION + 2 * irq);
    uint32_t id = mmio_read32(LAPIC_ID) & 0xff000000;

    out8(PIC_MASTER + 1, 0xff);
    out8(PIC_SLAVE + 1, 0xff);
    mmio_write32(LAPIC_SPURIOUS, SPURIOUS_ENABLE);
    ioapic_write(low + 1, id);
    ioapic_write(low, IRQ_VECTOR_BASE + irq);
    print("interrupt: line %u by I/O APIC, entry %08x\n", irq, ioapic_read(low));
}

static void pic_connect(uint8_t irq)
{
    uint16_t mask = (uint16_t) ~(1u << irq);

    if (irq >= 8)
        mask &= (uint16_t) ~(1u << 2);
    /* Virtual wire mode: the PIC's output arrives at the local APIC. */
    mmio_write32(LAPIC_SPURIOUS, SPURIOUS_ENABLE);
    mmio_write32(LAPIC_LINT0, LINT0_EXTINT);
    out8(PIC_MASTER, ICW1_CASCADE_ICW4);
    out8(PIC_MASTER + 1, IRQ_VECTOR_BASE);
    out8(PIC_MASTER + 1, 1 << 2);
    out8(PIC_MASTER + 1, ICW4_8086);
    out8(PIC_SLAVE, ICW1_CASCADE_ICW4);
    out8(PIC_SLAVE + 1, IRQ_VECTOR_BASE + 8);
    out8(PIC_SLAVE + 1, 2);
    out8(PIC_SLAVE + 1, ICW4_8086);
    out8(PIC_MASTER + 1, (uint8_t)mask);
    out8(PIC_SLAVE + 1, (uint8_t)(mask >> 8));
    print("interrupt: line %u by PIC, mask %02x\n", irq, in8(PIC_MASTER + 1));
}

void interrupt_connect(InterruptController controller, uint8_t irq, void (*handler)(void))
{
    irq_controller = controller;
    irq_line = irq;
    irq_handler = handler;
    set_gate(IRQ_VECTOR_BASE + irq, interrupt_entry);
    if (controller == INTERRUPT_IOAPIC)
        ioapic_connect(irq);
    else
        pic_connect(irq);
}

void interrupt_dispatch(void)
{
    irq_handler();
    if (irq_controller == INTERRUPT_IOAPIC) {
        mmio_write32(LAPIC_EOI, 0);
        return;
    }
    if (irq_line >= 8)
        out8(PIC_SLAVE, PIC_EOI);
    out8(PIC_MASTER, PIC_EOI);
}

void exception_dispatch(const ExceptionFrame *frame)
{
    uint64_t cr2;

    __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
    print("exception: vector %lu, error %lx, rip %lx, rsp %lx, cr2 %lx\n", frame->vector,
          frame->error, frame->rip, frame->rsp, cr2);
    machine_exit(MACHINE_END_FAILED);
}
