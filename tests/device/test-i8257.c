/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/dma/i8257.c: registers, transfers of both controllers, and what a device on the bus sees
 * (hw/isa/isa-dma.h).
 */
#include "config.h"

#include <string.h>

#include "hw/isa/isa-dma.h"
#include "qmp/error.h"
#include "qom/qapi-objects-machine.h"
#include "tests/lib/rig.h"
#include "tests/lib/state-bytes.h"

enum { RAM_SIZE = 1 << 20 };

/* Registers of controller 1. */
enum { STATUS = 8, COMMAND = 8, REQUEST, SINGLE_MASK, MODE, FLIP_FLOP, MASTER_CLEAR, CLEAR_MASKS,
       ALL_MASKS };
enum { TO_MEMORY = 0x44, FROM_MEMORY = 0x48, VERIFY = 0x40, AUTOINIT = 0x10, DECREMENT = 0x20,
       BLOCK_TO_MEMORY = 0x84, CASCADE = 0xc0 };

typedef struct {
    Rig *rig;
    guint8 *ram;
    MemoryRegion *region;
    Device *one, *two;
    Device *peer;               /* any device on the bus */
} Bench;

/* A device's end, with what it has been told. */
typedef struct {
    IsaDma dma;
    guint ready;
} Line;

static void bench_init(Bench *b, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    b->rig = rig_new();
    b->ram = g_aligned_alloc0(1, RAM_SIZE, 4096);
    b->region = region_new_ram(&b->rig->machine->object, "ram", b->ram, RAM_SIZE);
    region_add(address_space_root(b->rig->memory), 0, b->region, 0);
    b->one = rig_device(b->rig, "i8257", "one", &error, "pageh-base", "-1", NULL);
    g_assert_no_error(error);
    b->two = rig_device(b->rig, "i8257", "two", &error, "base", "0xc0", "dshift", "1", "page-base",
                        "0x88", "pageh-base", "0x488", NULL);
    g_assert_no_error(error);
    b->peer = rig_device(b->rig, "port92", "peer", &error, NULL);
    g_assert_no_error(error);
    rig_reset(b->rig);
}

static void bench_done(Bench *b, gconstpointer data)
{
    region_remove(address_space_root(b->rig->memory), b->region);
    rig_free(b->rig);
    g_aligned_free(b->ram);
}

static void line_ready(void *opaque)
{
    ((Line *)opaque)->ready++;
}

static void connect(Bench *b, Line *line, guint channel)
{
    g_autoptr(GError) error = NULL;

    *line = (Line){ .dma = { .ready = line_ready, .opaque = line } };
    g_assert_true(isa_dma_connect(b->peer, &line->dma, channel, &error));
    g_assert_no_error(error);
}

static guint8 in(const Bench *b, guint16 port)
{
    return rig_in(b->rig, port, 1);
}

static void out(const Bench *b, guint16 port, guint8 value)
{
    rig_out(b->rig, port, value, 1);
}

/* Ports of page registers, by channel. */
static const guint16 page_ports[] = { 0x87, 0x83, 0x81, 0x82, 0x8f, 0x8b, 0x89, 0x8a };

static guint16 control_port(guint channel, guint reg)
{
    return channel < 4 ? reg : 0xc0 + reg * 2;
}

static void write_base(const Bench *b, guint channel, guint which, guint16 value)
{
    guint16 port = control_port(channel, channel % 4 * 2 + which);

    out(b, port, value & 0xff);
    out(b, port, value >> 8);
}

static guint16 read_current(const Bench *b, guint channel, guint which)
{
    guint16 port = control_port(channel, channel % 4 * 2 + which);
    guint8 low, high;

    out(b, control_port(channel, FLIP_FLOP), 0);
    low = in(b, port);
    high = in(b, port);
    return high << 8 | low;
}

/* What a driver does; units as the channel counts them. */
static void program(const Bench *b, guint channel, guint8 mode, guint8 page, guint16 address,
                    guint16 units)
{
    out(b, control_port(channel, SINGLE_MASK), 4 | channel % 4);
    out(b, control_port(channel, FLIP_FLOP), 0);
    out(b, control_port(channel, MODE), mode | channel % 4);
    write_base(b, channel, 0, address);
    write_base(b, channel, 1, units - 1);
    out(b, page_ports[channel], page);
    out(b, control_port(channel, SINGLE_MASK), channel % 4);
}

static void test_registers(Bench *b, gconstpointer data)
{
    write_base(b, 1, 0, 0x1234);
    g_assert_cmphex(read_current(b, 1, 0), ==, 0x1234);
    write_base(b, 1, 1, 0xabcd);
    g_assert_cmphex(read_current(b, 1, 1), ==, 0xabcd);
    g_assert_cmphex(read_current(b, 0, 0), ==, 0);
    out(b, FLIP_FLOP, 0);
    out(b, 2, 0x11);                    /* the low byte, and the flip-flop is set */
    g_assert_cmphex(in(b, 2), ==, 0x12);
    g_assert_cmphex(in(b, 2), ==, 0x11);
    write_base(b, 5, 0, 0x4321);        /* the other controller has its own */
    g_assert_cmphex(read_current(b, 5, 0), ==, 0x4321);
    g_assert_cmphex(read_current(b, 1, 0), ==, 0x1211);
}

static void test_masks(Bench *b, gconstpointer data)
{
    g_assert_cmphex(in(b, ALL_MASKS), ==, 0x0f);
    out(b, SINGLE_MASK, 2);
    g_assert_cmphex(in(b, ALL_MASKS), ==, 0x0b);
    out(b, CLEAR_MASKS, 0xff);
    g_assert_cmphex(in(b, ALL_MASKS), ==, 0x00);
    out(b, SINGLE_MASK, 4 | 1);
    g_assert_cmphex(in(b, ALL_MASKS), ==, 0x02);
    out(b, ALL_MASKS, 0xf5);
    g_assert_cmphex(in(b, ALL_MASKS), ==, 0x05);
    g_assert_cmphex(in(b, 0xde), ==, 0x0f);
    out(b, MASTER_CLEAR, 0);
    g_assert_cmphex(in(b, ALL_MASKS), ==, 0x0f);
}

/* Four of each eight have no channel, but keep their byte. */
static void test_pages(Bench *b, gconstpointer data)
{
    for (guint i = 0; i < 16; i++) {
        out(b, 0x80 + i, 0xa0 + i);
    }
    for (guint i = 0; i < 16; i++) {
        g_assert_cmphex(in(b, 0x80 + i), ==, 0xa0 + i);
    }
    g_assert_cmphex(in(b, 0x480), ==, 0xff);            /* controller 1 has no upper ones */
    out(b, 0x48b, 0x55);
    g_assert_cmphex(in(b, 0x48b), ==, 0x55);
    g_assert_cmphex(in(b, 0x8b), ==, 0xab);
}

/* From the device to memory, in two parts; terminal count masks the channel. */
static void test_to_memory(Bench *b, gconstpointer data)
{
    Line line;
    bool tc;

    connect(b, &line, 2);
    program(b, 2, TO_MEMORY, 0x03, 0x8000, 6);
    g_assert_cmpuint(isa_dma_left(&line.dma, true), ==, 6);
    g_assert_cmpuint(isa_dma_left(&line.dma, false), ==, 0);
    g_assert_cmpuint(isa_dma_write(&line.dma, "abcd", 4, &tc), ==, 0);  /* no request */
    isa_dma_request(&line.dma, true);
    g_assert_cmpuint(line.ready, ==, 1);
    g_assert_cmpuint(isa_dma_write(&line.dma, "abcd", 4, &tc), ==, 4);
    g_assert_false(tc);
    g_assert_cmphex(read_current(b, 2, 0), ==, 0x8004);
    g_assert_cmphex(read_current(b, 2, 1), ==, 1);
    g_assert_cmpuint(isa_dma_write(&line.dma, "efgh", 4, &tc), ==, 2);
    g_assert_true(tc);
    g_assert_cmpstr((char *)b->ram + 0x38000, ==, "abcdef");
    g_assert_cmphex(read_current(b, 2, 1), ==, 0xffff);
    g_assert_cmphex(in(b, ALL_MASKS), ==, 0x0f);
    g_assert_cmphex(in(b, STATUS), ==, 0x44);           /* requests, and has reached its end */
    g_assert_cmphex(in(b, STATUS), ==, 0x40);           /* which is seen once */
    g_assert_cmpuint(isa_dma_write(&line.dma, "ij", 2, &tc), ==, 0);
    isa_dma_request(&line.dma, false);
    g_assert_cmphex(in(b, STATUS), ==, 0x00);
    isa_dma_disconnect(&line.dma);
}

static void test_from_memory(Bench *b, gconstpointer data)
{
    char buf[8] = "";
    Line line;
    bool tc;

    connect(b, &line, 3);
    memcpy(b->ram + 0x1fffe, "xyz", 4);
    program(b, 3, FROM_MEMORY, 0x01, 0xfffe, 3);
    isa_dma_request(&line.dma, true);
    memcpy(b->ram + 0x10000, "!", 1);
    g_assert_cmpuint(isa_dma_read(&line.dma, buf, 8, &tc), ==, 3);
    g_assert_true(tc);
    g_assert_cmpstr(buf, ==, "xy!");                    /* wraps in its page of 64 KiB */
    isa_dma_disconnect(&line.dma);
}

/* Words: addresses and counts in units, pages of 128 KiB, no odd byte. */
static void test_words(Bench *b, gconstpointer data)
{
    Line line;
    bool tc;

    connect(b, &line, 5);
    program(b, 5, TO_MEMORY, 0x03, 0xffff, 4);          /* bit 0 of the page is not used */
    isa_dma_request(&line.dma, true);
    g_assert_cmpuint(isa_dma_left(&line.dma, true), ==, 8);
    g_assert_cmpuint(isa_dma_write(&line.dma, "abcde", 5, &tc), ==, 4);
    g_assert_false(tc);
    g_assert_cmpmem(b->ram + 0x3fffe, 2, "ab", 2);
    g_assert_cmpmem(b->ram + 0x20000, 2, "cd", 2);      /* wraps */
    g_assert_cmphex(b->ram[0x40000], ==, 0);
    g_assert_cmphex(in(b, 0xd0), ==, 0x20);
    isa_dma_disconnect(&line.dma);
}

static void test_decrement(Bench *b, gconstpointer data)
{
    Line line;
    bool tc;

    connect(b, &line, 1);
    program(b, 1, TO_MEMORY | DECREMENT, 0x02, 0x0001, 4);
    isa_dma_request(&line.dma, true);
    g_assert_cmpuint(isa_dma_write(&line.dma, "abcd", 4, &tc), ==, 4);
    g_assert_true(tc);
    g_assert_cmpmem(b->ram + 0x20000, 2, "ba", 2);
    g_assert_cmpmem(b->ram + 0x2fffe, 2, "dc", 2);
    g_assert_cmphex(read_current(b, 1, 0), ==, 0xfffd);
    isa_dma_disconnect(&line.dma);
}

/* Begins again at the base, and is not masked. */
static void test_autoinit(Bench *b, gconstpointer data)
{
    Line line;
    bool tc;

    connect(b, &line, 0);
    program(b, 0, TO_MEMORY | AUTOINIT, 0x00, 0x1000, 2);
    isa_dma_request(&line.dma, true);
    for (guint i = 0; i < 3; i++) {
        g_assert_cmpuint(isa_dma_write(&line.dma, "abcd" + i, 4 - i, &tc), ==, 2);
        g_assert_true(tc);
        g_assert_cmpmem(b->ram + 0x1000, 2, "abcd" + i, 2);
        g_assert_cmphex(read_current(b, 0, 0), ==, 0x1000);
        g_assert_cmphex(read_current(b, 0, 1), ==, 1);
    }
    g_assert_cmphex(in(b, ALL_MASKS), ==, 0x0e);
    g_assert_cmphex(in(b, STATUS), ==, 0x11);
    isa_dma_disconnect(&line.dma);
}

/* Counts, and moves nothing. */
static void test_verify(Bench *b, gconstpointer data)
{
    Line line;
    bool tc;

    connect(b, &line, 2);
    memset(b->ram + 0x1000, 0x5a, 4);
    program(b, 2, VERIFY, 0x00, 0x1000, 4);
    isa_dma_request(&line.dma, true);
    g_assert_cmpuint(isa_dma_write(&line.dma, "abcd", 4, &tc), ==, 4);
    g_assert_true(tc);
    g_assert_cmphex(b->ram[0x1000], ==, 0x5a);
    g_assert_cmphex(read_current(b, 2, 0), ==, 0x1004);
    isa_dma_disconnect(&line.dma);
}

/* What keeps a channel from moving; the device is told when that ends. */
static void test_not_ready(Bench *b, gconstpointer data)
{
    Line line;
    bool tc;

    connect(b, &line, 2);
    isa_dma_request(&line.dma, true);
    g_assert_cmpuint(line.ready, ==, 0);
    program(b, 2, TO_MEMORY, 0, 0x1000, 16);
    g_assert_cmpuint(line.ready, ==, 1);
    out(b, COMMAND, 0x04);                              /* disabled */
    g_assert_cmpuint(isa_dma_write(&line.dma, "a", 1, &tc), ==, 0);
    out(b, COMMAND, 0x00);
    g_assert_cmpuint(line.ready, ==, 2);
    out(b, MODE, CASCADE | 0x04 | 2);
    g_assert_cmpuint(isa_dma_write(&line.dma, "a", 1, &tc), ==, 0);
    out(b, MODE, FROM_MEMORY | 2);                      /* the other direction */
    g_assert_cmpuint(isa_dma_write(&line.dma, "a", 1, &tc), ==, 0);
    out(b, MODE, 0x0c | 2);                             /* an illegal one */
    g_assert_cmpuint(isa_dma_write(&line.dma, "a", 1, &tc), ==, 0);
    out(b, MODE, TO_MEMORY | 2);
    g_assert_cmpuint(isa_dma_write(&line.dma, "a", 1, &tc), ==, 1);
    out(b, SINGLE_MASK, 4 | 2);
    g_assert_cmpuint(isa_dma_write(&line.dma, "a", 1, &tc), ==, 0);
    isa_dma_disconnect(&line.dma);
    connect(b, &line, 4);                               /* over it the chips are cascaded */
    program(b, 4, TO_MEMORY, 0, 0x1000, 16);
    isa_dma_request(&line.dma, true);
    g_assert_cmpuint(isa_dma_write(&line.dma, "ab", 2, &tc), ==, 0);
    isa_dma_disconnect(&line.dma);
}

/* Beyond RAM there is an empty bus; nothing else is written. */
static void test_no_ram(Bench *b, gconstpointer data)
{
    guint8 buf[4] = { 1, 2, 3, 4 };
    Line line;
    bool tc;

    connect(b, &line, 2);
    program(b, 2, FROM_MEMORY, 0x80, 0x0000, 4);
    isa_dma_request(&line.dma, true);
    g_assert_cmpuint(isa_dma_read(&line.dma, buf, 4, &tc), ==, 4);
    g_assert_true(tc);
    g_assert_cmpmem(buf, 4, "\xff\xff\xff\xff", 4);
    program(b, 2, TO_MEMORY, 0xff, 0xfffe, 4);
    g_assert_cmpuint(isa_dma_write(&line.dma, buf, 4, &tc), ==, 4);
    isa_dma_disconnect(&line.dma);
    for (guint i = 0; i < RAM_SIZE; i++) {
        g_assert_cmphex(b->ram[i], ==, 0);
    }
}

/* The largest transfer there is: a page. */
static void test_whole_page(Bench *b, gconstpointer data)
{
    g_autofree guint8 *bytes = g_malloc(0x20000);
    Line line;
    bool tc;

    memset(bytes, 0xc3, 0x20000);
    connect(b, &line, 7);
    program(b, 7, BLOCK_TO_MEMORY, 0x04, 0x8000, 0);
    isa_dma_request(&line.dma, true);
    g_assert_cmpuint(isa_dma_left(&line.dma, true), ==, 0x20000);
    g_assert_cmpuint(isa_dma_write(&line.dma, bytes, 0x20000, &tc), ==, 0x20000);
    g_assert_true(tc);
    g_assert_cmpmem(b->ram + 0x40000, 0x20000, bytes, 0x20000);
    g_assert_cmphex(b->ram[0x3ffff] | b->ram[0x60000], ==, 0);
    isa_dma_disconnect(&line.dma);
}

/* A request by software: in block mode the channel runs, and memory stays. */
static void test_software_request(Bench *b, gconstpointer data)
{
    program(b, 1, TO_MEMORY, 0, 0x1000, 8);
    out(b, REQUEST, 4 | 1);
    g_assert_cmphex(in(b, STATUS), ==, 0x00);
    program(b, 1, BLOCK_TO_MEMORY, 0, 0x1000, 8);
    out(b, REQUEST, 1);
    g_assert_cmphex(in(b, STATUS), ==, 0x00);
    out(b, REQUEST, 4 | 1);
    g_assert_cmphex(in(b, STATUS), ==, 0x02);
    g_assert_cmphex(read_current(b, 1, 0), ==, 0x1008);
    g_assert_cmphex(b->ram[0x1000], ==, 0);
    out(b, COMMAND, 0x01);
    rig_assert_guest_error(b->one, "memory-to-memory");
}

static void test_reset(Bench *b, gconstpointer data)
{
    Line line;

    connect(b, &line, 2);
    isa_dma_request(&line.dma, true);
    program(b, 2, TO_MEMORY, 7, 0x1000, 8);
    rig_reset(b->rig);
    g_assert_cmpuint(isa_dma_left(&line.dma, true), ==, 0);
    g_assert_cmphex(in(b, ALL_MASKS), ==, 0x0f);
    g_assert_cmphex(in(b, 0x81), ==, 0);
    g_assert_cmphex(in(b, STATUS), ==, 0x40);           /* the line is the device's */
    isa_dma_disconnect(&line.dma);
}

static void test_state(Bench *b, gconstpointer data)
{
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    Line line;
    bool tc;

    connect(b, &line, 5);
    program(b, 5, TO_MEMORY, 2, 0x1000, 8);
    isa_dma_request(&line.dma, true);
    isa_dma_write(&line.dma, "abcd", 4, &tc);
    g_assert_true(device_save(b->two, state, &error));
    rig_reset(b->rig);
    g_assert_true(device_load(b->two, state->data, state->len, &error));
    g_assert_cmpuint(isa_dma_write(&line.dma, "efgh", 4, &tc), ==, 4);
    g_assert_cmpstr((char *)b->ram + 0x22000, ==, "abcdefgh");
    *state_bytes(state, "mask") = 0x10;
    g_assert_false(device_load(b->two, state->data, state->len, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    isa_dma_disconnect(&line.dma);
}

/* Channels without a controller, or that do not exist; and two of a kind. */
static void test_errors(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *peer = rig_device(rig, "port92", "peer", &error, NULL);
    IsaDma dma = { .ready = line_ready };

    g_assert_false(isa_dma_connect(peer, &dma, 2, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
    g_clear_error(&error);
    g_assert_false(isa_dma_connect(peer, &dma, 8, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_OUT_OF_RANGE));
    g_clear_error(&error);
    isa_dma_disconnect(&dma);
    rig_device(rig, "i8257", "one", &error, NULL);
    g_assert_no_error(error);
    g_assert_null(rig_device(rig, "i8257", "again", &error, "base", "0x300", "page-base", "0x310",
                             "pageh-base", "-1", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
    g_clear_error(&error);
    g_assert_null(rig_device(rig, "i8257", "two", &error, "base", "0xc0", "dshift", "1",
                             "page-base", "0x88", "pageh-base", "0x480", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ADDRESS_IN_USE));
    g_assert_cmphex(rig_in(rig, 0xde, 1), ==, 0xff);    /* all of it is undone */
}

/* Two devices share a channel; a controller that goes away is not missed. */
static void test_two_devices(Bench *b, gconstpointer data)
{
    Line first, second;
    bool tc;

    connect(b, &first, 2);
    connect(b, &second, 2);
    isa_dma_request(&second.dma, true);
    program(b, 2, TO_MEMORY, 1, 0, 4);
    g_assert_cmpuint(first.ready, ==, 0);
    g_assert_cmpuint(second.ready, ==, 1);
    isa_dma_request(&first.dma, true);
    isa_dma_request(&second.dma, false);
    g_assert_cmphex(in(b, STATUS), ==, 0x40);
    isa_dma_disconnect(&second.dma);
    g_assert_cmpuint(isa_dma_write(&first.dma, "ab", 2, &tc), ==, 2);
    device_unmake(b->one);
    g_assert_cmpuint(isa_dma_write(&first.dma, "ab", 2, &tc), ==, 0);
    isa_dma_request(&first.dma, false);
    isa_dma_disconnect(&first.dma);
}

#define CASE(name)                                                                      \
    g_test_add("/i8257/" #name, Bench, NULL, bench_init, test_##name, bench_done)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE(registers);
    CASE(masks);
    CASE(pages);
    CASE(to_memory);
    CASE(from_memory);
    CASE(words);
    CASE(decrement);
    CASE(autoinit);
    CASE(verify);
    CASE(not_ready);
    CASE(no_ram);
    CASE(whole_page);
    CASE(software_request);
    CASE(reset);
    CASE(state);
    CASE(two_devices);
    g_test_add_func("/i8257/errors", test_errors);
    return g_test_run();
}
