/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ich9-ahci: registers, commands by PIO, DMA and the queue, packets, resets of port and controller,
 * drives that come and go; several drives, and two controllers.
 */
#include "config.h"

#include <string.h>

#include "hw/ide/ahci-regs.h"
#include "qmp/error.h"
#include "qom/qapi-objects-disk.h"
#include "qom/qapi-objects-ide.h"
#include "tests/lib/ide-driver.h"

enum { BAR = 0xfeb00000, BAR_STEP = 0x1000, IO = 0xd000, IO_STEP = 0x20 };
enum { READY = ATA_DRDY | ATA_DSC, FAILED = READY | ATA_ERR, SECTORS = IDE_BENCH_SIZE / 512 };
enum { LINK = 0x123, RUN = CMD_ST | CMD_FRE, IDLE_CMD = CMD_SUD | CMD_POD };

/* A controller with the memory of its port's list, tables and FISes. */
typedef struct {
    IdeBench *b;
    guint8 devfn;
    guint64 mmio;
    guint16 io;
    guint64 list[6], fis[6], tables[6];
} Hba;

static guint32 get(Hba *h, guint offset)
{
    return address_space_read(h->b->rig->memory, h->mmio + offset, 4);
}

static void set(Hba *h, guint offset, guint32 value)
{
    address_space_write(h->b->rig->memory, h->mmio + offset, value, 4);
}

static guint32 port_get(Hba *h, guint port, guint offset)
{
    return get(h, HBA_PORTS + port * HBA_PORT_SIZE + offset);
}

static void port_set(Hba *h, guint port, guint offset, guint32 value)
{
    set(h, HBA_PORTS + port * HBA_PORT_SIZE + offset, value);
}

static void place(Hba *h)
{
    rig_pci_write(h->b->rig, 0, h->devfn, PCI_BASE_ADDRESS_0 + 16, h->io, 4);
    rig_pci_write(h->b->rig, 0, h->devfn, PCI_BASE_ADDRESS_0 + 20, h->mmio, 4);
    rig_pci_write(h->b->rig, 0, h->devfn, PCI_COMMAND,
                  PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
}

static Hba *add_hba(IdeBench *b, const char *id, guint slot)
{
    Hba *h = g_new0(Hba, 1);
    g_autofree char *addr = g_strdup_printf("%u.0", slot);

    h->b = b;
    h->devfn = PCI_DEVFN(slot, 0);
    h->mmio = BAR + slot * BAR_STEP;
    h->io = IO + slot * IO_STEP;
    ide_bench_drive(b, "ich9-ahci", id, "addr", addr, NULL);
    place(h);
    set(h, HBA_GHC, GHC_AE | GHC_IE);
    return h;
}

/* Starts the list of a port. */
static void start(Hba *h, guint port)
{
    if (!h->list[port]) {
        h->list[port] = ide_bench_alloc(h->b, 1024, 1024);
        h->fis[port] = ide_bench_alloc(h->b, 256, 256);
        h->tables[port] = ide_bench_alloc(h->b, 32 * 4096, 4096);
    }
    port_set(h, port, PORT_CLB, h->list[port]);
    port_set(h, port, PORT_FB, h->fis[port]);
    port_set(h, port, PORT_SERR, 0xffffffff);
    port_set(h, port, PORT_IS, 0xffffffff);
    port_set(h, port, PORT_CMD, CMD_FRE);
    port_set(h, port, PORT_CMD, RUN);
    port_set(h, port, PORT_IE, 0xffffffff);
}

/* A disk on port 0 (a file if the host has io_uring), a CD on port 2, another disk on port 5. */
static Hba *drives(IdeBench **ret)
{
    IdeBench *b = ide_bench_new();
    Hba *h = add_hba(b, "sata", 4);

    ide_bench_drive(b, "ide-hd", "h0", "drive", b->io ? "file" : "null2", "bus", "sata.0", NULL);
    ide_bench_drive(b, "ide-cd", "c0", "drive", "null", "bus", "sata.2", NULL);
    ide_bench_drive(b, "ide-hd", "h5", "drive", "slow", "bus", "sata.5", NULL);
    start(h, 0);
    start(h, 2);
    start(h, 5);
    *ret = b;
    return h;
}

static void done(IdeBench *b, Hba *h)
{
    ide_bench_free(b);
    g_free(h);
}

/* ---- Commands ---- */

typedef struct {
    guint8 command, device, control;
    guint64 lba;
    guint16 count, feature;
    guint64 memory;
    guint32 size, piece;        /* of data, and of a piece of it */
    const guint8 *packet;
} Command;

static void put_command(Hba *h, guint port, guint slot, const Command *c)
{
    guint8 *header = ide_bench_ptr(h->b, h->list[port] + slot * HEADER_SIZE);
    guint64 address = h->tables[port] + slot * 4096;
    guint8 *table = ide_bench_ptr(h->b, address);
    guint32 piece = c->piece ? c->piece : 0x400000, n = 0;

    memset(header, 0, HEADER_SIZE);
    memset(table, 0, TABLE_PIECES);
    table[0] = FIS_H2D;
    table[1] = c->control || !c->command ? 0 : H2D_COMMAND;
    table[2] = c->command;
    table[3] = c->feature;
    table[11] = c->feature >> 8;
    for (guint i = 0; i < 3; i++) {
        table[4 + i] = c->lba >> 8 * i;
        table[8 + i] = c->lba >> 8 * (i + 3);
    }
    table[7] = c->device | ATA_DEV_LBA;
    table[12] = c->count;
    table[13] = c->count >> 8;
    table[15] = c->control;
    if (c->packet) {
        memcpy(table + TABLE_PACKET, c->packet, 12);
    }
    for (guint32 at = 0; at < c->size; at += piece, n++) {
        guint8 *entry = table + TABLE_PIECES + n * PIECE_SIZE;

        pci_set_long(entry, c->memory + at);
        pci_set_long(entry + 4, 0);
        pci_set_long(entry + 12, MIN(piece, c->size - at) - 1);
    }
    pci_set_long(header, n << HEADER_COUNT_SHIFT | 5);
    pci_set_long(header + HEADER_TABLE, address);
}

/* Issues it in slot 0 and polls; returns the status. */
static guint8 command(Hba *h, guint port, const Command *c)
{
    put_command(h, port, 0, c);
    port_set(h, port, PORT_CI, 1);
    ide_bench_poll(h->b);
    return port_get(h, port, PORT_TFD);
}

static guint32 bytes_moved(Hba *h, guint port, guint slot)
{
    return pci_get_long(ide_bench_ptr(h->b, h->list[port] + slot * HEADER_SIZE + HEADER_BYTES));
}

static bool line(Hba *h)
{
    return h->b->rig->pci_levels[PCI_SLOT(h->devfn) % 4];
}

static void assert_sectors(IdeBench *b, guint64 memory, guint32 first, guint32 n)
{
    for (guint32 i = 0; i < n; i++) {
        g_assert_cmpuint(*(guint32 *)ide_bench_ptr(b, memory + i * 512), ==, first + i);
    }
}

/* ---- Registers ---- */

static void test_registers(void)
{
    IdeBench *b;
    Hba *h = drives(&b), *other = add_hba(b, "other", 5);

    g_assert_cmphex(rig_pci_read(b->rig, 0, h->devfn, 0, 4), ==, 0x29228086);
    g_assert_cmphex(rig_pci_read(b->rig, 0, h->devfn, 8, 4), ==, 0x01060102);
    g_assert_cmphex(rig_pci_read(b->rig, 0, h->devfn, 0x90, 1), ==, 0x40);
    g_assert_cmphex(get(h, HBA_CAP), ==, 0xc1249f05);
    g_assert_cmphex(get(h, HBA_PI), ==, 0x3f);
    g_assert_cmphex(get(h, HBA_VS), ==, 0x00010301);
    set(h, HBA_CAP, 0);
    set(h, HBA_PI, 0);
    g_assert_cmphex(get(h, HBA_PI), ==, 0x3f);
    g_assert_cmphex(get(h, HBA_GHC), ==, GHC_AE | GHC_IE);
    set(h, HBA_GHC, 0);
    g_assert_cmphex(get(h, HBA_GHC), ==, GHC_AE);
    g_assert_cmphex(get(other, HBA_GHC), ==, GHC_AE | GHC_IE);

    g_assert_cmphex(port_get(h, 0, PORT_SSTS), ==, LINK);
    g_assert_cmphex(port_get(h, 0, PORT_SIG), ==, 0x00000101);
    g_assert_cmphex(port_get(h, 2, PORT_SIG), ==, 0xeb140101);
    g_assert_cmphex(port_get(h, 0, PORT_TFD), ==, 0x100 | READY);
    g_assert_cmphex(port_get(h, 2, PORT_TFD), ==, 0x100);
    g_assert_cmphex(port_get(h, 1, PORT_SSTS), ==, 0);
    g_assert_cmphex(port_get(h, 1, PORT_TFD), ==, 0x7f);
    g_assert_cmphex(port_get(h, 1, PORT_SIG), ==, 0xffffffff);
    g_assert_cmphex(port_get(h, 0, PORT_CMD), ==, RUN | CMD_FR | CMD_CR | IDLE_CMD);
    port_set(h, 1, PORT_CLB, 0xffffffff);
    g_assert_cmphex(port_get(h, 1, PORT_CLB), ==, 0xfffffc00);
    port_set(h, 1, PORT_FB, 0xffffffff);
    g_assert_cmphex(port_get(h, 1, PORT_FB), ==, 0xffffff00);
    port_set(h, 1, PORT_CLBU, 0x12345678);
    port_set(h, 1, PORT_FBU, 0x9abcdef0);
    g_assert_cmphex(port_get(h, 1, PORT_CLBU), ==, 0x12345678);
    g_assert_cmphex(port_get(h, 1, PORT_FBU), ==, 0x9abcdef0);
    port_set(h, 1, PORT_IE, 0xffffffff);
    g_assert_cmphex(port_get(h, 1, PORT_IE), ==, 0xfdc000ff);
    /* A list that does not run takes no command. */
    port_set(h, 1, PORT_CI, 5);
    port_set(h, 1, PORT_SACT, 5);
    g_assert_cmphex(port_get(h, 1, PORT_CI), ==, 0);
    g_assert_cmphex(port_get(h, 1, PORT_SACT), ==, 0);
    /* Registers by index and data; a port that does not exist. */
    rig_out(b->rig, h->io + 0x10, HBA_VS, 4);
    g_assert_cmphex(rig_in(b->rig, h->io + 0x14, 4), ==, 0x00010301);
    rig_out(b->rig, h->io + 0x10, HBA_PORTS + HBA_PORT_SIZE + PORT_CLBU, 4);
    rig_out(b->rig, h->io + 0x14, 7, 4);
    g_assert_cmphex(port_get(h, 1, PORT_CLBU), ==, 7);
    rig_out(b->rig, h->io + 0x10, 0xffffffff, 4);
    g_assert_cmphex(rig_in(b->rig, h->io + 0x14, 4), ==, 0);
    g_assert_cmphex(get(h, HBA_PORTS + 6 * HBA_PORT_SIZE), ==, 0);
    g_free(other);
    done(b, h);
}

/* The signature FIS is stored when there is room for it. */
static void test_signature(void)
{
    IdeBench *b;
    Hba *h = drives(&b);
    const guint8 *fis = ide_bench_ptr(b, h->fis[2] + RECEIVED_D2H);

    g_assert_cmphex(fis[0], ==, FIS_D2H);
    g_assert_cmphex(fis[2], ==, 0);
    g_assert_cmphex(fis[3], ==, 1);
    g_assert_cmphex(fis[5], ==, 0x14);
    g_assert_cmphex(fis[6], ==, 0xeb);
    g_assert_cmphex(fis[12], ==, 1);
    done(b, h);
}

/* ---- PIO and DMA ---- */

static void test_identify(void)
{
    IdeBench *b;
    Hba *h = drives(&b);
    guint64 memory = ide_bench_alloc(b, 512, 2);
    const guint8 *page = ide_bench_ptr(b, memory);
    const guint8 *setup = ide_bench_ptr(b, h->fis[0] + RECEIVED_PIO);

    g_assert_cmphex(command(h, 0, &(Command){ .command = ATA_IDENTIFY, .memory = memory, .size = 512,
                                              .piece = 100 }), ==, READY);
    g_assert_cmphex(port_get(h, 0, PORT_CI), ==, 0);
    g_assert_cmphex(port_get(h, 0, PORT_IS), ==, IS_PSS);
    g_assert_true(line(h));
    g_assert_cmphex(get(h, HBA_IS), ==, 1);
    g_assert_cmpuint(bytes_moved(h, 0, 0), ==, 512);
    g_assert_cmphex(page[0], ==, 0x40);
    g_assert_cmphex(page[2 * 75], ==, 31);
    g_assert_cmphex(page[2 * 76 + 1], ==, 1);
    g_assert_cmphex(setup[0], ==, FIS_PIO);
    g_assert_cmphex(setup[1], ==, FIS_INTERRUPT | FIS_TO_HOST);
    g_assert_cmphex(setup[17], ==, 2);
    /* The line falls when both the port and the controller have been answered. */
    set(h, HBA_IS, 1);
    g_assert_true(line(h));
    port_set(h, 0, PORT_IS, IS_PSS);
    g_assert_true(line(h));
    set(h, HBA_IS, 1);
    g_assert_false(line(h));
    /* Not with IE, or without the port's. */
    port_set(h, 0, PORT_IE, 0);
    command(h, 0, &(Command){ .command = ATA_CHECK_POWER });
    g_assert_false(line(h));
    g_assert_cmphex(port_get(h, 0, PORT_IS), ==, IS_DHRS);
    port_set(h, 0, PORT_IE, IS_DHRS);
    g_assert_true(line(h));
    set(h, HBA_GHC, 0);
    g_assert_false(line(h));
    done(b, h);
}

/* The code of the diagnostics travels with the end of the command. */
static void test_diagnostic(void)
{
    IdeBench *b;
    Hba *h = drives(&b);

    for (guint port = 0; port <= 2; port += 2) {
        const guint8 *fis = ide_bench_ptr(b, h->fis[port] + RECEIVED_D2H);
        guint8 status = port ? 0 : READY;

        command(h, port, &(Command){ .command = ATA_CHECK_POWER });
        g_assert_cmphex(command(h, port, &(Command){ .command = ATA_DIAGNOSTIC }), ==, status);
        g_assert_cmphex(port_get(h, port, PORT_TFD), ==, ATA_DIAGNOSTIC_PASSED << 8 | status);
        g_assert_cmphex(fis[2], ==, status);
        g_assert_cmphex(fis[3], ==, ATA_DIAGNOSTIC_PASSED);
        g_assert_cmphex(fis[5], ==, port ? 0x14 : 0);
    }
    done(b, h);
}

static void test_read_write(void)
{
    static const guint8 reads[] = { ATA_READ_DMA_EXT, ATA_READ_SECTORS_EXT, ATA_READ_MULTIPLE_EXT };
    static const guint8 writes[] = { ATA_WRITE_DMA_EXT, ATA_WRITE_SECTORS_EXT,
                                     ATA_WRITE_MULTIPLE_EXT };
    static const guint32 pieces[] = { 0, 4096, 1022 };
    IdeBench *b;
    Hba *h = drives(&b);
    guint64 memory = ide_bench_alloc(b, 200 * 512, 2), back = ide_bench_alloc(b, 200 * 512, 2);

    for (guint i = 0; b->io && i < 9; i++) {
        Command c = { .command = reads[i % 3], .lba = 500 + i, .count = 200, .memory = memory,
                      .size = 200 * 512, .piece = pieces[i / 3] };

        memset(ide_bench_ptr(b, memory), 0, 200 * 512);
        g_assert_cmphex(command(h, 0, &c), ==, READY);
        assert_sectors(b, memory, 500 + i, 200);
        g_assert_cmpuint(bytes_moved(h, 0, 0), ==, 200 * 512);
        memset(ide_bench_ptr(b, memory), 0x30 + i, 200 * 512);
        c.command = writes[i % 3];
        c.lba = 3000;
        g_assert_cmphex(command(h, 0, &c), ==, READY);
        g_assert_cmphex(port_get(h, 0, PORT_CI), ==, 0);
        c.command = ATA_READ_DMA_EXT;
        c.memory = back;
        command(h, 0, &c);
        g_assert_cmpmem(ide_bench_ptr(b, back), 200 * 512, ide_bench_ptr(b, memory), 200 * 512);
    }
    done(b, h);
}

/* Errors stop the list until it is started again. */
static void test_errors(void)
{
    IdeBench *b;
    Hba *h = drives(&b);
    guint64 memory = ide_bench_alloc(b, 4096, 2);
    const guint8 *fis = ide_bench_ptr(b, h->fis[0] + RECEIVED_D2H);

    put_command(h, 0, 1, &(Command){ .command = ATA_CHECK_POWER });
    port_set(h, 0, PORT_IS, 0xffffffff);
    put_command(h, 0, 0, &(Command){ .command = ATA_READ_DMA_EXT, .lba = SECTORS, .count = 1,
                                     .memory = memory, .size = 512 });
    port_set(h, 0, PORT_CI, 3);
    ide_bench_poll(b);
    g_assert_cmphex(port_get(h, 0, PORT_TFD), ==, ATA_IDNF << 8 | FAILED);
    g_assert_cmphex(port_get(h, 0, PORT_IS), ==, IS_TFES | IS_DHRS);
    g_assert_cmphex(port_get(h, 0, PORT_CI), ==, 3);
    g_assert_cmphex(fis[2], ==, FAILED);
    start(h, 0);
    port_set(h, 0, PORT_CMD, CMD_FRE);
    g_assert_cmphex(port_get(h, 0, PORT_CI), ==, 0);
    start(h, 0);
    g_assert_cmphex(command(h, 0, &(Command){ .command = ATA_CHECK_POWER }), ==, READY);
    /* Too little memory, and memory that is none. */
    command(h, 0, &(Command){ .command = ATA_READ_DMA_EXT, .count = 8, .memory = memory, .size = 1024 });
    g_assert_cmphex(port_get(h, 0, PORT_IS) & (IS_OFS | IS_TFES), ==, IS_OFS | IS_TFES);
    port_set(h, 0, PORT_CMD, CMD_FRE);
    start(h, 0);
    command(h, 0, &(Command){ .command = ATA_WRITE_DMA_EXT, .count = 2, .memory = 0x70000000,
                              .size = 1024 });
    g_assert_cmphex(port_get(h, 0, PORT_IS) & (IS_HBFS | IS_TFES), ==, IS_HBFS | IS_TFES);
    /* A list that is none. */
    port_set(h, 0, PORT_CMD, CMD_FRE);
    start(h, 0);
    port_set(h, 0, PORT_CLB, 0x70000000);
    port_set(h, 0, PORT_CI, 1);
    g_assert_cmphex(port_get(h, 0, PORT_IS) & IS_HBFS, ==, IS_HBFS);
    done(b, h);
}

/* Blocks by PIO: what a drive sends and does not fit is lost, and not counted; what it does not get,
 * it does not write. */
static void test_block_errors(void)
{
    static const struct {
        Command c;
        guint32 is, moved;
        bool fails;
    } cases[] = {
        { { .command = ATA_READ_SECTORS, .size = 300 }, IS_OFS, 300, false },
        { { .command = ATA_READ_SECTORS }, IS_OFS, 0, false },
        { { .command = ATA_READ_SECTORS, .memory = 0x70000000, .size = 512 }, IS_HBFS, 0, true },
        { { .command = ATA_WRITE_SECTORS, .size = 300 }, IS_OFS, 0, true },
        { { .command = ATA_WRITE_SECTORS }, IS_OFS, 0, true },
        { { .command = ATA_WRITE_SECTORS, .memory = 0x70000000, .size = 512 }, IS_HBFS, 0, true },
        { { .command = ATA_READ_DMA }, IS_OFS, 0, true },
        { { .command = ATA_WRITE_DMA }, IS_OFS, 0, true },
    };
    IdeBench *b;
    Hba *h = drives(&b);
    guint64 memory = ide_bench_alloc(b, 512, 512);
    Command read = { .command = ATA_READ_DMA, .lba = 7, .count = 1, .memory = memory, .size = 512 };

    for (guint i = 0; b->io && i < G_N_ELEMENTS(cases); i++) {
        Command c = cases[i].c;

        c.lba = 7;
        c.count = 1;
        c.memory = c.memory ? c.memory : memory;
        /* The drive's buffer has other data before. */
        command(h, 0, &(Command){ .command = ATA_IDENTIFY, .memory = memory, .size = 512 });
        start(h, 0);
        g_assert_cmphex(command(h, 0, &c), ==, cases[i].fails ? FAILED : READY);
        g_assert_cmphex(port_get(h, 0, PORT_IS) & (IS_OFS | IS_HBFS), ==, cases[i].is);
        g_assert_cmpuint(bytes_moved(h, 0, 0), ==, cases[i].moved);
        port_set(h, 0, PORT_CMD, CMD_FRE);
        start(h, 0);
        g_assert_cmphex(command(h, 0, &read), ==, READY);
        assert_sectors(b, memory, 7, 1);
    }
    done(b, h);
}

/* What is no register FIS is counted as the guest's error. */
static void test_bad_fis(void)
{
    IdeBench *b;
    Hba *h = drives(&b);

    put_command(h, 0, 0, &(Command){ .command = ATA_CHECK_POWER });
    *(guint8 *)ide_bench_ptr(b, h->tables[0]) = FIS_D2H;
    port_set(h, 0, PORT_CI, 1);
    g_assert_cmphex(port_get(h, 0, PORT_CI), ==, 0);
    g_assert_cmphex(port_get(h, 0, PORT_IS), ==, 0);
    rig_assert_guest_error(device_in_use(object_resolve(b->rig->root, "/machine/peripheral/sata", NULL)),
                           "FIS type 34");
    /* A port without a drive keeps it. */
    start(h, 1);
    put_command(h, 1, 0, &(Command){ .command = ATA_CHECK_POWER });
    port_set(h, 1, PORT_CI, 1);
    g_assert_cmphex(port_get(h, 1, PORT_CI), ==, 1);
    done(b, h);
}

/* ---- The queue ---- */

static Command queued(guint tag, guint64 lba, guint16 n, guint64 memory, bool write)
{
    return (Command){ .command = write ? ATA_WRITE_FPDMA_QUEUED : ATA_READ_FPDMA_QUEUED, .lba = lba,
                      .count = tag << 3, .feature = n, .memory = memory, .size = n * 512 };
}

static void issue(Hba *h, guint port, guint32 slots)
{
    port_set(h, port, PORT_SACT, slots);
    port_set(h, port, PORT_CI, slots);
}

static void test_queue(void)
{
    IdeBench *b;
    Hba *h = drives(&b);
    guint64 memory = ide_bench_alloc(b, 32 * 8 * 512, 512);

    for (guint round = 0; b->io && round < 3; round++) {
        for (guint tag = 0; tag < 32; tag++) {
            Command c = queued(tag, tag * 64, 8, memory + tag * 4096, round == 1);

            c.piece = round == 2 ? 700 : 0;
            put_command(h, 0, tag, &c);
        }
        port_set(h, 0, PORT_IS, 0xffffffff);
        issue(h, 0, 0xffffffff);
        /* All were taken, and none has ended. */
        g_assert_cmphex(port_get(h, 0, PORT_CI), ==, 0);
        g_assert_cmphex(port_get(h, 0, PORT_SACT), ==, 0xffffffff);
        g_assert_cmphex(port_get(h, 0, PORT_IS), ==, 0);
        ide_bench_poll(b);
        g_assert_cmphex(port_get(h, 0, PORT_SACT), ==, 0);
        g_assert_cmphex(port_get(h, 0, PORT_IS), ==, IS_SDBS);
        for (guint tag = 0; tag < 32; tag++) {
            assert_sectors(b, memory + tag * 4096, tag * 64, 8);
        }
    }
    done(b, h);
}

/* Stops the list, and starts it. */
static void restart(Hba *h)
{
    port_set(h, 0, PORT_CMD, CMD_FRE);
    start(h, 0);
}

/* Fails tag 4 of port 0. */
static void fail_queue(Hba *h, guint64 memory)
{
    Command bad = queued(4, SECTORS - 1, 2, memory, false);

    put_command(h, 0, 4, &bad);
    issue(h, 0, 1 << 4);
    g_assert_cmphex(port_get(h, 0, PORT_TFD), ==, ATA_IDNF << 8 | FAILED);
}

static void assert_queue_works(Hba *h, guint64 memory)
{
    Command good = queued(2, 0, 1, memory, false);

    put_command(h, 0, 2, &good);
    port_set(h, 0, PORT_IS, 0xffffffff);
    issue(h, 0, 1 << 2);
    ide_bench_poll(h->b);
    g_assert_cmphex(port_get(h, 0, PORT_SACT) & 1 << 2, ==, 0);
    g_assert_cmphex(port_get(h, 0, PORT_IS), ==, IS_SDBS);
    g_assert_cmphex(port_get(h, 0, PORT_TFD), ==, READY);
}

/* One that fails ends all; log page 10h tells which. */
static void test_queue_error(void)
{
    IdeBench *b;
    Hba *h = drives(&b);
    guint64 memory = ide_bench_alloc(b, 4096, 512);
    const guint8 *page = ide_bench_ptr(b, memory);
    const guint8 *fis = ide_bench_ptr(b, h->fis[5] + RECEIVED_SDB);
    Command slow = queued(3, 0, 1, memory, false), bad = queued(4, SECTORS - 1, 2, memory, false);
    Command log = { .command = ATA_READ_LOG_EXT, .lba = 0x10, .count = 1, .memory = memory, .size = 512 };

    put_command(h, 5, 3, &slow);
    put_command(h, 5, 4, &bad);
    port_set(h, 5, PORT_IS, 0xffffffff);
    issue(h, 5, 1 << 3 | 1 << 4);
    ide_bench_poll_once(b);
    g_assert_cmphex(port_get(h, 5, PORT_TFD), ==, ATA_IDNF << 8 | FAILED);
    g_assert_cmphex(port_get(h, 5, PORT_IS), ==, IS_SDBS | IS_TFES);
    g_assert_cmphex(port_get(h, 5, PORT_SACT), ==, 1 << 3 | 1 << 4);
    g_assert_cmphex(fis[0], ==, FIS_SDB);
    g_assert_cmphex(fis[3], ==, ATA_IDNF);
    /* The list is busy until the other one's request has ended. */
    port_set(h, 5, PORT_CMD, CMD_FRE);
    g_assert_cmphex(port_get(h, 5, PORT_SACT), ==, 0);
    g_assert_cmphex(port_get(h, 5, PORT_CMD) & CMD_CR, ==, CMD_CR);
    done(b, h);

    h = drives(&b);
    memory = ide_bench_alloc(b, 4096, 512);
    page = ide_bench_ptr(b, memory);
    bad = queued(4, SECTORS - 1, 2, memory, false);
    log.memory = memory;
    put_command(h, 0, 4, &bad);
    issue(h, 0, 1 << 4);
    port_set(h, 0, PORT_CMD, CMD_FRE);
    g_assert_cmphex(port_get(h, 0, PORT_CMD) & CMD_CR, ==, 0);
    start(h, 0);
    g_assert_cmphex(command(h, 0, &log), ==, READY);
    g_assert_cmpuint(page[0], ==, 4);
    g_assert_cmphex(page[3], ==, ATA_IDNF);
    g_assert_cmphex(page[4] | page[5] << 8, ==, SECTORS - 1);
    log.lba = 0;
    g_assert_cmphex(command(h, 0, &log), ==, READY);
    g_assert_cmpuint(page[2 * 0x10], ==, 1);
    log.lba = 5;
    g_assert_cmphex(command(h, 0, &log), ==, FAILED);
    port_set(h, 0, PORT_CMD, CMD_FRE);
    start(h, 0);
    assert_queue_works(h, memory);
    done(b, h);
}

/* Until the page is read, queued commands are aborted, and the page is of the first error. */
static void test_queue_failed(void)
{
    IdeBench *b;
    Hba *h = drives(&b);
    guint64 memory = ide_bench_alloc(b, 4096, 512);
    const guint8 *page = ide_bench_ptr(b, memory);

    fail_queue(h, memory);
    restart(h);
    put_command(h, 0, 7, &(Command){ .command = ATA_READ_FPDMA_QUEUED, .count = 7 << 3, .feature = 1,
                                     .memory = memory, .size = 512 });
    issue(h, 0, 1 << 7);
    g_assert_cmphex(port_get(h, 0, PORT_TFD), ==, ATA_ABRT << 8 | FAILED);
    g_assert_cmphex(port_get(h, 0, PORT_IS), ==, IS_SDBS | IS_TFES);
    restart(h);
    g_assert_cmphex(command(h, 0, &(Command){ .command = ATA_READ_LOG_EXT, .lba = 0x10, .count = 1,
                                              .memory = memory, .size = 512 }), ==, READY);
    g_assert_cmpuint(page[0], ==, 4);
    g_assert_cmphex(page[3], ==, ATA_IDNF);
    assert_queue_works(h, memory);
    done(b, h);
}

static void reset_software(Hba *h)
{
    restart(h);
    command(h, 0, &(Command){ .control = ATA_SRST });
    command(h, 0, &(Command){ .control = 0 });
}

static void reset_link(Hba *h)
{
    port_set(h, 0, PORT_CMD, CMD_FRE);
    port_set(h, 0, PORT_SCTL, 0x301);
    port_set(h, 0, PORT_SCTL, 0x300);
    ide_bench_poll(h->b);
    restart(h);
}

static void reset_hba(Hba *h)
{
    set(h, HBA_GHC, GHC_HR);
    ide_bench_poll(h->b);
    set(h, HBA_GHC, GHC_AE | GHC_IE);
    start(h, 0);
}

static void reset_machine(Hba *h)
{
    rig_reset(h->b->rig);
    place(h);
    set(h, HBA_GHC, GHC_AE | GHC_IE);
    start(h, 0);
}

/* Each reset ends the queue's error, and commands that were in the queue. */
static void test_queue_reset(void)
{
    static void (*const resets[])(Hba *h) = { reset_software, reset_link, reset_hba, reset_machine };

    for (guint i = 0; i < G_N_ELEMENTS(resets); i++) {
        IdeBench *b;
        Hba *h = drives(&b);
        guint64 memory = ide_bench_alloc(b, 4096, 512);

        fail_queue(h, memory);
        resets[i](h);
        g_assert_cmphex(port_get(h, 0, PORT_TFD), ==, 0x100 | READY);
        assert_queue_works(h, memory);
        done(b, h);
    }
}

/* The guest has not stopped the list before. */
static void test_queue_software_reset(void)
{
    IdeBench *b;
    Hba *h = drives(&b);
    guint64 memory = ide_bench_alloc(b, 4096, 512);
    Command c = queued(3, 0, 1, memory, false);

    put_command(h, 0, 3, &c);
    issue(h, 0, 1 << 3);
    command(h, 0, &(Command){ .control = ATA_SRST });
    command(h, 0, &(Command){ .control = 0 });
    g_assert_cmphex(port_get(h, 0, PORT_TFD), ==, 0x100 | READY);
    g_assert_cmphex(command(h, 0, &(Command){ .command = ATA_CHECK_POWER }), ==, READY);
    assert_queue_works(h, memory);
    done(b, h);
}

/* ---- Packets ---- */

static void test_packets(void)
{
    static const guint8 inquiry[12] = { 0x12, [4] = 36 }, read_10[12] = { 0x28, [8] = 4 };
    static const guint8 unknown[12] = { 0xff };
    IdeBench *b;
    Hba *h = drives(&b);
    guint64 memory = ide_bench_alloc(b, 65536, 512);
    Command c = { .command = ATA_PACKET, .packet = inquiry, .memory = memory, .size = 36 };

    for (guint dma = 0; dma < 2; dma++) {
        memset(ide_bench_ptr(b, memory), 0xff, 65536);
        c.packet = inquiry;
        c.size = 36;
        c.feature = dma;
        c.lba = dma ? 0 : 0x001000;         /* byte count limit: 16 */
        g_assert_cmphex(command(h, 2, &c), ==, READY);
        g_assert_cmpmem(ide_bench_ptr(b, memory + 8), 8, "QEMU    ", 8);
        g_assert_cmpuint(bytes_moved(h, 2, 0), ==, 36);
        c.packet = read_10;
        c.size = 8192;
        c.lba = dma ? 0 : 0x080000;
        g_assert_cmphex(command(h, 2, &c), ==, READY);
        g_assert_cmpuint(*(guint32 *)ide_bench_ptr(b, memory + 8188), ==, 0);
        g_assert_cmpuint(*(guint32 *)ide_bench_ptr(b, memory + 8192), ==, 0xffffffff);
        g_assert_cmpuint(bytes_moved(h, 2, 0), ==, 8192);
    }
    /* Blocks of one byte do not exist. */
    c.packet = inquiry;
    c.feature = 0;
    c.lba = 0x000100;
    g_assert_cmphex(command(h, 2, &c), ==, FAILED);
    g_assert_cmphex(port_get(h, 2, PORT_TFD) >> 8, ==, ATA_ABRT);
    port_set(h, 2, PORT_CMD, CMD_FRE);
    start(h, 2);
    c.packet = unknown;
    g_assert_cmphex(command(h, 2, &c), ==, FAILED);
    g_assert_cmphex(port_get(h, 2, PORT_TFD) >> 8, ==, 0x50);
    done(b, h);
}

/* ---- Resets ---- */

/* By software: two FISes. */
static void test_software_reset(void)
{
    IdeBench *b;
    Hba *h = drives(&b);

    for (guint port = 0; port <= 2; port += 2) {
        command(h, port, &(Command){ .command = ATA_CHECK_POWER });
        command(h, port, &(Command){ .control = ATA_SRST });
        g_assert_cmphex(port_get(h, port, PORT_CI), ==, 0);
        command(h, port, &(Command){ .control = 0 });
        g_assert_cmphex(port_get(h, port, PORT_CI), ==, 0);
        g_assert_cmphex(port_get(h, port, PORT_TFD), ==, port ? 0x100 : 0x100 | READY);
        g_assert_cmphex(port_get(h, port, PORT_SIG), ==, port ? 0xeb140101 : 0x0101);
    }
    /* A packet device has a command for it, which ends. */
    command(h, 2, &(Command){ .command = ATA_DEVICE_RESET });
    g_assert_cmphex(port_get(h, 2, PORT_CI), ==, 0);
    g_assert_cmphex(command(h, 2, &(Command){ .command = ATA_CHECK_POWER }), ==, READY);
    done(b, h);
}

/* By the link: busy until what is in flight has ended. */
static void test_link_reset(void)
{
    IdeBench *b;
    Hba *h = drives(&b);
    guint64 memory = ide_bench_alloc(b, 65536, 512);
    Command c = { .command = ATA_READ_DMA_EXT, .lba = 3, .count = 128, .memory = memory, .size = 65536 };

    put_command(h, 0, 0, &c);
    port_set(h, 0, PORT_CI, 1);
    port_set(h, 0, PORT_SCTL, 0x301);
    g_assert_cmphex(port_get(h, 0, PORT_SSTS), ==, DET_RESET);
    g_assert_cmphex(port_get(h, 0, PORT_TFD) & 0xff, ==, 0x7f);
    port_set(h, 0, PORT_IS, 0xffffffff);
    port_set(h, 0, PORT_SCTL, 0x300);
    g_assert_cmphex(port_get(h, 0, PORT_SSTS), ==, LINK);
    g_assert_cmphex(port_get(h, 0, PORT_SERR) & SERR_X, ==, SERR_X);
    g_assert_cmphex(port_get(h, 0, PORT_IS), ==, IS_PCS);
    if (b->io) {
        g_assert_cmphex(port_get(h, 0, PORT_TFD) & ATA_BSY, ==, ATA_BSY);
    }
    port_set(h, 0, PORT_SERR, SERR_X);
    g_assert_cmphex(port_get(h, 0, PORT_IS), ==, 0);
    ide_bench_poll(b);
    g_assert_cmphex(port_get(h, 0, PORT_TFD), ==, 0x100 | READY);
    g_assert_cmphex(port_get(h, 0, PORT_SIG), ==, 0x0101);
    port_set(h, 0, PORT_CMD, CMD_FRE);
    g_assert_cmphex(port_get(h, 0, PORT_CMD) & CMD_CR, ==, 0);
    start(h, 0);
    g_assert_cmphex(command(h, 0, &(Command){ .command = ATA_CHECK_POWER }), ==, READY);
    /* Off, and on again. */
    port_set(h, 0, PORT_SCTL, 0x304);
    g_assert_cmphex(port_get(h, 0, PORT_SSTS), ==, DET_OFFLINE);
    port_set(h, 0, PORT_SCTL, 0x300);
    g_assert_cmphex(port_get(h, 0, PORT_SSTS), ==, LINK);
    /* A port without a drive has no link. */
    port_set(h, 1, PORT_SCTL, 0x301);
    port_set(h, 1, PORT_SCTL, 0x300);
    g_assert_cmphex(port_get(h, 1, PORT_SSTS), ==, 0);
    done(b, h);
}

/* A list that is stopped while a command is in flight; the drive is busy until it is reset. */
static void test_stop(void)
{
    IdeBench *b;
    Hba *h = drives(&b);
    guint64 memory = ide_bench_alloc(b, 4096, 512);

    put_command(h, 5, 0, &(Command){ .command = ATA_READ_DMA_EXT, .count = 1, .memory = memory,
                                     .size = 512 });
    port_set(h, 5, PORT_CI, 1);
    ide_bench_poll_once(b);
    port_set(h, 5, PORT_CMD, CMD_FRE);
    g_assert_cmphex(port_get(h, 5, PORT_CI), ==, 0);
    g_assert_cmphex(port_get(h, 5, PORT_CMD) & CMD_CR, ==, CMD_CR);
    g_assert_cmphex(port_get(h, 5, PORT_TFD) & ATA_BSY, ==, ATA_BSY);
    port_set(h, 5, PORT_CMD, CMD_FRE | CMD_CLO);
    g_assert_cmphex(port_get(h, 5, PORT_TFD) & ATA_BSY, ==, 0);
    done(b, h);
}

/* The same, without waiting for anything: the command that is forgotten gives nothing to the next
 * one, which the drive ignores until it is reset. */
static void test_forgotten(void)
{
    static const guint8 commands[] = { ATA_READ_SECTORS, ATA_READ_DMA };
    IdeBench *b;
    Hba *h = drives(&b);
    guint64 memory = ide_bench_alloc(b, 1024, 512);
    g_autofree guint8 *blank = g_malloc(1024);

    memset(blank, 0xee, 1024);
    for (guint i = 0; b->io && i < 4; i++) {
        Command c = { .command = commands[i % 2], .lba = 7, .count = 1, .size = 512 };

        for (guint slot = 0; slot < 2; slot++) {
            c.memory = memory + slot * 512;
            put_command(h, 0, slot, &c);
            port_set(h, 0, PORT_CI, 1 << slot);
            if (!slot) {
                port_set(h, 0, PORT_CMD, CMD_FRE);
                port_set(h, 0, PORT_CMD, CMD_FRE | CMD_CLO);
                port_set(h, 0, PORT_CMD, RUN);
                memcpy(ide_bench_ptr(b, memory), blank, 1024);
            }
        }
        if (i < 2) {
            ide_bench_poll(b);
            g_assert_cmphex(port_get(h, 0, PORT_CI), ==, 2);
            g_assert_cmphex(port_get(h, 0, PORT_TFD) & ATA_BSY, ==, ATA_BSY);
        }
        g_assert_cmpmem(ide_bench_ptr(b, memory + 512), 512, blank, 512);
        port_set(h, 0, PORT_CMD, CMD_FRE);
        port_set(h, 0, PORT_CMD, CMD_FRE | CMD_CLO);
        port_set(h, 0, PORT_CMD, RUN);
        put_command(h, 0, 0, &(Command){ .control = ATA_SRST });
        put_command(h, 0, 1, &(Command){ .control = 0 });
        port_set(h, 0, PORT_CI, 3);
        ide_bench_poll(b);
        g_assert_cmphex(port_get(h, 0, PORT_TFD), ==, 0x100 | READY);
        g_assert_cmphex(port_get(h, 0, PORT_CI), ==, 0);
        g_assert_cmphex(command(h, 0, &(Command){ .command = ATA_CHECK_POWER }), ==, READY);
        g_assert_cmpmem(ide_bench_ptr(b, memory + 512), 512, blank, 512);
    }
    done(b, h);
}

static void test_controller_reset(void)
{
    IdeBench *b;
    Hba *h = drives(&b);

    command(h, 0, &(Command){ .command = ATA_CHECK_POWER });
    set(h, HBA_GHC, GHC_HR);
    ide_bench_poll(b);
    g_assert_cmphex(get(h, HBA_GHC), ==, GHC_AE);
    g_assert_cmphex(port_get(h, 0, PORT_CLB), ==, 0);
    g_assert_cmphex(port_get(h, 0, PORT_CMD), ==, IDLE_CMD);
    g_assert_cmphex(port_get(h, 0, PORT_SSTS), ==, LINK);
    g_assert_cmphex(port_get(h, 0, PORT_TFD), ==, 0x100 | READY);
    g_assert_false(line(h));
    set(h, HBA_GHC, GHC_AE | GHC_IE);
    start(h, 0);
    g_assert_cmphex(command(h, 0, &(Command){ .command = ATA_CHECK_POWER }), ==, READY);
    g_assert_true(line(h));
    rig_reset(b->rig);
    g_assert_false(line(h));
    place(h);
    g_assert_cmphex(get(h, HBA_GHC), ==, GHC_AE);
    g_assert_cmphex(port_get(h, 0, PORT_SSTS), ==, LINK);
    g_assert_cmphex(port_get(h, 0, PORT_SIG), ==, 0x0101);
    g_assert_cmphex(port_get(h, 0, PORT_IS), ==, 0);
    done(b, h);
}

/* ---- Hot plug ---- */

static void test_plug(void)
{
    IdeBench *b;
    Hba *h = drives(&b);
    g_autoptr(GError) error = NULL;
    Device *dev;

    start(h, 3);
    g_assert_false(line(h));
    dev = ide_bench_drive(b, "ide-hd", "h3", "drive", b->io ? "null2" : "slow", "bus", "sata.3", "share-rw",
                          "on", NULL);
    g_assert_cmphex(port_get(h, 3, PORT_SSTS), ==, LINK);
    g_assert_cmphex(port_get(h, 3, PORT_IS), ==, IS_PCS | IS_PRCS);
    g_assert_true(line(h));
    start(h, 3);
    g_assert_cmphex(command(h, 3, &(Command){ .command = ATA_CHECK_POWER }), ==, READY);
    g_assert_null(rig_device(b->rig, "ide-hd", "x", &error, "drive", "null", "bus", "sata.3", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_BUS_FULL));
    port_set(h, 3, PORT_IS, 0xffffffff);
    device_unmake(dev);
    g_assert_cmphex(port_get(h, 3, PORT_SSTS), ==, 0);
    g_assert_cmphex(port_get(h, 3, PORT_TFD), ==, 0x7f);
    g_assert_cmphex(port_get(h, 3, PORT_IS), ==, IS_PRCS);
    done(b, h);
}

/* ---- Names ---- */

/* More drives than a word has bits. */
static void test_serials(void)
{
    IdeBench *b = ide_bench_new_bare();

    for (guint i = 0; i < 12 * 6; i++) {
        g_autofree char *hba = g_strdup_printf("hba%u", i / 6);
        g_autofree char *bus = g_strdup_printf("hba%u.%u", i / 6, i % 6);
        g_autofree char *id = g_strdup_printf("cd%u", i);
        g_autofree char *serial = g_strdup_printf("QM%05u", i + 1);
        Device *dev;

        if (i % 6 == 0) {
            ide_bench_drive(b, "ich9-ahci", hba, NULL);
        }
        dev = ide_bench_drive(b, "ide-cd", id, "bus", bus, NULL);
        g_assert_cmpstr(ide_device_props(dev)->serial, ==, serial);
    }
    ide_bench_free(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ahci/registers", test_registers);
    g_test_add_func("/ahci/signature", test_signature);
    g_test_add_func("/ahci/identify", test_identify);
    g_test_add_func("/ahci/diagnostic", test_diagnostic);
    g_test_add_func("/ahci/read-write", test_read_write);
    g_test_add_func("/ahci/errors", test_errors);
    g_test_add_func("/ahci/block-errors", test_block_errors);
    g_test_add_func("/ahci/bad-fis", test_bad_fis);
    g_test_add_func("/ahci/queue", test_queue);
    g_test_add_func("/ahci/queue-error", test_queue_error);
    g_test_add_func("/ahci/queue-failed", test_queue_failed);
    g_test_add_func("/ahci/queue-reset", test_queue_reset);
    g_test_add_func("/ahci/queue-software-reset", test_queue_software_reset);
    g_test_add_func("/ahci/packets", test_packets);
    g_test_add_func("/ahci/software-reset", test_software_reset);
    g_test_add_func("/ahci/link-reset", test_link_reset);
    g_test_add_func("/ahci/stop", test_stop);
    g_test_add_func("/ahci/forgotten", test_forgotten);
    g_test_add_func("/ahci/controller-reset", test_controller_reset);
    g_test_add_func("/ahci/serials", test_serials);
    g_test_add_func("/ahci/plug", test_plug);
    return g_test_run();
}
