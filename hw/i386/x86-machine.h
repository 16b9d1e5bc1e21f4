/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What x86 boards have in common: RAM on both sides of the hole below 4 GiB,
 * the lines "gsi[N]", "intr[0]" and "a20[0]", and direct boot.  A board's
 * MachineOps calls these, or names them as its hooks.
 */
#ifndef HW_I386_X86_MACHINE_H
#define HW_I386_X86_MACHINE_H

#include "hw/acpi/acpi-tables.h"
#include "hw/i386/boot.h"
#include "hw/machine/machine.h"
#include "hw/smbios/smbios.h"

/* By default RAM below 4 GiB ends here, followed by devices. */
#define X86_RAM_HOLE G_GUINT64_CONSTANT(0xc0000000)

enum { X86_N_GSIS = 24 };

/* Interrupt controllers of the recipe, each or NULL. */
typedef struct {
    Device *ioapic, *i8259, *i8259_slave;
} X86Chips;

typedef struct X86Machine {
    Machine machine;
    /* Set by a board, before x86_setup: RAM below 4 GiB has up to low_max bytes;
     * if there is more RAM, it ends at low_split.  By default both are
     * X86_RAM_HOLE. */
    guint64 low_max, low_split;
    guint64 ram_low;            /* bytes of RAM below 4 GiB */
    MemoryRegion *ram_below_4g, *ram_above_4g;  /* aliases of machine.ram, or NULL */
    bool has_lines;
    X86Chips chips;             /* from wire to teardown */
    LoaderFile *kernel;                         /* opened when the machine is made, or NULL */
    GPtrArray *modules;         /* the same for `initrd`: of LoaderFile */
    Boot *boot;                 /* what a reset loads into RAM, since the start */
} X86Machine;

/* Checks that the accelerator provides local APICs if it runs CPUs: there are no
 * others. Fails with not-supported. */
bool x86_check_irqchip(Machine *machine, GError **error);
/* For MachineOps.setup, before x86_setup: the places for CPUs, by property `smp`, which
 * x86_teardown forgets.  Fails with invalid-value or out-of-range. */
bool x86_setup_cpus(Machine *machine, GError **error);
/* MachineOps.setup and teardown: claims RAM, unless the board has made it, and maps it, makes the
 * lines, and sets property `irqchip`, by which a recipe chooses chips.  Fails with
 * property-missing without RAM.  Teardown undoes whatever was done. */
bool x86_setup(Machine *machine, GError **error);
void x86_teardown(Machine *machine);
/* A chip of the recipe by its generated name (docs/schema.md), or NULL. */
Device *x86_chip(Machine *machine, const char *name);
/* For MachineOps.wire: if the accelerator lacks interrupt controllers, wires the
 * lines to the recipe's chips that exist; GSI 0 is the I/O APIC's pin 2, as on
 * every PC.  The first 8259A's INT is "intr[0]", which the accelerator samples, and
 * answers by AccelHost.intack; "a20[0]" is address line 20's gate. */
void x86_wire(Machine *machine, const X86Chips *chips);

/* RAM as the loader and the memory map see it; append is not set. */
BootConfig x86_boot_config(Machine *machine);
/* Checks that there are CPUs, the boot CPU among them, not more than the machine type takes, and
 * as many as property `smp` says.  Fails with property-missing, limit-exceeded,
 * invalid-value. */
bool x86_check_cpus(Machine *machine, GError **error);
/* For MachineOps.cpus_changed: property `smp` must not say of more CPUs than there are, since a
 * machine that is made again after this one needs as many. */
void x86_cpus_changed(Machine *machine);
/* For MachineOps.start: loads the kernel and initrd that were opened with the
 * machine, and an MP table by its CPUs; append: the command line, or NULL; pic:
 * there are 8259As.  Fails with property-missing
 * (kernel, CPU), limit-exceeded (CPUs) and boot_load()'s errors.  An accelerator
 * that executes nothing needs no kernel, and then no CPU. */
bool x86_start_kernel(Machine *machine, const char *append, bool pic, GError **error);
/* The same with tables that firmware would have provided, each may be NULL;
 * acpi is relocated.  Fails with limit-exceeded for SMBIOS tables that are too
 * long. */
typedef struct {
    AcpiTables *acpi;
    const SmbiosTables *smbios;
} X86Tables;
bool x86_start_kernel_tables(Machine *machine, const char *append, bool pic,
                             const X86Tables *tables, GError **error);
/* Replaces them after CPUs have come or gone, before a reset puts them into RAM; no effect if no
 * kernel is started directly.  Fails with limit-exceeded or file-not-usable. */
bool x86_renew_tables(Machine *machine, bool pic, const X86Tables *tables, GError **error);
/* MachineOps.reset: restores RAM and boot CPU as after the load. */
void x86_reset(Machine *machine);
/* The two halves of x86_reset, for boards where RAM is visible only after the
 * devices' reset.  No-ops if no kernel was loaded. */
void x86_reset_cpu(Machine *machine);
void x86_place_images(Machine *machine);

/* ---- x86-files.c ---- */

/* Reads the open files, which may block; fails with file-not-usable or no-memory. */
bool x86_hold_files(X86Machine *x86, GError **error);
void x86_let_files_go(X86Machine *x86);
/* MachineOps.fetch_begin, fetch_work and fetch_end. */
void *x86_fetch_begin(Machine *machine);
void x86_fetch_work(void *job);
void x86_fetch_end(void *job);

extern const TypeInfo x86_machine_type;

#endif
