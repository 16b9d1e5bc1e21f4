/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: a UHCI controller with a hub, a keyboard behind it and a tablet, and a hostile
 * driver.  Each action is a byte and its operands: ports, bytes and links in a piece of RAM where
 * the schedule is, control transfers, input, frames, states saved and loaded, resets.
 */
#include "config.h"

#include <string.h>
#include <sys/mman.h>

#include "hw/input/input.h"
#include "qmp/bytes.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/usb-fuzz.h"
#include "tests/lib/rig.h"

#define RAM G_GUINT64_CONSTANT(0x1000000)

enum { RAM_SIZE = 1 << 16, DEVFN = PCI_DEVFN(3, 0), IO = 0xc000, MAX_ACTIONS = 200, ACTIONS = 9 };
enum { QUEUE = 0x1000, TDS = 0x2000, DATA = 0x8000, SETUP_PID = 0x2d, IN_PID = 0x69,
       ACTIVE = 1 << 23 };

typedef struct {
    Rig *rig;
    guint8 *ram;
    FuzzInput in;
} Fuzz;

static void frames(Fuzz *f, guint n)
{
    clock_advance(f->rig->clock, clock_now(f->rig->clock, CLOCK_KIND_VIRTUAL) + n * 1000000);
}

static void start(Fuzz *f)
{
    rig_pci_write(f->rig, 0, DEVFN, PCI_BASE_ADDRESS_0 + 16, IO, 4);
    rig_pci_write(f->rig, 0, DEVFN, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MASTER, 2);
    for (guint i = 0; i < 1024; i++) {
        put_le(f->ram + 4 * i, (RAM + QUEUE) | 2, 4);
    }
    put_le(f->ram + QUEUE, 1, 4);
    put_le(f->ram + QUEUE + 4, 1, 4);
    rig_out(f->rig, IO + 8, RAM & 0xffff, 2);
    rig_out(f->rig, IO + 10, RAM >> 16, 2);
    rig_out(f->rig, IO, 1, 2);
    for (guint i = 0; i < 2; i++) {
        rig_out(f->rig, IO + 16 + 2 * i, 0x200, 2);
        rig_out(f->rig, IO + 16 + 2 * i, 0, 2);
        rig_out(f->rig, IO + 16 + 2 * i, 4, 2);
    }
}

static void put_td(Fuzz *f, guint i, guint8 pid, guint8 address, guint8 endpoint, guint size)
{
    guint8 *td = f->ram + TDS + 32 * i;

    put_le(td, (RAM + TDS + 32 * (i + 1)) | 4, 4);
    put_le(td + 4, ACTIVE, 4);
    put_le(td + 8, pid | address << 8 | endpoint << 15 | ((size - 1) & 0x7ff) << 21, 4);
    put_le(td + 12, RAM + DATA + 1024 * i, 4);
}

/* A setup packet and one in either direction, with what the input has of a request. */
static void control(Fuzz *f)
{
    guint8 address = fuzz_take(&f->in, 1) % 4;
    guint16 length = fuzz_take(&f->in, 2) % 1024;

    for (guint i = 0; i < 6; i++) {
        f->ram[DATA + i] = fuzz_take(&f->in, 1);
    }
    put_le(f->ram + DATA + 6, length, 2);
    put_td(f, 0, SETUP_PID, address, 0, 8);
    put_td(f, 1, f->ram[DATA] & 0x80 ? IN_PID : 0xe1, address, 0, length);
    put_td(f, 2, f->ram[DATA] & 0x80 && length ? 0xe1 : IN_PID, address, 0, 0);
    put_le(f->ram + TDS + 64, 1, 4);
    put_le(f->ram + QUEUE + 4, RAM + TDS, 4);
    frames(f, 4);
}

static void act(Fuzz *f)
{
    guint where, n;

    switch (fuzz_take(&f->in, 1) % ACTIONS) {
    case 0:
        where = fuzz_take(&f->in, 1) % 24;
        rig_out(f->rig, IO + where, fuzz_take(&f->in, 2), where & 1 ? 1 : 2);
        rig_in(f->rig, IO + where, 1);
        break;
    case 1:
        where = fuzz_take(&f->in, 2);
        n = fuzz_take(&f->in, 1);
        n = MIN(MIN(n, RAM_SIZE - where), f->in.left);
        memcpy(f->ram + where, f->in.data, n);
        f->in.data += n;
        f->in.left -= n;
        break;
    case 2:
        where = fuzz_take(&f->in, 2) & ~3u;
        put_le(f->ram + where, RAM + fuzz_take(&f->in, 2), 4);
        break;
    case 3:
        put_td(f, fuzz_take(&f->in, 1) % 16, fuzz_take(&f->in, 1), fuzz_take(&f->in, 1) % 4,
               fuzz_take(&f->in, 1) % 4, fuzz_take(&f->in, 2));
        put_le(f->ram + QUEUE + 4, RAM + TDS, 4);
        break;
    case 4:
        control(f);
        break;
    case 5:
        where = fuzz_take(&f->in, 1) & 1;
        input_send(f->rig->machine, &(InputItem){ where ? INPUT_EVENT_KIND_ABS
                                                        : INPUT_EVENT_KIND_KEY,
                                                  fuzz_take(&f->in, 1), fuzz_take(&f->in, 2) }, 1);
        break;
    case 6:
        frames(f, fuzz_take(&f->in, 1) % 16);
        break;
    case 7:
        usb_fuzz_carry(f->rig);
        break;
    case 8:
        rig_reset(f->rig);
        start(f);
        break;
    }
}

/* A reset makes all of it usable again: the hub answers. */
static void check_alive(Fuzz *f)
{
    static const guint8 request[8] = { 0x80, 6, 0, 1, 0, 0, 18, 0 };

    rig_reset(f->rig);
    start(f);
    rig_out(f->rig, IO + 18, 0, 2);
    memcpy(f->ram + DATA, request, 8);
    put_td(f, 0, SETUP_PID, 0, 0, 8);
    put_td(f, 1, IN_PID, 0, 0, 18);
    put_le(f->ram + TDS + 32, 1, 4);
    put_le(f->ram + QUEUE + 4, RAM + TDS, 4);
    frames(f, 3);
    fuzz_check(get_le16(f->ram + DATA + 1024 + 8) == 0x0409);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(Rig) rig = rig_new();
    Fuzz f = { .rig = rig, .in = { data, size } };
    MemoryRegion *region;

    f.ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    fuzz_check(f.ram != MAP_FAILED);
    region = region_new_ram(&rig->machine->object, "ram", f.ram, RAM_SIZE);
    region_add(address_space_root(rig->memory), RAM, region, 0);
    fuzz_check(rig_device(rig, "piix3-usb-uhci", "uhci", NULL, "addr", "3.0", NULL) &&
               rig_device(rig, "usb-hub", "hub", NULL, "port", "1", NULL) &&
               rig_device(rig, "usb-kbd", "kbd", NULL, "port", "1.2", NULL) &&
               rig_device(rig, "usb-tablet", "tablet", NULL, "port", "2", NULL));
    rig_reset(rig);
    start(&f);
    for (guint i = 0; i < MAX_ACTIONS && f.in.left; i++) {
        act(&f);
    }
    check_alive(&f);
    g_clear_pointer(&rig, rig_free);
    munmap(f.ram, RAM_SIZE);
    return 0;
}
