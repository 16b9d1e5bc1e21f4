/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts: the entries of a machine's recipe or of a class's `parts`, made and
 * wired in order.  Each becomes a separate object, made as device_add would
 * make it; this file does not know what a line or a chip is.
 *
 * The values of forwarded properties are copied from the owner when the part is
 * made.  From then on the part's values are the valid ones (qom/property.c).
 */
#include "config.h"
#include "qom/device-internal.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/qapi-types-object.h"
#include "qmp/visit.h"
#include "qom/class.h"
#include "qom/defaults.h"
#include "qom/row.h"
#include "qom/tree.h"

/* An accelerator may lack a property that others have; the generator has
 * checked that an owner has it. */
static bool holds(const QmpCondition *condition, Object *owner, Object *accel, bool *ret_holds,
                  GError **error)
{
    Object *subject = condition->accel ? accel : owner;
    const QmpMember *member = subject ? qmp_class_member(object_class(subject),
                                                         qmp_name(condition->property)) : NULL;

    if (!subject || (!member && condition->accel)) {
        *ret_holds = false;
        return true;
    }
    if (!member) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_NOT_FOUND, "class '%s' has no property '%s'",
                      object_class_name(subject), qmp_name(condition->property));
        return false;
    }
    *ret_holds = row_equals(member, subject->props, condition->value);
    return true;
}

/* Whether an entry's `if` holds. */
static bool is_wanted(const QmpPart *part, Object *owner, Object *accel, bool *ret_wanted,
                      GError **error)
{
    bool wanted = true;

    for (guint i = 0; wanted && i < part->n_conditions; i++) {
        if (!holds(&part->conditions[i], owner, accel, &wanted, error)) {
            return false;
        }
    }
    *ret_wanted = wanted;
    return true;
}

/* ---- Its bus ---- */

static Bus *bus_carried_by(Object *obj, const QmpPart *part)
{
    Device *dev = object_dynamic_cast(obj, &qmp_class_device);

    return dev ? bus_among(dev->buses, qmp_name_or_null(part->bus), qmp_class(part->driver)) : NULL;
}

static Bus *bus_nearby(Object *parent, const QmpPart *part)
{
    Bus *bus = bus_carried_by(parent, part);

    for (const GList *link = tree_first(parent); link && !bus; link = link->next) {
        bus = bus_carried_by(link->data, part);
    }
    return bus;
}

static bool find_bus(Object *parent, const QmpPart *part, Bus **ret_bus, GError **error)
{
    if (!qmp_class(part->driver)->bus && !part->bus) {
        *ret_bus = NULL;
        return true;
    }
    *ret_bus = bus_nearby(parent, part) ?:
               bus_find(object_root(parent), qmp_name_or_null(part->bus),
                        qmp_class(part->driver), error);
    return *ret_bus != NULL;
}

/* ---- Its properties ---- */

static bool set_props(const QmpPart *part, void *props, QmpGiven **given, GError **error)
{
    const QmpClass *driver = qmp_class(part->driver);

    for (guint i = 0; i < part->n_props; i++) {
        const QmpDefault *value = &part->props[i];
        int index = row_index(driver, qmp_name(value->property));

        if (index < 0) {
            qmp_error_set(error, ERROR_REASON_PROPERTY_NOT_FOUND,
                          "class '%s' has no property '%s'", driver->name,
                          qmp_name(value->property));
            return false;
        }
        qmp_member_set_constant(&qmp_members(driver->props)[index], props, value->value);
        row_mark_given(driver, given, index);
    }
    return true;
}

/* A value that the owner's request or a default for the owner's class named
 * counts as given: no default for the part's class overrides it. */
static void take_forwarded(Object *owner, const QmpPart *part, void *props, QmpGiven **given)
{
    const QmpClass *klass = object_class(owner);

    for (guint i = 0; i < klass->props->n_members; i++) {
        const QmpMember *member = &qmp_members(klass->props)[i];
        int index;

        if (member->part != part->name || member->flags & QMP_MEMBER_READONLY) {
            continue;
        }
        index = row_index(qmp_class(part->driver), qmp_name(member->name));
        row_copy(&qmp_members(qmp_class(part->driver)->props)[index], props, member, owner->props);
        if (qmp_given(owner->given, i) ||
            defaults_name(object_root(owner), klass, qmp_name(member->name))) {
            row_mark_given(qmp_class(part->driver), given, index);
        }
    }
}

/* An error about a property of the part blames the owner's property if that is
 * forwarded. Otherwise the value came from the machine's request or from the machine
 * type. */
static void rename_argument(Object *owner, const QmpPart *part, GError *error)
{
    const char *path = qmp_error_path(error);
    g_autofree char *name = path ? g_strndup(path, strcspn(path, ".[")) : NULL;
    const QmpMember *member = name ? qmp_class_member(object_class(owner), name) : NULL;
    g_autofree char *argument = NULL;

    if (!name || g_str_equal(name, "defaults") ||
        (member && member->part == part->name)) {
        return;
    }
    argument = defaults_argument(object_root(owner), qmp_class(part->driver), name);
    if (argument) {
        qmp_error_rename_path(error, name, argument);
    } else {
        qmp_error_replace_path(error, NULL);
    }
}

/* ---- Making ---- */

static Object *make_object(Object *parent, const QmpPart *part, void *props, QmpGiven *given,
                           GError **error)
{
    g_autoptr(Object) obj = object_new_with_props(qmp_class(part->driver), props, given);

    if (!object_add_child(parent, qmp_name(part->name), obj, error)) {
        return NULL;
    }
    if (!object_make(obj, error)) {
        object_unparent(obj);
        return NULL;
    }
    return obj;                 /* the parent's reference keeps it */
}

static Object *make_child(Object *owner, Object *parent, const QmpPart *part, GError **error)
{
    const QmpClass *driver = qmp_class(part->driver);
    void *props = qmp_new_props(driver);
    QmpGiven *given = NULL;
    Bus *bus;

    if (!set_props(part, props, &given, error) || !find_bus(parent, part, &bus, error)) {
        qmp_clear(driver->props, &props);
        g_free(given);
        return NULL;
    }
    take_forwarded(owner, part, props, &given);
    if (qmp_class_is_a(driver, &qmp_class_device)) {
        Device *dev = device_make_part(parent, qmp_name(part->name), driver, bus, props, given,
                                       error);

        return dev ? &dev->object : NULL;
    }
    return make_object(parent, part, props, given, error);
}

static bool connect(Object *parent, const QmpPart *part, PartsWire wire, GError **error)
{
    if (!wire) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "there are no lines here to connect '%s' to '%s'",
                      qmp_name(part->connect), qmp_name(part->to));
        return false;
    }
    return wire(parent, qmp_name(part->connect), qmp_name(part->to), error);
}

bool parts_make(Object *owner, Object *accel, Object *parent, const QmpPart *parts, guint n_parts,
                PartsWire wire, GError **error)
{
    g_autoptr(GPtrArray) made = g_ptr_array_new();

    for (guint i = 0; i < n_parts; i++) {
        Object *child = NULL;
        bool wanted;
        bool ok = is_wanted(&parts[i], owner, accel, &wanted, error);

        if (ok && wanted && parts[i].driver) {
            child = make_child(owner, parent, &parts[i], error);
            ok = child != NULL;
            if (!ok && error) {
                rename_argument(owner, &parts[i], *error);
            }
        } else if (ok && wanted) {
            ok = connect(parent, &parts[i], wire, error);
        }
        if (child) {
            g_ptr_array_add(made, child);
        }
        if (!ok) {
            while (made->len) {
                object_destroy(g_ptr_array_steal_index(made, made->len - 1));
            }
            return false;
        }
    }
    return true;
}

void parts_unmake(Object *parent, const QmpPart *parts, guint n_parts)
{
    while (n_parts-- > 0) {
        const QmpPart *part = &parts[n_parts];
        Object *child = part->driver ? object_child(parent, qmp_name(part->name)) : NULL;

        if (child) {
            object_destroy(child);
        }
    }
}
