/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The character backends' types, for the list in hw/types.c and for tests.
 */
#ifndef HW_CHARDEV_CHAR_TYPES_H
#define HW_CHARDEV_CHAR_TYPES_H

#include "qom/object.h"

extern const TypeInfo chardev_type;
extern const TypeInfo chardev_file_type;
extern const TypeInfo chardev_mux_type;
extern const TypeInfo chardev_null_type;
extern const TypeInfo chardev_pipe_type;
extern const TypeInfo chardev_pty_type;
extern const TypeInfo chardev_ringbuf_type;
extern const TypeInfo chardev_socket_type;
extern const TypeInfo chardev_stdio_type;
extern const TypeInfo chardev_udp_type;

#endif
