/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports and memory, as a CPU would reach them.  Numbers have the guest's byte
 * order; data is in order of addresses, as hexadecimal digits or as base64.
 *
 * Unmapped memory reads as zeros, which QEMU's clients expect (a CPU of this
 * machine would read ones).
 */
#include "config.h"
#include "hw/qtest/qtest-internal.h"

#include <string.h>

#define LAST_PORT 0xffff

/* ---- One number ---- */

/* The size that the last letter of a command stands for. */
static guint size_of(const char *command)
{
    switch (command[strlen(command) - 1]) {
    case 'b':
        return 1;
    case 'w':
        return 2;
    case 'l':
        return 4;
    default:
        return 8;
    }
}

static bool parse_port(QTest *s, const char *word, guint64 *ret_port)
{
    if (!qtest_u64(s, word, ret_port)) {
        return false;
    }
    if (*ret_port > LAST_PORT) {
        qtest_fail(s, "port %.40s is above 0xffff", word);
        return false;
    }
    return true;
}

static void run_in(QTest *s, Machine *machine, char **words)
{
    guint64 port;

    if (parse_port(s, words[1], &port)) {
        qtest_reply(s, "OK 0x%04" G_GINT64_MODIFIER "x",
                    address_space_read(machine->io, port, size_of(words[0])));
    }
}

static void run_out(QTest *s, Machine *machine, char **words)
{
    guint64 port, value;

    if (parse_port(s, words[1], &port) && qtest_u64(s, words[2], &value)) {
        address_space_write(machine->io, port, value, size_of(words[0]));
        qtest_ok(s);
    }
}

/* ---- Memory ---- */

/* How many of size bytes at addr are in one range (*ret_mapped), or before the
 * next one. */
static gsize piece_at(AddressSpace *as, guint64 addr, gsize size, bool *ret_mapped)
{
    guint n;
    const FlatRange *ranges = address_space_ranges(as, &n);
    guint low = 0, high = n;

    while (low < high) {
        guint middle = (low + high) / 2;

        if (ranges[middle].start + (ranges[middle].size - 1) < addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *ret_mapped = low < n && ranges[low].start <= addr;
    if (*ret_mapped) {
        return MIN(size - 1, ranges[low].start + (ranges[low].size - 1) - addr) + 1;
    }
    return low < n ? MIN(size, ranges[low].start - addr) : size;
}

/* Addresses wrap around, as on the bus. */
static void read_bytes(AddressSpace *as, guint64 addr, guint8 *data, gsize size)
{
    while (size) {
        bool mapped;
        gsize n = piece_at(as, addr, size, &mapped);

        if (mapped) {
            address_space_access(as, addr, data, n, false);
        } else {
            memset(data, 0, n);
        }
        addr += n;
        data += n;
        size -= n;
    }
}

static void write_bytes(AddressSpace *as, guint64 addr, guint8 *data, gsize size)
{
    while (size) {
        bool mapped;
        gsize n = piece_at(as, addr, size, &mapped);

        if (mapped) {
            address_space_access(as, addr, data, n, true);
        }
        addr += n;
        data += n;
        size -= n;
    }
}

static void run_read_number(QTest *s, Machine *machine, char **words)
{
    guint8 data[8] = { 0 };
    guint64 addr, value;

    if (qtest_u64(s, words[1], &addr)) {
        read_bytes(machine->memory, addr, data, size_of(words[0]));
        memcpy(&value, data, sizeof(value));
        qtest_reply(s, "OK 0x%016" G_GINT64_MODIFIER "x", GUINT64_FROM_LE(value));
    }
}

static void run_write_number(QTest *s, Machine *machine, char **words)
{
    guint64 addr, value;

    if (qtest_u64(s, words[1], &addr) && qtest_u64(s, words[2], &value)) {
        value = GUINT64_TO_LE(value);
        write_bytes(machine->memory, addr, (guint8 *)&value, size_of(words[0]));
        qtest_ok(s);
    }
}

/* ---- Data ---- */

static bool parse_range(QTest *s, char **words, guint64 *ret_addr, gsize *ret_size)
{
    guint64 size;

    if (!qtest_u64(s, words[1], ret_addr) || !qtest_u64(s, words[2], &size)) {
        return false;
    }
    if (size > QTEST_DATA_MAX) {
        qtest_fail(s, "size %.40s is more than 0x%x bytes at once", words[2], QTEST_DATA_MAX);
        return false;
    }
    qtest_spend(s, size, 0);
    *ret_size = size;
    return true;
}

static void run_read(QTest *s, Machine *machine, char **words)
{
    static const char digits[] = "0123456789abcdef";
    g_autofree guint8 *data = NULL;
    g_autofree char *text = NULL;
    guint64 addr;
    gsize size;

    if (!parse_range(s, words, &addr, &size)) {
        return;
    }
    if (!size) {
        qtest_fail(s, "size 0 reads nothing");
        return;
    }
    data = g_malloc(size);
    text = g_malloc(2 * size + 1);
    read_bytes(machine->memory, addr, data, size);
    for (gsize i = 0; i < size; i++) {
        text[2 * i] = digits[data[i] >> 4];
        text[2 * i + 1] = digits[data[i] & 15];
    }
    text[2 * size] = '\0';
    qtest_reply(s, "OK 0x%s", text);
}

/* Digits after "0x", two per byte; missing bytes are zero, and surplus ones are
 * ignored. */
static bool parse_hex(const char *text, guint8 *data, gsize size)
{
    if (text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) {
        return false;
    }
    text += 2;
    for (gsize i = 0; i < size && text[0] && text[1]; i++, text += 2) {
        int high = g_ascii_xdigit_value(text[0]);
        int low = g_ascii_xdigit_value(text[1]);

        if (high < 0 || low < 0) {
            return false;
        }
        data[i] = high << 4 | low;
    }
    return true;
}

static void run_write(QTest *s, Machine *machine, char **words)
{
    g_autofree guint8 *data = NULL;
    guint64 addr;
    gsize size;

    if (!parse_range(s, words, &addr, &size)) {
        return;
    }
    if (strlen(words[3]) < 3) {
        qtest_reply(s, "ERR invalid argument size");    /* QEMU's message */
        return;
    }
    data = g_malloc0(size + 1);
    if (!parse_hex(words[3], data, size)) {
        qtest_fail(s, "data is not 0x and hexadecimal digits");
        return;
    }
    write_bytes(machine->memory, addr, data, size);
    qtest_ok(s);
}

static void run_memset(QTest *s, Machine *machine, char **words)
{
    g_autofree guint8 *data = NULL;
    guint64 addr, pattern;
    gsize size;

    if (parse_range(s, words, &addr, &size) && qtest_u64(s, words[3], &pattern)) {
        data = g_malloc(size + 1);
        memset(data, pattern, size);
        write_bytes(machine->memory, addr, data, size);
        qtest_ok(s);
    }
}

static void run_b64read(QTest *s, Machine *machine, char **words)
{
    g_autofree guint8 *data = NULL;
    g_autofree char *text = NULL;
    guint64 addr;
    gsize size;

    if (parse_range(s, words, &addr, &size)) {
        data = g_malloc0(size + 1);
        read_bytes(machine->memory, addr, data, size);
        text = g_base64_encode(data, size);
        qtest_reply(s, "OK %s", text);
    }
}

/* GLib's decoder skips characters that are not base64, which would turn a
 * typing error into other data. */
static bool is_base64(const char *text)
{
    gsize n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    gsize padding = strspn(text + n, "=");

    return !text[n + padding] && padding <= 2 && (n + padding) % 4 == 0;
}

/* Uses the smaller of the two sizes, the word's and the data's. */
static void run_b64write(QTest *s, Machine *machine, char **words)
{
    g_autofree guint8 *data = NULL;
    guint64 addr;
    gsize size, length;

    if (!parse_range(s, words, &addr, &size)) {
        return;
    }
    if (!is_base64(words[3])) {
        qtest_fail(s, "data is not base64");
        return;
    }
    data = g_base64_decode(words[3], &length);
    write_bytes(machine->memory, addr, data, MIN(size, length));
    qtest_ok(s);
}

const QtestCommand qtest_memory_commands[] = {
    { "inb", 1, true, run_in },
    { "inw", 1, true, run_in },
    { "inl", 1, true, run_in },
    { "outb", 2, true, run_out },
    { "outw", 2, true, run_out },
    { "outl", 2, true, run_out },
    { "readb", 1, true, run_read_number },
    { "readw", 1, true, run_read_number },
    { "readl", 1, true, run_read_number },
    { "readq", 1, true, run_read_number },
    { "writeb", 2, true, run_write_number },
    { "writew", 2, true, run_write_number },
    { "writel", 2, true, run_write_number },
    { "writeq", 2, true, run_write_number },
    { "read", 2, true, run_read },
    { "write", 3, true, run_write },
    { "memset", 3, true, run_memset },
    { "b64read", 2, true, run_b64read },
    { "b64write", 3, true, run_b64write },
    { NULL, 0, false, NULL },
};
