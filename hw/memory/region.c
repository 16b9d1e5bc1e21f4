/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of memory regions: constructors, changes, and notifying every
 * address space that shows a changed region, through containers and aliases.
 */
#include "config.h"
#include "hw/memory/memory.h"

#include "hw/memory/memory-internal.h"
#include "qom/qapi-objects-machine.h"

/* Whether an earlier alias is in the same container: whatever shows that one shows
 * this one, too.  A bridge may have 64 windows of one region, and bridges below it
 * the same; without this check, the work would be the product of all. */
static bool alias_was_told(const GPtrArray *aliases, guint i)
{
    const MemoryRegion *alias = aliases->pdata[i];

    return i > 0 && alias->container && !alias->aliases->len &&
           alias->container == to_memory_region(aliases->pdata[i - 1])->container;
}

void region_changed(MemoryRegion *mr)
{
    if (mr->as) {
        address_space_changed(mr->as);
    }
    if (mr->container) {
        region_changed(mr->container);
    }
    for (guint i = 0; i < mr->aliases->len; i++) {
        if (!alias_was_told(mr->aliases, i)) {
            region_changed(g_ptr_array_index(mr->aliases, i));
        }
    }
}

/* ---- Constructors ---- */

static MemoryRegion *region_new(Object *owner, const char *name, RegionKind kind, guint64 size)
{
    g_autoptr(Object) object = object_new(&qmp_class_memory_region);
    MemoryRegion *mr = to_memory_region(object);
    MemoryRegionProps *props = memory_region_props(object);

    mr->kind = kind;
    mr->owner = owner;
    mr->size = size;
    props->size = size ? size : G_MAXUINT64;
    if (!object_add_child(owner, name, object, NULL)) {
        g_autofree char *numbered = g_strdup_printf("%s[*]", name);

        object_add_child(owner, numbered, object, NULL);
    }
    return mr;
}

MemoryRegion *region_new_container(Object *owner, const char *name, guint64 size)
{
    return region_new(owner, name, REGION_CONTAINER, size);
}

MemoryRegion *region_new_io(Object *owner, const char *name, const RegionOps *ops, void *opaque,
                            guint64 size)
{
    MemoryRegion *mr = region_new(owner, name, REGION_IO, size);

    mr->ops = ops;
    mr->opaque = opaque;
    return mr;
}

MemoryRegion *region_new_ram(Object *owner, const char *name, void *hva, guint64 size)
{
    MemoryRegion *mr = region_new(owner, name, REGION_RAM, size);

    mr->hva = hva;
    return mr;
}

MemoryRegion *region_new_rom(Object *owner, const char *name, void *hva, guint64 size)
{
    MemoryRegion *mr = region_new_ram(owner, name, hva, size);

    mr->readonly = true;
    return mr;
}

MemoryRegion *region_new_rom_device(Object *owner, const char *name, const RegionOps *ops,
                                    void *opaque, void *hva, guint64 size)
{
    MemoryRegion *mr = region_new(owner, name, REGION_ROM_DEVICE, size);

    mr->ops = ops;
    mr->opaque = opaque;
    mr->hva = hva;
    mr->readonly = true;
    return mr;
}

MemoryRegion *region_new_alias(Object *owner, const char *name, MemoryRegion *target,
                               guint64 offset, guint64 size)
{
    MemoryRegion *mr = region_new(owner, name, REGION_ALIAS, size);

    mr->target = object_ref(target);
    mr->target_offset = offset;
    g_ptr_array_add(target->aliases, mr);
    return mr;
}

void region_free(MemoryRegion *mr)
{
    object_unparent(&mr->object);
}

guint64 region_size(const MemoryRegion *mr)
{
    return mr->size;
}

void *region_host(const MemoryRegion *mr, guint64 offset, guint64 size)
{
    if (mr->kind == REGION_RAM) {
        return offset < mr->size && size <= mr->size - offset ? mr->hva + offset : NULL;
    }
    for (guint i = 0; i < mr->subregions->len; i++) {
        const MemoryRegion *sub = g_ptr_array_index(mr->subregions, i);
        void *host = offset < sub->offset ? NULL : region_host(sub, offset - sub->offset, size);

        if (host) {
            return host;
        }
    }
    return NULL;
}

bool region_has_host(const MemoryRegion *mr, const void *host, guint64 size)
{
    if (mr->kind == REGION_RAM) {
        guint64 offset = (guint64)((guintptr)host - (guintptr)mr->hva);

        return (const guint8 *)host >= mr->hva && offset < mr->size && size <= mr->size - offset;
    }
    for (guint i = 0; i < mr->subregions->len; i++) {
        if (region_has_host(g_ptr_array_index(mr->subregions, i), host, size)) {
            return true;
        }
    }
    return false;
}

/* ---- Changes ---- */

void region_add(MemoryRegion *container, guint64 offset, MemoryRegion *mr, int priority)
{
    MemoryRegionProps *props = memory_region_props(mr);
    guint place = 0;

    g_return_if_fail(!mr->container && !mr->as);
    mr->container = container;
    mr->offset = props->addr = offset;
    mr->priority = props->priority = priority;
    /* Among equal priorities the latest is visible. */
    while (place < container->subregions->len &&
           to_memory_region(container->subregions->pdata[place])->priority > priority) {
        place++;
    }
    g_ptr_array_insert(container->subregions, place, object_ref(mr));
    region_changed(container);
}

void region_remove(MemoryRegion *container, MemoryRegion *mr)
{
    if (mr->container != container) {
        return;
    }
    object_ref(mr);
    g_ptr_array_remove(container->subregions, mr);
    mr->container = NULL;
    region_changed(container);
    object_unref(mr);
}

void region_set_offset(MemoryRegion *mr, guint64 offset)
{
    MemoryRegionProps *props = memory_region_props(mr);

    if (mr->offset != offset) {
        mr->offset = props->addr = offset;
        region_changed(mr);
    }
}

void region_set_enabled(MemoryRegion *mr, bool enabled)
{
    if (mr->enabled != enabled) {
        mr->enabled = enabled;
        region_changed(mr);
    }
}

void region_set_readonly(MemoryRegion *mr, bool readonly)
{
    if (mr->readonly != readonly) {
        mr->readonly = readonly;
        region_changed(mr);
    }
}

void region_add_ioeventfd(MemoryRegion *mr, guint64 offset, guint size, bool match, guint64 value,
                          int fd)
{
    const RegionIoeventfd e = {
        .offset = offset, .size = size, .match = match, .value = value, .fd = fd,
    };

    if (!mr->ioeventfds) {
        mr->ioeventfds = g_array_new(false, false, sizeof(RegionIoeventfd));
    }
    g_array_append_val(mr->ioeventfds, e);
    region_changed(mr);
}

void region_del_ioeventfd(MemoryRegion *mr, guint64 offset, guint size, bool match, guint64 value,
                          int fd)
{
    for (guint i = 0; mr->ioeventfds && i < mr->ioeventfds->len; i++) {
        const RegionIoeventfd *e = &g_array_index(mr->ioeventfds, RegionIoeventfd, i);

        if (e->offset == offset && e->size == size && e->match == match &&
            (!match || e->value == value) && e->fd == fd) {
            g_array_remove_index(mr->ioeventfds, i);
            region_changed(mr);
            return;
        }
    }
}

/* ---- Class ---- */

static void memory_region_init(Object *obj)
{
    MemoryRegion *mr = to_memory_region(obj);

    mr->enabled = true;
    mr->aliases = g_ptr_array_new();
    mr->subregions = g_ptr_array_new_with_free_func(object_unref);
}

static void memory_region_finalize(Object *obj)
{
    MemoryRegion *mr = to_memory_region(obj);

    for (guint i = 0; i < mr->subregions->len; i++) {
        to_memory_region(mr->subregions->pdata[i])->container = NULL;
    }
    g_ptr_array_unref(mr->subregions);
    g_ptr_array_unref(mr->aliases);
    if (mr->target) {
        g_ptr_array_remove(mr->target->aliases, mr);
        object_unref(mr->target);
    }
    if (mr->ioeventfds) {
        g_array_unref(mr->ioeventfds);
    }
    g_free(mr->written);
}

static void memory_region_refresh(Object *obj, const QmpMember *member)
{
    MemoryRegion *mr = to_memory_region(obj);
    MemoryRegionProps *props = memory_region_props(obj);

    if (member->offset == offsetof(MemoryRegionProps, container)) {
        g_free(props->container.path);
        props->container.path = mr->container ? object_path(&mr->container->object) : NULL;
    }
}

const TypeInfo memory_region_type = {
    .schema = &qmp_class_memory_region,
    .size = sizeof(MemoryRegion),
    .object = &(const ObjectOps){
        .init = memory_region_init,
        .finalize = memory_region_finalize,
        .refresh = memory_region_refresh,
    },
};
