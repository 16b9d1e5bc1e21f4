/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * query-config: the machine as requests.
 *
 * The objects that requests made are listed in the order of their completion, but each after
 * everything it needs: a link may name what was made later.  Each request is assembled as a
 * neutral tree and decoded as a client's would be, so that the result is valid
 * input for `build`.
 */
#include "config.h"

#include <string.h>

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/block/block.h"
#include "hw/net/net.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block.h"
#include "qmp/qapi-types-build.h"
#include "qmp/qapi-types-char.h"
#include "qmp/qapi-types-policy.h"
#include "qmp/visit.h"
#include "qom/defaults.h"
#include "qom/device.h"
#include "qom/place.h"
#include "qom/property.h"
#include "qom/qapi-objects-net.h"
#include "qom/qapi-objects-object.h"

typedef struct {
    Vmd *vmd;
    GPtrArray *objects;         /* of Object that requests made */
    GPtrArray *requests;        /* of BuildRequest */
    GPtrArray *requires;        /* of ConfigRequirement */
    GError *error;
} Config;

/* ---- Requests ---- */

/* Adds a request; takes ownership of the arguments. */
static void add_request(Config *config, const char *command, QmpValue *args)
{
    const QmpInput input = { .ops = &qmp_value_input, .mode = QMP_INPUT_STRICT };
    g_autoptr(QmpValue) value = qmp_value_dict();
    BuildRequest *request = NULL;

    qmp_value_set(value, "execute", qmp_value_str(command));
    qmp_value_set(value, "arguments", args);
    if (!config->error &&
        qmp_decode(&input, &qmp_type_BuildRequest, value, &request, &config->error)) {
        g_ptr_array_add(config->requests, request);
    }
}

static void add_set_link(Config *config, const char *id, bool up)
{
    QmpValue *args;

    if (!up) {
        args = qmp_value_dict();
        qmp_value_set(args, "name", qmp_value_str(id));
        qmp_value_set(args, "up", qmp_value_bool(false));
        add_request(config, "set_link", args);
    }
}

/* ---- What they need ---- */

static void add_requirement(Config *config, ConfigRequirementKind kind, const char *name)
{
    ConfigRequirement *requirement = qmp_new(&qmp_type_ConfigRequirement);

    requirement->kind = kind;
    requirement->name = g_strdup(name);
    g_ptr_array_add(config->requires, requirement);
}

static const char *str_of(const QmpValue *dict, const char *key)
{
    const QmpValue *value = qmp_value_get(dict, key);

    return value && value->kind == QMP_VALUE_STR ? value->s : NULL;
}

/* A socket's address that is a descriptor: flat, or with its name in `data`. */
static void note_address(Config *config, const QmpValue *dict)
{
    const QmpValue *data = qmp_value_get(dict, "data");
    const char *name = data && data->kind == QMP_VALUE_DICT ? str_of(data, "str")
                                                            : str_of(dict, "str");

    if (g_strcmp0(str_of(dict, "type"), "fd") == 0 && name) {
        add_requirement(config, CONFIG_REQUIREMENT_KIND_FD, name);
    }
}

static void note_fds(Config *config, const QmpValue *value)
{
    if (value->kind != QMP_VALUE_DICT) {
        return;
    }
    note_address(config, value);
    for (guint i = 0; i < value->dict.values->len; i++) {
        note_fds(config, value->dict.values->pdata[i]);
    }
}

/* A file that is a descriptor, in the options of a node or of one within it. */
static void note_file_fds(Config *config, const QmpValue *options)
{
    const char *fd = str_of(options, "fd");

    if (fd) {
        add_requirement(config, CONFIG_REQUIREMENT_KIND_FD, fd);
    }
    for (guint i = 0; i < options->dict.values->len; i++) {
        const QmpValue *value = options->dict.values->pdata[i];

        if (value->kind == QMP_VALUE_DICT) {
            note_file_fds(config, value);
        }
    }
}

static void note_netdev_fds(Config *config, const QmpValue *args)
{
    const char *fd = str_of(args, "fd"), *fds = str_of(args, "fds");
    g_auto(GStrv) names = g_strsplit(fds ? fds : "", ":", -1);

    if (fd) {
        add_requirement(config, CONFIG_REQUIREMENT_KIND_FD, fd);
    }
    for (guint i = 0; names[i]; i++) {
        add_requirement(config, CONFIG_REQUIREMENT_KIND_FD, names[i]);
    }
}

/* ---- Objects and devices ---- */

/* Props of a new object for a request that names none. */
static void *fresh_props(Config *config, const QmpClass *klass)
{
    void *props = qmp_new_props(klass);

    defaults_apply(config->vmd->root, klass, props, NULL, NULL);
    return props;
}

/* Records values that were given and are never shown: a client that rebuilds
 * the machine must supply them. */
static void note_secret(Config *config, const Object *obj, const QmpMember *member)
{
    g_autofree char *name = NULL;

    if (object_property_keeps_secret(obj, member)) {
        name = g_strdup_printf("%s.%s", obj->name, qmp_name(member->name));
        add_requirement(config, CONFIG_REQUIREMENT_KIND_SECRET, name);
    }
}

static void add_properties(Config *config, Object *obj, QmpValue *args)
{
    const QmpClass *klass = object_class(obj);
    void *fresh = fresh_props(config, klass);

    for (guint i = 0; i < klass->props->n_members; i++) {
        const QmpMember *member = &qmp_members(klass->props)[i];
        QmpValue *value = object_property_record(obj, member, fresh);

        if (value) {
            qmp_value_set(args, qmp_name(member->name), value);
        }
        note_secret(config, obj, member);
    }
    qmp_clear(klass->props, &fresh);
}

static void add_object(Config *config, Object *obj, const QmpClassPlace *place, const char *id)
{
    QmpValue *args = qmp_value_dict();

    qmp_value_set(args, "qom-type", qmp_value_str(object_class_name(obj)));
    if (id) {
        qmp_value_set(args, place->id, qmp_value_str(id));
    }
    add_properties(config, obj, args);
    add_request(config, place->add, args);
}

/* A bus by its name, if that is enough. */
static QmpValue *bus_value(Vmd *vmd, const Device *dev)
{
    const char *name = dev->bus->object.name;
    g_autofree char *path = NULL;

    if (bus_find(vmd->root, name, object_class(dev), NULL) == dev->bus) {
        return qmp_value_str(name);
    }
    path = object_path(&dev->bus->object);
    return qmp_value_str(path);
}

static void add_device(Config *config, Device *dev, const QmpClassPlace *place)
{
    const char *id = device_id(dev);
    QmpValue *args = qmp_value_dict();
    Nic *nic = nic_of(&dev->object);

    qmp_value_set(args, "driver", qmp_value_str(object_class_name(dev)));
    if (id) {
        qmp_value_set(args, place->id, qmp_value_str(id));
    }
    if (dev->bus) {
        qmp_value_set(args, "bus", bus_value(config->vmd, dev));
    }
    add_properties(config, &dev->object, args);
    add_request(config, place->add, args);
    if (id && nic) {
        add_set_link(config, id, nic->link_up);
    }
}

/* ---- Backends ---- */

/* The options of a node; a name that was chosen for it is none that a request can give. */
static QmpValue *node_options(const BlockNode *node)
{
    const BlockdevOptions *options = node->options;
    BlockdevOptions *copy = NULL;
    QmpValue *value;

    qmp_clone(&qmp_type_BlockdevOptions, &copy, &options);
    if (!object_check_id(node->object.name, NULL)) {
        g_clear_pointer(&copy->node_name, g_free);
    }
    value = qmp_to_value(&qmp_type_BlockdevOptions, &copy);
    qmp_clear(&qmp_type_BlockdevOptions, &copy);
    return value;
}

/* The arguments of an object that keeps them. */
static QmpValue *kept_arguments(const Config *config, Object *obj, const QmpClassPlace *place)
{
    const BlockNode *node = object_dynamic_cast(obj, &qmp_class_block_node);
    const QmpType *args = qmp_command_find(&config->vmd->dispatch, place->add)->args;
    const QmpType *type = NULL;
    const void *kept = qmp_member_find(object_class(obj)->props, obj->props, place->arguments,
                                       &type);
    QmpValue *all;

    if (node) {
        return node_options(node);
    }
    if (type == args) {
        return qmp_to_value(type, kept);
    }
    all = qmp_value_dict();
    qmp_value_set(all, place->id, qmp_value_str(obj->name));
    qmp_value_set(all, place->arguments, qmp_to_value(type, kept));
    return all;
}

static void add_kept(Config *config, Object *obj, const QmpClassPlace *place)
{
    QmpValue *args = kept_arguments(config, obj, place);

    note_fds(config, args);
    if (object_is_a(obj, &qmp_class_netdev)) {
        note_netdev_fds(config, args);
    } else if (object_is_a(obj, &qmp_class_block_node)) {
        note_file_fds(config, args);
    }
    add_request(config, place->add, args);
    if (object_is_a(obj, &qmp_class_netdev)) {
        add_set_link(config, obj->name, to_net_backend(obj)->link_up);
    }
}

/* ---- All of it ---- */

static void add_action(Config *config)
{
    const RunControl *run = &config->vmd->run;
    RunControl fresh;
    SetActionArgs args = {
        .has_reboot = true, .has_shutdown = true, .has_panic = true, .has_watchdog = true,
        .has_internal_error = true,
        .reboot = run->reboot, .shutdown = run->shutdown, .panic = run->panic,
        .watchdog = run->watchdog, .internal_error = run->internal_error,
    };
    const SetActionArgs *pointer = &args;

    run_control_init(&fresh);
    if (run->reboot != fresh.reboot || run->shutdown != fresh.shutdown ||
        run->panic != fresh.panic || run->watchdog != fresh.watchdog ||
        run->internal_error != fresh.internal_error) {
        add_request(config, "set-action", qmp_to_value(&qmp_type_SetActionArgs, &pointer));
    }
}

/* A node defined within another one is part of that one's request, and one that a command has
 * claimed of none. */
static bool is_told(Object *obj)
{
    const BlockNode *node = object_dynamic_cast(obj, &qmp_class_block_node);

    return object_life(obj) == OBJECT_COMPLETE && !object_is_a(obj, &qmp_class_policy) &&
           !(node && (node->definer || node->claimed));
}

static void collect(const QmpClassPlace *place, Object *obj, void *data)
{
    Config *config = data;

    if (is_told(obj)) {
        g_ptr_array_add(config->objects, obj);
    }
}

static int first_first(gconstpointer a, gconstpointer b)
{
    const Object *x = *(Object *const *)a, *y = *(Object *const *)b;

    return (x->serial > y->serial) - (x->serial < y->serial);
}

/* ---- Their order ---- */

typedef struct {
    GHashTable *left;           /* of Object that requests made and that are not among objects */
    GHashTable *seen;           /* of Object */
    GPtrArray *objects;         /* of Object, each after what it needs */
} Order;

static void put_in_order(Order *order, Object *obj);

static void put_target(Object *target, void *data)
{
    put_in_order(data, target);
}

/* First what it needs, and what that needs: the targets of its links, its bus, and what it is a
 * part of unless it has a request of its own. */
static void put_in_order(Order *order, Object *obj)
{
    const BlockNode *node = object_dynamic_cast(obj, &qmp_class_block_node);
    const Device *dev = object_dynamic_cast(obj, &qmp_class_device);

    if (!g_hash_table_add(order->seen, obj)) {
        return;
    }
    if (obj->parent && !g_hash_table_contains(order->left, obj)) {
        put_in_order(order, obj->parent);
    }
    if (dev && dev->bus) {
        put_in_order(order, &dev->bus->object);
    }
    object_foreach_target(obj, put_target, order);
    if (node && node->definer) {
        put_in_order(order, &node->definer->object);
    }
    if (g_hash_table_remove(order->left, obj)) {
        g_ptr_array_add(order->objects, obj);
    }
}

/* The same objects in the order of their requests. */
static GPtrArray *in_order(GPtrArray *objects)
{
    g_autoptr(GHashTable) left = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    Order order = { .left = left, .seen = seen, .objects = g_ptr_array_new() };

    g_ptr_array_sort(objects, first_first);
    for (guint i = 0; i < objects->len; i++) {
        g_hash_table_add(left, objects->pdata[i]);
    }
    for (guint i = 0; i < objects->len; i++) {
        put_in_order(&order, objects->pdata[i]);
    }
    return order.objects;
}

/* ---- Any object ---- */

static void add_any(Config *config, Object *obj)
{
    const QmpClassPlace *place = qmp_class_place(object_class(obj));
    const Machine *machine = vmd_machine(config->vmd);

    if (place->arguments) {
        add_kept(config, obj, place);
    } else if (place->klass == &qmp_class_device) {
        add_device(config, to_device(obj), place);
    } else if (machine && obj == &machine->object) {
        add_object(config, obj, place, config->vmd->machine_id);
    } else if (machine && obj == &machine->accel->object) {
        add_object(config, obj, place, machine->accel_name);
    } else {
        add_object(config, obj, place, obj->name);
    }
}

static void free_request(gpointer data)
{
    qmp_clear(&qmp_type_BuildRequest, &data);
}

static void free_requirement(gpointer data)
{
    qmp_clear(&qmp_type_ConfigRequirement, &data);
}

bool qmp_query_config(QmpRequest *req, ConfigInfo **ret, GError **error)
{
    g_autoptr(GPtrArray) objects = g_ptr_array_new();
    g_autoptr(GPtrArray) requests = g_ptr_array_new_with_free_func(free_request);
    g_autoptr(GPtrArray) requires = g_ptr_array_new_with_free_func(free_requirement);
    Config config = { .vmd = qmp_request_context(req), .objects = objects, .requests = requests,
                      .requires = requires };
    g_autoptr(GPtrArray) ordered = NULL;

    place_foreach_object(config.vmd->root, collect, &config);
    ordered = in_order(objects);
    for (guint i = 0; i < ordered->len; i++) {
        add_any(&config, ordered->pdata[i]);
    }
    add_action(&config);
    if (config.vmd->policy.object) {
        /* The policy comes last, as it has accepted all of this. */
        add_any(&config, config.vmd->policy.object);
    }
    if (config.error) {
        g_propagate_prefixed_error(error, config.error, "cannot describe the machine: ");
        return false;
    }
    *ret = qmp_new(&qmp_type_ConfigInfo);
    (*ret)->requests.items = (void *)g_ptr_array_steal(requests, &(*ret)->requests.n);
    (*ret)->requires.items = (void *)g_ptr_array_steal(requires, &(*ret)->requires.n);
    return true;
}
