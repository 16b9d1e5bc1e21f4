/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-mem: memory that the guest takes and returns in blocks.  VIRTIO 1.2 section 5.15.
 *
 * All of its range is mapped from the start, as in QEMU: a guest that uses memory which it has not
 * asked for gets that, and only harms its host's accounting.  What the guest returns goes back to
 * the host, as does all of it in a reset of the machine; not when the guest wakes from sleep.
 *
 * Data paths may look at the memory a moment longer than the device exists, so the backend's
 * memory stays mapped in the daemon until the last of them has let go of this object (as with
 * pc-dimm).
 *
 * Not modelled: PERSISTENT_SUSPEND, so that Linux does not sleep while it has blocks.
 */
#include "config.h"
#include "hw/virtio/virtio-mem.h"

#include <string.h>

#include "hw/mem/numa.h"
#include "hw/virtio/virtio-mem-internal.h"
#include "qmp/error.h"

enum {
    DEVICE_ID = 24,
    QUEUE_SIZE = 128,
    BLOCK_SIZE = 2 * 1024 * 1024,       /* x86's huge pages */
};

/* Feature bits */
enum {
    F_ACPI_PXM = 0,
    F_UNPLUGGED_INACCESSIBLE = 1,
};

/* Section 5.15.4 */
enum {
    CONFIG_BLOCK_SIZE = 0,
    CONFIG_NODE = 8,
    CONFIG_ADDR = 16,
    CONFIG_REGION_SIZE = 24,
    CONFIG_USABLE_SIZE = 32,
    CONFIG_PLUGGED_SIZE = 40,
    CONFIG_REQUESTED_SIZE = 48,
    CONFIG_SIZE = 56,
};

/* ---- Configuration ---- */

static void put_le64(guint8 *p, guint64 value)
{
    value = GUINT64_TO_LE(value);
    memcpy(p, &value, sizeof(value));
}

static void mem_get_config(VirtioDevice *dev, guint8 *config)
{
    const VirtioMem *s = to_virtio_mem(dev);

    put_le64(config + CONFIG_BLOCK_SIZE, s->block_size);
    config[CONFIG_NODE] = (guint8)s->place.node;
    config[CONFIG_NODE + 1] = (guint8)(s->place.node >> 8);
    put_le64(config + CONFIG_ADDR, s->addr);
    put_le64(config + CONFIG_REGION_SIZE, s->region_size);
    put_le64(config + CONFIG_USABLE_SIZE, s->usable);
    put_le64(config + CONFIG_PLUGGED_SIZE, s->place.plugged);
    put_le64(config + CONFIG_REQUESTED_SIZE, s->requested);
}

static bool is_inaccessible(VirtioMem *s)
{
    return virtio_mem_props(s)->unplugged_inaccessible == ON_OFF_AUTO_ON;
}

/* The tables have a node for the whole range, also if there is only one. */
static guint64 mem_features(VirtioDevice *dev)
{
    return 1 << F_ACPI_PXM |
           (is_inaccessible(to_virtio_mem(dev)) ? 1 << F_UNPLUGGED_INACCESSIBLE : 0);
}

static bool mem_features_ok(VirtioDevice *dev, guint64 features)
{
    return !is_inaccessible(to_virtio_mem(dev)) || features >> F_UNPLUGGED_INACCESSIBLE & 1;
}

/* ---- Requested size ---- */

static bool check_requested(VirtioMem *s, GError **error)
{
    const VirtioMemProps *props = virtio_mem_props(s);
    guint64 max = memory_backend_size(props->memdev.target);

    if (props->requested_size > max) {
        qmp_error_set_at(error, "requested-size", ERROR_REASON_OUT_OF_RANGE,
                         "'requested-size' is 0x%" G_GINT64_MODIFIER "x, and the memory has 0x%"
                         G_GINT64_MODIFIER "x bytes", props->requested_size, max);
        return false;
    }
    if (props->requested_size % props->block_size) {
        qmp_error_set_at(error, "requested-size", ERROR_REASON_INVALID_VALUE,
                         "'requested-size' is 0x%" G_GINT64_MODIFIER "x, which is not a multiple "
                         "of 'block-size' 0x%" G_GINT64_MODIFIER "x", props->requested_size,
                         props->block_size);
        return false;
    }
    return true;
}

/* The driver is told also if it is the same as before, as QEMU does it: a driver that gave up
 * tries again. */
static bool mem_changed(Object *obj, const QmpMember *member, GError **error)
{
    VirtioMem *s = to_virtio_mem(obj);

    if (!check_requested(s, error)) {
        return false;
    }
    s->requested = virtio_mem_props(s)->requested_size;
    virtio_mem_set_usable(s, false);
    virtio_config_changed(&s->parent);
    return true;
}

/* ---- Realize ---- */

static guint64 default_block_size(const MemoryBackend *backend)
{
    return MAX(memory_backend_page_size(backend), BLOCK_SIZE);
}

static bool check_multiple(const char *property, const char *what, guint64 value,
                           guint64 block_size, GError **error)
{
    if (value % block_size) {
        qmp_error_set_at(error, property, ERROR_REASON_INVALID_VALUE, "%s is 0x%" G_GINT64_MODIFIER
                         "x, which is not a multiple of 'block-size' 0x%" G_GINT64_MODIFIER "x",
                         what, value, block_size);
        return false;
    }
    return true;
}

static bool check_block_size(const VirtioMemProps *props, GError **error)
{
    guint64 page = memory_backend_page_size(props->memdev.target);

    if (props->block_size & (props->block_size - 1) || props->block_size < page) {
        qmp_error_set_at(error, "block-size", ERROR_REASON_INVALID_VALUE, "'block-size' is 0x%"
                         G_GINT64_MODIFIER "x, and must be a power of two that is at least the "
                         "memory's page size 0x%" G_GINT64_MODIFIER "x", props->block_size, page);
        return false;
    }
    return true;
}

/* Chooses what the request left open, and checks all of it. */
static bool settle_props(VirtioMem *s, GError **error)
{
    VirtioMemProps *props = virtio_mem_props(s);
    const MemoryBackend *backend = props->memdev.target;

    if (!props->has_block_size) {
        props->has_block_size = true;
        props->block_size = default_block_size(backend);
    }
    if (props->unplugged_inaccessible == ON_OFF_AUTO_AUTO) {
        props->unplugged_inaccessible = memory_backend_reads_free(backend) ? ON_OFF_AUTO_OFF
                                                                           : ON_OFF_AUTO_ON;
    }
    return check_block_size(props, error) &&
           check_multiple("memaddr", "'memaddr'", props->memaddr, props->block_size, error) &&
           check_multiple("memdev", "the memory's size", memory_backend_size(backend),
                          props->block_size, error) &&
           check_requested(s, error);
}

static bool find_place(VirtioMem *s, GError **error)
{
    VirtioMemProps *props = virtio_mem_props(s);
    MemoryBackend *backend = props->memdev.target;
    const DeviceMemory *memory = device_memory_of(s->parent.machine);

    if (!memory) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "the machine takes no memory devices: "
                      "its property 'memory' has no 'max-size' above its RAM");
        return false;
    }
    s->place = (MemoryPlace){
        .device = &s->parent.device, .size = memory_backend_size(backend), .node = props->node,
        .slot = DEVICE_MEMORY_NO_SLOT,
    };
    return numa_check_node(s->parent.machine, props->node, error) &&
           device_memory_choose_addr(memory, &s->place, props->memaddr,
                                     MAX(props->block_size, memory_backend_align(backend)),
                                     "memaddr", error) &&
           memory_backend_claim(backend, "memdev", true, error);
}

/* The backend stays as long as the object, see above. */
static void keep_backend(VirtioMem *s, MemoryBackend *backend)
{
    if (!s->backend) {
        s->backend = object_ref(backend);
        memory_backend_pin(backend);
    }
}

static bool mem_realize(Device *dev, GError **error)
{
    VirtioMem *s = to_virtio_mem(dev);
    VirtioMemProps *props = virtio_mem_props(s);

    if (!settle_props(s, error) || !find_place(s, error)) {
        return false;
    }
    keep_backend(s, props->memdev.target);
    s->addr = props->memaddr = s->place.addr;
    s->block_size = props->block_size;
    s->region_size = s->place.size;
    s->bitmap_size = (guint32)((virtio_mem_n_blocks(s) + 7) / 8);
    s->bitmap = g_malloc0(s->bitmap_size);
    s->requested = props->requested_size;
    virtio_mem_set_usable(s, true);
    virtio_mem_discard(s, false);
    s->place.region = region_new_ram(&dev->object, "memory", memory_backend_hva(s->backend),
                                     s->place.size);
    device_memory_add(device_memory_of(s->parent.machine), &s->place);
    virtio_add_queue(&s->parent, QUEUE_SIZE, virtio_mem_handle_queue);
    return true;
}

static void mem_unrealize(Device *dev)
{
    VirtioMem *s = to_virtio_mem(dev);

    virtio_del_queues(&s->parent);
    device_memory_remove(device_memory_of(s->parent.machine), &s->place);
    region_free(s->place.region);
    memory_backend_unclaim(s->backend);
    g_clear_pointer(&s->bitmap, g_free);
    s->place = (MemoryPlace){ 0 };
    s->element = NULL;
}

/* ---- Reset and state ---- */

/* A driver's reset takes no memory away: its successor may need what it left. */
static void mem_reset(VirtioDevice *dev)
{
    to_virtio_mem(dev)->element = NULL;
}

static void mem_reset_enter(Device *dev)
{
    VirtioMem *s = to_virtio_mem(dev);

    if (s->parent.machine->resetting) {
        virtio_mem_unplug_all(s);
    }
}

static const StateRow mem_state[] = {
    STATE_FIELD_KEEP(U64, VirtioMem, addr),
    STATE_FIELD_KEEP(U64, VirtioMem, block_size),
    STATE_FIELD_KEEP(U64, VirtioMem, region_size),
    STATE_FIELD_KEEP(U64, VirtioMem, requested),
    STATE_FIELD_KEEP(U64, VirtioMem, usable),
    STATE_BLOB_KEEP(VirtioMem, bitmap, bitmap_size),
    STATE_ROWS_END
};

static bool refuse_state(GError **error, const char *why)
{
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "the state of a virtio-mem %s", why);
    return false;
}

static bool check_state(VirtioMem *s, GError **error)
{
    const VirtioMemProps *props = virtio_mem_props(s);
    guint64 blocks;

    if (s->addr != s->place.addr || s->block_size != props->block_size ||
        s->region_size != s->place.size) {
        return refuse_state(error, "has another range, or blocks of another size");
    }
    if (s->requested > s->region_size || s->requested % s->block_size ||
        s->usable > s->region_size || s->usable % s->block_size) {
        return refuse_state(error, "has a size that is not one of whole blocks of its range");
    }
    blocks = virtio_mem_n_blocks(s);
    if (blocks % 8 && s->bitmap[blocks / 8] >> (blocks % 8)) {
        return refuse_state(error, "has blocks beyond the range");
    }
    return true;
}

/* The chain that was out is popped again, and its work begun again. */
static bool mem_state_loaded(Device *dev, GError **error)
{
    VirtioMem *s = to_virtio_mem(dev);

    if (!check_state(s, error)) {
        return false;
    }
    s->element = NULL;
    virtio_mem_props(s)->requested_size = s->requested;
    s->place.plugged = virtio_mem_count(s);
    virtio_mem_discard(s, false);
    return true;
}

/* ---- Class ---- */

static const VirtioOps mem_virtio_ops = {
    .device_id = DEVICE_ID,
    .config_size = CONFIG_SIZE,
    .features = mem_features,
    .features_ok = mem_features_ok,
    .get_config = mem_get_config,
    .reset = mem_reset,
};

/* A guest that does not know that its memory goes would crash. */
static bool mem_may_delete(Object *obj, GError **error)
{
    const VirtioMem *s = to_virtio_mem(obj);

    if (s->place.plugged || (s->parent.machine && s->parent.machine->started && s->requested)) {
        qmp_error_set(error, ERROR_REASON_IN_USE, "the guest has 0x%" G_GINT64_MODIFIER "x bytes "
                      "of its memory, and is to have 0x%" G_GINT64_MODIFIER "x: it is removed when "
                      "both are 0", s->place.plugged, s->requested);
        return false;
    }
    return true;
}

static void mem_refresh(Object *obj, const QmpMember *member)
{
    virtio_mem_props(obj)->size = to_virtio_mem(obj)->place.plugged;
}

/* Any thread: the last reference may be a view's. */
static void mem_finalize(Object *obj)
{
    VirtioMem *s = to_virtio_mem(obj);

    if (s->backend) {
        memory_backend_unpin(s->backend);
        object_unref(s->backend);
    }
}

const TypeInfo virtio_mem_type = {
    .schema = &qmp_class_virtio_mem,
    .size = sizeof(VirtioMem),
    .object = &(const ObjectOps){
        .changed = mem_changed,
        .may_delete = mem_may_delete,
        .refresh = mem_refresh,
        .finalize = mem_finalize,
    },
    .device = &(const DeviceOps){
        .realize = mem_realize,
        .unrealize = mem_unrealize,
        .reset_enter = mem_reset_enter,
        .state = mem_state,
        .state_loaded = mem_state_loaded,
    },
    .kind = &mem_virtio_ops,
};
