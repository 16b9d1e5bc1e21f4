/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `console`; see console.h.
 */
#include "config.h"
#include "hw/display/console-internal.h"

#include "hw/machine/machine.h"
#include "hw/machine/service.h"
#include "qmp/error.h"
#include "qom/qapi-objects-display.h"

/* ---- All consoles of a machine, in the order in which they were made ---- */

static void list_free(GPtrArray *list)
{
    g_ptr_array_unref(list);
}

MACHINE_SERVICE(consoles, GPtrArray, list_free)
MACHINE_SERVICE(observers, GPtrArray, list_free)

void console_observe(Machine *machine, ConsoleObserver *observer)
{
    if (!observers(machine)) {
        set_observers(machine, g_ptr_array_new());
    }
    g_ptr_array_add(observers(machine), observer);
}

void console_unobserve(Machine *machine, ConsoleObserver *observer)
{
    if (observers(machine)) {
        g_ptr_array_remove(observers(machine), observer);
    }
}

void console_hurry(Machine *machine)
{
    const GPtrArray *all = consoles(machine);

    for (guint i = 0; all && i < all->len; i++) {
        console_look_often(all->pdata[i]);
    }
}

static void tell_observers(Machine *machine)
{
    const GPtrArray *all = observers(machine);

    for (guint i = 0; all && i < all->len; i++) {
        const ConsoleObserver *observer = all->pdata[i];

        observer->appeared(observer->opaque);
    }
}

Console *console_new(Device *dev, guint head, const ConsoleOps *ops, void *opaque)
{
    g_autoptr(Object) object = object_new(&qmp_class_console);
    g_autofree char *name = g_strdup_printf("console[%u]", head);
    Machine *machine = machine_of(dev);
    Console *console = to_console(object);

    console->dev = dev;
    console->ops = ops;
    console->opaque = opaque;
    console_props(console)->head = head;
    object_add_child(&dev->object, name, object, NULL);
    if (!consoles(machine)) {
        set_consoles(machine, g_ptr_array_new());
    }
    g_ptr_array_add(consoles(machine), console);
    tell_observers(machine);
    return console;
}

void console_free(Console *console)
{
    console_end_watches(console);
    g_clear_pointer(&console->cursor, console_cursor_free);
    g_ptr_array_remove(consoles(machine_of(console->dev)), console);
    object_unparent(&console->object);
}

/* ---- Finding one ---- */

/* Whether it is a console of the device, or of a part of it, as of a card behind virtio-pci. */
static bool belongs_to(const Console *console, const Device *dev)
{
    const Object *obj = &console->dev->object;

    while (obj && obj != &dev->object) {
        obj = obj->parent;
    }
    return obj;
}

/* The console of a device, or of any device if dev is NULL; head -1: the first. */
static Console *pick(const Machine *machine, const Device *dev, gint64 head)
{
    const GPtrArray *all = machine ? consoles(machine) : NULL;

    for (guint i = 0; all && i < all->len; i++) {
        Console *console = all->pdata[i];

        if ((!dev || belongs_to(console, dev)) &&
            (head < 0 || console_props(console)->head == head)) {
            return console;
        }
    }
    return NULL;
}

static Console *find_first(Object *root, gint64 head, GError **error)
{
    const Machine *machine = machine_made(root);
    Console *console = pick(machine, NULL, -1);

    if (head >= 0) {
        qmp_error_set_at(error, "head", ERROR_REASON_INVALID_VALUE,
                         "'head' is one of a device's: it needs 'device'");
        return NULL;
    }
    if (!machine) {
        qmp_error_set(error, ERROR_REASON_NO_MACHINE, "there is no machine");
    } else if (!console) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "the machine has no graphics card, so there is no screen");
    }
    return console;
}

Console *console_find(Object *root, const char *device, gint64 head, GError **error)
{
    const Machine *machine = machine_made(root);
    Device *dev = device ? device_resolve(root, device, NULL) : NULL;
    Console *console = dev ? pick(machine, dev, head) : NULL;

    if (!device) {
        return find_first(root, head, error);
    }
    if (!dev) {
        qmp_error_set_at(error, "device", ERROR_REASON_DEVICE_NOT_FOUND, "Device '%s' not found",
                         device);
    } else if (!pick(machine, dev, -1)) {
        qmp_error_set_at(error, "device", ERROR_REASON_NOT_SUPPORTED,
                         "device '%s' has no screen", device);
    } else if (!console) {
        qmp_error_set_at(error, "head", ERROR_REASON_INVALID_VALUE,
                         "device '%s' has no output %" G_GINT64_FORMAT, device, head);
    }
    return console;
}

/* ---- What it shows ---- */

Surface *console_draw(Console *console, GError **error)
{
    Surface *surface;
    guint width, height;

    console->ops->size(console->opaque, &width, &height);
    surface = surface_new(width, height, error);
    if (surface) {
        console->ops->draw(console->opaque, surface, NULL);
    }
    return surface;
}

bool console_wish(Console *console, guint width, guint height)
{
    return console->ops->wish && console->ops->wish(console->opaque, width, height);
}

bool console_can_wish(const Console *console)
{
    return console->ops->wish;
}

bool console_text(Console *console, ConsoleText *ret, GError **error)
{
    if (console->ops->text && console->ops->text(console->opaque, ret)) {
        return true;
    }
    qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "the screen is not in a text mode");
    return false;
}

void console_text_clear(ConsoleText *text)
{
    g_clear_pointer(&text->cells, g_free);
}

const TypeInfo console_type = {
    .schema = &qmp_class_console,
    .size = sizeof(Console),
};
