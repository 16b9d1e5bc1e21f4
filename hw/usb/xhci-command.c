/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command ring (xHCI 4.6, 4.9.3), and its register CRCR.
 */
#include "config.h"
#include "hw/usb/xhci.h"

#include "qom/guest-error.h"

enum { BUDGET = 256, NEC_FIRMWARE = 0x3025 };

typedef struct {
    guint8 code;
    guint slot;
    guint8 type;                /* of its event */
    guint32 parameter;          /* of that */
} Result;

static guint slot_of(const XhciTrb *trb)
{
    return trb->control >> TRB_SLOT_SHIFT;
}

static guint endpoint_of(const XhciTrb *trb)
{
    return trb->control >> TRB_ENDPOINT_SHIFT & 0x1f;
}

static guint8 nec_firmware(Xhci *s, Result *result)
{
    if (object_kind(s) != nec_usb_xhci_type.kind) {
        return CODE_TRB;
    }
    result->type = TRB_NEC_EVENT;
    result->parameter = NEC_FIRMWARE;
    return CODE_SUCCESS;
}

static guint8 execute(Xhci *s, const XhciTrb *trb, Result *result)
{
    guint slot = slot_of(trb), endpoint = endpoint_of(trb);
    guint64 input = trb->parameter & ~(guint64)0xf;

    switch (xhci_type(trb)) {
    case TRB_ENABLE_SLOT:
        return xhci_enable_slot(s, &result->slot);
    case TRB_DISABLE_SLOT:
        return xhci_disable_slot(s, slot);
    case TRB_ADDRESS_DEVICE:
        return xhci_address_device(s, slot, input, trb->control & TRB_NO_ADDRESS);
    case TRB_CONFIGURE:
        return xhci_configure(s, slot, input, trb->control & TRB_DECONFIGURE);
    case TRB_EVALUATE:
        return xhci_evaluate(s, slot, input);
    case TRB_RESET_ENDPOINT:
        return xhci_reset_endpoint(s, slot, endpoint);
    case TRB_STOP_ENDPOINT:
        return xhci_stop_endpoint(s, slot, endpoint);
    case TRB_SET_DEQUEUE:
        return xhci_set_dequeue(s, slot, endpoint, trb->parameter, trb->status >> 16);
    case TRB_RESET_DEVICE:
        return xhci_reset_device(s, slot);
    case TRB_SET_LATENCY:
    case TRB_NOOP_COMMAND:
        return CODE_SUCCESS;
    case TRB_NEC_FIRMWARE:
        return nec_firmware(s, result);
    default:
        device_guest_error(&s->parent.device, "a command has type %u", xhci_type(trb));
        return CODE_TRB;
    }
}

static void complete(Xhci *s, guint64 at, const Result *result)
{
    xhci_event(s, 0, &(XhciEvent){
        .pointer = at,
        .status = result->parameter,
        .control = result->type << TRB_TYPE_SHIFT | (guint32)result->slot << TRB_SLOT_SHIFT,
        .code = result->code,
    });
}

static void stop(Xhci *s)
{
    s->commands_run = false;
    complete(s, s->commands.at, &(Result){ .code = CODE_RING_STOPPED, .type = TRB_COMMAND_EVENT });
}

void xhci_run_commands(Xhci *s)
{
    XhciTrb trb;
    bool bad;

    for (guint i = 0; xhci_runs(s) && s->commands_run; i++) {
        Result result = { .type = TRB_COMMAND_EVENT };

        if (!xhci_has_room(s, 0)) {
            s->blocked = true;
            return;
        }
        if (i == BUDGET) {
            timer_set_after(s->work, XHCI_PAUSE);
            return;
        }
        if (!xhci_fetch(s, &s->commands, &trb, &bad)) {
            if (bad) {
                xhci_die(s, "the command ring cannot be used");
            }
            return;
        }
        result.slot = slot_of(&trb);
        result.code = execute(s, &trb, &result);
        complete(s, trb.at, &result);
    }
}

/* ---- CRCR (5.4.5) ---- */

guint32 xhci_command_read(const Xhci *s)
{
    return s->commands_run ? CRCR_RUNNING : 0;
}

void xhci_command_write(Xhci *s, guint32 value, bool high)
{
    if (s->commands_run) {
        if (!high && value & (CRCR_STOP | CRCR_ABORT)) {
            stop(s);
        }
        return;                 /* the pointer cannot be changed */
    }
    if (high) {
        s->commands.at = (guint32)s->commands.at | (guint64)value << 32;
    } else {
        s->commands.at = (s->commands.at & ~(guint64)G_MAXUINT32) | (value & ~0x3fu);
        s->commands.cycle = value & CRCR_CYCLE;
    }
}
