/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pci-testdev: a device with which guests measure and test device writes; after
 * QEMU's interface description docs/specs/pci-testdev.txt.
 *
 * BAR 0 (memory) and BAR 1 (I/O) each begin with a header.  Writing a number there
 * chooses one of three tests, and the header then shows which offset of the BAR
 * takes writes of which data, and how many were made: through the handler,
 * through an ioeventfd for all data, or through one for that data only.  Writes
 * through an ioeventfd are counted when the guest reads the count.  BAR 2 is an
 * empty area of the size `membar`.
 */
#include "config.h"
#include "hw/misc/pci-testdev.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hw/pci/pci.h"
#include "qmp/error.h"
#include "qom/qapi-objects-pci.h"

/* The header, little endian. */
enum {
    TEST = 0x00,                /* write: choose; read: the chosen one */
    WIDTH = 0x01,               /* of writes: 1, or 0 for no test */
    OFFSET = 0x04,              /* where, from the BAR's start */
    DATA = 0x08,
    COUNT = 0x0c,
    NAME = 0x10,                /* ended by 0 */
    HEADER_SIZE = 0x40,
};

enum {
    MEM_SIZE = 0x1000,
    MEM_TESTS = 0x800,
    IO_SIZE = 0x100,
    IO_TESTS = 0x80,
    DATA_ANY = 0xce,            /* data of a test that takes any */
    DATA_MATCH = 0xfa,
};

static const struct {
    const char *name;
    bool ioeventfd, any;
} tests[] = {
    { "no-eventfd", false, false },
    { "wildcard-eventfd", true, true },
    { "datamatch-eventfd", true, false },
};

enum { N_TESTS = G_N_ELEMENTS(tests), NO_TEST = 0xff };

/* One BAR with tests. */
typedef struct {
    MemoryRegion *region;
    const char *kind;           /* "mmio", "portio" */
    guint32 offset;             /* of the first test of all in the BAR */
    guint8 first;               /* its number */
    int fd;                     /* of the ioeventfd */
    guint8 armed;               /* the test that the ioeventfd is for, or NO_TEST */
    /* Guest-visible. */
    guint8 test;                /* the chosen one, counted from first, or NO_TEST */
    guint32 count;
} Area;

struct PciTestdev {
    PciDevice parent;
    Area mem, io;
    MemoryRegion *membar;       /* or NULL */
};

static guint32 test_offset(const Area *area, guint8 test)
{
    return area->offset + area->first + test;
}

static guint8 test_data(guint8 test)
{
    return tests[test].any ? DATA_ANY : DATA_MATCH;
}

/* ---- Counting ---- */

static guint32 take_events(const Area *area)
{
    eventfd_t n;

    return eventfd_read(area->fd, &n) == 0 ? n : 0;
}

/* Installs the ioeventfd of the chosen test; earlier signals are not
 * counted. */
static void arm(Area *area)
{
    guint8 wanted = area->test < N_TESTS && tests[area->test].ioeventfd ? area->test : NO_TEST;

    if (area->armed < N_TESTS) {
        region_del_ioeventfd(area->region, test_offset(area, area->armed), 1,
                             !tests[area->armed].any, test_data(area->armed), area->fd);
    }
    take_events(area);
    area->armed = wanted;
    if (wanted < N_TESTS) {
        region_add_ioeventfd(area->region, test_offset(area, wanted), 1, !tests[wanted].any,
                             test_data(wanted), area->fd);
    }
}

static void choose(Area *area, guint8 test)
{
    area->test = test < N_TESTS ? test : NO_TEST;
    area->count = 0;
    arm(area);
}

/* ---- Access ---- */

static void fill_header(Area *area, guint8 header[HEADER_SIZE])
{
    memset(header, 0, HEADER_SIZE);
    if (area->test >= N_TESTS) {
        return;
    }
    area->count += take_events(area);
    header[TEST] = area->first + area->test;
    header[WIDTH] = 1;
    pci_set_long(header + OFFSET, test_offset(area, area->test));
    pci_set_long(header + DATA, test_data(area->test));
    pci_set_long(header + COUNT, area->count);
    g_snprintf((char *)header + NAME, HEADER_SIZE - NAME, "%s-%s", area->kind,
               tests[area->test].name);
}

static guint64 area_read(void *opaque, guint64 offset, guint size)
{
    guint8 header[HEADER_SIZE];

    fill_header(opaque, header);
    return offset < HEADER_SIZE ? header[offset] : 0;
}

static void area_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Area *area = opaque;

    if (offset == TEST) {
        choose(area, value);
    } else if (area->test < N_TESTS && offset == test_offset(area, area->test) &&
               (tests[area->test].any || value == test_data(area->test))) {
        area->count++;
    }
}

static const RegionOps area_ops = {
    .read = area_read,
    .write = area_write,
    .min_size = 1,
    .max_size = 1,
};

/* ---- Life cycle ---- */

static bool area_init(PciTestdev *s, Area *area, const char *name, guint32 size, GError **error)
{
    area->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (area->fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "cannot create an event descriptor");
        return false;
    }
    area->region = region_new_io(&s->parent.device.object, name, &area_ops, area, size);
    return true;
}

static void area_done(Area *area)
{
    if (area->region) {
        area->test = NO_TEST;
        arm(area);
        region_free(area->region);
        area->region = NULL;
    }
    if (area->fd >= 0) {
        close(area->fd);
        area->fd = -1;
    }
}

static bool check_membar(guint64 size, GError **error)
{
    if (size && (size & (size - 1) || size < 16 || size > G_GUINT64_CONSTANT(1) << 62)) {
        qmp_error_set_at(error, "membar", ERROR_REASON_INVALID_VALUE,
                         "property 'membar' is a power of two from 16 to 2^62, or 0");
        return false;
    }
    return true;
}

static void testdev_unrealize(Device *dev)
{
    PciTestdev *s = to_pci_testdev(dev);

    area_done(&s->mem);
    area_done(&s->io);
    if (s->membar) {
        region_free(s->membar);
        s->membar = NULL;
    }
}

static void testdev_init(Object *obj)
{
    PciTestdev *s = to_pci_testdev(obj);

    s->mem = (Area){ .kind = "mmio", .offset = MEM_TESTS };
    s->io = (Area){ .kind = "portio", .offset = IO_TESTS, .first = N_TESTS };
    s->mem.fd = s->io.fd = -1;
    s->mem.armed = s->io.armed = NO_TEST;
}

static bool testdev_realize(Device *dev, GError **error)
{
    PciTestdev *s = to_pci_testdev(dev);
    const PciTestdevProps *props = pci_testdev_props(dev);

    if (!check_membar(props->membar, error) ||
        !area_init(s, &s->mem, "pci-testdev-mmio", MEM_SIZE, error) ||
        !area_init(s, &s->io, "pci-testdev-portio", IO_SIZE, error)) {
        testdev_unrealize(dev);
        return false;
    }
    pci_add_bar(&s->parent, 0, PCI_BAR_MEM32, s->mem.region);
    pci_add_bar(&s->parent, 1, PCI_BAR_IO, s->io.region);
    if (props->membar) {
        s->membar = region_new_container(&dev->object, "pci-testdev-membar", props->membar);
        pci_add_bar(&s->parent, 2, PCI_BAR_MEM64 | PCI_BAR_PREFETCH, s->membar);
    }
    return true;
}

static void testdev_reset_hold(Device *dev)
{
    arm(&to_pci_testdev(dev)->mem);
    arm(&to_pci_testdev(dev)->io);
}

static bool testdev_state_loaded(Device *dev, GError **error)
{
    testdev_reset_hold(dev);
    return true;
}

static const StateRow testdev_state[] = {
    STATE_FIELD(U8, PciTestdev, mem.test, NO_TEST),
    STATE_FIELD(U32, PciTestdev, mem.count, 0),
    STATE_FIELD(U8, PciTestdev, io.test, NO_TEST),
    STATE_FIELD(U32, PciTestdev, io.count, 0),
    STATE_ROWS_END
};

const TypeInfo pci_testdev_type = {
    .schema = &qmp_class_pci_testdev,
    .size = sizeof(PciTestdev),
    .object = &(const ObjectOps){
        .init = testdev_init,
    },
    .device = &(const DeviceOps){
        .realize = testdev_realize,
        .unrealize = testdev_unrealize,
        .reset_hold = testdev_reset_hold,
        .state = testdev_state,
        .state_loaded = testdev_state_loaded,
    },
    .kind = &(const PciFunction){
        .vendor_id = 0x1b36,
        .device_id = 0x0005,
        .class_id = 0x00ff,
    },
};
