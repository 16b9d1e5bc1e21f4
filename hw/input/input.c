/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The router of hw/input/input.h, and the queue of timed keys.
 *
 * The router lives from a machine's first input device to its last.
 */
#include "config.h"
#include "hw/input/input.h"

#include "hw/machine/service.h"
#include "qmp/error.h"

#define STEPS_MAX 1024          /* changes of keys that may wait */
#define HOLD_MIN 1000000        /* ns: send-key counts milliseconds */

/* A key press or release, and the time until the next one. */
typedef struct {
    InputItem item;
    gint64 hold;
} Step;

typedef struct {
    Machine *machine;
    GQueue devices;             /* of InputDevice */
    guint last_index;
    Timer *timer;               /* pending while a step's time has not passed */
    GQueue steps;               /* of Step */
} InputRouter;

static void list_free(GPtrArray *list)
{
    g_ptr_array_unref(list);
}

MACHINE_SERVICE(input_router, InputRouter, NULL)
MACHINE_SERVICE(observers, GPtrArray, list_free)

/* ---- Observers ---- */

void input_observe(Machine *machine, InputObserver *observer)
{
    if (!observers(machine)) {
        set_observers(machine, g_ptr_array_new());
    }
    g_ptr_array_add(observers(machine), observer);
}

void input_unobserve(Machine *machine, InputObserver *observer)
{
    if (observers(machine)) {
        g_ptr_array_remove(observers(machine), observer);
    }
}

static void tell_observers(Machine *machine)
{
    const GPtrArray *all = observers(machine);

    for (guint i = 0; all && i < all->len; i++) {
        const InputObserver *observer = all->pdata[i];

        observer->changed(observer->opaque);
    }
}

/* ---- Devices ---- */

static void on_timer(void *opaque, gint64 now);

static InputRouter *router_new(Machine *machine)
{
    InputRouter *router = g_new0(InputRouter, 1);

    router->machine = machine;
    g_queue_init(&router->devices);
    g_queue_init(&router->steps);
    router->timer = timer_new(machine->clock, CLOCK_KIND_VIRTUAL, HOLD_MIN, on_timer, router);
    return router;
}

static void router_free(InputRouter *router)
{
    timer_free(router->timer);
    g_queue_clear_full(&router->steps, g_free);
    g_free(router);
}

void input_register(InputDevice *device, Machine *machine, const InputDeviceOps *ops,
                    void *opaque)
{
    InputRouter *router = input_router(machine);

    if (!router) {
        router = router_new(machine);
        set_input_router(machine, router);
    }
    *device = (InputDevice) {
        .ops = ops,
        .opaque = opaque,
        .machine = machine,
        .link = { .data = device },
        .index = ++router->last_index,
    };
    g_queue_push_head_link(&router->devices, &device->link);
    tell_observers(machine);
}

void input_unregister(InputDevice *device)
{
    InputRouter *router = input_router(device->machine);

    g_queue_unlink(&router->devices, &device->link);
    if (g_queue_is_empty(&router->devices)) {
        set_input_router(device->machine, NULL);
        router_free(router);
    }
    tell_observers(device->machine);
}

void input_activate(InputDevice *device)
{
    GQueue *devices = &input_router(device->machine)->devices;

    g_queue_unlink(devices, &device->link);
    g_queue_push_head_link(devices, &device->link);
    tell_observers(device->machine);
}

/* The list of devices, in order of use; or NULL. */
static GList *devices_of(const Machine *machine)
{
    const InputRouter *router = input_router(machine);

    return router ? router->devices.head : NULL;
}

void input_foreach(Machine *machine, void (*f)(InputDevice *device, void *data), void *data)
{
    for (GList *l = devices_of(machine); l; l = l->next) {
        f(l->data, data);
    }
}

/* ---- Events ---- */

static InputDevice *find_device(Machine *machine, InputEventKind kind)
{
    for (GList *l = devices_of(machine); l; l = l->next) {
        InputDevice *device = l->data;

        if (device->ops->kinds & (1u << kind)) {
            return device;
        }
    }
    return NULL;
}

bool input_handled(Machine *machine, InputEventKind kind)
{
    return find_device(machine, kind) != NULL;
}

void input_set_leds(InputDevice *device, guint leds)
{
    if (device->leds != leds) {
        device->leds = leds;
        tell_observers(device->machine);
    }
}

guint input_leds(Machine *machine)
{
    const InputDevice *keyboard = find_device(machine, INPUT_EVENT_KIND_KEY);

    return keyboard ? keyboard->leds : 0;
}

static void sync_device(InputDevice *device, void *data)
{
    if (device->touched && device->ops->sync) {
        device->ops->sync(device->opaque);
    }
    device->touched = false;
}

void input_send(Machine *machine, const InputItem *items, guint n)
{
    for (guint i = 0; i < n; i++) {
        InputDevice *device = find_device(machine, items[i].kind);

        if (device) {
            device->touched = true;
            device->ops->event(device->opaque, &items[i]);
        }
    }
    input_foreach(machine, sync_device, NULL);
}

/* ---- Keys that wait ---- */

/* Runs steps until one that has to wait. */
static void run_steps(InputRouter *router, gint64 now)
{
    Step *step;

    while (!timer_pending(router->timer) && (step = g_queue_pop_head(&router->steps))) {
        input_send(router->machine, &step->item, 1);
        if (step->hold > 0) {
            timer_set_after(router->timer, step->hold);
        }
        g_free(step);
    }
}

static void on_timer(void *opaque, gint64 now)
{
    run_steps(opaque, now);
}

static void add_step(InputRouter *router, guint key, bool down, gint64 hold)
{
    const Step step = {
        .item = { .kind = INPUT_EVENT_KIND_KEY, .code = key, .value = down },
        .hold = hold,
    };

    g_queue_push_tail(&router->steps, g_memdup2(&step, sizeof(step)));
}

bool input_send_keys(Machine *machine, const guint *keys, guint n, gint64 hold, GError **error)
{
    InputRouter *router = input_router(machine);

    if (!router) {
        return true;
    }
    if (n > (STEPS_MAX - g_queue_get_length(&router->steps)) / 2) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "%u keys wait to be pressed or released, no more than %d can",
                      g_queue_get_length(&router->steps), STEPS_MAX);
        return false;
    }
    for (guint i = 0; i < n; i++) {
        add_step(router, keys[i], true, hold);
    }
    for (guint i = n; i-- > 0;) {
        add_step(router, keys[i], false, hold);
    }
    run_steps(router, clock_now(machine->clock, CLOCK_KIND_VIRTUAL));
    return true;
}
