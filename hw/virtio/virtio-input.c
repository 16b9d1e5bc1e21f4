/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keyboard, mouse and tablet by VIRTIO 1.2 section 5.8: events are those of Linux's evdev.
 *
 * What a client sends together is put into buffers of the event queue together, or waits until the
 * driver has enough of them.  When too much waits, whole groups are lost.
 */
#include "config.h"
#include "hw/virtio/virtio-input.h"

#include <string.h>

#include "hw/virtio/virtio.h"
#include "qmp/bytes.h"
#include "qmp/error.h"
#include "qom/qapi-objects-virtio.h"

enum { DEVICE_ID = 18, QUEUE_SIZE = 64, WAITING = 256, GROUP = 32, EVENT_SIZE = 8 };

/* Configuration (5.8.4). */
enum { CONFIG_SELECT = 0, CONFIG_SUBSELECT = 1, CONFIG_LENGTH = 2, CONFIG_DATA = 8,
       CONFIG_BYTES = 136, DATA_BYTES = CONFIG_BYTES - CONFIG_DATA };
enum { SELECT_NAME = 0x01, SELECT_SERIAL = 0x02, SELECT_IDS = 0x03, SELECT_BITS = 0x11,
       SELECT_AXIS = 0x12 };

/* evdev: types, and some codes. */
enum { EV_SYN = 0, EV_KEY = 1, EV_REL = 2, EV_ABS = 3, EV_LED = 0x11, EV_REP = 0x14,
       REL_WHEEL = 8, BTN_LEFT = 0x110, BUS_VIRTUAL = 6, VENDOR = 0x0627, VERSION = 1,
       POSITION_MAX = 0x7fff };

/* The TypeInfo.kind of a class: VirtioOps first. */
typedef struct {
    VirtioOps virtio;
    guint8 product;
    guint8 buttons;             /* of a pointing device, from BTN_LEFT on */
    InputDeviceOps input;
} Kind;

typedef struct VirtioInput {
    VirtioDevice parent;
    const Kind *kind;
    InputDevice input;
    VirtQueue *events, *status;
    guint64 group[GROUP];       /* what a client is sending: type, code, value */
    guint n_group;
    /* Guest-visible. */
    guint8 select, subselect;
    guint64 waiting[WAITING];   /* whole groups */
    guint32 first, n;
} VirtioInput;

/* ---- Events ---- */

static guint64 pack(guint16 type, guint16 code, gint32 value)
{
    return type | (guint64)code << 16 | (guint64)(guint32)value << 32;
}

static void push(VirtioInput *s, VirtqElement *element)
{
    guint8 bytes[EVENT_SIZE];

    put_le(bytes, s->waiting[s->first], EVENT_SIZE);
    s->first = (s->first + 1) % WAITING;
    s->n--;
    virtqueue_push(s->events, element, virtq_write(element, 0, bytes, EVENT_SIZE));
}

/* Puts what waits into buffers, as far as there are any. */
static void deliver(VirtioInput *s)
{
    VirtqElement *element;
    bool any = false;

    while (s->parent.started && s->n && (element = virtqueue_pop(s->events))) {
        push(s, element);
        any = true;
    }
    if (any) {
        virtqueue_notify(s->events);
    }
}

static void handle_events(VirtioDevice *dev, VirtQueue *queue)
{
    deliver(to_virtio_input(dev));
}

/* LEDs, which nobody looks at. */
static void handle_status(VirtioDevice *dev, VirtQueue *queue)
{
    VirtqElement *element;
    bool any = false;
    guint n = 0;

    while ((element = virtqueue_pop(queue))) {
        virtqueue_push(queue, element, 0);
        any = true;
        if (++n == QUEUE_SIZE && virtio_yield(queue)) {
            break;
        }
    }
    if (any) {
        virtqueue_notify(queue);
    }
}

static void add(VirtioInput *s, guint16 type, guint16 code, gint64 value)
{
    if (s->n_group < GROUP) {
        s->group[s->n_group++] = pack(type, code, CLAMP(value, G_MININT32, G_MAXINT32));
    }
}

static void on_button(VirtioInput *s, InputButton button, bool down)
{
    static const guint8 order[] = { INPUT_BUTTON_LEFT, INPUT_BUTTON_RIGHT, INPUT_BUTTON_MIDDLE,
                                    INPUT_BUTTON_SIDE, INPUT_BUTTON_EXTRA };

    for (guint i = 0; i < s->kind->buttons; i++) {
        if (order[i] == button) {
            add(s, EV_KEY, BTN_LEFT + i, down);
        }
    }
    if (down && (button == INPUT_BUTTON_WHEEL_UP || button == INPUT_BUTTON_WHEEL_DOWN)) {
        add(s, EV_REL, REL_WHEEL, button == INPUT_BUTTON_WHEEL_UP ? 1 : -1);
    }
}

static void on_event(void *opaque, const InputItem *item)
{
    VirtioInput *s = opaque;

    switch (item->kind) {
    case INPUT_EVENT_KIND_KEY:
        if (virtio_input_key(item->code)) {
            add(s, EV_KEY, virtio_input_key(item->code), item->value ? 1 : 0);
        }
        break;
    case INPUT_EVENT_KIND_BTN:
        on_button(s, item->code, item->value);
        break;
    case INPUT_EVENT_KIND_REL:
        add(s, EV_REL, item->code, item->value);
        break;
    default:
        add(s, EV_ABS, item->code, CLAMP(item->value, 0, POSITION_MAX));
    }
}

static void on_sync(void *opaque)
{
    VirtioInput *s = opaque;
    guint n = s->n_group;

    s->n_group = 0;
    if (!n || !s->parent.started || s->n + n + 1 > WAITING) {
        return;
    }
    for (guint i = 0; i < n; i++) {
        s->waiting[(s->first + s->n++) % WAITING] = s->group[i];
    }
    s->waiting[(s->first + s->n++) % WAITING] = pack(EV_SYN, 0, 0);
    deliver(s);
}

/* ---- Configuration ---- */

static void set_bit(guint8 *bits, guint bit)
{
    bits[bit / 8] |= 1u << bit % 8;
}

static void put_keys(const VirtioInput *s, guint8 *data)
{
    for (guint i = 0; s->kind->buttons == 0 && i < Q_KEY_CODE__MAX; i++) {
        if (virtio_input_key(i)) {
            set_bit(data, virtio_input_key(i));
        }
    }
    for (guint i = 0; i < s->kind->buttons; i++) {
        set_bit(data, BTN_LEFT + i);
    }
}

/* Which codes of a type of events there are. */
static void put_bits(const VirtioInput *s, guint8 type, guint8 *data)
{
    bool keys = s->kind->input.kinds & 1 << INPUT_EVENT_KIND_KEY;
    bool rel = s->kind->input.kinds & 1 << INPUT_EVENT_KIND_REL;

    if (type == EV_KEY) {
        put_keys(s, data);
    } else if (type == EV_REP || type == EV_LED) {
        data[0] = keys ? 7 : 0;
    } else if (type == EV_REL && !keys) {
        data[0] = rel ? 3 : 0;
        set_bit(data, REL_WHEEL);
    } else if (type == EV_ABS && !keys && !rel) {
        data[0] = 3;
    }
}

static guint put_text(guint8 *data, const char *text)
{
    gsize n = text ? MIN(strlen(text), DATA_BYTES) : 0;

    if (n) {
        memcpy(data, text, n);
    }
    return n;
}

static guint put_ids(const VirtioInput *s, guint8 *data)
{
    put_le(data, BUS_VIRTUAL, 2);
    put_le(data + 2, VENDOR, 2);
    put_le(data + 4, s->kind->product, 2);
    put_le(data + 6, VERSION, 2);
    return 8;
}

static guint put_axis(const VirtioInput *s, guint8 *data)
{
    if (!(s->kind->input.kinds & 1 << INPUT_EVENT_KIND_ABS) || s->subselect > 1) {
        return 0;
    }
    put_le(data + 4, POSITION_MAX, 4);
    return 20;
}

static guint trimmed(const guint8 *data)
{
    guint n = DATA_BYTES;

    while (n && !data[n - 1]) {
        n--;
    }
    return n;
}

static guint put_selected(const VirtioInput *s, guint8 *data)
{
    if (s->select != SELECT_BITS && s->select != SELECT_AXIS && s->subselect) {
        return 0;
    }
    switch (s->select) {
    case SELECT_NAME:
        return put_text(data, s->kind->input.name);
    case SELECT_SERIAL:
        return put_text(data, virtio_input_device_props(s)->serial);
    case SELECT_IDS:
        return put_ids(s, data);
    case SELECT_BITS:
        put_bits(s, s->subselect, data);
        return trimmed(data);
    case SELECT_AXIS:
        return put_axis(s, data);
    default:
        return 0;
    }
}

static void get_config(VirtioDevice *dev, guint8 *config)
{
    const VirtioInput *s = to_virtio_input(dev);

    config[CONFIG_SELECT] = s->select;
    config[CONFIG_SUBSELECT] = s->subselect;
    config[CONFIG_LENGTH] = put_selected(s, config + CONFIG_DATA);
}

static void set_config(VirtioDevice *dev, guint offset, const guint8 *data, guint size)
{
    VirtioInput *s = to_virtio_input(dev);

    for (guint i = 0; i < size; i++) {
        if (offset + i == CONFIG_SELECT) {
            s->select = data[i];
        } else if (offset + i == CONFIG_SUBSELECT) {
            s->subselect = data[i];
        }
    }
}

/* ---- Life ---- */

static bool input_start(VirtioDevice *dev, GError **error)
{
    input_activate(&to_virtio_input(dev)->input);
    return true;
}

static void input_reset(VirtioDevice *dev)
{
    VirtioInput *s = to_virtio_input(dev);

    s->select = s->subselect = 0;
    s->first = s->n = s->n_group = 0;
}

static bool input_realize(Device *dev, GError **error)
{
    VirtioInput *s = to_virtio_input(dev);

    s->kind = object_kind(dev);
    s->events = virtio_add_queue(&s->parent, QUEUE_SIZE, handle_events);
    s->status = virtio_add_queue(&s->parent, QUEUE_SIZE, handle_status);
    input_register(&s->input, s->parent.machine, &s->kind->input, s);
    return true;
}

static void input_unrealize(Device *dev)
{
    VirtioInput *s = to_virtio_input(dev);

    virtio_del_queues(&s->parent);
    input_unregister(&s->input);
}

static const StateRow input_state[] = {
    STATE_FIELD(U8, VirtioInput, select, 0),
    STATE_FIELD(U8, VirtioInput, subselect, 0),
    STATE_RING(U64, VirtioInput, waiting, first, n),
    STATE_ROWS_END
};

static bool input_state_loaded(Device *dev, GError **error)
{
    to_virtio_input(dev)->n_group = 0;
    return true;
}

const TypeInfo virtio_input_type = {
    .schema = &qmp_class_virtio_input_device,
    .size = sizeof(VirtioInput),
    .device = &(const DeviceOps){
        .realize = input_realize,
        .unrealize = input_unrealize,
        .state = input_state,
        .state_loaded = input_state_loaded,
    },
};

#define VIRTIO { \
    .device_id = DEVICE_ID, .config_size = CONFIG_BYTES, .get_config = get_config, \
    .set_config = set_config, .start = input_start, .reset = input_reset, \
}
#define INPUT(name_, kinds_) { .name = name_, .kinds = kinds_, .event = on_event, .sync = on_sync }

const TypeInfo virtio_keyboard_type = {
    .schema = &qmp_class_virtio_keyboard_device,
    .kind = &(const Kind){
        .virtio = VIRTIO,
        .product = 1,
        .input = INPUT("QEMU Virtio Keyboard", 1 << INPUT_EVENT_KIND_KEY),
    },
};

const TypeInfo virtio_mouse_type = {
    .schema = &qmp_class_virtio_mouse_device,
    .kind = &(const Kind){
        .virtio = VIRTIO,
        .product = 2,
        .buttons = 5,
        .input = INPUT("QEMU Virtio Mouse",
                       1 << INPUT_EVENT_KIND_BTN | 1 << INPUT_EVENT_KIND_REL),
    },
};

const TypeInfo virtio_tablet_type = {
    .schema = &qmp_class_virtio_tablet_device,
    .kind = &(const Kind){
        .virtio = VIRTIO,
        .product = 3,
        .buttons = 5,
        .input = INPUT("QEMU Virtio Tablet",
                       1 << INPUT_EVENT_KIND_BTN | 1 << INPUT_EVENT_KIND_ABS),
    },
};
