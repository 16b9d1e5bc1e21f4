/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"
#include "tests/lib/fdc-host.h"

#include <event2/thread.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "hw/machine/machine-aio.h"
#include "qmp/qapi-types-block.h"
#include "qom/qapi-objects-object.h"

enum { SECTOR = 512, MSR_READY = 0x80, MSR_TO_HOST = 0x40, MSR_BUSY = 0x10 };

/* ---- Bench ---- */

bool fdc_host_init(FdcHost *h)
{
    AioContext *aio;
    bool io;

    evthread_use_pthreads();
    aio = aio_context_new(NULL, NULL);
    io = aio_enable_io(aio, NULL);
    aio_context_free(aio);
    h->rig = rig_new();
    h->ram = g_aligned_alloc0(1, FDC_RAM, 4096);
    h->region = region_new_ram(&h->rig->machine->object, "ram", h->ram, FDC_RAM);
    region_add(address_space_root(h->rig->memory), 0, h->region, 0);
    h->dma1 = rig_device(h->rig, "i8257", "dma1", NULL, "pageh-base", "-1", NULL);
    h->dma2 = rig_device(h->rig, "i8257", "dma2", NULL, "base", "0xc0", "dshift", "1", "page-base",
                         "0x88", "pageh-base", "-1", NULL);
    h->fdc = rig_device(h->rig, "isa-fdc", "fdc", NULL, NULL);
    g_assert_nonnull(h->fdc);
    h->base = 0x3f0;
    return io;
}

void fdc_host_add_second(FdcHost *h, const char *id)
{
    h->fdc = rig_device(h->rig, "isa-fdc", id, NULL, "iobase", "0x370", "irq", "5", "dma", "1",
                        NULL);
    g_assert_nonnull(h->fdc);
    h->base = 0x370;
}

void fdc_host_clear(FdcHost *h)
{
    region_remove(address_space_root(h->rig->memory), h->region);
    rig_free(h->rig);
    g_aligned_free(h->ram);
}

/* Results are delivered with the machine lock, which the loop takes. */
void fdc_host_poll(FdcHost *h)
{
    AioContext *aio = machine_aio(h->rig->machine, NULL, NULL);

    rig_unlock(h->rig);
    while (aio_poll(aio, true)) {
        continue;
    }
    rig_lock(h->rig);
}

/* ---- Images ---- */

static char *image_path(const char *name)
{
    return g_strdup_printf("%s/fdc-%d-%s", g_get_tmp_dir(), (int)getpid(), name);
}

guint32 fdc_host_sector(const guint8 *data)
{
    guint32 number;

    memcpy(&number, data, sizeof(number));
    for (guint i = sizeof(number); i < SECTOR; i++) {
        if (data[i] != ((number + i) & 0xff)) {
            return G_MAXUINT32;
        }
    }
    return number;
}

static GBytes *image(guint64 size)
{
    guint8 *data = g_malloc(size);

    for (guint64 i = 0; i < size; i++) {
        guint32 number = i / SECTOR, at = i % SECTOR;

        data[i] = at < sizeof(number) ? number >> at * 8 : number + at;
    }
    return g_bytes_new_take(data, size);
}

static void image_delete(gpointer path)
{
    unlink(path);
    g_free(path);
}

BlockNode *fdc_host_node(FdcHost *h, const char *name, guint64 size, bool read_only)
{
    g_autofree char *path = image_path(name);
    g_autoptr(GBytes) content = image(size);
    g_autoptr(GError) error = NULL;
    BlockdevOptions options = {
        .driver = BLOCKDEV_DRIVER_FILE, .node_name = (char *)name,
        .has_read_only = true, .read_only = read_only,
    };
    BlockNode *node;

    g_test_queue_destroy(image_delete, g_strdup(path));
    g_file_set_contents(path, g_bytes_get_data(content, NULL), size, &error);
    g_assert_no_error(error);
    options.u.file.filename = path;
    node = block_node_new(h->rig->root, &options, NULL, &error);
    g_assert_no_error(error);
    object_prepare(&node->object, &error);
    g_assert_no_error(error);
    object_complete(&node->object, &error);
    g_assert_no_error(error);
    return node;
}

void fdc_host_read_image(FdcHost *h, const char *name, guint64 offset, void *data, gsize size)
{
    g_autofree char *path = image_path(name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(pread(fd, data, size, offset), ==, size);
    close(fd);
}

Device *fdc_host_drive(FdcHost *h, const char *id, const char *node)
{
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(h->rig, "floppy", id, &error, "bus",
                             to_bus(h->fdc->buses->pdata[0])->object.name, node ? "drive" : NULL, node, NULL);

    g_assert_no_error(error);
    return dev;
}

/* ---- Registers ---- */

guint8 fdc_host_in(FdcHost *h, guint reg)
{
    return rig_in(h->rig, h->base + reg, 1);
}

void fdc_host_out(FdcHost *h, guint reg, guint8 value)
{
    rig_out(h->rig, h->base + reg, value, 1);
}

static void take_results(FdcHost *h)
{
    h->n_results = 0;
    while ((fdc_host_in(h, FDC_MSR) & (MSR_READY | MSR_TO_HOST | MSR_BUSY)) ==
           (MSR_READY | MSR_TO_HOST | MSR_BUSY)) {
        g_assert_cmpuint(h->n_results, <, G_N_ELEMENTS(h->results));
        h->results[h->n_results++] = fdc_host_in(h, FDC_DATA);
    }
}

void fdc_host_start(FdcHost *h)
{
    g_autoptr(GError) error = NULL;

    machine_run(h->rig->machine, &error);
    g_assert_no_error(error);
    fdc_host_out(h, FDC_DOR, 0x0c);
    fdc_host_out(h, FDC_CCR, 0);
    for (guint i = 0; i < 4; i++) {
        FDC_COMMAND(h, 0x08);
    }
}

void fdc_host_send(FdcHost *h, const guint8 *bytes, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_assert_cmphex(fdc_host_in(h, FDC_MSR) & (MSR_READY | MSR_TO_HOST), ==, MSR_READY);
        fdc_host_out(h, FDC_DATA, bytes[i]);
    }
}

void fdc_host_command(FdcHost *h, const guint8 *bytes, guint n)
{
    fdc_host_send(h, bytes, n);
    fdc_host_poll(h);
    take_results(h);
}

void fdc_host_seek(FdcHost *h, guint unit, guint8 track)
{
    FDC_COMMAND(h, 0x0f, unit, track);
    FDC_COMMAND(h, 0x08);
    FDC_ASSERT(h, 0x20 | unit, track);
}

void fdc_host_dma(FdcHost *h, bool to_memory, guint32 addr, guint32 bytes)
{
    guint n = h->base == 0x3f0 ? 2 : 1;
    const guint8 writes[][2] = {
        { 0x0a, 4 | n }, { 0x0c, 0 }, { 0x0b, (to_memory ? 0x44 : 0x48) | n },
        { n * 2, addr & 0xff }, { n * 2, addr >> 8 & 0xff },
        { n * 2 + 1, (bytes - 1) & 0xff }, { n * 2 + 1, (bytes - 1) >> 8 },
        { n == 2 ? 0x81 : 0x83, addr >> 16 }, { 0x0a, n },
    };

    for (guint i = 0; i < G_N_ELEMENTS(writes); i++) {
        rig_out(h->rig, writes[i][0], writes[i][1], 1);
    }
}

void fdc_host_assert(FdcHost *h, guint n, const guint8 *expected)
{
    g_autoptr(GString) text = g_string_new(NULL), wanted = g_string_new(NULL);

    for (guint i = 0; i < h->n_results; i++) {
        g_string_append_printf(text, " %02x", h->results[i]);
    }
    for (guint i = 0; i < n; i++) {
        g_string_append_printf(wanted, " %02x", expected[i]);
    }
    g_assert_cmpstr(text->str, ==, wanted->str);
}
