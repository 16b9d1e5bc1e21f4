/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processor's bus; see the header.
 */
#include "config.h"
#include "tests/softcpu/bus.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qom/qapi-objects-object.h"

/* 82441FX data sheet, section 3.2. */
enum { PCI_ADDRESS = 0xcf8, PCI_DATA = 0xcfc, PAM0 = 0x59, N_PAMS = 7 };
#define HOST_BRIDGE 0x80000000u
enum { PAM_READ = 1, PAM_WRITE = 2 };

enum {
    HOLE_START = 0xa0000,
    SEGMENTS_START = 0xc0000,
    SEGMENT_SIZE = 0x4000,
    BIOS_START = 0xf0000,       /* the last segment, of 64 KiB */
    BIOS_EXTENSION = 0xe0000,
    HOLE_END = 0x100000,
    PAGE = 0x1000,
};
#define FIRMWARE_START 0xfffc0000u

/* 8259A data sheet: the ports of both, and command words. */
enum { PIC_MASTER = 0x20, PIC_SLAVE = 0xa0 };
enum { ICW1 = 0x10, OCW3_POLL = 0x0c, POLL_REQUEST = 0x80, CASCADE = 2, SPURIOUS = 7 };

typedef struct {
    guint8 vectors;             /* ICW2 */
    bool expects_icw2;
} Pic;

struct Bus {
    Link *link;
    guint8 *ram;
    guint64 ram_size;
    guint8 pam[N_PAMS];
    Pic master, slave;
    /* Pages of firmware below 1 MiB and below 4 GiB, as far as they were asked for. */
    GBytes *firmware[2][64];
};

/* ---- Memory ---- */

static guint8 attributes(const Bus *bus, guint32 addr)
{
    guint n = (addr - SEGMENTS_START) / SEGMENT_SIZE;

    if (addr >= BIOS_START) {
        return bus->pam[0] >> 4;
    }
    return bus->pam[1 + n / 2] >> n % 2 * 4;
}

/* RAM at addr, or NULL if such an access goes elsewhere. */
static guint8 *ram_at(const Bus *bus, guint32 addr, guint8 access)
{
    if (addr >= bus->ram_size) {
        return NULL;
    }
    if (addr >= HOLE_START && addr < HOLE_END) {
        if (addr < SEGMENTS_START || !(attributes(bus, addr) & access)) {
            return NULL;
        }
    }
    return bus->ram + addr;
}

static bool same_page(guint32 addr, guint size)
{
    return addr % PAGE + size <= PAGE;
}

/* The page of firmware at addr, fetched at once, or NULL where there is none. */
static const guint8 *firmware_at(Bus *bus, guint32 addr)
{
    guint32 start = addr >= FIRMWARE_START ? FIRMWARE_START : BIOS_EXTENSION;
    GBytes **page;

    if (addr < BIOS_EXTENSION || (addr >= HOLE_END && addr < FIRMWARE_START)) {
        return NULL;
    }
    page = &bus->firmware[start == FIRMWARE_START][(addr - start) / PAGE];
    if (!*page) {
        *page = link_fetch(bus->link, addr & ~(PAGE - 1u), PAGE);
    }
    return (const guint8 *)g_bytes_get_data(*page, NULL) + addr % PAGE;
}

guint32 bus_read(Bus *bus, guint32 addr, guint size)
{
    const guint8 *ram = ram_at(bus, addr, PAM_READ);
    guint32 value = 0;

    if (size > 1 && !same_page(addr, size)) {
        for (guint i = 0; i < size; i++) {
            value |= bus_read(bus, addr + i, 1) << 8 * i;
        }
        return value;
    }
    ram = ram ? ram : firmware_at(bus, addr);
    if (!ram) {
        return link_read(bus->link, addr, size);
    }
    memcpy(&value, ram, size);
    return GUINT32_FROM_LE(value);
}

const guint8 *bus_peek(Bus *bus, guint32 addr, guint8 *copy, guint size)
{
    const guint8 *ram = same_page(addr, size) ? ram_at(bus, addr, PAM_READ) : NULL;

    for (guint i = 0; !ram && i < size; i++) {
        copy[i] = bus_read(bus, addr + i, 1);
    }
    return ram ? ram : copy;
}

void bus_write(Bus *bus, guint32 addr, guint32 value, guint size)
{
    guint8 *ram = ram_at(bus, addr, PAM_WRITE);

    if (size > 1 && !same_page(addr, size)) {
        for (guint i = 0; i < size; i++) {
            bus_write(bus, addr + i, value >> 8 * i & 0xff, 1);
        }
        return;
    }
    if (!ram) {
        link_write(bus->link, addr, value, size);
        return;
    }
    value = GUINT32_TO_LE(value);
    memcpy(ram, &value, size);
}

static void read_pam(Bus *bus, guint32 selected)
{
    for (guint i = 0; i < N_PAMS; i++) {
        link_out(bus->link, PCI_ADDRESS, HOST_BRIDGE | ((PAM0 + i) & ~3u), 4);
        bus->pam[i] = link_in(bus->link, PCI_DATA + ((PAM0 + i) & 3), 1);
    }
    link_out(bus->link, PCI_ADDRESS, selected, 4);
}

/* ---- Ports ---- */

static void see_config_write(Bus *bus)
{
    guint32 selected = link_in(bus->link, PCI_ADDRESS, 4);

    if ((selected & ~0xffu) == HOST_BRIDGE && (selected & 0xff) >= (PAM0 & ~3u) &&
        (selected & 0xff) < PAM0 + N_PAMS) {
        read_pam(bus, selected);
    }
}

static void see_pic_write(Pic *pic, bool odd, guint8 value)
{
    if (!odd && (value & ICW1)) {
        pic->expects_icw2 = true;
    } else if (odd && pic->expects_icw2) {
        pic->vectors = value & 0xf8;
        pic->expects_icw2 = false;
    }
}

guint32 bus_in(Bus *bus, guint16 port, guint size)
{
    return link_in(bus->link, port, size);
}

void bus_out(Bus *bus, guint16 port, guint32 value, guint size)
{
    link_out(bus->link, port, value, size);
    if (port >= PCI_DATA && port < PCI_DATA + 4) {
        see_config_write(bus);
    } else if ((port & ~1) == PIC_MASTER) {
        see_pic_write(&bus->master, port & 1, value);
    } else if ((port & ~1) == PIC_SLAVE) {
        see_pic_write(&bus->slave, port & 1, value);
    }
}

/* ---- Interrupts ---- */

static guint8 poll_pic(Bus *bus, guint16 port)
{
    guint8 found;

    link_out(bus->link, port, OCW3_POLL, 1);
    found = link_in(bus->link, port, 1);
    return found & POLL_REQUEST ? found & 7 : SPURIOUS;
}

guint8 bus_acknowledge(Bus *bus)
{
    guint8 line = poll_pic(bus, PIC_MASTER);

    if (line == CASCADE) {
        return bus->slave.vectors + poll_pic(bus, PIC_SLAVE);
    }
    return bus->master.vectors + line;
}

/* ---- Life ---- */

static void map_ram(Bus *bus, const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0) {
        link_die("%s: %s", path, g_strerror(errno));
    }
    bus->ram_size = st.st_size;
    bus->ram = mmap(NULL, bus->ram_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bus->ram == MAP_FAILED) {
        link_die("%s: %s", path, g_strerror(errno));
    }
    close(fd);
}

Bus *bus_new(Link *link, const char *ram_path)
{
    Bus *bus = g_new0(Bus, 1);

    bus->link = link;
    map_ram(bus, ram_path);
    read_pam(bus, 0);
    return bus;
}
