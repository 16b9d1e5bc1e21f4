/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * THE list of types of hw/: folders in order of the alphabet, then the boards.
 */
#include "config.h"
#include "hw/types.h"

#include "hw/backends/memory-backend.h"
#include "hw/char/isa-debugcon.h"
#include "hw/char/isa-serial.h"
#include "hw/chardev/char-types.h"
#include "hw/core/irq.h"
#include "hw/core/machine.h"
#include "hw/core/memory.h"
#include "hw/i386/microvm.h"
#include "hw/i386/x86-machine.h"
#include "hw/intc/kvm-chips.h"
#include "hw/isa/isa-bus.h"
#include "hw/misc/isa-debug-exit.h"
#include "hw/rtc/mc146818.h"
#include "hw/timer/kvm-pit.h"

const TypeInfo *const hw_types[] = {
    /* backends */
    &memory_backend_file_type,
    &memory_backend_memfd_type,
    &memory_backend_ram_type,
    &memory_backend_type,

    /* char */
    &isa_debugcon_type,
    &isa_serial_type,

    /* chardev */
    &chardev_file_type,
    &chardev_null_type,
    &chardev_pipe_type,
    &chardev_pty_type,
    &chardev_ringbuf_type,
    &chardev_socket_type,
    &chardev_stdio_type,
    &chardev_type,

    /* core */
    &irq_type,
    &machine_type,
    &memory_region_type,

    /* intc */
    &kvm_i8259_type,
    &kvm_ioapic_type,

    /* isa */
    &isa_bus_type,
    &isabus_bridge_type,

    /* misc */
    &isa_debug_exit_type,

    /* rtc */
    &mc146818_type,

    /* timer */
    &kvm_pit_type,

    /* machines */
    &microvm_machine_type,
    &none_machine_type,
    &x86_machine_type,

    NULL,
};
