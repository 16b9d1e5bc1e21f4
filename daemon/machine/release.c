/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Release of the objects that exist at the end; see release.h.
 */
#include "config.h"
#include "daemon/machine/release.h"

#include "hw/block/block.h"
#include "qom/qapi-objects-block.h"

/* What one job releases, in this order. */
typedef struct {
    GPtrArray *objects;
    bool flushes;
} Group;

typedef struct {
    GPtrArray *groups;
    GHashTable *group_of;       /* Object -> Group */
} Release;

static void group_free(gpointer data)
{
    Group *group = data;

    g_ptr_array_unref(group->objects);
    g_free(group);
}

static void put(Release *release, Group *group, Object *obj)
{
    g_ptr_array_add(group->objects, object_ref(obj));
    g_hash_table_insert(release->group_of, obj, group);
}

/* Adds the nodes that use this one: they are released first. */
static void join_users(Release *release, Group *group, const BlockNode *node)
{
    for (guint i = 0; i < node->users->len; i++) {
        const BlockUser *user = node->users->pdata[i];
        Group *other = g_hash_table_lookup(release->group_of, user->object);

        for (guint j = 0; other && other != group && j < other->objects->len; j++) {
            put(release, group, other->objects->pdata[j]);
        }
        if (other && other != group) {
            group->flushes |= other->flushes;
            g_ptr_array_set_size(other->objects, 0);
        }
    }
}

static void add(Object *obj, void *opaque)
{
    Release *release = opaque;
    const BlockNode *node = object_dynamic_cast(obj, &qmp_class_block_node);
    Group *group = g_new0(Group, 1);

    group->objects = g_ptr_array_new_with_free_func(object_unref);
    g_ptr_array_add(release->groups, group);
    if (node) {
        join_users(release, group, node);
        group->flushes |= block_node_is_changed(node);
    }
    put(release, group, obj);
}

static void work(void *data)
{
    const Group *group = data;

    for (guint i = 0; i < group->objects->len; i++) {
        object_release(group->objects->pdata[i]);
    }
}

void release_objects(Object *root, Pool *pool)
{
    Release release = { g_ptr_array_new(), g_hash_table_new(NULL, NULL) };

    object_stop(root, add, &release);
    for (guint i = 0; i < release.groups->len; i++) {
        Group *group = release.groups->pdata[i];

        pool_run(pool, group->flushes ? POOL_FLUSH : POOL_RELEASE, work, group_free, group);
    }
    g_hash_table_unref(release.group_of);
    g_ptr_array_unref(release.groups);
}
