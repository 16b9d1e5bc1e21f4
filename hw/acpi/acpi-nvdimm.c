/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acpi-nvdimm; see the header.  Functions are those of "NVDIMM DSM Interface" 1.3 (Intel): of
 * the modules 4 to 6, which reach labels; of the root none.
 */
#include "config.h"
#include "hw/acpi/acpi-nvdimm.h"

#include <string.h>
#include <sys/mman.h>

#include "hw/core/irq.h"
#include "hw/machine/machine.h"
#include "hw/mem/nvdimm.h"
#include "qmp/error.h"
#include "qom/qapi-objects-memory.h"
#include "qom/qapi-trace.h"

enum {                          /* offsets in the page */
    HANDLE = 0,
    REVISION = 4,
    FUNCTION = 8,
    ARGUMENTS = 12,
    LABEL_DATA = 20,            /* an argument, after offset and length */
    LENGTH = 0,
    STATUS = 4,
    ANSWER = 8,
};

enum { QUERY = 0, LABEL_SIZE = 4, GET_LABEL = 5, SET_LABEL = 6 };
enum { STATUS_OK = 0, STATUS_NOT_SUPPORTED = 1, STATUS_NO_DEVICE = 2, STATUS_INVALID = 3 };

/* As much as there is room for in a request as well as in an answer. */
enum { MAX_TRANSFER = ACPI_NVDIMM_PAGE - LABEL_DATA };

struct AcpiNvdimm {
    Device parent;
    guint8 *page;               /* guest-visible, as its size; NULL: the machine has no slots */
    guint32 page_size;
    DeviceMemory *memory;
    guint8 *fit;                /* the second window */
    guint32 fit_size;           /* bytes, whole pages */
    MemoryRegion *page_region, *fit_region, *port;
    Irq *event;
};

/* ---- Requests ---- */

static guint32 get(const AcpiNvdimm *s, guint offset)
{
    guint32 value;

    memcpy(&value, s->page + offset, sizeof(value));
    return GUINT32_FROM_LE(value);
}

static void put(AcpiNvdimm *s, guint offset, guint32 value)
{
    value = GUINT32_TO_LE(value);
    memcpy(s->page + offset, &value, sizeof(value));
}

/* An answer of status alone. */
static void answer(AcpiNvdimm *s, guint32 status)
{
    put(s, STATUS, status);
    put(s, LENGTH, ANSWER);
}

/* The range of labels that a request is about; false: it is not there. */
static bool find_range(const AcpiNvdimm *s, const NvdimmLabels *labels, guint32 *ret_offset,
                       guint32 *ret_size)
{
    *ret_offset = get(s, ARGUMENTS);
    *ret_size = get(s, ARGUMENTS + 4);
    return *ret_size <= MAX_TRANSFER && *ret_offset <= labels->size &&
           *ret_size <= labels->size - *ret_offset;
}

static void describe_labels(AcpiNvdimm *s, const NvdimmLabels *labels)
{
    put(s, ANSWER, (guint32)labels->size);
    put(s, ANSWER + 4, MAX_TRANSFER);
    put(s, STATUS, STATUS_OK);
    put(s, LENGTH, ANSWER + 8);
}

static void get_labels(AcpiNvdimm *s, const NvdimmLabels *labels)
{
    guint32 offset, size;

    if (!find_range(s, labels, &offset, &size)) {
        answer(s, STATUS_INVALID);
        return;
    }
    memcpy(s->page + ANSWER, labels->data + offset, size);
    put(s, STATUS, STATUS_OK);
    put(s, LENGTH, ANSWER + size);
}

static void set_labels(AcpiNvdimm *s, const NvdimmLabels *labels)
{
    guint32 offset, size;

    if (!labels->writable || !find_range(s, labels, &offset, &size)) {
        answer(s, STATUS_INVALID);
        return;
    }
    memcpy(labels->data + offset, s->page + LABEL_DATA, size);
    answer(s, STATUS_OK);
}

/* Bits of the functions there are. */
static guint32 functions(const NvdimmLabels *labels)
{
    return labels && labels->size ? 1 << QUERY | 1 << LABEL_SIZE | 1 << GET_LABEL | 1 << SET_LABEL
                                  : 0;
}

static void handle_module(AcpiNvdimm *s, const MemoryPlace *place, guint32 function)
{
    NvdimmLabels labels = nvdimm_labels(place->device);

    if (function == QUERY) {
        put(s, STATUS, functions(&labels));
        put(s, LENGTH, ANSWER);
    } else if (function > SET_LABEL || !(functions(&labels) >> function & 1)) {
        answer(s, STATUS_NOT_SUPPORTED);
    } else if (function == LABEL_SIZE) {
        describe_labels(s, &labels);
    } else if (function == GET_LABEL) {
        get_labels(s, &labels);
    } else {
        set_labels(s, &labels);
    }
}

static void handle_request(AcpiNvdimm *s)
{
    guint32 handle = get(s, HANDLE), revision = get(s, REVISION), function = get(s, FUNCTION);
    const MemoryPlace *place = handle ? device_memory_at(s->memory, handle - 1) : NULL;

    if (revision != 1 && revision != 2) {
        answer(s, STATUS_NOT_SUPPORTED);
    } else if (!handle) {
        answer(s, function == QUERY ? functions(NULL) : STATUS_NOT_SUPPORTED);
    } else if (!place || !place->persistent) {
        answer(s, STATUS_NO_DEVICE);
    } else {
        handle_module(s, place, function);
    }
    trace_acpi_nvdimm_request(s, handle, function, get(s, STATUS));
}

static void port_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    handle_request(opaque);
}

static guint64 port_read(void *opaque, guint64 offset, guint size)
{
    return 0;
}

static const RegionOps port_ops = {
    .read = port_read,
    .write = port_write,
    .min_size = 4,
    .max_size = 4,
};

/* ---- Modules ---- */

/* A guest that reads it meanwhile reads it again after the event. */
static void update_fit(AcpiNvdimm *s)
{
    g_autoptr(GByteArray) fit = acpi_nvdimm_fit(s->memory);
    guint32 length = GUINT32_TO_LE(fit->len);

    memset(s->fit, 0, s->fit_size);
    memcpy(s->fit, &length, sizeof(length));
    if (fit->len) {
        memcpy(s->fit + sizeof(length), fit->data, fit->len);
    }
}

static void plugged(void *opaque, const MemoryPlace *place)
{
    AcpiNvdimm *s = opaque;

    update_fit(s);
    if (place->device->hotplugged) {
        irq_set(s->event, true);
        irq_set(s->event, false);
    }
}

static void unplugged(void *opaque, const MemoryPlace *place)
{
    update_fit(opaque);
}

static const MemoryHotplugOps nvdimm_ops = { .plugged = plugged, .unplugged = unplugged };

/* ---- Life ---- */

static guint8 *new_window(guint32 size, GError **error)
{
    void *hva = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (hva == MAP_FAILED) {
        qmp_error_set(error, ERROR_REASON_NO_MEMORY, "cannot allocate %u bytes of memory", size);
        return NULL;
    }
    return hva;
}

static bool new_windows(AcpiNvdimm *s, guint n_slots, GError **error)
{
    guint32 size = acpi_nvdimm_fit_size(n_slots);

    s->page_size = ACPI_NVDIMM_PAGE;
    s->fit_size = (size + ACPI_NVDIMM_PAGE - 1) & ~(ACPI_NVDIMM_PAGE - 1u);
    s->page = new_window(s->page_size, error);
    s->fit = s->page ? new_window(s->fit_size, error) : NULL;
    if (s->page && !s->fit) {
        munmap(s->page, s->page_size);
        s->page = NULL;
    }
    return s->page != NULL;
}

static void map_regions(AcpiNvdimm *s)
{
    Machine *machine = machine_of(s);
    MemoryRegion *root = address_space_root(machine->memory);
    Object *obj = &s->parent.object;

    s->page_region = region_new_ram(obj, "requests", s->page, s->page_size);
    s->fit_region = region_new_rom(obj, "fit", s->fit, s->fit_size);
    s->port = region_new_io(obj, "nvdimm-port", &port_ops, s, ACPI_NVDIMM_PORT_SIZE);
    region_add(root, ACPI_NVDIMM_BASE, s->page_region, 0);
    region_add(root, ACPI_NVDIMM_BASE + s->page_size, s->fit_region, 0);
    region_add(address_space_root(machine->io), ACPI_NVDIMM_PORT, s->port, 0);
}

static void nvdimm_init(Object *obj)
{
    gpio_out_new(obj, "event", 1);
}

/* Without slots there is nothing to find. */
static bool nvdimm_realize(Device *dev, GError **error)
{
    AcpiNvdimm *s = to_acpi_nvdimm(dev);
    DeviceMemory *memory = device_memory_of(machine_of(dev));

    s->event = gpio(&dev->object, "event", 0);
    if (!memory || !memory->n_slots) {
        return true;
    }
    if (!s->page && !new_windows(s, memory->n_slots, error)) {
        return false;
    }
    s->memory = memory;
    update_fit(s);
    map_regions(s);
    device_memory_set_nvdimm(memory, &nvdimm_ops, s);
    return true;
}

static void unmap(MemoryRegion *root, MemoryRegion *region)
{
    region_remove(root, region);
    region_free(region);
}

static void nvdimm_unrealize(Device *dev)
{
    AcpiNvdimm *s = to_acpi_nvdimm(dev);
    Machine *machine = machine_of(dev);

    if (s->memory) {
        device_memory_set_nvdimm(s->memory, NULL, NULL);
        unmap(address_space_root(machine->io), s->port);
        unmap(address_space_root(machine->memory), s->fit_region);
        unmap(address_space_root(machine->memory), s->page_region);
        s->memory = NULL;
    }
}

/* Any thread: the last reference may be that of a view, which shows the windows. */
static void nvdimm_finalize(Object *obj)
{
    AcpiNvdimm *s = to_acpi_nvdimm(obj);

    if (s->page) {
        munmap(s->fit, s->fit_size);
        munmap(s->page, s->page_size);
    }
}

/* A request that the guest has not yet read the answer of. */
static const StateRow nvdimm_state[] = {
    STATE_BLOB_KEEP(AcpiNvdimm, page, page_size),
    STATE_ROWS_END
};

const TypeInfo acpi_nvdimm_type = {
    .schema = &qmp_class_acpi_nvdimm,
    .size = sizeof(AcpiNvdimm),
    .object = &(const ObjectOps){ .init = nvdimm_init, .finalize = nvdimm_finalize },
    .device = &(const DeviceOps){
        .realize = nvdimm_realize,
        .unrealize = nvdimm_unrealize,
        .state = nvdimm_state,
    },
};
