/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links: from a path in a property to a held object and back.  Private to this
 * folder; object_link() is the public interface, qom-set the other user.
 */
#ifndef QOM_LINK_H
#define QOM_LINK_H

#include "qom/object.h"

/* A holder of a link to an object, and the row of the link. */
typedef struct {
    Object *holder;
    const QmpMember *member;
    bool exclusive;
} LinkHolder;

/*
 * Resolves and holds every link in the value of a member of obj's class, in
 * `props`, which need not be obj's own yet.  replacing: obj's current links
 * through the same row are about to be released and do not count as exclusive
 * holders.  Errors as object_link().  On failure nothing is held.  A forwarded
 * property holds nothing here: its part does.
 */
bool link_acquire(Object *obj, const QmpMember *member, void *props, bool replacing,
                  GError **error);

/* Releases the targets held by this member; a no-op if there are none. */
void link_release(Object *obj, const QmpMember *member, void *props);

/* The same for all properties of obj. */
void link_release_all(Object *obj);

/* A hold taken by C code instead of a link: holder needs target until it drops
 * it.  row names it in messages. */
void link_hold(Object *holder, const QmpMember *row, Object *target);
/* The same as if row were an exclusive link.  Fails with in-use. */
bool link_hold_exclusive(Object *holder, const QmpMember *row, Object *target, GError **error);
void link_drop(Object *holder, const QmpMember *row, Object *target);

#endif
