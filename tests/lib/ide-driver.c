/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver of tests/lib/ide-driver.h.
 */
#include "config.h"
#include "tests/lib/ide-driver.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hw/block/block.h"
#include "hw/ide/piix3-ide.h"
#include "hw/machine/machine-aio.h"
#include "qmp/qapi-types-block.h"

enum { BM_BASE = 0xc000, CHANNEL_PORTS = 8, PRD = 8 };

static const guint16 command_ports[2] = { 0x1f0, 0x170 }, control_ports[2] = { 0x3f6, 0x376 };

/* ---- Bench ---- */

static void make_node(IdeBench *b, const BlockdevOptions *options)
{
    g_autoptr(GError) error = NULL;
    BlockNode *node = block_node_new(b->rig->root, options, NULL, &error);

    g_assert_no_error(error);
    g_assert_true(object_prepare(&node->object, &error));
    g_assert_true(object_complete(&node->object, &error));
}

void ide_bench_node(IdeBench *b, const char *name, guint64 size, guint64 latency)
{
    make_node(b, &(BlockdevOptions){
        .driver = BLOCKDEV_DRIVER_NULL_CO, .node_name = (char *)name,
        .u.null_co = { .size = size, .read_zeroes = true, .latency_ns = latency },
    });
}

/* Each sector begins with its number. */
static void make_file(IdeBench *b)
{
    int fd;

    b->path = g_strdup("/tmp/test-ide-XXXXXX");
    fd = g_mkstemp(b->path);
    for (guint32 i = 0; i < IDE_BENCH_SIZE / 512; i++) {
        guint32 sector[128] = { i, [127] = ~i };

        g_assert_cmpint(write(fd, sector, sizeof(sector)), ==, sizeof(sector));
    }
    close(fd);
    make_node(b, &(BlockdevOptions){
        .driver = BLOCKDEV_DRIVER_FILE, .node_name = (char *)"file",
        .has_discard = true, .discard = BLOCKDEV_DISCARD_OPTIONS_UNMAP,
        .u.file.filename = b->path,
    });
}

static void line_changed(void *opaque, guint n, bool level)
{
    IdeBench *b = opaque;

    b->level[n] = level;
    b->edges[n] += level;
}

static bool have_io(void)
{
    AioContext *aio = aio_context_new(NULL, NULL);
    bool io = aio_enable_io(aio, NULL);

    aio_context_free(aio);
    return io;
}

static void add_ram(IdeBench *b)
{
    MemoryRegion *ram;

    b->ram = mmap(NULL, IDE_BENCH_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                  0);
    g_assert_true(b->ram != MAP_FAILED);
    ram = region_new_ram(&b->rig->machine->object, "ide-ram", b->ram, IDE_BENCH_RAM_SIZE);
    region_add(address_space_root(b->rig->memory), IDE_BENCH_RAM, ram, 0);
    b->next = IDE_BENCH_RAM;
}

static void add_controller(IdeBench *b)
{
    Object *machine = &b->rig->machine->object;
    g_autoptr(GError) error = NULL;

    b->ide = rig_device(b->rig, "piix3-ide", "ide", &error, "addr", "1.1", NULL);
    g_assert_no_error(error);
    gpio_in_new(machine, "ide-irq", 2, line_changed, b);
    for (guint i = 0; i < 2; i++) {
        irq_connect(gpio(&b->ide->object, "irq", i), gpio(machine, "ide-irq", i), false);
    }
}

void ide_bench_setup(IdeBench *b)
{
    guint8 devfn = PCI_DEVFN(1, 1);

    rig_pci_write(b->rig, 0, devfn, PCI_BASE_ADDRESS_0 + 16, BM_BASE, 4);
    rig_pci_write(b->rig, 0, devfn, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MASTER, 2);
    piix3_ide_enable(b->ide);
}

static IdeBench *make_bench(Rig *rig, bool file)
{
    IdeBench *b = g_new0(IdeBench, 1);

    b->io = file && have_io();
    b->rig = rig;
    add_ram(b);
    ide_bench_node(b, "null", IDE_BENCH_SIZE, 0);
    ide_bench_node(b, "null2", IDE_BENCH_SIZE, 0);
    ide_bench_node(b, "slow", IDE_BENCH_SIZE, G_GUINT64_CONSTANT(3600000000000));
    if (b->io) {
        make_file(b);
    }
    add_controller(b);
    return b;
}

IdeBench *ide_bench_on(Rig *rig)
{
    return make_bench(rig, true);
}

static IdeBench *run_bench(IdeBench *b)
{
    g_autoptr(GError) error = NULL;

    b->owns_rig = true;
    machine_run(b->rig->machine, &error);
    g_assert_no_error(error);
    ide_bench_setup(b);
    return b;
}

IdeBench *ide_bench_new(void)
{
    return run_bench(make_bench(rig_new(), true));
}

IdeBench *ide_bench_new_bare(void)
{
    return run_bench(make_bench(rig_new(), false));
}

void ide_bench_free(IdeBench *b)
{
    if (b) {
        if (b->owns_rig) {
            rig_free(b->rig);
        }
        munmap(b->ram, IDE_BENCH_RAM_SIZE);
        if (b->path) {
            unlink(b->path);
        }
        g_free(b->path);
        g_free(b);
    }
}

Device *ide_bench_drive(IdeBench *b, const char *driver, const char *id, ...)
{
    const char *p[17] = { NULL };
    g_autoptr(GError) error = NULL;
    Device *dev;
    va_list pairs;

    va_start(pairs, id);
    for (guint i = 0; i < 16 && (p[i] = va_arg(pairs, const char *)); i++) {
        continue;
    }
    va_end(pairs);
    dev = rig_device(b->rig, driver, id, &error, p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7],
                     p[8], p[9], p[10], p[11], p[12], p[13], p[14], p[15], NULL);
    g_assert_no_error(error);
    return dev;
}

static void poll(IdeBench *b, bool wait)
{
    AioContext *aio = machine_aio(b->rig->machine, NULL, NULL);

    rig_unlock(b->rig);
    while (aio_poll(aio, wait)) {
        continue;
    }
    rig_lock(b->rig);
}

void ide_bench_poll(IdeBench *b)
{
    poll(b, true);
}

void ide_bench_poll_once(IdeBench *b)
{
    poll(b, false);
}

guint64 ide_bench_alloc(IdeBench *b, gsize size, gsize align)
{
    guint64 address = (b->next + align - 1) / align * align;

    b->next = address + size;
    g_assert_cmpuint(b->next, <=, IDE_BENCH_RAM + IDE_BENCH_RAM_SIZE);
    return address;
}

void *ide_bench_ptr(IdeBench *b, guint64 address)
{
    return b->ram + (address - IDE_BENCH_RAM);
}

/* ---- Ports ---- */

static guint16 port(guint channel, guint reg)
{
    return reg == REG_CONTROL ? control_ports[channel] : command_ports[channel] + reg;
}

guint8 ide_in(IdeBench *b, guint channel, guint reg)
{
    return rig_in(b->rig, port(channel, reg), 1);
}

void ide_out(IdeBench *b, guint channel, guint reg, guint8 value)
{
    rig_out(b->rig, port(channel, reg), value, 1);
}

guint16 ide_in_data(IdeBench *b, guint channel)
{
    return rig_in(b->rig, port(channel, REG_DATA), 2);
}

static bool is_48(guint8 command)
{
    static const guint8 commands[] = { 0x24, 0x25, 0x27, 0x29, 0x2f, 0x34, 0x35, 0x39, 0x3d, 0x42,
                                       0x06, 0xce, 0xea };

    return memchr(commands, command, sizeof(commands)) != NULL;
}

static void write_registers(IdeBench *b, guint channel, const IdeArguments *a, guint shift)
{
    ide_out(b, channel, REG_ERROR, a->feature >> shift);
    ide_out(b, channel, REG_COUNT, a->count >> shift);
    ide_out(b, channel, REG_LOW, a->lba >> 3 * shift);
    ide_out(b, channel, REG_MID, a->lba >> (3 * shift + 8));
    ide_out(b, channel, REG_HIGH, a->lba >> (3 * shift + 16));
}

guint8 ide_command(IdeBench *b, guint channel, guint unit, guint8 command,
                   const IdeArguments *arguments)
{
    const IdeArguments a = arguments ? *arguments : (IdeArguments){ 0 };
    guint8 head = is_48(command) ? 0 : a.lba >> 24 & 0xf;

    ide_out(b, channel, REG_DEVICE, unit << 4 | (a.chs ? 0 : ATA_DEV_LBA) | head);
    if (is_48(command)) {
        write_registers(b, channel, &a, 8);
    }
    write_registers(b, channel, &a, 0);
    ide_out(b, channel, REG_STATUS, command);
    ide_bench_poll(b);
    return ide_in(b, channel, REG_CONTROL);
}

gsize ide_pio_read(IdeBench *b, guint channel, void *data, gsize size)
{
    gsize done = 0;

    while (done < size && ide_in(b, channel, REG_CONTROL) & ATA_DRQ) {
        guint16 word = ide_in_data(b, channel);

        memcpy((guint8 *)data + done, &word, MIN(2, size - done));
        done += 2;
        if (done % 512 == 0) {
            ide_bench_poll(b);
        }
    }
    return done;
}

gsize ide_pio_write(IdeBench *b, guint channel, const void *data, gsize size)
{
    gsize done = 0;

    while (done < size && ide_in(b, channel, REG_CONTROL) & ATA_DRQ) {
        guint16 word;

        memcpy(&word, (const guint8 *)data + done, 2);
        rig_out(b->rig, port(channel, REG_DATA), word, 2);
        done += 2;
        if (done % 512 == 0) {
            ide_bench_poll(b);
        }
    }
    ide_bench_poll(b);
    return done;
}

/* ---- Bus master ---- */

guint32 ide_bm_in(IdeBench *b, guint channel, guint reg, guint size)
{
    return rig_in(b->rig, BM_BASE + channel * CHANNEL_PORTS + reg, size);
}

void ide_bm_out(IdeBench *b, guint channel, guint reg, guint32 value, guint size)
{
    rig_out(b->rig, BM_BASE + channel * CHANNEL_PORTS + reg, value, size);
}

guint64 ide_table(IdeBench *b, guint64 address, gsize size, gsize piece)
{
    guint n = (size + piece - 1) / piece;
    guint64 table = ide_bench_alloc(b, n * PRD, 65536);
    guint8 *entry = ide_bench_ptr(b, table);

    for (guint i = 0; i < n; i++, entry += PRD) {
        gsize bytes = MIN(piece, size - i * piece);

        pci_set_long(entry, address + i * piece);
        pci_set_long(entry + 4, (bytes & 0xffff) | (i == n - 1 ? 0x80000000u : 0));
    }
    return table;
}

void ide_bm_start(IdeBench *b, guint channel, guint64 table, bool to_memory)
{
    ide_bm_out(b, channel, BM_TABLE, table, 4);
    ide_bm_out(b, channel, BM_STATUS, 0x06, 1);
    ide_bm_out(b, channel, BM_COMMAND, to_memory ? 8 : 0, 1);
    ide_bm_out(b, channel, BM_COMMAND, to_memory ? 9 : 1, 1);
}

guint8 ide_dma(IdeBench *b, guint channel, guint unit, guint8 command,
               const IdeArguments *arguments, guint64 table, bool to_memory)
{
    guint8 status;

    ide_command(b, channel, unit, command, arguments);
    ide_bm_start(b, channel, table, to_memory);
    ide_bench_poll(b);
    status = ide_bm_in(b, channel, BM_STATUS, 1);
    ide_bm_out(b, channel, BM_COMMAND, 0, 1);
    return status;
}

/* ---- Packets ---- */

static gsize read_blocks(IdeBench *b, guint channel, guint8 *data, gsize size)
{
    gsize done = 0;

    ide_bench_poll(b);
    while (ide_in(b, channel, REG_STATUS) & ATA_DRQ) {
        guint block = ide_in(b, channel, REG_MID) | ide_in(b, channel, REG_HIGH) << 8;

        g_assert_cmphex(ide_in(b, channel, REG_COUNT), ==, ATAPI_IO);
        for (guint i = 0; i < block; i += 2) {
            guint16 word = ide_in_data(b, channel);

            if (done + i < size) {
                memcpy(data + done + i, &word, MIN(2, size - done - i));
            }
        }
        done += block;
        ide_bench_poll(b);
    }
    return done;
}

static gsize read_by_dma(IdeBench *b, guint channel, guint8 *data, gsize size)
{
    guint64 memory = ide_bench_alloc(b, size, 512);
    guint8 status;

    ide_bm_start(b, channel, ide_table(b, memory, size, 65536), true);
    ide_bench_poll(b);
    status = ide_bm_in(b, channel, BM_STATUS, 1);
    ide_bm_out(b, channel, BM_COMMAND, 0, 1);
    memcpy(data, ide_bench_ptr(b, memory), size);
    return status == 4 ? size : 0;
}

gsize ide_packet(IdeBench *b, guint channel, guint unit, const guint8 packet[12], void *data,
                 gsize size, guint16 limit, guint8 *ret_error)
{
    bool dma = data && !limit;
    IdeArguments a = { .feature = dma ? ATAPI_DMA : 0, .lba = (guint64)limit << 8 };
    gsize done = 0;
    guint8 status = ide_command(b, channel, unit, ATA_PACKET, &a);

    g_assert_cmphex(status & (ATA_DRQ | ATA_BSY), ==, ATA_DRQ);
    g_assert_cmphex(ide_in(b, channel, REG_COUNT), ==, ATAPI_CD);
    for (guint i = 0; i < 12; i += 2) {
        rig_out(b->rig, port(channel, REG_DATA), packet[i] | packet[i + 1] << 8, 2);
    }
    done = dma ? read_by_dma(b, channel, data, size) : read_blocks(b, channel, data, size);
    status = ide_in(b, channel, REG_STATUS);
    *ret_error = status & ATA_ERR ? ide_in(b, channel, REG_ERROR) : 0;
    g_assert_cmphex(ide_in(b, channel, REG_COUNT), ==, ATAPI_IO | ATAPI_CD);
    return done;
}

guint16 ide_sense(IdeBench *b, guint channel, guint unit)
{
    static const guint8 packet[12] = { 0x03, [4] = 18 };
    guint8 sense[18], error;

    g_assert_cmpuint(ide_packet(b, channel, unit, packet, sense, sizeof(sense), 18, &error), ==, 18);
    g_assert_cmphex(error, ==, 0);
    return sense[2] << 8 | sense[12];
}
