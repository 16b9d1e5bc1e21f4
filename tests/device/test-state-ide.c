/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of drives on IDE and SATA, carried into a new process in the middle of commands:
 * tests/lib/carry.h.
 */
#include "config.h"

#include <string.h>

#include "hw/ide/ahci-regs.h"
#include "qmp/error.h"
#include "tests/lib/carry.h"
#include "tests/lib/ide-driver.h"
#include "tests/lib/state-bytes.h"

static void bench_freed(gpointer bench)
{
    ide_bench_free(bench);
}

static IdeBench *bench(Carry *c)
{
    IdeBench *b = ide_bench_on(c->rig);

    c->opaque = b;
    c->opaque_free = bench_freed;
    carry_memory(c, b->ram, IDE_BENCH_RAM_SIZE);
    carry_memory(c, &b->next, sizeof(b->next));
    return b;
}

static void run(IdeBench *b)
{
    g_assert_true(machine_run(b->rig->machine, NULL));
    ide_bench_setup(b);
}

static void drives_make(Carry *c)
{
    IdeBench *b = bench(c);
    const char *disk = b->io ? "file" : "null";

    ide_bench_drive(b, "ide-hd", "h0", "drive", disk, "bus", "ide.0", "share-rw", "on", NULL);
    ide_bench_drive(b, "ide-hd", "h1", "drive", "null2", "bus", "ide.0", NULL);
    ide_bench_drive(b, "ide-cd", "c0", "drive", disk, "bus", "ide.1", "share-rw", "on", NULL);
}

static void note_channel(Carry *c, guint channel)
{
    IdeBench *b = c->opaque;

    for (guint reg = REG_ERROR; reg <= REG_DEVICE; reg++) {
        carry_note(c, "channel %u: register %u is %02x", channel, reg, ide_in(b, channel, reg));
    }
    carry_note(c, "channel %u: line %d, status %02x, bus master %02x", channel, b->level[channel],
               ide_in(b, channel, REG_STATUS), ide_bm_in(b, channel, BM_STATUS, 1));
}

/* ---- Data by PIO: a block that is half read, one that is half written, a packet's reply ---- */

static void note_data(Carry *c, const guint8 *data, gsize size)
{
    guint32 sum = 0;

    for (gsize i = 0; i < size; i++) {
        sum = sum * 31 + data[i];
    }
    carry_note(c, "%" G_GSIZE_FORMAT " bytes: %08x", size, sum);
}

static void pio_busy(Carry *c)
{
    IdeBench *b = c->opaque;
    guint8 data[700];

    run(b);
    ide_command(b, 0, 0, ATA_SMART, &(IdeArguments){ .feature = 0xd8, .lba = 0xc24f00 });
    ide_command(b, 0, 1, ATA_SET_FEATURES, &(IdeArguments){ .feature = 0x03, .count = 0x41 });
    ide_command(b, 0, 0, ATA_READ_MULTIPLE_EXT, &(IdeArguments){ .lba = 3, .count = 200 });
    ide_pio_read(b, 0, data, 700);
    ide_command(b, 1, 0, ATA_PACKET, &(IdeArguments){ .lba = 0x080000 });
    for (guint i = 0; i < 6; i++) {
        static const guint16 words[6] = { 0x0028, 0, 0x0200, 0, 0x0008, 0 };

        rig_out(b->rig, 0x170, words[i], 2);
    }
    ide_bench_poll(b);
    for (guint i = 0; i < 100; i++) {
        ide_in_data(b, 1);
    }
}

static void pio_go_on(Carry *c)
{
    IdeBench *b = c->opaque;
    g_autofree guint8 *data = g_malloc0(200 * 512);
    guint8 page[512];

    note_data(c, data, ide_pio_read(b, 0, data, 200 * 512 - 700));
    note_data(c, data, 200 * 512);
    note_channel(c, 0);
    for (guint i = 0; i < 8192 && ide_in(b, 1, REG_CONTROL) & ATA_DRQ; i++) {
        guint16 word = ide_in_data(b, 1);

        memcpy(data + 2 * i, &word, 2);
        ide_bench_poll(b);
    }
    note_data(c, data, 16384);
    note_channel(c, 1);
    ide_command(b, 0, 1, ATA_IDENTIFY, NULL);
    ide_pio_read(b, 0, page, 512);
    note_data(c, page, 512);
    note_channel(c, 0);
}

/* ---- DMA: requests whose results were not delivered ---- */

static guint64 memory_of(guint n)
{
    return IDE_BENCH_RAM + (1 << 20) + n * 0x80000;
}

static void dma_busy(Carry *c)
{
    IdeBench *b = c->opaque;

    run(b);
    b->next = memory_of(8);
    ide_command(b, 0, 0, ATA_READ_DMA_EXT, &(IdeArguments){ .lba = 50, .count = 300 });
    ide_command(b, 1, 0, ATA_PACKET, &(IdeArguments){ .feature = ATAPI_DMA });
    for (guint i = 0; i < 6; i++) {
        static const guint16 words[6] = { 0x0028, 0, 0x0500, 0, 0x0010, 0 };

        rig_out(b->rig, 0x170, words[i], 2);
    }
    ide_bm_start(b, 1, ide_table(b, memory_of(1), 32768, 600), true);
    ide_bm_start(b, 0, ide_table(b, memory_of(0), 300 * 512, 1022), true);
}

static void dma_go_on(Carry *c)
{
    IdeBench *b = c->opaque;

    ide_bench_poll(b);
    note_channel(c, 0);
    note_channel(c, 1);
    note_data(c, ide_bench_ptr(b, memory_of(0)), 300 * 512);
    note_data(c, ide_bench_ptr(b, memory_of(1)), 32768);
}

/* A drive that is being reset, and one whose bus master was stopped. */
static void stopped_busy(Carry *c)
{
    IdeBench *b = c->opaque;

    dma_busy(c);
    ide_out(b, 0, REG_CONTROL, ATA_SRST);
    ide_out(b, 0, REG_CONTROL, 0);
    ide_bm_out(b, 1, BM_COMMAND, 8, 1);
}

static void stopped_go_on(Carry *c)
{
    IdeBench *b = c->opaque;

    ide_bench_poll(b);
    note_channel(c, 0);
    note_channel(c, 1);
    ide_bm_start(b, 1, ide_table(b, memory_of(2), 32768, 600), true);
    ide_bench_poll(b);
    note_channel(c, 1);
    note_data(c, ide_bench_ptr(b, memory_of(1)), 32768);
    note_data(c, ide_bench_ptr(b, memory_of(2)), 32768);
}

/* ---- DEVICE RESET, while a request is in flight ---- */

static void reset_busy(Carry *c)
{
    static const guint16 words[6] = { 0x0028, 0, 0x0500, 0, 0x0010, 0 };
    IdeBench *b = c->opaque;

    run(b);
    ide_command(b, 1, 0, ATA_PACKET, &(IdeArguments){ .lba = 0x080000 });
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        rig_out(b->rig, 0x170, words[i], 2);
    }
    ide_out(b, 1, REG_STATUS, ATA_DEVICE_RESET);
}

static void reset_go_on(Carry *c)
{
    IdeBench *b = c->opaque;
    guint8 page[512];

    ide_bench_poll(b);
    note_channel(c, 1);
    ide_command(b, 1, 0, ATA_IDENTIFY_PACKET, NULL);
    note_data(c, page, ide_pio_read(b, 1, page, sizeof(page)));
}

/* ---- SATA: a queue, of which no result was delivered ---- */

enum { MMIO = 0xfeb00000, DEVFN = PCI_DEVFN(4, 0), TAGS = 5 };
enum { LIST = 0x10000, RECEIVED = 0x11000, TABLES = 0x20000 };

static guint32 port_get(IdeBench *b, guint offset)
{
    return address_space_read(b->rig->memory, MMIO + HBA_PORTS + offset, 4);
}

static void port_set(IdeBench *b, guint offset, guint32 value)
{
    address_space_write(b->rig->memory, MMIO + HBA_PORTS + offset, value, 4);
}

static void sata_make(Carry *c)
{
    IdeBench *b = bench(c);

    ide_bench_drive(b, "ich9-ahci", "sata", "addr", "4.0", NULL);
    ide_bench_drive(b, "ide-hd", "h0", "drive", b->io ? "file" : "null", "bus", "sata.0", NULL);
    ide_bench_drive(b, "ide-cd", "c0", "drive", "null2", "bus", "sata.1", NULL);
}

static void put_queued(IdeBench *b, guint tag)
{
    guint8 *header = b->ram + LIST + tag * HEADER_SIZE, *table = b->ram + TABLES + tag * 4096;

    pci_set_long(header, 1 << HEADER_COUNT_SHIFT | 5);
    pci_set_long(header + HEADER_TABLE, IDE_BENCH_RAM + TABLES + tag * 4096);
    table[0] = FIS_H2D;
    table[1] = H2D_COMMAND;
    table[2] = ATA_READ_FPDMA_QUEUED;
    table[3] = 16;
    table[4] = 16 * tag;
    table[7] = ATA_DEV_LBA;
    table[12] = tag << 3;
    pci_set_long(table + TABLE_PIECES, memory_of(tag));
    pci_set_long(table + TABLE_PIECES + 12, 8191);
}

static void sata_busy(Carry *c)
{
    IdeBench *b = c->opaque;

    g_assert_true(machine_run(b->rig->machine, NULL));
    rig_pci_write(b->rig, 0, DEVFN, PCI_BASE_ADDRESS_0 + 20, MMIO, 4);
    rig_pci_write(b->rig, 0, DEVFN, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
    address_space_write(b->rig->memory, MMIO + HBA_GHC, GHC_IE, 4);
    port_set(b, PORT_CLB, IDE_BENCH_RAM + LIST);
    port_set(b, PORT_FB, IDE_BENCH_RAM + RECEIVED);
    port_set(b, PORT_CMD, CMD_FRE);
    port_set(b, PORT_CMD, CMD_FRE | CMD_ST);
    port_set(b, PORT_IE, IS_SDBS);
    for (guint tag = 0; tag < TAGS; tag++) {
        put_queued(b, tag);
    }
    port_set(b, PORT_SACT, (1 << TAGS) - 1);
    port_set(b, PORT_CI, (1 << TAGS) - 1);
}

static void note_port(Carry *c)
{
    IdeBench *b = c->opaque;

    carry_note(c, "active %x, issued %x", port_get(b, PORT_SACT), port_get(b, PORT_CI));
    ide_bench_poll(b);
    for (guint offset = 0; offset < 0x40; offset += 4) {
        carry_note(c, "register %02x: %08x", offset, port_get(b, offset));
    }
}

static void sata_go_on(Carry *c)
{
    IdeBench *b = c->opaque;

    note_port(c);
    for (guint tag = 0; tag < TAGS; tag++) {
        note_data(c, ide_bench_ptr(b, memory_of(tag)), 8192);
    }
}

/* The same, whose list the guest has stopped: its commands are forgotten, and in the new process
 * nothing is in flight. */
static void sata_stop(Carry *c)
{
    sata_busy(c);
    port_set(c->opaque, PORT_CMD, CMD_FRE);
}

/* ---- State that no drive has ---- */

typedef struct {
    const char *field;
    guint32 value;
} Value;

enum { OP_READ = 2, OP_WRITE = 3, OP_VERIFY = 4, OP_FLUSH = 5 };
enum { PHASE_BLOCK = 1, PHASE_DISK = 2, PHASE_DMA = 3 };

/* READ SECTORS, of which the first 64 KiB are requested. */
static const Value reading[] = {
    { "op", OP_READ }, { "phase", PHASE_DISK }, { "status", ATA_BSY | ATA_DRDY }, { "to_host", 1 },
    { "io_op", BLOCK_OP_READ }, { "io_bytes", 65536 }, { "left", 200 }, { "block", 512 },
};

static void put_value(GByteArray *state, const Value *v)
{
    guint8 *at = state_bytes(state, v->field);

    at[0] = v->value;
    for (guint i = 1; i < 4 && v->value > 0xff; i++) {
        at[i] = v->value >> 8 * i;
    }
}

/* Whether the drive loads this command with some values changed; a field of 0 ends them. */
static bool loads(Device *dev, const Value changes[3])
{
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    bool loaded;

    device_save(dev, state, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(reading); i++) {
        put_value(state, &reading[i]);
    }
    for (guint i = 0; i < 3 && changes[i].field; i++) {
        put_value(state, &changes[i]);
    }
    loaded = device_load(dev, state->data, state->len, &error);
    g_assert_true(loaded || qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    return loaded;
}

/* Requests and blocks fit into the buffer, and are those of the command. */
static void test_invalid(void)
{
    static const struct {
        bool good;
        Value changes[3];
    } cases[] = {
        { true, { { NULL, 0 } } },
        { true, { { "op", OP_WRITE }, { "to_host", 0 }, { "io_op", BLOCK_OP_WRITE } } },
        { true, { { "op", OP_VERIFY }, { "to_host", 0 } } },
        { true, { { "op", OP_FLUSH }, { "to_host", 0 }, { "io_op", BLOCK_OP_FLUSH } } },
        { true, { { "block", 16 * 512 } } },
        { false, { { "io_op", BLOCK_OP_FLUSH }, { "io_bytes", 64 << 20 } } },
        { false, { { "io_op", BLOCK_OP_DISCARD } } },
        { false, { { "io_op", BLOCK_OP_WRITE } } },
        { false, { { "io_op", BLOCK_OP_WRITE_ZEROES } } },
        { false, { { "op", OP_FLUSH }, { "to_host", 0 } } },
        { false, { { "to_host", 0 } } },
        { false, { { "op", OP_WRITE }, { "io_op", BLOCK_OP_WRITE } } },
        { false, { { "io_bytes", 65536 + 512 } } },
        { false, { { "io_bytes", 700 } } },
        { false, { { "left", 127 } } },
        { false, { { "io_flags", BLOCK_FUA } } },
        { false, { { "block", 17 * 512 } } },
        { false, { { "block", 700 } } },
        { false, { { "block", 64 << 20 } } },
        { false, { { "dma", 1 } } },
        { false, { { "phase", PHASE_DMA } } },
        { false, { { "phase", PHASE_BLOCK } } },
        { false, { { "resetting", 1 } } },
        { false, { { "change", 3 } } },
        { false, { { "mmc.events", 1 } } },
    };
    g_autoptr(IdeBench) b = ide_bench_new_bare();
    Device *dev = ide_bench_drive(b, "ide-hd", "h0", "drive", "null", "bus", "ide.0", NULL);

    machine_pause(b->rig->machine);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (loads(dev, cases[i].changes) != cases[i].good) {
            g_error("case %u", i);
        }
        rig_reset(b->rig);
    }
}

int main(int argc, char **argv)
{
    static const CarryCase cases[] = {
        { "ide-pio", drives_make, pio_busy, pio_go_on, NULL },
        { "ide-dma", drives_make, dma_busy, dma_go_on, NULL },
        { "ide-stopped", drives_make, stopped_busy, stopped_go_on, NULL },
        { "ide-device-reset", drives_make, reset_busy, reset_go_on, NULL },
        { "ide-sata", sata_make, sata_busy, sata_go_on, NULL },
        { "ide-sata-stopped", sata_make, sata_stop, note_port, NULL },
    };

    g_test_init(&argc, &argv, NULL);
    carry_add(cases, G_N_ELEMENTS(cases));
    g_test_add_func("/state/ide-invalid", test_invalid);
    return g_test_run();
}
