/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of qmp/schema/input.json.
 */
#include "config.h"

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/display/console.h"
#include "hw/input/input.h"
#include "hw/input/keycodes.h"
#include "qmp/error.h"

#define NS_PER_MS G_GINT64_CONSTANT(1000000)

/* Whether there is a running machine, which reads input. */
static bool machine_listens(Vmd *vmd)
{
    return vmd->run.state == RUN_STATE_RUNNING || vmd->run.state == RUN_STATE_SUSPENDED;
}

static bool require_device(Machine *machine, InputEventKind kind, GError **error)
{
    if (input_handled(machine, kind)) {
        return true;
    }
    qmp_error_set(error, ERROR_REASON_OBJECT_NOT_FOUND,
                  "the machine has no device for input events of type '%s'",
                  qmp_enum_name(&qmp_type_InputEventKind, kind));
    return false;
}

/* Always false, as qmp_error_blame() is. */
static bool blame_element(const char *list, gsize i, const char *member, GError **error)
{
    g_autofree char *path = g_strdup_printf("%s[%" G_GSIZE_FORMAT "].%s", list, i, member);

    return qmp_error_blame(error, path);
}

/* Decodes a client's key; an unknown key number is an error. */
static bool decode_key(const KeyValue *value, guint *ret_key, GError **error)
{
    if (value->type == KEY_VALUE_KIND_QCODE) {
        *ret_key = value->u.qcode.data;
        return true;
    }
    *ret_key = key_code_by_number(value->u.number.data);
    if (*ret_key == Q_KEY_CODE_UNMAPPED) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "no key has the number %" G_GINT64_FORMAT,
                      value->u.number.data);
        return false;
    }
    return true;
}

bool qmp_send_key(QmpRequest *req, SendKeyArgs *args, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    Machine *machine = vmd_require_machine(vmd, error);
    g_autofree guint *keys = g_new0(guint, args->keys.n);

    if (!machine) {
        return false;
    }
    if (!require_device(machine, INPUT_EVENT_KIND_KEY, error)) {
        return qmp_error_blame(error, "keys");
    }
    for (gsize i = 0; i < args->keys.n; i++) {
        if (!decode_key(args->keys.items[i], &keys[i], error)) {
            return blame_element("keys", i, "data", error);
        }
    }
    console_hurry(machine);
    return !machine_listens(vmd) ||
           input_send_keys(machine, keys, args->keys.n, args->hold_time * NS_PER_MS, error);
}

/* ---- Events ---- */

static bool decode_event(const InputEvent *event, InputItem *ret_item, GError **error)
{
    InputItem item = { .kind = event->type };

    switch (event->type) {
    case INPUT_EVENT_KIND_KEY:
        item.value = event->u.key.data->down;
        if (!decode_key(event->u.key.data->key, &item.code, error)) {
            return false;
        }
        break;
    case INPUT_EVENT_KIND_BTN:
        item.code = event->u.btn.data->button;
        item.value = event->u.btn.data->down;
        break;
    case INPUT_EVENT_KIND_REL:
        item.code = event->u.rel.data->axis;
        item.value = event->u.rel.data->value;
        break;
    case INPUT_EVENT_KIND_ABS:
        item.code = event->u.abs.data->axis;
        item.value = event->u.abs.data->value;
        break;
    default:
        break;
    }
    *ret_item = item;
    return true;
}

bool qmp_input_send_event(QmpRequest *req, InputSendEventArgs *args, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    Machine *machine = vmd_require_machine(vmd, error);
    g_autofree InputItem *items = g_new0(InputItem, args->events.n);

    if (!machine) {
        return false;
    }
    for (gsize i = 0; i < args->events.n; i++) {
        if (!decode_event(args->events.items[i], &items[i], error)) {
            return blame_element("events", i, "data", error);
        }
        if (!require_device(machine, items[i].kind, error)) {
            return blame_element("events", i, "type", error);
        }
    }
    if (machine_listens(vmd)) {
        console_hurry(machine);
        input_send(machine, items, args->events.n);
    }
    return true;
}

/* ---- Mice ---- */

static bool is_mouse(const InputDevice *device)
{
    return device->ops->kinds & (1 << INPUT_EVENT_KIND_REL | 1 << INPUT_EVENT_KIND_ABS);
}

static void add_mouse(InputDevice *device, void *data)
{
    GPtrArray *mice = data;
    MouseInfo *info;

    if (!is_mouse(device)) {
        return;
    }
    info = g_new0(MouseInfo, 1);
    info->name = g_strdup(device->ops->name);
    info->index = device->index;
    info->current = mice->len == 0;
    info->absolute = device->ops->kinds & (1 << INPUT_EVENT_KIND_ABS);
    g_ptr_array_add(mice, info);
}

bool qmp_query_mice(QmpRequest *req, MouseInfoList *ret, GError **error)
{
    Machine *machine = vmd_machine(qmp_request_context(req));
    GPtrArray *mice = g_ptr_array_new();

    if (machine) {
        input_foreach(machine, add_mouse, mice);
    }
    ret->n = mice->len;
    ret->items = (MouseInfo **)g_ptr_array_free(mice, false);
    return true;
}

typedef struct {
    gint64 index;
    InputDevice *found;         /* or NULL */
} MouseSearch;

static void find_mouse(InputDevice *device, void *data)
{
    MouseSearch *search = data;

    if (is_mouse(device) && device->index == search->index) {
        search->found = device;
    }
}

bool qmp_x_mouse_set(QmpRequest *req, XMouseSetArgs *args, GError **error)
{
    Machine *machine = vmd_require_machine(qmp_request_context(req), error);
    MouseSearch search = { .index = args->index };

    if (!machine) {
        return false;
    }
    input_foreach(machine, find_mouse, &search);
    if (!search.found) {
        qmp_error_set_at(error, "index", ERROR_REASON_DEVICE_NOT_FOUND,
                         "no pointing device has the number %" G_GINT64_FORMAT, args->index);
        return false;
    }
    input_activate(search.found);
    return true;
}
