/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The choice of an accelerator: see any-accel.h.
 *
 * The only way to find out whether one works is to make it: a device file that
 * opens may belong to a kernel that cannot create a virtual machine.  A failed
 * one leaves only a line with the reason, which the accelerator that was
 * finally made keeps.
 */
#include "config.h"
#include "daemon/machine/any-accel.h"

#include "cpu/accel.h"
#include "daemon/machine/creation.h"
#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-accel.h"

typedef struct {
    GPtrArray *candidates;      /* of Object, new, the preferred one first */
    guint next;
    Object *parent;             /* held */
    char *name;                 /* below parent */
    GString *why;               /* reasons of failures so far */
} Choice;

static void choice_free(Choice *choice)
{
    g_ptr_array_unref(choice->candidates);
    object_unref(choice->parent);
    g_free(choice->name);
    g_string_free(choice->why, TRUE);
    g_free(choice);
}

static const char *name_of(const Object *obj)
{
    return accel_ops(to_accel(obj))->name;
}

/* Takes ownership of error. */
static void note_failure(Choice *choice, const Object *obj, GError *error)
{
    g_string_append_printf(choice->why, "%s%s: %s", choice->why->len ? "; " : "", name_of(obj),
                           error->message);
    g_error_free(error);
}

static void try_next(Vmd *vmd, QmpRequest *req, Choice *choice);

static void tried(Vmd *vmd, QmpRequest *req, Object *obj, GError *error, void *data)
{
    Choice *choice = data;

    if (!obj) {
        note_failure(choice, choice->candidates->pdata[choice->next - 1], error);
        try_next(vmd, req, choice);
        return;
    }
    if (choice->why->len) {
        to_accel(obj)->why = g_strdup(choice->why->str);
        g_info("accelerator '%s' is used (%s)", name_of(obj), choice->why->str);
    }
    choice_free(choice);
    qmp_request_return(req, NULL);
}

static void give_up(QmpRequest *req, Choice *choice)
{
    GError *error = NULL;

    qmp_error_set_at(&error, "accelerators", ERROR_REASON_NO_ACCELERATOR,
                     "no accelerator works: %s", choice->why->str);
    choice_free(choice);
    qmp_request_fail(req, error);
}

static void try_next(Vmd *vmd, QmpRequest *req, Choice *choice)
{
    GError *error = NULL;
    Object *obj;

    if (choice->next == choice->candidates->len) {
        give_up(req, choice);
        return;
    }
    obj = choice->candidates->pdata[choice->next++];
    if (creation_place(choice->parent, choice->name, obj, &error)) {
        creation_run(vmd, req, obj, tried, choice);
    } else {
        /* Its place is taken by another object: not a failure of the accelerator. */
        choice_free(choice);
        qmp_request_fail(req, error);
    }
}

static GPtrArray *make_candidates(AnyAccelProps *props)
{
    static const QmpClass *const preferred[] = { &qmp_class_kvm_accel, &qmp_class_tcg_accel };
    GPtrArray *candidates = g_ptr_array_new_with_free_func(object_unref);

    for (gsize i = 0; i < props->accelerators.n; i++) {
        AccelOptions *options = props->accelerators.items[i];

        g_ptr_array_add(candidates, object_new_with_props(options->qom_type,
                                                          g_steal_pointer(&options->props),
                                                          g_steal_pointer(&options->given)));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(preferred) && !props->has_accelerators; i++) {
        g_ptr_array_add(candidates, object_new(preferred[i]));
    }
    return candidates;
}

void any_accel_make(Vmd *vmd, QmpRequest *req, Object *parent, const char *name,
                    AnyAccelProps *props)
{
    Choice *choice = g_new0(Choice, 1);

    choice->candidates = make_candidates(props);
    choice->parent = object_ref(parent);
    choice->name = g_strdup(name);
    choice->why = g_string_new(NULL);
    qmp_clear(&qmp_type_AnyAccelProps, &props);
    try_next(vmd, req, choice);
}
