/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class netdev-socket, for the list in hw/types.c.
 */
#ifndef HW_NET_NET_SOCKET_H
#define HW_NET_NET_SOCKET_H

#include "hw/net/net.h"

extern const TypeInfo netdev_socket_type;

#endif
