/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class filter-dump: the frames of a network backend in a file.
 */
#ifndef HW_NET_FILTER_DUMP_H
#define HW_NET_FILTER_DUMP_H

#include "qom/object.h"

extern const TypeInfo filter_dump_type;

#endif
