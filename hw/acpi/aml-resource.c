/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resource descriptors (ACPI 6.4, section 6.4), of which _CRS and _PRS consist.
 */
#include "config.h"
#include "hw/acpi/aml.h"

enum {
    /* Tags of small descriptors, their length in the lower three bits. */
    IRQ_NOFLAGS = 0x22,
    DMA = 0x2a,
    IO = 0x47,
    /* Tags of large ones; a length of 16 bits follows. */
    MEMORY32_FIXED = 0x86,
    DWORD_ADDRESS = 0x87,
    WORD_ADDRESS = 0x88,
    EXTENDED_INTERRUPT = 0x89,
    QWORD_ADDRESS = 0x8a,

    IO_DECODE_16 = 1 << 0,

    INTERRUPT_CONSUMER = 1 << 0,        /* and level, active high */
    INTERRUPT_SHARED = 1 << 3,

    ADDRESS_MEMORY = 0,
    ADDRESS_IO = 1,
    ADDRESS_BUS = 2,
    ADDRESS_MIN_FIXED = 1 << 2,
    ADDRESS_MAX_FIXED = 1 << 3,
    MEMORY_WRITABLE = 1 << 0,
    MEMORY_CACHEABLE = 1 << 1,
    IO_ENTIRE_RANGE = 3,
};

void aml_io(Aml *aml, guint16 base, guint8 length)
{
    aml_raw(aml, IO, 1);
    aml_raw(aml, IO_DECODE_16, 1);
    aml_raw(aml, base, 2);
    aml_raw(aml, base, 2);
    aml_raw(aml, 1, 1);         /* alignment */
    aml_raw(aml, length, 1);
}

void aml_irq_noflags(Aml *aml, guint irq)
{
    aml_raw(aml, IRQ_NOFLAGS, 1);
    aml_raw(aml, 1 << irq, 2);
}

void aml_dma(Aml *aml, guint8 channels)
{
    aml_raw(aml, DMA, 1);
    aml_raw(aml, channels, 1);
    aml_raw(aml, 0, 1);
}

void aml_memory32(Aml *aml, guint32 base, guint32 length, bool writable)
{
    aml_raw(aml, MEMORY32_FIXED, 1);
    aml_raw(aml, 9, 2);
    aml_raw(aml, writable ? MEMORY_WRITABLE : 0, 1);
    aml_raw(aml, base, 4);
    aml_raw(aml, length, 4);
}

void aml_interrupts(Aml *aml, const guint32 *irqs, guint n)
{
    aml_raw(aml, EXTENDED_INTERRUPT, 1);
    aml_raw(aml, 2 + 4 * n, 2);
    aml_raw(aml, INTERRUPT_CONSUMER | INTERRUPT_SHARED, 1);
    aml_raw(aml, n, 1);
    for (guint i = 0; i < n; i++) {
        aml_raw(aml, irqs[i], 4);
    }
}

/* An address space descriptor whose numbers have size bytes each. */
static void address(Aml *aml, guint8 tag, guint size, guint8 type, guint8 flags, guint64 first,
                    guint64 last)
{
    aml_raw(aml, tag, 1);
    aml_raw(aml, 3 + 5 * size, 2);
    aml_raw(aml, type, 1);
    aml_raw(aml, ADDRESS_MIN_FIXED | ADDRESS_MAX_FIXED, 1);
    aml_raw(aml, flags, 1);
    aml_raw(aml, 0, size);              /* granularity */
    aml_raw(aml, first, size);
    aml_raw(aml, last, size);
    aml_raw(aml, 0, size);              /* translation */
    aml_raw(aml, last - first + 1, size);
}

void aml_word_bus(Aml *aml, guint16 first, guint16 last)
{
    address(aml, WORD_ADDRESS, 2, ADDRESS_BUS, 0, first, last);
}

void aml_word_io(Aml *aml, guint16 first, guint16 last)
{
    address(aml, WORD_ADDRESS, 2, ADDRESS_IO, IO_ENTIRE_RANGE, first, last);
}

void aml_dword_memory(Aml *aml, guint32 first, guint32 last, bool cacheable)
{
    address(aml, DWORD_ADDRESS, 4, ADDRESS_MEMORY,
            MEMORY_WRITABLE | (cacheable ? MEMORY_CACHEABLE : 0), first, last);
}

void aml_qword_memory(Aml *aml, guint64 first, guint64 last, bool cacheable)
{
    address(aml, QWORD_ADDRESS, 8, ADDRESS_MEMORY,
            MEMORY_WRITABLE | (cacheable ? MEMORY_CACHEABLE : 0), first, last);
}
