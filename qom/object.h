/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects: the nodes of the tree.
 *
 * A class is schema data (QmpClass) plus, where it has behaviour, a TypeInfo
 * in C.  An object's properties are the props struct that the codec decoded
 * from a request: the object owns it, and reading a property reads it.  There is
 * no second copy and nothing is registered.
 *
 * C code casts an object to its class's struct, and gets its properties, with the
 * functions that the schema makes of each class (qom/qapi-objects-FILE.h):
 * to_isa_serial(obj), isa_serial_props(obj).
 *
 * Life of an object (docs/architecture.md has the picture):
 *
 *   object_new          init hooks, base class first; cannot fail, touches
 *                       nothing outside the object
 *   object_add_child    takes its place in the tree
 *   object_link         links resolved and held; what the request has is taken
 *   object_prepare      may block (opens, allocates): runs on a pool thread,
 *                       without the machine lock; reads its own props, and
 *                       does not change them (a client may be reading them)
 *   object_settle       waits for an answer of the host; main thread
 *   object_complete     takes effect; for a Device this is realize   ...  in
 *   use ...  object_dismantle    mirror of complete, then of link
 *   object_release      mirror of prepare; may block, so on a pool thread, too
 *   object_unparent     leaves the tree   last object_unref   finalize hooks,
 *   derived class first
 *
 * init, prepare and complete hooks run from the base class to the derived one;
 * their mirrors run the other way.  If one fails, the mirrors of those that had
 * succeeded run; the failing hook undoes its own part.
 *
 * An object that only structures the tree or belongs to C code (a container, a
 * memory region, a line) may stay OBJECT_NEW all its life.
 *
 * Threads: all functions need the machine lock, except object_ref/unref (any
 * thread) and object_prepare/release (a pool thread, while nothing else uses
 * the object).  The table of types is the only process-wide state; it has a
 * separate lock.
 */
#ifndef QOM_OBJECT_H
#define QOM_OBJECT_H

#include <stddef.h>

#include "qmp/type.h"
#include "qmp/value.h"

typedef struct Object Object;
typedef struct Class Class;
typedef struct DeviceOps DeviceOps;

typedef struct {
    void (*init)(Object *obj);
    /* The last part of object_link, still within the request: takes what only that has, such as a
     * passed descriptor (Env.take_fd); finalize gives it back. */
    bool (*linked)(Object *obj, GError **error);
    bool (*prepare)(Object *obj, GError **error);
    void (*release)(Object *obj);       /* mirror of prepare; may block, too */
    /* Between prepare and complete, for what takes time but no thread (a peer that
     * has to answer): starts it, and calls done(opaque, error) once, now or later,
     * with an error that done owns.  At most one class of a chain may have it. */
    void (*settle)(Object *obj, void (*done)(void *opaque, GError *error), void *opaque);
    /* Cancels settle: done is not called any more. */
    void (*unsettle)(Object *obj);
    bool (*complete)(Object *obj, GError **error);
    void (*dismantle)(Object *obj);     /* mirror of complete */
    void (*finalize)(Object *obj);      /* mirror of init */
    /* A property was changed in the props of a completed object: applies it, or
     * fails, and the old value is restored.  If a class further down the chain
     * fails, those that had accepted are called again with the old value, and
     * must not fail then. */
    bool (*changed)(Object *obj, const QmpMember *member, GError **error);
    /* Brings a readonly property in props up to date before it is read. */
    void (*refresh)(Object *obj, const QmpMember *member);
    /* True if the object may be deleted now, else the error says why not. */
    bool (*may_delete)(Object *obj, GError **error);
    /* The same for holder, which is about to link to it. */
    bool (*may_link)(Object *obj, const Object *holder, GError **error);
} ObjectOps;

/* The C side of a class.  Classes without one behave as their parent. */
typedef struct {
    const QmpClass *schema;
    gsize size;                 /* of the instance struct; 0: parent's */
    const ObjectOps *object;    /* hooks of this class only, or NULL */
    const DeviceOps *device;    /* the same for the hooks that Device adds (qom/device.h) */
    const void *kind;           /* ops that an abstract ancestor asks for, e.g.
                                   CharOps; NULL: inherited */
} TypeInfo;

struct Object {
    const Class *klass;
    gatomicrefcount refs;
    Object *parent;             /* not counted */
    char *name;                 /* name below parent; NULL without one */
    void *props;                /* struct of type object_class(obj)->props */
    QmpGiven *given;            /* properties that a request named, or NULL */
    struct ObjectChildren *children;    /* NULL while there are none */
    GArray *holders;            /* of LinkHolder: the links to this object; NULL if none */
    guint64 serial;             /* order of completion in its tree; 0: never */
    gint life;                  /* ObjectLife; read by object_life() */
    bool root;                  /* made by object_root_new() */
};

typedef enum {
    OBJECT_NEW,
    OBJECT_LINKED,
    OBJECT_PREPARED,
    OBJECT_COMPLETE,
} ObjectLife;

/* Any thread. */
ObjectLife object_life(const Object *obj);

/* Tells the object model about a NULL-terminated list of types; the list is
 * borrowed forever.  Called by main and by tests before the first object, once
 * for each list (qom_types is one of them); naming a type twice is harmless. */
void object_register_types(const TypeInfo *const *types);

/* The types of this folder: object, container, device, bus. */
extern const TypeInfo *const qom_types[];

/* The TypeInfo with exactly this schema class, or NULL (tests use it). */
const TypeInfo *object_type_info(const QmpClass *schema);

/* A new object with reference count 1 and the class's defaults in props.
 * schema must not be abstract. */
Object *object_new(const QmpClass *schema);

/* The same with decoded props (struct of schema->props); takes ownership of both. */
Object *object_new_with_props(const QmpClass *schema, void *props, QmpGiven *given);

void *object_ref(void *obj);
void object_unref(void *obj);                   /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Object, object_unref)

const QmpClass *object_class(const void *obj);
const char *object_class_name(const void *obj);
/* The nearest TypeInfo.kind, from the object's class upwards. */
const void *object_kind(const void *obj);
bool object_is_a(const void *obj, const QmpClass *schema);
/* obj if it is of that class, else NULL. */
void *object_dynamic_cast(void *obj, const QmpClass *schema);

/* ---- Casts ---- */

/* The struct of that type whose member `pointer` points at. */
#define container_of(pointer, type, member) \
    ((type *)((guint8 *)(1 ? (pointer) : &((type *)NULL)->member) - offsetof(type, member)))

/* The casts of the schema's classes are made of these two. */

#ifdef DEBUG_CHECKS

/* obj, which must be NULL or of that class (qom/checks.h).  Any thread. */
void *object_cast(const void *obj, const QmpClass *schema);
/* The properties of an object, which must be of that class.  Any thread. */
void *object_cast_props(const void *opaque, const QmpClass *schema);

#else

static inline void *object_cast(const void *obj, const QmpClass *schema)
{
    return (void *)obj;
}

static inline void *object_cast_props(const void *opaque, const QmpClass *schema)
{
    const Object *obj = opaque;

    return obj->props;
}

#endif

/* ---- Tree ---- */

/* A root: a container of class `container`, named "". */
Object *object_root_new(void);
/* The container at a path of plain names below obj, made where missing. */
Object *object_container(Object *obj, const char *path);

/* Makes child a child of parent, which takes a reference.  A name that ends in
 * "[*]" gets the first free number.  Fails with id-in-use, with id-invalid for
 * a name that is empty or has a '/', and with in-use if child has a parent
 * already.  Constant in the number of children. */
bool object_add_child(Object *parent, const char *name, Object *child, GError **error);
/* Takes obj out of its parent (which drops its reference); no-op without one. */
void object_unparent(Object *obj);
/* Borrowed, or NULL. */
Object *object_child(Object *parent, const char *name);
guint object_n_children(Object *parent);
/* Visits children in order of creation; f returns false to stop.  f may add and
 * remove children: added ones are not visited, and neither are removed ones.
 * Descendants: parents before their children. */
void object_foreach_child(Object *parent, bool (*f)(Object *child, void *data), void *data);
void object_foreach_descendant(Object *parent, bool (*f)(Object *obj, void *data), void *data);

Object *object_root(Object *obj);
/* Canonical, newly allocated; "/" for a root, and without a root the path from
 * where the object's branch ends. */
char *object_path(const Object *obj);
/* "/a/b" from the root; "b", "a/b" as a partial path: the only object whose
 * path ends so (else reason path-ambiguous).  Borrowed.  Fails with
 * object-not-found.  A full path costs its length; a partial one a walk over
 * the tree. */
Object *object_resolve(Object *root, const char *path, GError **error);
/* The same among objects of a class (NULL: all): objects of other classes do
 * not make a partial path ambiguous.  Fails with invalid-type, too. */
Object *object_resolve_type(Object *root, const char *path, const QmpClass *schema,
                            GError **error);
/* Checks the rule for ids: a letter, then letters, digits, '-', '.', '_'. */
bool object_check_id(const char *id, GError **error);

/* ---- Life ---- */

/* A step that is out of order fails with wrong-state. */

/* Resolves every link in props that a request can set, from the root of obj's
 * tree, and holds the targets.  Fails, with no link held, with
 * object-not-found, path-ambiguous, invalid-type (not of the link's class),
 * in-use (an exclusive link's target has such a holder; the message has its
 * path), invalid-value (a link to itself), wrong-state (the target is being
 * made or unmade), and as the target's may_link hook does; the error's path
 * names the property.  Forwarded links are the part's. */
bool object_link(Object *obj, GError **error);
/* Calls f with the target of each link that obj holds. Main thread, machine lock. */
void object_foreach_target(Object *obj, void (*f)(Object *target, void *data), void *data);
/* Whether a class of obj has a prepare hook. */
bool object_needs_prepare(const Object *obj);
/* After object_link.  Without hooks it only changes the object's life state. */
bool object_prepare(Object *obj, GError **error);
/* After object_prepare: the hook of that name; without one done(opaque, NULL) is
 * called immediately. */
void object_settle(Object *obj, void (*done)(void *opaque, GError *error), void *opaque);
/* Cancels object_settle: done is not called any more; object_release comes next. */
void object_unsettle(Object *obj);
/* After object_prepare, or after object_link if none is needed.  On failure obj
 * is unchanged: the caller continues with object_dismantle, object_release. */
bool object_complete(Object *obj, GError **error);
/* Undoes complete and link as far as they were done; a no-op on a new object.
 * Objects that were completed below obj after it (devices of a machine) are
 * destroyed first; those completed before or with it are left to its hooks. */
void object_dismantle(Object *obj);
/* Undoes prepare, after object_dismantle; may block; a no-op if nothing was
 * prepared. */
void object_release(Object *obj);
/* Link, prepare and complete in one call, all or nothing. */
bool object_make(Object *obj, GError **error);
/* Dismantles, releases and unparents obj and all objects below it, in reverse
 * order of completion; an object that a dismantle hook moves out of the branch
 * is not touched.  The caller keeps its reference. */
void object_destroy(Object *obj);
/* Dismantles the complete objects in obj's branch, in the same order, and hands each to
 * release, for object_release() at any time and on any thread.  All stay in the tree, and
 * objects that a thread is still preparing or releasing are not touched: for an end of
 * the process that cannot wait for them. */
void object_stop(Object *obj, void (*release)(Object *obj, void *opaque), void *opaque);
/* Object.serial of the object that was completed last in root's tree: later ones
 * have a higher serial. */
guint64 object_last_serial(Object *root);
/* Whether it may be deleted: no other object holds it or anything below it (reason in-use,
 * with the holder's path), and may_delete agrees.  Devices on a bus that carries them along, and
 * what is below them, are deleted with it, so they may hold and are asked. */
bool object_may_delete(Object *obj, GError **error);
/* The same if holder, which may hold it, is deleted, too. */
bool object_may_delete_with(Object *obj, const Object *holder, GError **error);

#endif
