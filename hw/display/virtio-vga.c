/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-gpu on PCI: class virtio-gpu-pci-base, and virtio-vga, which is a VGA, too.
 *
 * As in QEMU, the VGA's registers come first in BAR 2, and virtio's are at its end; BAR 0 is the
 * VGA's memory.  It has no EDID registers: the driver asks virtio for the monitors.
 */
#include "config.h"
#include "hw/display/virtio-gpu.h"

#include "hw/display/vga-mmio.h"
#include "hw/virtio/virtio-pci.h"
#include "qmp/error.h"
#include "qom/qapi-objects-virtio-gpu.h"

enum { DEVICE_ID = 0x1050, VRAM_SIZE = 8 << 20 };

const TypeInfo virtio_gpu_pci_type = {
    .schema = &qmp_class_virtio_gpu_pci_base,
    .kind = VIRTIO_PCI_FUNCTION(DEVICE_ID, 0x0380),
};

struct VirtioVga {
    VirtioPci parent;
    Vga vga;
    VgaMmio mmio;
    MemoryRegion *registers;    /* in BAR 2 */
};

/* ---- Life ---- */

static void virtio_vga_init(Object *obj)
{
    static const VirtioPciLayout layout = {
        .modern_bar = 2, .msix_bar = 4, .pio_bar = 5, .room = true,
    };

    to_virtio_vga(obj)->parent.layout = &layout;
}

static VirtioGpu *gpu_of(VirtioVga *s)
{
    return to_virtio_gpu(virtio_bus_device(s->parent.bus));
}

static bool virtio_vga_realize(Device *dev, GError **error)
{
    const VgaMmioParts parts = { .ports = true, .order = true };
    VirtioVga *s = to_virtio_vga(dev);
    PciDevice *pci = &s->parent.pci;

    if (!vga_init(&s->vga, VRAM_SIZE, pci->machine->clock, error)) {
        return false;
    }
    vga_mmio_init(&s->mmio, dev, &s->vga);
    pci_add_bar(pci, 0, PCI_BAR_MEM32 | PCI_BAR_PREFETCH,
                vga_mmio_new_vram(&s->mmio, pci->machine->memory));
    s->registers = vga_mmio_new_bar(&s->mmio, &parts);
    region_add(s->parent.modern, 0, s->registers, 0);
    vga_mmio_add_fixed(&s->mmio, pci);
    virtio_gpu_set_vga(gpu_of(s), &vga_console_ops, &s->vga);
    return true;
}

static void virtio_vga_unrealize(Device *dev)
{
    VirtioVga *s = to_virtio_vga(dev);

    virtio_gpu_set_vga(gpu_of(s), NULL, NULL);
    region_remove(s->parent.modern, s->registers);
    vga_mmio_done(&s->mmio);
}

/* Not earlier: views keep the regions that they show by a reference to their owner. */
static void virtio_vga_finalize(Object *obj)
{
    vga_finalize(&to_virtio_vga(obj)->vga);
}

static void virtio_vga_reset_hold(Device *dev)
{
    vga_reset(&to_virtio_vga(dev)->vga);
}

static bool virtio_vga_state_loaded(Device *dev, GError **error)
{
    vga_loaded(&to_virtio_vga(dev)->vga);
    return true;
}

static const StateRow virtio_vga_state[] = {
    STATE_STRUCT(VirtioVga, vga, vga_state),
    STATE_ROWS_END
};

const TypeInfo virtio_vga_type = {
    .schema = &qmp_class_virtio_vga,
    .size = sizeof(VirtioVga),
    .object = &(const ObjectOps){
        .init = virtio_vga_init,
        .finalize = virtio_vga_finalize,
    },
    .device = &(const DeviceOps){
        .realize = virtio_vga_realize,
        .unrealize = virtio_vga_unrealize,
        .reset_hold = virtio_vga_reset_hold,
        .state = virtio_vga_state,
        .state_loaded = virtio_vga_state_loaded,
    },
    .kind = VIRTIO_PCI_FUNCTION(DEVICE_ID, 0x0300),
};
