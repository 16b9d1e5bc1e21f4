/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `iothread`: a thread with an AioContext, on which devices that link to
 * it have their queues.
 */
#ifndef HW_AIO_IOTHREAD_H
#define HW_AIO_IOTHREAD_H

#include "hw/aio/aio.h"
#include "qom/object.h"

typedef struct Iothread Iothread;

/* Its context, while the object is complete. */
AioContext *iothread_aio(const Iothread *iothread);
/* The kernel's ID of the thread. */
pid_t iothread_thread_id(const Iothread *iothread);

extern const TypeInfo iothread_type;

#endif
