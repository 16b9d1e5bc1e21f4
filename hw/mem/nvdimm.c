/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nvdimm: a memory module that keeps its content in its backend's file.
 *
 * The last `label-size` bytes of the backend are not memory: the guest reads and writes
 * labels there by ACPI (hw/acpi/acpi-nvdimm.h).  What the guest writes to memory reaches
 * the file when the host's kernel writes it back, like any shared mapping.
 */
#include "config.h"
#include "hw/mem/nvdimm.h"

#include "hw/mem/pc-dimm-internal.h"
#include "qmp/error.h"
#include "qom/qapi-objects-memory.h"

/* NVDIMM Namespace Specification 1.0: the smallest label storage area. */
enum { MIN_LABEL_SIZE = 128 * 1024 };

static bool check_machine(PcDimm *dimm, GError **error)
{
    const DeviceMemory *memory = device_memory_of(machine_of(dimm));

    if (memory->n_slots && (!memory->nvdimm_ops || !memory->acpi)) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "the guest could not find it: the "
                      "machine's property '%s' is off", memory->acpi ? "nvdimm" : "acpi");
        return false;
    }
    return true;
}

static bool check_props(const NvdimmProps *props, const MemoryBackend *backend, GError **error)
{
    if (props->label_size && props->label_size < MIN_LABEL_SIZE) {
        qmp_error_set_at(error, "label-size", ERROR_REASON_OUT_OF_RANGE, "'label-size' is %"
                         G_GUINT64_FORMAT ", and labels take at least %u bytes",
                         props->label_size, MIN_LABEL_SIZE);
        return false;
    }
    if (props->uuid && !g_uuid_string_is_valid(props->uuid)) {
        qmp_error_set_at(error, "uuid", ERROR_REASON_INVALID_VALUE,
                         "property 'uuid' is not a UUID");
        return false;
    }
    if (!props->unarmed && memory_backend_is_readonly(backend)) {
        qmp_error_set_at(error, "memdev", ERROR_REASON_INVALID_VALUE, "the memory backend is "
                         "read-only, so that nothing is kept: 'unarmed' must be on");
        return false;
    }
    return true;
}

static bool nvdimm_measure(PcDimm *dimm, const MemoryBackend *backend, guint64 *ret_size,
                           GError **error)
{
    const NvdimmProps *props = nvdimm_props(dimm);
    guint64 size = memory_backend_size(backend), align = memory_backend_align(backend);

    if (!check_machine(dimm, error) || !check_props(props, backend, error)) {
        return false;
    }
    if (size < props->label_size || size - props->label_size < align) {
        qmp_error_set_at(error, "memdev", ERROR_REASON_INVALID_VALUE, "0x%" G_GINT64_MODIFIER
                         "x bytes are not enough for labels of 0x%" G_GINT64_MODIFIER "x and for "
                         "memory, of which there are multiples of 0x%" G_GINT64_MODIFIER "x",
                         size, props->label_size, align);
        return false;
    }
    *ret_size = (size - props->label_size) / align * align;
    return true;
}

NvdimmLabels nvdimm_labels(Device *dev)
{
    const PcDimm *dimm = to_pc_dimm(dev);
    const NvdimmProps *props = nvdimm_props(dev);
    guint64 start = memory_backend_size(dimm->backend) - props->label_size;

    return (NvdimmLabels){
        .data = (guint8 *)memory_backend_hva(dimm->backend) + start, .size = props->label_size,
        .writable = !memory_backend_is_readonly(dimm->backend),
    };
}

const TypeInfo nvdimm_type = {
    .schema = &qmp_class_nvdimm,
    .device = &(const DeviceOps){
        .no_state = "what the guest changes is in the memory backend",
    },
    .kind = &(const PcDimmKind){ .persistent = true, .measure = nvdimm_measure },
};
