/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks by the names that clients use.  Main thread, machine lock held.
 */
#ifndef HW_NET_NET_QUERY_H
#define HW_NET_NET_QUERY_H

#include <stdbool.h>

#include "hw/net/net.h"
#include "qmp/qapi-types-net.h"

/* The network card that device_add gave this id, or NULL. */
Nic *net_find_card(Object *root, const char *id);

/* Whether the cable of a network backend or card of this id is plugged in; false:
 * there is neither. */
bool net_link_state(Object *root, const char *id, bool *ret_up);

/* The result of query-rx-filter for the card of this name, newly allocated in the caller's
 * list. Fails with device-not-found, with invalid-value for a backend, and with
 * not-supported if the card has no filter; the error's path is `name`. */
bool net_query_rx_filter(Object *root, const char *name, RxFilterInfoList *ret, GError **error);
/* The same for all cards that have a filter; true. */
bool net_query_rx_filters(Object *root, RxFilterInfoList *ret);

#endif
