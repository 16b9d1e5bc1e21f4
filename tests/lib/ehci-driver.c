/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver of tests/lib/ehci-driver.h.
 */
#include "config.h"
#include "tests/lib/ehci-driver.h"

#include <string.h>
#include <sys/mman.h>

#include "qmp/bytes.h"

enum { QUEUE_SIZE = 48, TD_SIZE = 32, PACKET = 64, HIGH_SPEED = 2 << 12, ERRORS = 3 << 10 };

/* ---- Registers and memory ---- */

guint32 ehci_get(EhciBench *b, guint reg)
{
    return address_space_read(b->rig->memory, EHCI_BENCH_MMIO + reg, 4);
}

void ehci_set(EhciBench *b, guint reg, guint32 value)
{
    address_space_write(b->rig->memory, EHCI_BENCH_MMIO + reg, value, 4);
}

bool ehci_line(EhciBench *b)
{
    return b->rig->pci_levels[(PCI_SLOT(EHCI_DEVFN) + 3) % PCI_N_PINS];
}

void ehci_microframes(EhciBench *b, guint n)
{
    clock_advance(b->rig->clock, clock_now(b->rig->clock, CLOCK_KIND_VIRTUAL) + n * 125000);
}

guint32 ehci_word(EhciBench *b, guint32 offset)
{
    return get_le32(b->ram + offset);
}

void ehci_put(EhciBench *b, guint32 offset, guint32 value)
{
    put_le(b->ram + offset, value, 4);
}

/* ---- Life ---- */

void ehci_bench_place(EhciBench *b)
{
    rig_pci_write(b->rig, 0, EHCI_DEVFN, PCI_BASE_ADDRESS_0, EHCI_BENCH_MMIO, 4);
    rig_pci_write(b->rig, 0, EHCI_DEVFN, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
    for (guint i = 0; i < b->n_companions; i++) {
        guint devfn = PCI_DEVFN(PCI_SLOT(EHCI_DEVFN), i);

        rig_pci_write(b->rig, 0, devfn, PCI_BASE_ADDRESS_0 + 16, EHCI_BENCH_IO + 0x20 * i, 4);
        rig_pci_write(b->rig, 0, devfn, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MASTER, 2);
    }
}

void ehci_bench_start(EhciBench *b)
{
    for (guint i = 0; i < 1024; i++) {
        ehci_put(b, EHCI_FRAMES + 4 * i, EHCI_END);
    }
    ehci_put_queue(b, EHCI_HEAD, EHCI_QUEUE, 0, 0, 1 << 15);
    ehci_put(b, EHCI_HEAD + 24, EHCI_HALTED);
    ehci_put_queue(b, EHCI_QUEUE, EHCI_HEAD, 0, 0, 1 << 14);
    ehci_put_queue(b, EHCI_INTERRUPTS, 0, 0, 1, 0);
    ehci_put(b, EHCI_INTERRUPTS, EHCI_END);
    ehci_put(b, EHCI_INTERRUPTS + 8, 1);
    b->n = 0;
    ehci_set(b, EHCI_PERIODIC, EHCI_BENCH_RAM + EHCI_FRAMES);
    ehci_set(b, EHCI_ASYNC, EHCI_BENCH_RAM + EHCI_HEAD);
    ehci_set(b, EHCI_CMD, EHCI_CMD_RUN);
    ehci_set(b, EHCI_CONFIG, 1);
}

static void add_companions(EhciBench *b)
{
    static const char *const drivers[] = { "ich9-usb-uhci1", "ich9-usb-uhci2", "ich9-usb-uhci3" };

    for (guint i = 0; i < b->n_companions; i++) {
        g_autofree char *id = g_strdup_printf("companion%u", i);
        g_autofree char *addr = g_strdup_printf("3.%u", i);
        g_autofree char *first = g_strdup_printf("%u", 2 * i);

        g_assert_nonnull(rig_device(b->rig, drivers[i], id, NULL, "addr", addr, "masterbus",
                                    "ehci.0", "firstport", first, "multifunction",
                                    i ? "off" : "on", NULL));
    }
}

EhciBench *ehci_bench_on(Rig *rig, const char *driver, guint n_companions)
{
    EhciBench *b = g_new0(EhciBench, 1);
    MemoryRegion *region;

    b->rig = rig;
    b->n_companions = n_companions;
    b->ram = mmap(NULL, EHCI_BENCH_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                  -1, 0);
    g_assert_true(b->ram != MAP_FAILED);
    region = region_new_ram(&b->rig->machine->object, "ram", b->ram, EHCI_BENCH_RAM_SIZE);
    region_add(address_space_root(b->rig->memory), EHCI_BENCH_RAM, region, 0);
    b->hc = rig_device(b->rig, driver, "ehci", NULL, "addr", "3.7", NULL);
    g_assert_nonnull(b->hc);
    add_companions(b);
    return b;
}

EhciBench *ehci_bench_new(const char *driver, guint n_companions)
{
    EhciBench *b = ehci_bench_on(rig_new(), driver, n_companions);

    b->owns_rig = true;
    rig_pci_hotplug(b->rig);
    rig_reset(b->rig);
    ehci_bench_place(b);
    ehci_bench_start(b);
    return b;
}

void ehci_bench_free(EhciBench *b)
{
    if (b->owns_rig) {
        rig_free(b->rig);
    }
    munmap(b->ram, EHCI_BENCH_RAM_SIZE);
    g_free(b);
}

Device *ehci_bench_device(EhciBench *b, const char *driver, const char *id, const char *port,
                          const char *usb_version)
{
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(b->rig, driver, id, &error, "bus", "ehci.0", "port", port,
                             usb_version ? "usb_version" : NULL, usb_version, NULL);

    g_assert_no_error(error);
    return dev;
}

/* ---- Transfers ---- */

void ehci_put_queue(EhciBench *b, guint32 offset, guint32 link, guint8 address, guint8 endpoint,
                    guint32 flags)
{
    memset(b->ram + offset, 0, QUEUE_SIZE);
    ehci_put(b, offset, (EHCI_BENCH_RAM + link) | EHCI_IS_QUEUE);
    ehci_put(b, offset + 4, address | endpoint << 8 | HIGH_SPEED | PACKET << 16 | flags);
    ehci_put(b, offset + 8, 1 << 30);
    ehci_put(b, offset + 16, EHCI_END);
    ehci_put(b, offset + 20, EHCI_END);
}

guint32 ehci_td(EhciBench *b, guint pid, guint32 buffer, guint16 size, guint32 flags)
{
    guint32 offset = EHCI_TDS + TD_SIZE * b->n++, at = EHCI_BENCH_RAM + buffer;

    memset(b->ram + offset, 0, TD_SIZE);
    ehci_put(b, offset, EHCI_END);
    ehci_put(b, offset + 4, EHCI_END);
    ehci_put(b, offset + 8, (guint32)size << 16 | ERRORS | pid << 8 | EHCI_ACTIVE | flags);
    for (guint i = 0; i < 5; i++) {
        ehci_put(b, offset + 12 + 4 * i, i ? (at & ~0xfffu) + 0x1000 * i : at);
    }
    if (b->n > 1) {
        ehci_put(b, offset - TD_SIZE, EHCI_BENCH_RAM + offset);
    }
    return offset;
}

guint32 ehci_run_tds(EhciBench *b, guint32 queue)
{
    guint32 token = 0;

    ehci_put(b, queue + 16, EHCI_BENCH_RAM + EHCI_TDS);
    ehci_put(b, queue + 20, EHCI_END);
    ehci_put(b, queue + 24, 0);
    ehci_set(b, EHCI_CMD, EHCI_CMD_RUN | EHCI_CMD_ASYNC | EHCI_CMD_PERIODIC);
    ehci_microframes(b, 8);
    for (guint i = 0; i < b->n; i++) {
        token = ehci_word(b, EHCI_TDS + TD_SIZE * i + 8);
        if (token & (EHCI_ACTIVE | EHCI_HALTED)) {
            break;
        }
    }
    b->n = 0;
    return token;
}

void ehci_enable(EhciBench *b, guint port)
{
    ehci_set(b, EHCI_PORT_1 + 4 * port, 0x1100);
    ehci_set(b, EHCI_PORT_1 + 4 * port, 0x1000);
}

guint32 ehci_control(EhciBench *b, guint8 address, guint16 request, guint16 value, guint16 index,
                     guint16 length, void *data)
{
    bool to_host = request & 0x8000;
    guint8 *setup = b->ram + EHCI_DATA;
    guint32 token;

    setup[0] = request >> 8;
    setup[1] = request;
    put_le(setup + 2, value, 2);
    put_le(setup + 4, index, 2);
    put_le(setup + 6, length, 2);
    ehci_put_queue(b, EHCI_QUEUE, EHCI_HEAD, address, 0, 1 << 14);
    ehci_td(b, EHCI_SETUP, EHCI_DATA, 8, 0);
    if (length) {
        ehci_td(b, to_host ? EHCI_IN : EHCI_OUT, EHCI_DATA + 0x1000, length, 0);
    }
    ehci_td(b, to_host && length ? EHCI_OUT : EHCI_IN, EHCI_DATA, 0, EHCI_IOC);
    token = ehci_run_tds(b, EHCI_QUEUE);
    if (to_host && data) {
        memcpy(data, b->ram + EHCI_DATA + 0x1000, length);
    }
    return token;
}
