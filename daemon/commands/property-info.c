/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See property-info.h.
 */
#include "config.h"

#include "daemon/commands/property-info.h"

#include "qmp/describe.h"
#include "qom/property.h"

ObjectPropertyInfo *property_info(const QmpClass *klass, const QmpMember *member)
{
    ObjectPropertyInfo *info = g_new0(ObjectPropertyInfo, 1);

    info->name = g_strdup(qmp_name(member->name));
    info->type = qmp_member_type_name(member);
    info->description = g_strdup(qmp_doc(member->doc));
    info->default_value = qmp_class_default(klass, member);
    return info;
}

ObjectPropertyInfo *property_info_type(void)
{
    ObjectPropertyInfo *info = g_new0(ObjectPropertyInfo, 1);

    info->name = g_strdup("type");
    info->type = g_strdup("string");      /* as QEMU spells this one */
    info->description = g_strdup("the object's class");
    return info;
}

ObjectPropertyInfo *property_info_child(const Object *child)
{
    ObjectPropertyInfo *info = g_new0(ObjectPropertyInfo, 1);

    info->name = g_strdup(child->name);
    info->type = child_type_name(child);
    return info;
}
