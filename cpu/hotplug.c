/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUs that come and go while the guest runs; see cpu/hotplug.h.
 */
#include "config.h"
#include "cpu/hotplug.h"

#include "qmp/error.h"
#include "qom/qapi-objects-cpu.h"

void cpu_set_hotplug(Accel *accel, const CpuHotplugOps *ops, void *opaque)
{
    accel->hotplug = ops;
    accel->hotplug_opaque = opaque;
}

void cpu_set_no_hotplug(Accel *accel, const char *why)
{
    accel->no_hotplug = why;
}

bool cpu_check_hotplug(const Accel *accel, const char *what, GError **error)
{
    const char *why = accel->no_hotplug;

    if (why || !accel->hotplug) {
        qmp_error_set(error, ERROR_REASON_NOT_HOTPLUGGABLE,
                      "a CPU cannot be %s once the machine has run, because %s", what,
                      why ? why : "a machine of this type cannot tell its guest");
        return false;
    }
    return true;
}

void cpu_plugged(Cpu *cpu)
{
    const Accel *accel = cpu->accel;

    if (accel->hotplug) {
        accel->hotplug->plugged(accel->hotplug_opaque, cpu);
    }
}

void cpu_unplugged(Cpu *cpu)
{
    const Accel *accel = cpu->accel;

    if (accel->hotplug) {
        accel->hotplug->unplugged(accel->hotplug_opaque, cpu);
    }
}

bool cpu_unplug_request(Device *dev, GError **error)
{
    Cpu *cpu = to_cpu(dev);
    const Accel *accel = cpu->accel;

    if (!cpu_check_hotplug(accel, "removed", error)) {
        return false;
    }
    if (cpu_is_bsp(cpu)) {
        g_autofree char *path = object_path(&dev->object);

        qmp_error_set(error, ERROR_REASON_NOT_HOTPLUGGABLE,
                      "Boot CPU is unpluggable: '%s' cannot be removed once the machine has run",
                      path);
        return false;
    }
    return accel->hotplug->unplug_request(accel->hotplug_opaque, cpu, error);
}
