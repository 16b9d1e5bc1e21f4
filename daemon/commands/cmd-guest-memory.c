/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x-read-memory, x-access-port and x-query-page-tables.
 */
#include "config.h"

#include "daemon/commands/guest-memory.h"
#include "daemon/qapi-commands.h"
#include "qmp/error.h"
#include "qmp/qapi-types-guest-memory.h"

enum { RANGES_MAX = 65536 };

/* ---- Memory by addresses of a CPU, or physical ones ---- */

bool guest_memory_begin(GuestView *view, Vmd *vmd, const gint64 *cpu_index, GError **error)
{
    Machine *machine = vmd_require_machine(vmd, error);
    Cpu *cpu = machine && cpu_index ? cpu_by_index(vmd->root, *cpu_index) : NULL;
    bool ok;

    *view = (GuestView){ .memory = machine ? machine->memory : NULL, .is_virtual = cpu_index };
    if (!machine || !cpu_index) {
        return machine;
    }
    if (!cpu) {
        qmp_error_set_at(error, "cpu-index", ERROR_REASON_INVALID_VALUE,
                         "there is no CPU %" G_GINT64_FORMAT, *cpu_index);
        return false;
    }
    machine_hold(machine);
    ok = accel_ops(cpu->accel)->vcpu_get(cpu->accel, cpu, &view->state, error);
    machine_release(machine);
    return ok;
}

static bool read_table(void *opaque, guint64 address, void *ret, gsize size)
{
    return memory_read(opaque, address, ret, size);
}

bool guest_memory_find(const GuestView *view, guint64 address, guint64 *ret_physical,
                       guint64 *ret_size)
{
    Page page;

    if (!view->is_virtual) {
        *ret_physical = address;
        *ret_size = address ? -address : G_MAXUINT64;
        return true;
    }
    if (!paging_find(&view->state, read_table, view->memory, address, &page)) {
        return false;
    }
    *ret_physical = page.physical + (address & (page.size - 1));
    *ret_size = page.size - (address & (page.size - 1));
    return true;
}

bool guest_memory_check(const char *argument, guint64 address, guint64 size, GError **error)
{
    if (size && address + (size - 1) < address) {
        qmp_error_set_at(error, argument, ERROR_REASON_INVALID_VALUE,
                         "there are fewer addresses from 0x%" G_GINT64_MODIFIER "x on", address);
        return false;
    }
    return true;
}

/* ---- x-read-memory ---- */

static void read_bytes(AddressSpace *memory, guint64 address, guint8 *ret, gsize size)
{
    if (memory_read(memory, address, ret, size)) {
        return;
    }
    for (gsize i = 0; i < size; i++) {
        address_space_access(memory, address + i, &ret[i], 1, false);
    }
}

static bool read_all(const GuestView *view, guint64 address, guint8 *ret, gsize size,
                     GError **error)
{
    while (size) {
        guint64 physical, room;

        if (!guest_memory_find(view, address, &physical, &room)) {
            qmp_error_set_at(error, "address", ERROR_REASON_INVALID_VALUE,
                             "no page is at 0x%" G_GINT64_MODIFIER "x", address);
            return false;
        }
        room = MIN(room, size);
        read_bytes(view->memory, physical, ret, room);
        address += room;
        ret += room;
        size -= room;
    }
    return true;
}

static char *to_hex(const guint8 *bytes, gsize size)
{
    GString *text = g_string_sized_new(2 * size);

    for (gsize i = 0; i < size; i++) {
        g_string_append_printf(text, "%02x", bytes[i]);
    }
    return g_string_free(text, false);
}

bool qmp_x_read_memory(QmpRequest *req, XReadMemoryArgs *args, GuestMemory **ret, GError **error)
{
    GuestView view;
    g_autofree guint8 *bytes = g_malloc0(args->size);
    guint64 physical, room;

    if (!guest_memory_check("address", args->address, args->size, error) ||
        !guest_memory_begin(&view, qmp_request_context(req),
                            args->has_cpu_index ? &args->cpu_index : NULL, error)) {
        return false;
    }
    if (!guest_memory_find(&view, args->address, &physical, &room)) {
        qmp_error_set_at(error, "address", ERROR_REASON_INVALID_VALUE,
                         "no page is at 0x%" G_GINT64_MODIFIER "x", args->address);
        return false;
    }
    if (!read_all(&view, args->address, bytes, args->size, error)) {
        return false;
    }
    *ret = g_new0(GuestMemory, 1);
    (*ret)->data = to_hex(bytes, args->size);
    (*ret)->physical = physical;
    return true;
}

/* ---- x-access-port ---- */

bool qmp_x_access_port(QmpRequest *req, XAccessPortArgs *args, guint32 *ret, GError **error)
{
    const Machine *machine = vmd_require_machine(qmp_request_context(req), error);

    if (!machine) {
        return false;
    }
    if (args->size == 3) {
        qmp_error_set_at(error, "size", ERROR_REASON_INVALID_VALUE,
                         "an access has 1, 2 or 4 bytes");
        return false;
    }
    if (args->has_value) {
        address_space_write(machine->io, args->port, args->value, args->size);
        *ret = args->value;
    } else {
        *ret = address_space_read(machine->io, args->port, args->size);
    }
    return true;
}

/* ---- x-query-page-tables ---- */

static bool add_page(const Page *page, void *data)
{
    GPtrArray *ranges = data;   /* of PageTableRange */
    PageTableRange *last = ranges->len ? ranges->pdata[ranges->len - 1] : NULL;

    if (last && last->q_virtual + last->size == page->virtual && last->flags == page->flags &&
        last->physical + last->size == page->physical && last->page_size == page->size) {
        last->size += page->size;
        return true;
    }
    if (ranges->len == RANGES_MAX) {
        return false;
    }
    last = g_new0(PageTableRange, 1);
    last->q_virtual = page->virtual;
    last->physical = page->physical;
    last->size = page->size;
    last->page_size = page->size;
    last->flags = page->flags;
    g_ptr_array_add(ranges, last);
    return true;
}

bool qmp_x_query_page_tables(QmpRequest *req, XQueryPageTablesArgs *args, PageTables **ret,
                             GError **error)
{
    GPtrArray *ranges;
    GuestView view;

    if (!guest_memory_begin(&view, qmp_request_context(req), &args->cpu_index, error)) {
        return false;
    }
    ranges = g_ptr_array_new();
    *ret = g_new0(PageTables, 1);
    (*ret)->more = !paging_foreach(&view.state, read_table, view.memory, add_page, ranges);
    (*ret)->ranges.n = ranges->len;
    (*ret)->ranges.items = (PageTableRange **)g_ptr_array_free(ranges, false);
    return true;
}
