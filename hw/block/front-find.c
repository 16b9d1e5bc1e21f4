/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which disk a request names.
 */
#include "config.h"
#include "hw/block/front.h"

#include "qmp/error.h"

typedef struct {
    const char *name;           /* of the front, or a device's id */
    const Device *dev;          /* if it is named by its id or path */
    BlockFront *named, *of_device;      /* the first of each */
} Search;

static void match(BlockFront *front, void *data)
{
    Search *search = data;
    Device *whole = device_whole(front->dev);   /* of which it may be a part: virtio-blk-pci */

    if (!search->named && search->name && !g_strcmp0(front->name, search->name)) {
        search->named = front;
    }
    if (!search->of_device &&
        (search->name ? !g_strcmp0(device_id(whole), search->name)
                      : front->dev == search->dev || whole == search->dev)) {
        search->of_device = front;
    }
}

BlockFront *block_front_find(Object *root, const char *device, const char *id, GError **error)
{
    Search search = { .name = device };
    BlockFront *front;

    if (!device == !id) {
        qmp_error_set_at(error, "device", ERROR_REASON_PROPERTY_MISSING,
                         "exactly one of 'device' and 'id' must be given");
        return NULL;
    }
    search.dev = id ? device_resolve(root, id, NULL) : NULL;
    if (device || search.dev) {
        block_front_foreach(root, match, &search);
    }
    front = search.named ? search.named : search.of_device;
    if (!front) {
        qmp_error_set_at(error, id ? "id" : "device", ERROR_REASON_DEVICE_NOT_FOUND,
                         "Device '%s' not found", id ? id : device);
    }
    return front;
}

BlockNode *block_front_find_medium(Object *root, const char *device, const char *id,
                                   GError **error)
{
    const BlockFront *front = block_front_find(root, device, id, error);

    if (front && !front->config.node) {
        qmp_error_set_at(error, id ? "id" : "device", ERROR_REASON_DEVICE_NOT_FOUND,
                         "there is no medium in device '%s'", id ? id : device);
    }
    return front ? front->config.node : NULL;
}
