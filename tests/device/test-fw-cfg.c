/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/nvram/: registers, items and files, DMA, files of clients, two devices.
 */
#include "config.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hw/nvram/fw-cfg.h"
#include "qmp/error.h"
#include "qmp/qapi-types-object.h"
#include "qom/qapi-objects-firmware.h"
#include "tests/lib/rig.h"

enum {
    PORT = 0x510,
    RAM = 8 << 20,
    DESCRIPTOR = 0x1000,
    BUFFER = 0x2000,
    CONTROL_ERROR = 1, CONTROL_READ = 2, CONTROL_SKIP = 4, CONTROL_SELECT = 8, CONTROL_WRITE = 16,
};

typedef struct {
    Rig *rig;
    guint8 *ram;
    FwCfg *fw_cfg;
} Bench;

static FwCfg *make(Rig *rig, const char *id, const char *iobase)
{
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, "fw_cfg_io", id, &error, "iobase", iobase, NULL);

    g_assert_no_error(error);
    return to_fw_cfg(dev);
}

static void bench_init(Bench *b)
{
    MemoryRegion *region;

    b->rig = rig_new();
    b->ram = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(b->ram != MAP_FAILED);
    region = region_new_ram(&b->rig->machine->object, "bench-ram", b->ram, RAM);
    region_add(address_space_root(b->rig->memory), 0, region, 0);
    b->fw_cfg = make(b->rig, "a", "0x510");
    rig_reset(b->rig);
}

static void bench_done(Bench *b)
{
    rig_free(b->rig);
    munmap(b->ram, RAM);
}

static void set_file(FwCfg *s, const char *name, const char *text)
{
    g_autoptr(GError) error = NULL;

    fw_cfg_set_file(s, name, g_bytes_new(text, strlen(text)), &error);
    g_assert_no_error(error);
}

/* ---- Reading as a guest does ---- */

static void select_item(Rig *rig, guint port, guint16 key)
{
    rig_out(rig, port, key, 2);
}

static void read_bytes(Rig *rig, guint port, void *buf, guint n)
{
    for (guint i = 0; i < n; i++) {
        ((guint8 *)buf)[i] = rig_in(rig, port + 1, 1);
    }
}

static guint64 read_be(Rig *rig, guint port, guint n)
{
    guint64 value = 0;

    while (n--) {
        value = value << 8 | rig_in(rig, port + 1, 1);
    }
    return value;
}

/* Number of a file by the directory, 0 if it has none; *ret_size is its size. */
static guint16 find_file(Rig *rig, guint port, const char *name, guint32 *ret_size)
{
    guint32 n;

    select_item(rig, port, FW_CFG_FILE_DIR);
    n = read_be(rig, port, 4);
    for (guint i = 0; i < n; i++) {
        guint32 size = read_be(rig, port, 4);
        guint16 key = read_be(rig, port, 2);
        char found[56];

        g_assert_cmphex(read_be(rig, port, 2), ==, 0);
        read_bytes(rig, port, found, sizeof(found));
        g_assert_cmphex(key, ==, FW_CFG_FILE_FIRST + i);
        if (g_str_equal(found, name)) {
            *ret_size = size;
            return key;
        }
    }
    return 0;
}

static void assert_file(Rig *rig, guint port, const char *name, const char *text)
{
    guint32 size = 0;
    guint16 key = find_file(rig, port, name, &size);
    g_autofree char *found = NULL;

    g_assert_cmphex(key, !=, 0);
    found = g_malloc0(size + 1);
    select_item(rig, port, key);
    read_bytes(rig, port, found, size);
    g_assert_cmpstr(found, ==, text);
    g_assert_cmpuint(size, ==, strlen(text));
}

/* ---- Selector and data ---- */

static void test_registers(void)
{
    Bench b;

    bench_init(&b);
    /* After a reset the signature is selected. */
    g_assert_cmphex(read_be(b.rig, PORT, 4), ==, 0x51454d55);
    g_assert_cmphex(rig_in(b.rig, PORT + 1, 1), ==, 0);
    select_item(b.rig, PORT, FW_CFG_ID);
    g_assert_cmphex(read_be(b.rig, PORT, 5), ==, 0x0300000000);
    /* The selector is written only, as a whole. */
    select_item(b.rig, PORT, FW_CFG_SIGNATURE);
    g_assert_cmphex(rig_in(b.rig, PORT, 2), ==, 0);
    g_assert_cmphex(rig_in(b.rig, PORT, 1), ==, 'Q');
    rig_out(b.rig, PORT, FW_CFG_ID, 1);
    g_assert_cmphex(rig_in(b.rig, PORT + 1, 1), ==, 'E');
    /* Data is read only. */
    rig_out(b.rig, PORT + 1, 'x', 1);
    g_assert_cmphex(rig_in(b.rig, PORT + 1, 1), ==, 'M');
    rig_reset(b.rig);
    g_assert_cmphex(rig_in(b.rig, PORT + 1, 1), ==, 'Q');
    bench_done(&b);
}

static void test_items(void)
{
    Bench b;

    bench_init(&b);
    fw_cfg_set_number(b.fw_cfg, FW_CFG_RAM_SIZE, G_GUINT64_CONSTANT(0x1122334455667788), 8);
    fw_cfg_set_number(b.fw_cfg, FW_CFG_NB_CPUS, 0x0102, 2);
    fw_cfg_set_number(b.fw_cfg, FW_CFG_IRQ0_OVERRIDE, 1, 4);
    select_item(b.rig, PORT, FW_CFG_RAM_SIZE);
    g_assert_cmphex(read_be(b.rig, PORT, 8), ==, G_GUINT64_CONSTANT(0x8877665544332211));
    select_item(b.rig, PORT, FW_CFG_NB_CPUS);
    g_assert_cmphex(read_be(b.rig, PORT, 3), ==, 0x020100);
    select_item(b.rig, PORT, FW_CFG_IRQ0_OVERRIDE);
    g_assert_cmphex(read_be(b.rig, PORT, 4), ==, 0x01000000);
    /* The old write channel is not another item. */
    select_item(b.rig, PORT, 0x4000 | FW_CFG_NB_CPUS);
    g_assert_cmphex(read_be(b.rig, PORT, 2), ==, 0x0201);
    /* What was not set, and what does not exist, is empty. */
    for (guint key = 0; key < 0x10000; key += 0x0ff1) {
        select_item(b.rig, PORT, key | 0x1fe0);
        g_assert_cmphex(read_be(b.rig, PORT, 4), ==, 0);
    }
    select_item(b.rig, PORT, FW_CFG_KERNEL_DATA);
    g_assert_cmphex(read_be(b.rig, PORT, 4), ==, 0);
    bench_done(&b);
}

static void test_files(void)
{
    Bench b;
    guint32 size;
    g_autoptr(GBytes) bytes = NULL;

    bench_init(&b);
    g_assert_cmphex(find_file(b.rig, PORT, "none", &size), ==, 0);
    set_file(b.fw_cfg, "etc/m", "middle");
    set_file(b.fw_cfg, "etc/z", "last");
    set_file(b.fw_cfg, "bootorder", "");
    set_file(b.fw_cfg, "etc/a", "first");
    g_assert_cmphex(find_file(b.rig, PORT, "bootorder", &size), ==, 0x20);
    g_assert_cmphex(find_file(b.rig, PORT, "etc/a", &size), ==, 0x21);
    g_assert_cmphex(find_file(b.rig, PORT, "etc/z", &size), ==, 0x23);
    assert_file(b.rig, PORT, "etc/m", "middle");
    assert_file(b.rig, PORT, "bootorder", "");
    set_file(b.fw_cfg, "etc/m", "other contents");
    assert_file(b.rig, PORT, "etc/m", "other contents");
    assert_file(b.rig, PORT, "etc/z", "last");
    bytes = fw_cfg_get_file(b.fw_cfg, "etc/a");
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), "first", 5);
    g_assert_null(fw_cfg_get_file(b.fw_cfg, "etc/b"));
    /* A file that becomes shorter while it is read. */
    select_item(b.rig, PORT, find_file(b.rig, PORT, "etc/m", &size));
    read_be(b.rig, PORT, 8);
    set_file(b.fw_cfg, "etc/m", "tiny");
    g_assert_cmphex(read_be(b.rig, PORT, 4), ==, 0);
    bench_done(&b);
}

static void refused(FwCfg *s, const char *name, ErrorReason reason)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(fw_cfg_set_file(s, name, g_bytes_new_static("", 0), &error));
    g_assert_true(qmp_error_is(error, reason));
}

static void test_file_limits(void)
{
    static const char longest[] = "opt/456789012345678901234567890123456789012345678901234";
    g_autofree char *too_long = g_strconcat(longest, "5", NULL);
    Bench b;
    guint32 size;

    bench_init(&b);
    g_assert_cmpuint(strlen(longest), ==, FW_CFG_NAME_MAX);
    set_file(b.fw_cfg, longest, "x");
    assert_file(b.rig, PORT, longest, "x");
    refused(b.fw_cfg, too_long, ERROR_REASON_INVALID_VALUE);
    refused(b.fw_cfg, "", ERROR_REASON_INVALID_VALUE);
    for (guint i = 1; i < 0x20; i++) {
        g_autofree char *name = g_strdup_printf("f%u", i);

        set_file(b.fw_cfg, name, name);
    }
    refused(b.fw_cfg, "one-more", ERROR_REASON_LIMIT_EXCEEDED);
    set_file(b.fw_cfg, "f1", "still there");
    assert_file(b.rig, PORT, "f1", "still there");
    g_assert_cmphex(find_file(b.rig, PORT, "one-more", &size), ==, 0);
    bench_done(&b);
}

/* ---- DMA ---- */

static guint32 transfer_at(Bench *b, guint32 descriptor, guint32 control, guint32 length,
                           guint64 address)
{
    guint32 words[] = {
        GUINT32_TO_BE(control), GUINT32_TO_BE(length), GUINT32_TO_BE((guint32)(address >> 32)),
        GUINT32_TO_BE((guint32)address),
    };

    memcpy(b->ram + descriptor, words, sizeof(words));
    rig_out(b->rig, PORT + 4, 0, 4);
    rig_out(b->rig, PORT + 8, GUINT32_TO_BE(descriptor), 4);
    memcpy(words, b->ram + descriptor, sizeof(guint32));
    return GUINT32_FROM_BE(words[0]);
}

static guint32 transfer(Bench *b, guint32 control, guint32 length, guint64 address)
{
    return transfer_at(b, DESCRIPTOR, control, length, address);
}

static guint32 select_bits(guint16 key)
{
    return CONTROL_SELECT | (guint32)key << 16;
}

static void test_dma_register(void)
{
    Bench b;
    guint8 text[8];

    bench_init(&b);
    for (guint i = 0; i < 8; i++) {
        text[i] = rig_in(b.rig, PORT + 4 + i, 1);
    }
    g_assert_cmpmem(text, 8, "QEMU CFG", 8);
    g_assert_cmphex(rig_in(b.rig, PORT + 4, 4), ==, 0x554d4551);
    g_assert_cmphex(rig_in(b.rig, PORT + 8, 4), ==, 0x47464320);
    g_assert_cmphex(rig_in(b.rig, PORT + 10, 2), ==, 0x4746);
    /* Only whole halves count: nothing happens, and nothing is written. */
    memset(b.ram, 0xff, RAM);
    rig_out(b.rig, PORT + 8, 0, 1);
    rig_out(b.rig, PORT + 10, 0, 2);
    g_assert_cmphex(b.ram[0], ==, 0xff);
    bench_done(&b);
}

static void test_dma_read(void)
{
    Bench b;
    guint32 size;

    bench_init(&b);
    set_file(b.fw_cfg, "text", "0123456789");
    memset(b.ram + BUFFER, 0xff, 64);
    g_assert_cmphex(transfer(&b, CONTROL_READ | select_bits(find_file(b.rig, PORT, "text", &size)),
                             4, BUFFER), ==, 0);
    g_assert_cmpmem(b.ram + BUFFER, 6, "0123\xff\xff", 6);
    g_assert_cmphex(transfer(&b, CONTROL_SKIP, 2, BUFFER), ==, 0);
    g_assert_cmphex(rig_in(b.rig, PORT + 1, 1), ==, '6');
    /* Zeros behind the end. */
    g_assert_cmphex(transfer(&b, CONTROL_READ, 6, BUFFER), ==, 0);
    g_assert_cmpmem(b.ram + BUFFER, 7, "789\0\0\0\xff", 7);
    g_assert_cmphex(transfer(&b, CONTROL_SKIP, G_MAXUINT32, BUFFER), ==, 0);
    g_assert_cmphex(rig_in(b.rig, PORT + 1, 1), ==, 0);
    /* Reading goes before skipping; without either nothing happens. */
    g_assert_cmphex(transfer(&b, select_bits(FW_CFG_SIGNATURE), 4, 0), ==, 0);
    g_assert_cmphex(transfer(&b, CONTROL_READ | CONTROL_SKIP | CONTROL_WRITE, 2, BUFFER), ==, 0);
    g_assert_cmpmem(b.ram + BUFFER, 2, "QE", 2);
    g_assert_cmphex(transfer(&b, CONTROL_READ | select_bits(0x7777), 2, BUFFER), ==, 0);
    g_assert_cmpmem(b.ram + BUFFER, 2, "\0\0", 2);
    bench_done(&b);
}

static void test_dma_errors(void)
{
    Bench b;
    guint32 size;

    bench_init(&b);
    set_file(b.fw_cfg, "text", "0123456789");
    /* To where no RAM is, or past its end, or around the end of all addresses. */
    g_assert_cmphex(transfer(&b, CONTROL_READ | select_bits(FW_CFG_ID), 4, RAM), ==,
                    CONTROL_ERROR);
    g_assert_cmphex(transfer(&b, CONTROL_READ | select_bits(FW_CFG_ID), 4, RAM - 2), ==,
                    CONTROL_ERROR);
    g_assert_cmphex(transfer(&b, CONTROL_READ, 0x1000, G_MAXUINT64 - 0xff), ==, CONTROL_ERROR);
    /* Writing where the guest may not. */
    g_assert_cmphex(transfer(&b, CONTROL_WRITE | select_bits(find_file(b.rig, PORT, "text", &size)),
                             4, BUFFER), ==, CONTROL_ERROR);
    g_assert_cmphex(transfer(&b, CONTROL_WRITE | select_bits(FW_CFG_ID), 4, BUFFER), ==,
                    CONTROL_ERROR);
    assert_file(b.rig, PORT, "text", "0123456789");
    /* Descriptors that do not exist, or not as a whole: nobody hears of it. */
    rig_out(b.rig, PORT + 4, G_MAXUINT32, 4);
    rig_out(b.rig, PORT + 8, G_MAXUINT32, 4);
    rig_out(b.rig, PORT + 8, GUINT32_TO_BE(RAM - 8), 4);
    g_assert_cmphex(GUINT32_FROM_BE(*(guint32 *)(b.ram + RAM - 8)), ==, CONTROL_ERROR);
    bench_done(&b);
}

/* Long ones go on from the main loop, and the guest can see that. */
static void test_dma_long(void)
{
    g_autofree guint8 *data = g_malloc(3 << 20);
    Bench b;
    g_autoptr(GError) error = NULL;
    const guint32 control = CONTROL_READ | select_bits(FW_CFG_FILE_FIRST);

    bench_init(&b);
    for (guint i = 0; i < 3 << 20; i++) {
        data[i] = i * 7 >> 8;
    }
    fw_cfg_set_file(b.fw_cfg, "big", g_bytes_new(data, 3 << 20), &error);
    memset(b.ram, 0xff, RAM);
    g_assert_cmphex(transfer(&b, control, 4 << 20, 1 << 20), ==, control);
    g_assert_cmphex(b.ram[2 << 20], ==, 0xff);
    /* Meanwhile the device does nothing else. */
    select_item(b.rig, PORT, FW_CFG_SIGNATURE);
    g_assert_cmphex(rig_in(b.rig, PORT + 1, 1), ==, 0);
    g_assert_cmphex(transfer_at(&b, 0x8000, CONTROL_READ, 4, BUFFER), ==, CONTROL_READ);
    clock_advance(b.rig->clock, clock_now(b.rig->clock, CLOCK_KIND_VIRTUAL) + 1);
    g_assert_cmphex(*(guint32 *)(b.ram + DESCRIPTOR), ==, 0);
    g_assert_cmpmem(b.ram + (1 << 20), 3 << 20, data, 3 << 20);
    g_assert_cmphex(b.ram[4 << 20], ==, 0);
    g_assert_cmphex(b.ram[(5 << 20) - 1], ==, 0);
    g_assert_cmphex(b.ram[5 << 20], ==, 0xff);
    /* 4 GiB end with the guest's RAM. */
    g_assert_cmphex(transfer(&b, control, G_MAXUINT32, 1 << 20), ==, control);
    clock_advance(b.rig->clock, clock_now(b.rig->clock, CLOCK_KIND_VIRTUAL) + 1);
    g_assert_cmphex(GUINT32_FROM_BE(*(guint32 *)(b.ram + DESCRIPTOR)), ==, CONTROL_ERROR);
    bench_done(&b);
}

/* A reset ends it; a state that was saved in the middle goes on. */
static void test_dma_state(void)
{
    Bench b;
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) state = g_byte_array_new();
    const guint32 control = CONTROL_READ | select_bits(FW_CFG_SIGNATURE);

    bench_init(&b);
    memset(b.ram, 0xff, RAM);
    g_assert_cmphex(transfer(&b, control, 3 << 20, 1 << 20), ==, control);
    device_save(object_cast(b.fw_cfg, &qmp_class_device), state, NULL);
    rig_reset(b.rig);
    clock_advance(b.rig->clock, 1000);
    g_assert_cmphex(b.ram[(3 << 20)], ==, 0xff);
    g_assert_cmphex(rig_in(b.rig, PORT + 1, 1), ==, 'Q');
    g_assert_true(device_load(object_cast(b.fw_cfg, &qmp_class_device), state->data, state->len,
                              &error));
    clock_advance(b.rig->clock, 2000);
    g_assert_cmphex(*(guint32 *)(b.ram + DESCRIPTOR), ==, 0);
    g_assert_cmphex(b.ram[(4 << 20) - 1], ==, 0);
    g_assert_cmphex(b.ram[4 << 20], ==, 0xff);
    bench_done(&b);
}

static void test_no_dma(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, "fw_cfg_io", "a", &error, "dma_enabled", "off", NULL);
    g_assert_no_error(error);
    g_assert_cmphex(rig_in(rig, PORT + 4, 4), ==, 0xffffffff);
    select_item(rig, PORT, FW_CFG_ID);
    g_assert_cmphex(read_be(rig, PORT, 4), ==, 0x01000000);
}

/* ---- What code has a part in ---- */

typedef struct {
    FwCfg *s;
    guint selections, writes;
    guint32 offset, length;
    guint8 data[8];
} Watcher;

static void on_selected(void *opaque)
{
    Watcher *watcher = opaque;
    g_autofree char *text = g_strdup_printf("built %u", ++watcher->selections);

    set_file(watcher->s, "built", text);
}

static void on_written(void *opaque, const guint8 *data, guint32 offset, guint32 length)
{
    Watcher *watcher = opaque;

    watcher->writes++;
    watcher->offset = offset;
    watcher->length = length;
    memcpy(watcher->data, data, 8);
}

static void test_ops(void)
{
    static const FwCfgFileOps selected = { .selected = on_selected };
    static const FwCfgFileOps written = { .written = on_written };
    g_autoptr(GError) error = NULL;
    Bench b;
    Watcher watcher;

    bench_init(&b);
    watcher = (Watcher){ .s = b.fw_cfg };
    fw_cfg_set_file_ops(b.fw_cfg, "built", g_bytes_new_static("built ?", 7), &selected, &watcher,
                        &error);
    fw_cfg_set_file_ops(b.fw_cfg, "own", g_bytes_new_static("abcdefgh", 8), &written, &watcher,
                        &error);
    g_assert_no_error(error);
    assert_file(b.rig, PORT, "built", "built 1");
    assert_file(b.rig, PORT, "built", "built 2");

    memcpy(b.ram + BUFFER, "XYZ", 3);
    g_assert_cmphex(transfer(&b, CONTROL_SKIP | select_bits(0x21), 2, 0), ==, 0);
    g_assert_cmphex(transfer(&b, CONTROL_WRITE, 3, BUFFER), ==, 0);
    g_assert_cmpuint(watcher.writes, ==, 1);
    g_assert_cmpuint(watcher.offset, ==, 2);
    g_assert_cmpuint(watcher.length, ==, 3);
    g_assert_cmpmem(watcher.data, 8, "abXYZfgh", 8);
    assert_file(b.rig, PORT, "own", "abXYZfgh");
    /* Not beyond the end, and not from where no RAM is. */
    g_assert_cmphex(transfer(&b, CONTROL_WRITE | select_bits(0x21), 9, BUFFER), ==, CONTROL_ERROR);
    g_assert_cmphex(transfer(&b, CONTROL_WRITE | select_bits(0x21), 4, RAM), ==, CONTROL_ERROR);
    g_assert_cmpuint(watcher.writes, ==, 1);
    assert_file(b.rig, PORT, "own", "abXYZfgh");
    bench_done(&b);
}

/* ---- Files of clients ---- */

static void test_client_files(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "vmd-test-fw-cfg", NULL);
    Bench b;

    g_file_set_contents(path, "from a file", -1, &error);
    g_assert_no_error(error);
    bench_init(&b);
    rig_object(b.rig, "fw-cfg-file", "s", &error, "name", "opt/s", "string", "text", NULL);
    g_assert_no_error(error);
    rig_object(b.rig, "fw-cfg-file", "f", &error, "name", "opt/f", "file", path, NULL);
    g_assert_no_error(error);
    unlink(path);
    for (guint i = 0; i < 2; i++) {
        fw_cfg_add_client_files(b.fw_cfg, &error);
        g_assert_no_error(error);
        assert_file(b.rig, PORT, "opt/s", "text");
        assert_file(b.rig, PORT, "opt/f", "from a file");
    }
    refused(b.fw_cfg, "opt/s", ERROR_REASON_ID_IN_USE);
    /* Two of one name are too many, and then there is none. */
    rig_object(b.rig, "fw-cfg-file", "t", &error, "name", "opt/s", "string", "", NULL);
    g_assert_false(fw_cfg_add_client_files(b.fw_cfg, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ID_IN_USE));
    g_assert_null(fw_cfg_get_file(b.fw_cfg, "opt/f"));
    bench_done(&b);
}

static void bad_client_file(Rig *rig, const char *key, const char *value, const char *key2,
                            const char *value2, ErrorReason reason)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_object(rig, "fw-cfg-file", "x", &error, "name", "n", key, value, key2,
                             value2, NULL));
    g_assert_true(qmp_error_is(error, reason));
}

static void test_bad_client_files(void)
{
    Bench b;

    bench_init(&b);
    bad_client_file(b.rig, NULL, NULL, NULL, NULL, ERROR_REASON_PROPERTY_MISSING);
    bad_client_file(b.rig, "string", "a", "file", "b", ERROR_REASON_INVALID_VALUE);
    bad_client_file(b.rig, "file", "/", NULL, NULL, ERROR_REASON_FILE_NOT_USABLE);
    bad_client_file(b.rig, "file", "/dev/zero", NULL, NULL, ERROR_REASON_FILE_NOT_USABLE);
    bad_client_file(b.rig, "file", "/no/such/file", NULL, NULL, ERROR_REASON_FILE_NOT_USABLE);
    bench_done(&b);
}

/* ---- Two ---- */

static void test_two(void)
{
    Bench b;
    FwCfg *second;

    bench_init(&b);
    second = make(b.rig, "b", "0x610");
    set_file(b.fw_cfg, "name", "of the first");
    set_file(second, "name", "of the second");
    assert_file(b.rig, 0x510, "name", "of the first");
    assert_file(b.rig, 0x610, "name", "of the second");
    select_item(b.rig, 0x510, FW_CFG_ID);
    select_item(b.rig, 0x610, FW_CFG_SIGNATURE);
    g_assert_cmphex(rig_in(b.rig, 0x511, 1), ==, 3);
    g_assert_cmphex(rig_in(b.rig, 0x611, 1), ==, 'Q');
    device_unmake(object_cast(b.fw_cfg, &qmp_class_device));
    g_assert_cmphex(rig_in(b.rig, 0x511, 1), ==, 0xff);
    g_assert_cmphex(rig_in(b.rig, 0x514, 4), ==, 0xffffffff);
    assert_file(b.rig, 0x610, "name", "of the second");
    bench_done(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fw-cfg/registers", test_registers);
    g_test_add_func("/fw-cfg/items", test_items);
    g_test_add_func("/fw-cfg/files", test_files);
    g_test_add_func("/fw-cfg/file-limits", test_file_limits);
    g_test_add_func("/fw-cfg/dma-register", test_dma_register);
    g_test_add_func("/fw-cfg/dma-read", test_dma_read);
    g_test_add_func("/fw-cfg/dma-errors", test_dma_errors);
    g_test_add_func("/fw-cfg/dma-long", test_dma_long);
    g_test_add_func("/fw-cfg/dma-state", test_dma_state);
    g_test_add_func("/fw-cfg/no-dma", test_no_dma);
    g_test_add_func("/fw-cfg/ops", test_ops);
    g_test_add_func("/fw-cfg/client-files", test_client_files);
    g_test_add_func("/fw-cfg/bad-client-files", test_bad_client_files);
    g_test_add_func("/fw-cfg/two", test_two);
    return g_test_run();
}
