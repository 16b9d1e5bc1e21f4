/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the qtest server with a serial port and some RAM.  The input is
 * what a client sends, in pieces whose sizes follow from it.  Each line has one
 * answer, which begins with OK, FAIL or ERR; other lines report interrupts.
 */
#include "config.h"

#include <string.h>

#include "hw/chardev/char.h"
#include "qom/qapi-objects-char.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"

#define RAM_SIZE 0x10000

typedef struct {
    CharOps ops;                /* first: how it is found from a Chardev */
    gsize room;                 /* what it takes in one go */
    char begin[5];              /* of the line that is being sent */
    guint length;
    guint answers, interrupts;
} Host;

static void end_line(Host *host)
{
    if (g_str_has_prefix(host->begin, "IRQ ")) {
        host->interrupts++;
    } else {
        g_assert_true(g_str_has_prefix(host->begin, "OK") ||
                      g_str_has_prefix(host->begin, "FAIL") ||
                      g_str_has_prefix(host->begin, "ERR "));
        host->answers++;
    }
    memset(host->begin, 0, sizeof(host->begin));
    host->length = 0;
}

static gsize host_write(Chardev *chr, const guint8 *data, gsize size)
{
    Host *host = (Host *)chr->ops;
    gsize n = MIN(size, host->room);

    host->room -= n;
    for (gsize i = 0; i < n; i++) {
        if (data[i] == '\n') {
            end_line(host);
        } else if (host->length < sizeof(host->begin) - 1) {
            host->begin[host->length++] = data[i];
        }
    }
    return n;
}

static char *host_filename(Chardev *chr)
{
    return g_strdup("host");
}

/* Until it takes no more input, the client waits for answers. */
static void send_all(Chardev *chr, Host *host, const guint8 *data, gsize size)
{
    while (size) {
        gsize n = MIN(MIN(size, (gsize)1 + data[0] % 64), char_can_receive(chr));

        host->room = data[0] & 1 ? G_MAXSIZE : 1000;
        if (n) {
            char_receive(chr, data, n);
            data += n;
            size -= n;
        } else {
            host->room = G_MAXSIZE;
            char_writable(chr);
        }
    }
    host->room = G_MAXSIZE;
    char_writable(chr);
}

static guint count_lines(const guint8 *data, gsize size)
{
    guint n = 0;

    for (gsize i = 0; i < size; i++) {
        n += data[i] == '\n';
    }
    return n;
}

static void run(Rig *rig, const guint8 *data, gsize size)
{
    g_autoptr(GError) error = NULL;
    Host host = { .ops = { .write = host_write, .filename = host_filename } };
    Chardev *chr = to_chardev(rig_object(rig, "chardev-null", "c0", &error, NULL));
    Object *qtest;

    g_assert_no_error(error);
    chr->ops = &host.ops;
    rig_device(rig, "isa-serial", "s0", &error, "index", "0", NULL);
    g_assert_no_error(error);
    qtest = rig_object(rig, "qtest", "q0", &error, "chardev", "c0", NULL);
    g_assert_no_error(error);
    send_all(chr, &host, data, size);
    g_assert_cmpuint(host.answers, ==, count_lines(data, size));
    object_destroy(qtest);
    chr->ops = object_kind(chr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree guint8 *block = g_malloc0(RAM_SIZE + 4096);
    guint8 *ram = (guint8 *)(((guintptr)block + 4095) & ~(guintptr)4095);
    Rig *rig = rig_new();
    MemoryRegion *region = region_new_ram(&rig->machine->object, "some-ram", ram, RAM_SIZE);

    region_add(address_space_root(rig->memory), 0, region, 0);
    run(rig, data, size);
    rig_free(rig);
    return 0;
}
