/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-null: discards all output and has no input.
 */
#include "config.h"
#include "hw/chardev/char-types.h"

#include "hw/chardev/char.h"
#include "qom/qapi-objects-char.h"

static gsize null_write(Chardev *chr, const guint8 *data, gsize size)
{
    return size;
}

static char *null_filename(Chardev *chr)
{
    return g_strdup("null");
}

static bool null_complete(Object *obj, GError **error)
{
    char_event(to_chardev(obj), CHAR_EVENT_OPENED);
    return true;
}

static const CharOps null_char_ops = {
    .write = null_write,
    .filename = null_filename,
};

static const ObjectOps null_object_ops = {
    .complete = null_complete,
};

const TypeInfo chardev_null_type = {
    .schema = &qmp_class_chardev_null,
    .object = &null_object_ops,
    .kind = &null_char_ops,
};
