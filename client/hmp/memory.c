/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory, ports, and values of expressions, printed as QEMU prints them.
 */
#include "config.h"

#include <string.h>

#include "client/hmp/functions.h"

enum {
    LINE_BYTES = 16,
    READ_MAX = 65536,           /* bytes that a line may print */
};

/* ---- Numbers ---- */

static void print_char(HmpLine *line, guint8 c)
{
    static const char escapes[] = "'\\\n\r";
    const char *special = c ? strchr(escapes, c) : NULL;

    if (special) {
        hmp_print(line, "'\\%c'", "'\\nr"[special - escapes]);
    } else if (g_ascii_isprint(c)) {
        hmp_print(line, "'%c'", c);
    } else {
        hmp_print(line, "'\\x%02x'", c);
    }
}

void hmp_calculate(HmpLine *line)
{
    gint64 value = hmp_number(line, "value");

    switch (line->format.format) {
    case 'o':
        hmp_print(line, "%#" G_GINT64_MODIFIER "o", value);
        break;
    case 'u':
        hmp_print(line, "%" G_GINT64_MODIFIER "u", value);
        break;
    case 'd':
        hmp_print(line, "%" G_GINT64_FORMAT, value);
        break;
    case 'c':
        print_char(line, value);
        break;
    default:
        hmp_print(line, "%#" G_GINT64_MODIFIER "x", value);
    }
    hmp_print(line, "\n");
}

/* ---- x and xp ---- */

/* Bytes of an item, by the letter of its size. */
static guint size_of(const HmpFormat *format)
{
    switch (format->size) {
    case 'b':
        return 1;
    case 'h':
        return 2;
    case 'g':
        return 8;
    default:
        return format->format == 'c' && !format->size ? 1 : 4;
    }
}

/* Characters of the widest item. */
static int width_of(char format, guint size)
{
    switch (format) {
    case 'o':
        return (size * 8 + 2) / 3;
    case 'd':
    case 'u':
        return (size * 8 * 10 + 32) / 33 + (format == 'd');
    default:
        return size * 2;
    }
}

static guint64 item_at(const char *hex, guint size)
{
    guint64 value = 0;

    for (guint i = 0; i < size; i++) {
        const guint8 byte = (guint)g_ascii_xdigit_value(hex[2 * i]) << 4 |
                            (guint)g_ascii_xdigit_value(hex[2 * i + 1]);

        value |= (guint64)byte << (8 * i);
    }
    return value;
}

static void print_item(HmpLine *line, guint64 value, guint size)
{
    char format = line->format.format;
    int width = width_of(format, size);

    hmp_print(line, " ");
    switch (format) {
    case 'c':
        print_char(line, value);
        break;
    case 'o':
        hmp_print(line, "0%*" G_GINT64_MODIFIER "o", width, value);
        break;
    case 'u':
        hmp_print(line, "%*" G_GINT64_MODIFIER "u", width, value);
        break;
    case 'd':
        hmp_print(line, "%*" G_GINT64_FORMAT, width,
                  (gint64)(value << (64 - 8 * size)) >> (64 - 8 * size));
        break;
    default:
        hmp_print(line, "0x%0*" G_GINT64_MODIFIER "x", width, value);
    }
}

static void on_memory(HmpLine *line, const json_t *reply)
{
    const char *hex = hmp_str(reply, "data");
    guint size = size_of(&line->format);
    gsize bytes = strlen(hex) / 2;
    guint64 address = hmp_number(line, "address");

    for (gsize at = 0; at + size <= bytes; at += size) {
        if (at % LINE_BYTES == 0) {
            hmp_print(line, "%s%016" G_GINT64_MODIFIER "x:", at ? "\n" : "", address + at);
        }
        print_item(line, item_at(hex + 2 * at, size), size);
    }
    hmp_print(line, "\n");
}

static void read_memory(HmpLine *line, bool is_virtual)
{
    gint64 count = line->format.count;
    json_t *arguments;

    if (line->format.format == 'i') {
        hmp_fail(line, "instructions are not disassembled: x /16bx prints their bytes");
        return;
    }
    if (count < 1 || count > READ_MAX / 8) {
        hmp_fail(line, "a count is from 1 to %d", READ_MAX / 8);
        return;
    }
    arguments = json_pack("{s:I, s:I}", "address", (json_int_t)0, "size",
                          (json_int_t)(count * size_of(&line->format)));
    json_object_set_new(arguments, "address", hmp_json_uint(hmp_number(line, "address")));
    if (is_virtual) {
        json_object_set_new(arguments, "cpu-index", json_integer(line->monitor->cpu));
    }
    hmp_ask(line, "x-read-memory", arguments, on_memory);
}

void hmp_x(HmpLine *line)
{
    read_memory(line, true);
}

void hmp_xp(HmpLine *line)
{
    read_memory(line, false);
}

static void on_sum(HmpLine *line, const json_t *reply)
{
    const char *hex = hmp_str(reply, "data");
    guint16 sum = 0;

    /* BSD's checksum, as in QEMU. */
    for (; hex[0] && hex[1]; hex += 2) {
        sum = (sum >> 1) | (sum << 15);
        sum += item_at(hex, 1);
    }
    hmp_print(line, "%05d\n", sum);
}

void hmp_sum(HmpLine *line)
{
    gint64 size = hmp_number(line, "size");

    if (size < 1 || size > READ_MAX) {
        hmp_fail(line, "a size is from 1 to %d", READ_MAX);
        return;
    }
    hmp_ask(line, "x-read-memory",
            json_pack("{s:o, s:I}", "address", hmp_json_uint(hmp_number(line, "address")), "size",
                      (json_int_t)size), on_sum);
}

/* ---- Addresses ---- */

static void on_translated(HmpLine *line, const json_t *reply)
{
    if (reply) {
        hmp_print(line, "gpa: %#" G_GINT64_MODIFIER "x\n",
                  hmp_uint(json_object_get(reply, "physical")));
    } else {
        hmp_print(line, "Unmapped\n");
    }
}

void hmp_gva2gpa(HmpLine *line)
{
    hmp_ask_quietly(line, "x-read-memory",
                    json_pack("{s:o, s:i, s:I}", "address",
                              hmp_json_uint(hmp_number(line, "address")), "size", 0, "cpu-index",
                              (json_int_t)line->monitor->cpu), on_translated);
}

static json_t *save_arguments(const HmpLine *line)
{
    return json_pack("{s:o, s:I, s:s}", "val", hmp_json_uint(hmp_number(line, "address")), "size",
                     (json_int_t)hmp_number(line, "size"), "filename", hmp_word(line, "filename"));
}

void hmp_memsave(HmpLine *line)
{
    json_t *arguments = save_arguments(line);

    json_object_set_new(arguments, "cpu-index", json_integer(line->monitor->cpu));
    hmp_ask(line, "memsave", arguments, NULL);
}

void hmp_pmemsave(HmpLine *line)
{
    hmp_ask(line, "pmemsave", save_arguments(line), NULL);
}

/* ---- Ports ---- */

static void on_port(HmpLine *line, const json_t *reply)
{
    guint size = size_of(&line->format);

    hmp_print(line, "port%c[0x%04x] = 0x%0*x\n", size == 1 ? 'b' : size == 2 ? 'w' : 'l',
              (guint)hmp_number(line, "address") & 0xffff, size * 2, (guint)hmp_uint(reply));
}

static json_t *port_arguments(const HmpLine *line)
{
    return json_pack("{s:I, s:I}", "port", (json_int_t)(hmp_number(line, "address") & 0xffff),
                     "size", (json_int_t)size_of(&line->format));
}

void hmp_i(HmpLine *line)
{
    json_t *arguments;

    if (hmp_given(line, "index")) {
        hmp_ask(line, "x-access-port",
                json_pack("{s:I, s:i, s:I}", "port",
                          (json_int_t)(hmp_number(line, "address") & 0xffff), "size", 1, "value",
                          (json_int_t)(hmp_number(line, "index") & 0xff)), NULL);
    }
    arguments = port_arguments(line);
    if (hmp_given(line, "index")) {
        /* The index goes to one port, and the data come from the next. */
        json_object_set_new(arguments, "port",
                            json_integer((hmp_number(line, "address") + 1) & 0xffff));
    }
    hmp_ask(line, "x-access-port", arguments, on_port);
}

void hmp_o(HmpLine *line)
{
    json_t *arguments = port_arguments(line);

    json_object_set_new(arguments, "value", json_integer(hmp_number(line, "value") & G_MAXUINT32));
    hmp_ask(line, "x-access-port", arguments, NULL);
}

/* ---- Page tables ---- */

static void print_entry(HmpLine *line, guint64 virtual, guint64 physical, guint flags,
                        guint64 page_size)
{
    static const struct { char letter; guint8 bit; } bits[] = {
        { 'X', 9 }, { 'G', 8 }, { 'P', 7 }, { 'D', 6 }, { 'A', 5 }, { 'C', 4 }, { 'T', 3 },
        { 'U', 2 }, { 'W', 1 },
    };

    hmp_print(line, "%016" G_GINT64_MODIFIER "x: %016" G_GINT64_MODIFIER "x ", virtual, physical);
    for (guint i = 0; i < G_N_ELEMENTS(bits); i++) {
        /* Bit 7 of a small page's entry is its PAT bit. */
        bool shown = flags >> bits[i].bit & 1 && (bits[i].letter != 'P' || page_size > 4096);

        hmp_print(line, "%c", shown ? bits[i].letter : '-');
    }
    hmp_print(line, "\n");
}

static guint64 member(const json_t *object, const char *name)
{
    return hmp_uint(json_object_get(object, name));
}

/* A large machine has more pages than anybody reads. */
enum { PAGES_MAX = 100000 };

static void on_tlb(HmpLine *line, const json_t *reply)
{
    const json_t *range;
    guint printed = 0;
    gsize i;

    if (!json_array_size(json_object_get(reply, "ranges"))) {
        hmp_print(line, "PG disabled\n");
    }
    json_array_foreach(json_object_get(reply, "ranges"), i, range) {
        guint64 size = member(range, "page-size");

        for (guint64 at = 0; at < member(range, "size") && printed < PAGES_MAX; at += size) {
            print_entry(line, member(range, "virtual") + at, member(range, "physical") + at,
                        member(range, "flags"), size);
            printed++;
        }
    }
    if (printed == PAGES_MAX || hmp_bool(reply, "more")) {
        hmp_print(line, "... and more\n");
    }
}

static void ask_tables(HmpLine *line, HmpReply *reply)
{
    hmp_ask(line, "x-query-page-tables",
            json_pack("{s:I}", "cpu-index", (json_int_t)line->monitor->cpu), reply);
}

void hmp_info_tlb(HmpLine *line)
{
    ask_tables(line, on_tlb);
}

static void print_range(HmpLine *line, guint64 first, guint64 end, guint flags)
{
    hmp_print(line, "%016" G_GINT64_MODIFIER "x-%016" G_GINT64_MODIFIER "x %016"
              G_GINT64_MODIFIER "x %c%c%c\n", first, end, end - first, flags & 4 ? 'u' : '-', 'r',
              flags & 2 ? 'w' : '-');
}

/* Ranges with the same rights are one, wherever they lead to. */
static void on_mem(HmpLine *line, const json_t *reply)
{
    guint64 first = 0, end = 0;
    const json_t *range;
    guint flags = 0;
    gsize i;

    if (!json_array_size(json_object_get(reply, "ranges"))) {
        hmp_print(line, "PG disabled\n");
    }
    json_array_foreach(json_object_get(reply, "ranges"), i, range) {
        guint rights = member(range, "flags") & 6;

        if (member(range, "virtual") != end || rights != flags || !i) {
            if (i) {
                print_range(line, first, end, flags);
            }
            first = member(range, "virtual");
            flags = rights;
        }
        end = member(range, "virtual") + member(range, "size");
    }
    if (i) {
        print_range(line, first, end, flags);
    }
}

void hmp_info_mem(HmpLine *line)
{
    ask_tables(line, on_mem);
}
