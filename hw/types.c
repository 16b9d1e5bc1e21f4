/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * THE list of types of hw/: folders in alphabetical order, then the boards.
 */
#include "config.h"
#include "hw/types.h"

#include "hw/acpi/acpi-nvdimm.h"
#include "hw/acpi/piix4-pm.h"
#include "hw/aio/iothread.h"
#include "hw/backends/memory-backend.h"
#include "hw/backends/rng.h"
#include "hw/backends/secret.h"
#include "hw/block/block-types.h"
#include "hw/char/isa-debugcon.h"
#include "hw/char/isa-parallel.h"
#include "hw/char/isa-serial.h"
#include "hw/chardev/char-types.h"
#include "hw/core/irq.h"
#include "hw/display/bochs-display.h"
#include "hw/display/cirrus.h"
#include "hw/display/console.h"
#include "hw/display/ramfb.h"
#include "hw/display/vga-pci.h"
#include "hw/display/virtio-gpu.h"
#include "hw/dma/i8257.h"
#include "hw/floppy/fdc.h"
#include "hw/floppy/floppy.h"
#include "hw/i386/microvm.h"
#include "hw/i386/pc.h"
#include "hw/i386/x86-machine.h"
#include "hw/ide/ahci.h"
#include "hw/ide/ide.h"
#include "hw/ide/piix3-ide.h"
#include "hw/input/i8042.h"
#include "hw/input/ps2.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "hw/intc/kvm-chips.h"
#include "hw/isa/isa-bus.h"
#include "hw/isa/piix3.h"
#include "hw/machine/machine.h"
#include "hw/mem/nvdimm.h"
#include "hw/mem/pc-dimm.h"
#include "hw/memory/memory.h"
#include "hw/misc/isa-debug-exit.h"
#include "hw/misc/pc-testdev.h"
#include "hw/misc/pci-testdev.h"
#include "hw/misc/port92.h"
#include "hw/misc/pvpanic.h"
#include "hw/net/e1000.h"
#include "hw/net/filter-dump.h"
#include "hw/net/net-dgram.h"
#include "hw/net/net-socket.h"
#include "hw/net/net-stream.h"
#include "hw/net/net-tap.h"
#include "hw/net/net-user.h"
#include "hw/net/net.h"
#include "hw/nvram/fw-cfg.h"
#include "hw/pci-host/i440fx.h"
#include "hw/pci/pci.h"
#include "hw/qtest/qtest.h"
#include "hw/rtc/mc146818.h"
#include "hw/scsi/scsi.h"
#include "hw/smbios/smbios.h"
#include "hw/timer/hpet.h"
#include "hw/timer/i8254.h"
#include "hw/timer/kvm-pit.h"
#include "hw/timer/pcspk.h"
#include "hw/tls/tls-creds.h"
#include "hw/usb/ehci.h"
#include "hw/usb/uhci.h"
#include "hw/usb/usb-hid.h"
#include "hw/usb/usb-hub.h"
#include "hw/usb/usb-serial.h"
#include "hw/usb/usb-storage.h"
#include "hw/usb/usb.h"
#include "hw/usb/xhci.h"
#include "hw/virtio/virtio-balloon.h"
#include "hw/virtio/virtio-blk.h"
#include "hw/virtio/virtio-bus.h"
#include "hw/virtio/virtio-input.h"
#include "hw/virtio/virtio-mem.h"
#include "hw/virtio/virtio-mmio.h"
#include "hw/virtio/virtio-net.h"
#include "hw/virtio/virtio-pci.h"
#include "hw/virtio/virtio-rng.h"
#include "hw/virtio/virtio-scsi.h"
#include "hw/virtio/virtio-serial.h"
#include "hw/virtio/virtio.h"
#include "hw/vnc/vnc.h"
#include "hw/watchdog/watchdog.h"

const TypeInfo *const hw_types[] = {
    /* acpi */
    &acpi_nvdimm_type,
    &piix4_pm_type,

    /* backends */
    &memory_backend_file_type,
    &memory_backend_memfd_type,
    &memory_backend_ram_type,
    &memory_backend_type,
    &rng_builtin_type,
    &rng_random_type,
    &secret_type,

    /* block */
    &block_file_type,
    &block_filter_type,
    &block_node_type,
    &block_null_type,
    &block_qcow2_type,
    &block_raw_type,
    &block_throttle_type,
    &disk_type,
    &throttle_group_type,

    /* char */
    &isa_debugcon_type,
    &isa_parallel_type,
    &isa_serial_type,
    &virtio_serial_bus_type,
    &virtio_serial_port_type,
    &virtio_serial_type,

    /* chardev */
    &chardev_file_type,
    &chardev_mux_type,
    &chardev_null_type,
    &chardev_pipe_type,
    &chardev_pty_type,
    &chardev_ringbuf_type,
    &chardev_socket_type,
    &chardev_stdio_type,
    &chardev_type,
    &chardev_udp_type,

    /* core */
    &iothread_type,
    &irq_type,
    &machine_type,
    &memory_region_type,

    /* dma */
    &i8257_type,

    /* display */
    &bochs_display_type,
    &cirrus_vga_type,
    &console_type,
    &pci_vga_type,
    &ramfb_type,
    &secondary_vga_type,
    &vga_type,
    &virtio_gpu_pci_type,
    &virtio_gpu_type,
    &virtio_vga_type,

    /* floppy */
    &floppy_bus_type,
    &floppy_class_type,
    &isa_fdc_type,

    /* ide */
    &ich9_ahci_type,
    &ide_bus_type,
    &ide_cd_type,
    &ide_device_type,
    &ide_hd_type,
    &piix3_ide_type,

    /* input */
    &i8042_type,
    &ps2_device_type,
    &ps2_kbd_type,
    &ps2_mouse_type,

    /* intc */
    &ioapic_type,
    &isa_i8259_type,
    &kvm_i8259_type,
    &kvm_ioapic_type,

    /* isa */
    &isa_bus_type,
    &isabus_bridge_type,
    &piix3_type,

    /* mem */
    &nvdimm_type,
    &pc_dimm_type,

    /* misc */
    &isa_debug_exit_type,
    &pc_testdev_type,
    &pci_testdev_type,
    &port92_type,
    &pvpanic_type,

    /* net */
    &e1000_type,
    &filter_dump_type,
    &netdev_dgram_type,
    &netdev_socket_type,
    &netdev_stream_type,
    &netdev_tap_type,
    &netdev_type,
    &netdev_user_type,
    &nic_type,

    /* pci */
    &pci_bridge_type,
    &pci_bus_type,
    &pci_device_type,
    /* nvram */
    &fw_cfg_file_type,
    &fw_cfg_io_type,
    &fw_cfg_type,

    /* qtest */
    &qtest_type,

    /* pci-host */
    &i440fx_pcihost_type,
    &i440fx_type,

    /* rtc */
    &mc146818_type,

    /* scsi */
    &scsi_bus_type,
    &scsi_cd_type,
    &scsi_disk_base_type,
    &scsi_hd_type,

    /* smbios */
    &smbios_type,
    &smbios_type_0_type,
    &smbios_type_11_type,
    &smbios_type_1_type,

    /* timer */
    &hpet_type,
    &isa_pcspk_type,
    &isa_pit_type,
    &kvm_pit_type,

    /* usb */
    &ich9_usb_ehci1_type,
    &ich9_usb_uhci_type,
    &ich9_usb_uhci1_type,
    &ich9_usb_uhci2_type,
    &ich9_usb_uhci3_type,
    &nec_usb_xhci_type,
    &pci_ehci_usb_type,
    &pci_xhci_type,
    &piix3_usb_uhci_type,
    &qemu_xhci_type,
    &usb_bus_type,
    &usb_device_type,
    &usb_ehci_type,
    &usb_hid_type,
    &usb_hub_type,
    &usb_kbd_type,
    &usb_mouse_type,
    &usb_pointer_type,
    &usb_serial_type,
    &usb_storage_type,
    &usb_tablet_type,
    &usb_uhci_type,

    /* virtio */
    &virtio_blk_type,
    &virtio_balloon_pci_type,
    &virtio_balloon_type,
    &virtio_blk_pci_type,
    &virtio_bus_type,
    &virtio_device_type,
    &virtio_input_type,
    &virtio_keyboard_pci_type,
    &virtio_keyboard_type,
    &virtio_mem_pci_type,
    &virtio_mem_type,
    &virtio_mmio_type,
    &virtio_mouse_pci_type,
    &virtio_mouse_type,
    &virtio_net_pci_type,
    &virtio_net_type,
    &virtio_pci_type,
    &virtio_rng_pci_type,
    &virtio_rng_type,
    &virtio_scsi_pci_type,
    &virtio_scsi_type,
    &virtio_serial_pci_type,
    &virtio_tablet_pci_type,
    &virtio_tablet_type,

    /* tls */
    &tls_creds_type,
    &tls_creds_x509_type,

    /* vnc */
    &vnc_server_type,

    /* watchdog */
    &i6300esb_type,
    &ib700_type,

    /* machines */
    &microvm_machine_type,
    &none_machine_type,
    &pc_machine_type,
    &x86_machine_type,

    NULL,
};
