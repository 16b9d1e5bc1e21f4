/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: a disk and CD drives on the channels of a PC, and on a SATA controller, with a
 * hostile driver. Each action is a byte and its operands: ports, registers, bytes in a piece of
 * RAM where tables are, turns of the loop, media, states saved and loaded, resets.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "hw/ide/ahci-regs.h"
#include "qom/qapi-objects-disk.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/ide-driver.h"

enum { PLAYGROUND = 0x20000, MAX_ACTIONS = 400, ACTIONS = 13, MMIO = 0xfeb00000 };

typedef struct {
    IdeBench *b;
    FuzzInput in;
    Device *devices[6];         /* controllers, and drives */
    Disk *cds[2];
} Fuzz;

/* ---- Actions ---- */

static void write_port(Fuzz *f)
{
    guint where = fuzz_take(&f->in, 1);

    ide_out(f->b, where & 1, (where >> 1) % (REG_CONTROL + 1), fuzz_take(&f->in, 1));
}

static void read_port(Fuzz *f)
{
    guint where = fuzz_take(&f->in, 1);

    ide_in(f->b, where & 1, (where >> 1) % (REG_CONTROL + 1));
}

static void move_data(Fuzz *f)
{
    guint channel = fuzz_take(&f->in, 1) & 1, n = fuzz_take(&f->in, 2) % 4096;

    for (guint i = 0; i < n; i++) {
        if (channel && i % 2) {
            rig_out(f->b->rig, 0x170, i, 4);
        } else {
            ide_in_data(f->b, channel);
        }
    }
}

/* The table is somewhere in the playground, or anywhere. */
static void write_bus_master(Fuzz *f)
{
    guint where = fuzz_take(&f->in, 1), port = where >> 1 & 7;
    guint32 value = fuzz_take(&f->in, 4);

    if (port == BM_TABLE) {
        value = where & 0x80 ? value : IDE_BENCH_RAM + value % PLAYGROUND;
        ide_bm_out(f->b, where & 1, port, value, 4);
    } else {
        ide_bm_out(f->b, where & 1, port, value, 1);
    }
}

static void write_ram(Fuzz *f)
{
    guint offset = fuzz_take(&f->in, 3) % PLAYGROUND;
    gsize n = fuzz_take(&f->in, 1);

    n = MIN(MIN(n, PLAYGROUND - offset), f->in.left);
    memcpy(f->b->ram + offset, f->in.data, n);
    f->in.data += n;
    f->in.left -= n;
}

/* A word of a table: an address in the playground. */
static void write_address(Fuzz *f)
{
    guint offset = fuzz_take(&f->in, 2) % (PLAYGROUND / 4) * 4;

    pci_set_long(f->b->ram + offset, IDE_BENCH_RAM + fuzz_take(&f->in, 3) % PLAYGROUND);
}

static void write_sata(Fuzz *f)
{
    guint32 offset = fuzz_take(&f->in, 2) % 0x400 & ~3u, value = fuzz_take(&f->in, 4);
    guint reg = offset % HBA_PORT_SIZE;

    if (offset >= HBA_PORTS && (reg == PORT_CLB || reg == PORT_FB)) {
        value = IDE_BENCH_RAM + value % PLAYGROUND;
    }
    address_space_write(f->b->rig->memory, MMIO + offset, value, 4);
}

/* A whole command in slot 0 of port 0 or 1, with what the input has of its FIS and packet. */
static void issue_sata(Fuzz *f)
{
    guint port = fuzz_take(&f->in, 1) & 1, n = fuzz_take(&f->in, 1) % 8;
    guint8 *header = f->b->ram, *table = f->b->ram + 4096;
    guint64 base = MMIO + HBA_PORTS + port * HBA_PORT_SIZE;

    memset(table, 0, TABLE_PIECES);
    pci_set_long(header, n << HEADER_COUNT_SHIFT | 5);
    pci_set_long(header + 4, 0);
    pci_set_long(header + HEADER_TABLE, IDE_BENCH_RAM + 4096);
    pci_set_long(header + HEADER_TABLE + 4, 0);
    table[0] = FIS_H2D;
    table[1] = H2D_COMMAND;
    for (guint i = 2; i < 16; i++) {
        table[i] = fuzz_take(&f->in, 1);
    }
    for (guint i = 0; i < 12; i++) {
        table[TABLE_PACKET + i] = fuzz_take(&f->in, 1);
    }
    for (guint i = 0; i < n; i++) {
        pci_set_long(table + TABLE_PIECES + 16 * i, IDE_BENCH_RAM + fuzz_take(&f->in, 2));
        pci_set_long(table + TABLE_PIECES + 16 * i + 4, 0);
        pci_set_long(table + TABLE_PIECES + 16 * i + 12, fuzz_take(&f->in, 2));
    }
    address_space_write(f->b->rig->memory, base + PORT_CLB, IDE_BENCH_RAM, 4);
    address_space_write(f->b->rig->memory, base + PORT_FB, IDE_BENCH_RAM + 0x10000, 4);
    address_space_write(f->b->rig->memory, base + PORT_CMD, CMD_FRE | CMD_ST, 4);
    address_space_write(f->b->rig->memory, base + PORT_SACT, 1, 4);
    address_space_write(f->b->rig->memory, base + PORT_CI, 1, 4);
}

static void removed(void *opaque)
{
}

static void change_medium(Fuzz *f)
{
    guint what = fuzz_take(&f->in, 1);
    Disk *disk = f->cds[what & 1];
    BlockNode *node = block_node_find(f->b->rig->root, what & 1 ? "null2" : "null", NULL);
    bool asked;

    switch (what >> 1 & 3) {
    case 0:
        disk_open_tray(disk, what & 0x80, &asked);
        break;
    case 1:
        disk_close_tray(disk);
        break;
    case 2:
        disk_remove(disk, removed, NULL, NULL);
        break;
    default:
        disk_insert(disk, node, NULL);
        break;
    }
}

static void place(Fuzz *f)
{
    ide_bench_setup(f->b);
    rig_pci_write(f->b->rig, 0, PCI_DEVFN(4, 0), PCI_BASE_ADDRESS_0 + 20, MMIO, 4);
    rig_pci_write(f->b->rig, 0, PCI_DEVFN(4, 0), PCI_COMMAND,
                  PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
}

/* Saved state can be loaded, and is the same when it is saved again. */
static void out_and_in(Fuzz *f)
{
    machine_pause(f->b->rig->machine);
    ide_bench_poll(f->b);
    for (guint i = 0; i < G_N_ELEMENTS(f->devices); i++) {
        g_autoptr(GByteArray) before = g_byte_array_new(), after = g_byte_array_new();

        fuzz_check(device_save(f->devices[i], before, NULL));
        fuzz_check(device_load(f->devices[i], before->data, before->len, NULL));
        fuzz_check(device_save(f->devices[i], after, NULL));
        fuzz_check(before->len == after->len && !memcmp(before->data, after->data, before->len));
    }
    fuzz_check(machine_run(f->b->rig->machine, NULL));
}

static void reset(Fuzz *f)
{
    fuzz_check(block_fronts_wait(&f->b->rig->machine->object, G_MAXINT64));
    rig_reset(f->b->rig);
    place(f);
}

static void act(Fuzz *f)
{
    switch (fuzz_take(&f->in, 1) % ACTIONS) {
    case 0:
    case 1:
        write_port(f);
        break;
    case 2:
        read_port(f);
        break;
    case 3:
        move_data(f);
        break;
    case 4:
        write_bus_master(f);
        break;
    case 5:
        write_ram(f);
        break;
    case 6:
        write_address(f);
        break;
    case 7:
        write_sata(f);
        break;
    case 8:
        issue_sata(f);
        break;
    case 9:
        ide_bench_poll(f->b);
        break;
    case 10:
        change_medium(f);
        break;
    case 11:
        out_and_in(f);
        break;
    case 12:
        reset(f);
        break;
    }
}

/* ---- After all ---- */

/* A reset makes each drive ready. */
static void check_alive(Fuzz *f)
{
    ide_bench_poll(f->b);
    reset(f);
    fuzz_check(ide_command(f->b, 0, 0, ATA_CHECK_POWER, NULL) == (ATA_DRDY | ATA_DSC));
    fuzz_check(ide_command(f->b, 1, 0, ATA_CHECK_POWER, NULL) == (ATA_DRDY | ATA_DSC));
    for (guint i = 0; i < 2; i++) {
        guint64 base = MMIO + HBA_PORTS + i * HBA_PORT_SIZE;

        fuzz_check(address_space_read(f->b->rig->memory, base + PORT_SSTS, 4) == 0x123);
        fuzz_check((address_space_read(f->b->rig->memory, base + PORT_TFD, 4) & ATA_BSY) == 0);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(IdeBench) b = ide_bench_new_bare();
    Fuzz f = { .b = b, .in = { data, size } };

    f.devices[0] = b->ide;
    f.devices[1] = ide_bench_drive(b, "ich9-ahci", "sata", "addr", "4.0", NULL);
    f.devices[2] = ide_bench_drive(b, "ide-hd", "h0", "drive", "null", "bus", "ide.0", "share-rw",
                                   "on", NULL);
    f.devices[3] = ide_bench_drive(b, "ide-cd", "c0", "drive", "null2", "bus", "ide.1", "share-rw",
                                   "on", NULL);
    f.devices[4] = ide_bench_drive(b, "ide-hd", "h1", "drive", "null", "bus", "sata.0", "share-rw",
                                   "on", NULL);
    f.devices[5] = ide_bench_drive(b, "ide-cd", "c1", "bus", "sata.1", "share-rw", "on", NULL);
    f.cds[0] = to_disk(f.devices[3]);
    f.cds[1] = to_disk(f.devices[5]);
    place(&f);
    for (guint i = 0; i < MAX_ACTIONS && f.in.left; i++) {
        act(&f);
    }
    check_alive(&f);
    return 0;
}
