/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keyboard controller of a PC: an 8042 with the program that IBM's PS/2 gave
 * it, after IBM's "PS/2 Hardware Interface Technical Reference", Keyboard and
 * Auxiliary Device Controller: registers, commands, output port.
 *
 * Between the PC and the two PS/2 ports is one byte, the output buffer.  It is
 * refilled when the PC has read it: from the controller's own answer, then from
 * the keyboard, then from the mouse (hw/input/ps2.h).
 *
 * Modelled: 32 bytes of RAM with the command byte, translation of scan code set 2
 * to 1, both interrupts, tests, loops, output port with A20 and the reset line.
 * Not modelled: the speed of the two wires (but see `kbd-throttle`), time-outs
 * and parity errors, password and key lock, which is open.
 *
 * A20 is the output line "a20[0]", high when addresses pass unchanged: one source
 * of the machine's line of that name.  Made by recipes and by device_add.
 */
#include "config.h"
#include "hw/input/i8042.h"

#include "hw/acpi/acpi-device.h"
#include "hw/core/timer-state.h"
#include "hw/input/ps2.h"
#include "hw/isa/isa-bus.h"
#include "hw/machine/machine.h"
#include "qmp/error.h"
#include "qom/guest-error.h"
#include "qom/qapi-objects-input.h"
#include "qom/qapi-trace.h"

enum {
    PORT_DATA = 0x60,
    PORT_COMMAND = 0x64,        /* reading: status */
};

enum {                          /* status register */
    STATUS_OBF = 1 << 0,        /* the output buffer is full */
    STATUS_SYS = 1 << 2,        /* system flag: as in the command byte */
    STATUS_CD = 1 << 3,         /* the last byte came to the command port */
    STATUS_UNLOCKED = 1 << 4,
    STATUS_AUX = 1 << 5,        /* the byte in the output buffer is from the mouse */
    STATUS_RESET = STATUS_CD | STATUS_UNLOCKED,
};

enum {                          /* command byte, RAM byte 0 */
    CB_KBD_INT = 1 << 0,
    CB_AUX_INT = 1 << 1,
    CB_SYS = 1 << 2,
    CB_KBD_OFF = 1 << 4,
    CB_AUX_OFF = 1 << 5,
    CB_TRANSLATE = 1 << 6,
    CB_RESET = CB_KBD_INT | CB_AUX_INT,
};

enum {                          /* output port */
    OUT_RUN = 1 << 0,           /* low resets the system */
    OUT_A20 = 1 << 1,
    OUT_KBD_OBF = 1 << 4,
    OUT_AUX_OBF = 1 << 5,
    OUT_RESET = 0xcf,           /* clock and data lines of both ports high, too */
};

enum {                          /* commands */
    CMD_READ_RAM = 0x20,        /* and the 31 after it */
    CMD_WRITE_RAM = 0x60,       /* likewise; its argument is the byte */
    CMD_TEST_PASSWORD = 0xa4,
    CMD_AUX_OFF = 0xa7,
    CMD_AUX_ON = 0xa8,
    CMD_TEST_AUX = 0xa9,
    CMD_SELF_TEST = 0xaa,
    CMD_TEST_KBD = 0xab,
    CMD_KBD_OFF = 0xad,
    CMD_KBD_ON = 0xae,
    CMD_READ_INPUT = 0xc0,
    CMD_READ_OUTPUT = 0xd0,
    CMD_WRITE_OUTPUT = 0xd1,    /* these four have an argument */
    CMD_KBD_LOOP = 0xd2,
    CMD_AUX_LOOP = 0xd3,
    CMD_WRITE_AUX = 0xd4,
    CMD_A20_OFF = 0xdd,
    CMD_A20_ON = 0xdf,
    CMD_READ_TEST = 0xe0,
    CMD_PULSE = 0xf0,           /* and the 15 after it: low bits of the output port */
};

enum {
    RAM_SIZE = 32,
    SELF_TEST_OK = 0x55,
    PORT_TEST_OK = 0x00,
    NO_PASSWORD = 0xf1,
    INPUT_UNLOCKED = 0x80,
    TEST_INPUTS = 0x00,
    BREAK = 0xf0,
};

#define THROTTLE_NS G_GINT64_CONSTANT(1000000)

struct I8042 {
    Device parent;
    guint8 ram[RAM_SIZE];       /* byte 0 is the command byte */
    guint8 status;
    guint8 data;                /* output buffer */
    guint8 output_port;         /* as written; bits 4 and 5 are OBF's */
    guint8 command;             /* whose argument comes next; 0: none */
    guint8 reply;               /* of the controller, waits for the output buffer */
    bool replying, reply_aux;
    bool break_next;            /* translation has swallowed a 0xf0 */
    Timer *throttle;            /* pending: the keyboard has to wait */
    Clock *clock;
    Ps2Device *kbd, *aux;       /* parts */
    MemoryRegion *data_region, *command_region;
    Irq *kbd_irq, *aux_irq, *a20;
};

/* ---- Translation ---- */

guint8 i8042_translate(guint8 value)
{
    static const guint8 set1[0x80] = {
        0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29,
        0x59, 0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11,
        0x03, 0x5b, 0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14,
        0x13, 0x06, 0x5d, 0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24,
        0x16, 0x08, 0x09, 0x5f, 0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35,
        0x26, 0x27, 0x19, 0x0c, 0x61, 0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36,
        0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76, 0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c,
        0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, 0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45,
        0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
    };

    switch (value) {
    case 0x83:                  /* F7 */
        return 0x41;
    case 0x84:                  /* Alt with Print Screen */
        return 0x54;
    default:
        return value < G_N_ELEMENTS(set1) ? set1[value] : value;
    }
}

/* ---- Output buffer ---- */

/* The only place that sets the interrupt lines.  While the keyboard is
 * disabled, the controller's answers are polled, and do not interrupt. */
static void update_irq(I8042 *s)
{
    bool full = s->status & STATUS_OBF, aux = s->status & STATUS_AUX;
    guint8 cb = s->ram[0];

    irq_set(s->kbd_irq, full && !aux && (cb & CB_KBD_INT) && !(cb & CB_KBD_OFF));
    irq_set(s->aux_irq, full && aux && (cb & CB_AUX_INT));
}

static void put(I8042 *s, guint8 value, bool aux)
{
    s->data = value;
    s->status = (s->status & ~STATUS_AUX) | STATUS_OBF | (aux ? STATUS_AUX : 0);
}

static bool keyboard_ready(const I8042 *s)
{
    return !(s->ram[0] & CB_KBD_OFF) && ps2_has_data(s->kbd) && !timer_pending(s->throttle);
}

/* Takes a byte of the keyboard; translation merges a 0xf0 prefix with the code after it. */
static void put_keyboard(I8042 *s)
{
    guint8 value = ps2_read(s->kbd);

    if (!(s->ram[0] & CB_TRANSLATE)) {
        s->break_next = false;
        put(s, value, false);
    } else if (value == BREAK) {
        s->break_next = true;
    } else {
        put(s, i8042_translate(value) | (s->break_next ? 0x80 : 0), false);
        s->break_next = false;
    }
}

/* After any change: fills the output buffer if it is empty. */
static void update(I8042 *s)
{
    while (!(s->status & STATUS_OBF)) {
        if (s->replying) {
            s->replying = false;
            put(s, s->reply, s->reply_aux);
        } else if (keyboard_ready(s)) {
            put_keyboard(s);
        } else if (!(s->ram[0] & CB_AUX_OFF) && ps2_has_data(s->aux)) {
            put(s, ps2_read(s->aux), true);
        } else {
            break;
        }
    }
    update_irq(s);
}

static void answer(I8042 *s, guint8 value, bool aux)
{
    s->reply = value;
    s->reply_aux = aux;
    s->replying = true;
}

static void on_throttle(void *opaque, gint64 now)
{
    update(opaque);
}

/* A port's line has changed: its device has something to send, or no longer has. */
static void on_port(void *opaque, guint n, bool level)
{
    I8042 *s = opaque;

    if (level && s->kbd) {
        update(s);
    }
}

/* ---- Output port ---- */

static guint8 read_output_port(const I8042 *s)
{
    bool full = s->status & STATUS_OBF, aux = s->status & STATUS_AUX;

    return s->output_port | (full && !aux ? OUT_KBD_OBF : 0) | (full && aux ? OUT_AUX_OBF : 0);
}

static void write_output_port(I8042 *s, guint8 value)
{
    s->output_port = value & ~(OUT_KBD_OBF | OUT_AUX_OBF);
    irq_set(s->a20, value & OUT_A20);
    if (!(value & OUT_RUN)) {
        machine_request_reset(machine_of(s), SHUTDOWN_CAUSE_GUEST_RESET);
    }
}

/* ---- Registers ---- */

static void write_ram(I8042 *s, guint index, guint8 value)
{
    s->ram[index] = value;
    if (index == 0) {
        s->status = (s->status & ~STATUS_SYS) | (value & CB_SYS ? STATUS_SYS : 0);
    }
}

/* Handles the argument of the previous command. */
static void take_argument(I8042 *s, guint8 command, guint8 value)
{
    switch (command) {
    case CMD_WRITE_OUTPUT:
        write_output_port(s, value);
        break;
    case CMD_KBD_LOOP:
        answer(s, value, false);
        break;
    case CMD_AUX_LOOP:
        answer(s, value, true);
        break;
    case CMD_WRITE_AUX:
        s->ram[0] &= ~CB_AUX_OFF;
        ps2_write(s->aux, value);
        break;
    default:
        write_ram(s, command % RAM_SIZE, value);
    }
}

static void self_test(I8042 *s)
{
    s->ram[0] |= CB_SYS;
    s->status |= STATUS_SYS;
    answer(s, SELF_TEST_OK, false);
}

/* Commands that answer with a byte. */
static bool take_question(I8042 *s, guint8 value)
{
    switch (value) {
    case CMD_TEST_PASSWORD:
        answer(s, NO_PASSWORD, false);
        return true;
    case CMD_TEST_AUX:
    case CMD_TEST_KBD:
        answer(s, PORT_TEST_OK, false);
        return true;
    case CMD_SELF_TEST:
        self_test(s);
        return true;
    case CMD_READ_INPUT:
        answer(s, INPUT_UNLOCKED, false);
        return true;
    case CMD_READ_OUTPUT:
        answer(s, read_output_port(s), false);
        return true;
    case CMD_READ_TEST:
        answer(s, TEST_INPUTS, false);
        return true;
    default:
        if (value >= CMD_READ_RAM && value < CMD_READ_RAM + RAM_SIZE) {
            answer(s, s->ram[value - CMD_READ_RAM], false);
            return true;
        }
        return false;
    }
}

/* A pulse is too short to be noticed on any line except the reset line. */
static void pulse(I8042 *s, guint8 lines)
{
    if (!(lines & OUT_RUN)) {
        machine_request_reset(machine_of(s), SHUTDOWN_CAUSE_GUEST_RESET);
    }
}

static void take_command(I8042 *s, guint8 value)
{
    switch (value) {
    case CMD_AUX_OFF:
        s->ram[0] |= CB_AUX_OFF;
        break;
    case CMD_AUX_ON:
        s->ram[0] &= ~CB_AUX_OFF;
        break;
    case CMD_KBD_OFF:
        s->ram[0] |= CB_KBD_OFF;
        break;
    case CMD_KBD_ON:
        s->ram[0] &= ~CB_KBD_OFF;
        break;
    case CMD_WRITE_OUTPUT:
    case CMD_KBD_LOOP:
    case CMD_AUX_LOOP:
    case CMD_WRITE_AUX:
        s->command = value;
        break;
    case CMD_A20_OFF:
        write_output_port(s, s->output_port & ~OUT_A20);
        break;
    case CMD_A20_ON:
        write_output_port(s, s->output_port | OUT_A20);
        break;
    default:
        if (value >= CMD_PULSE) {
            pulse(s, value);
        } else if (value >= CMD_WRITE_RAM && value < CMD_WRITE_RAM + RAM_SIZE) {
            s->command = value;
        } else {
            device_guest_error(&s->parent, "command 0x%x does not exist", value);
        }
    }
}

static guint64 read_data(void *opaque, guint64 offset, guint size)
{
    I8042 *s = opaque;
    guint8 value = s->data;
    bool keyboard = !(s->status & STATUS_AUX);

    trace_pckbd_kbd_read_data(s, !keyboard);
    if (!(s->status & STATUS_OBF)) {
        return value;
    }
    s->status &= ~(STATUS_OBF | STATUS_AUX);
    update_irq(s);              /* the line falls before it may rise again */
    if (keyboard && i8042_props(s)->kbd_throttle) {
        timer_set_after(s->throttle, THROTTLE_NS);
    }
    update(s);
    return value;
}

static void write_data(void *opaque, guint64 offset, guint64 value, guint size)
{
    I8042 *s = opaque;
    guint8 command = s->command;

    trace_pckbd_kbd_write_data(s, value);
    s->status &= ~STATUS_CD;
    s->command = 0;
    if (command) {
        take_argument(s, command, value);
    } else {
        s->ram[0] &= ~CB_KBD_OFF;       /* a byte for the keyboard enables it */
        ps2_write(s->kbd, value);
    }
    update(s);
}

static guint64 read_status(void *opaque, guint64 offset, guint size)
{
    const I8042 *s = opaque;

    trace_pckbd_kbd_read_status(s, s->status);
    return s->status;
}

static void write_command(void *opaque, guint64 offset, guint64 value, guint size)
{
    I8042 *s = opaque;

    trace_pckbd_kbd_write_command(s, value);
    s->status |= STATUS_CD;
    s->command = 0;
    if (!take_question(s, value)) {
        take_command(s, value);
    }
    update(s);
}

static const RegionOps data_ops = {
    .read = read_data,
    .write = write_data,
    .min_size = 1,
    .max_size = 1,
    .secret = true,             /* input from a client */
};

static const RegionOps command_ops = {
    .read = read_status,
    .write = write_command,
    .min_size = 1,
    .max_size = 1,
};

static const StateRow i8042_state[] = {
    STATE_FIELD(U8, I8042, ram[0], CB_RESET),
    { .name = "ram", .kind = STATE_U8, .offset = offsetof(I8042, ram) + 1, .count = RAM_SIZE - 1 },
    STATE_FIELD(U8, I8042, status, STATUS_RESET),
    STATE_FIELD(U8, I8042, data, 0),
    STATE_FIELD(U8, I8042, output_port, OUT_RESET),
    STATE_FIELD(U8, I8042, command, 0),
    STATE_FIELD(U8, I8042, reply, 0),
    STATE_FIELD(BOOL, I8042, replying, false),
    STATE_FIELD(BOOL, I8042, reply_aux, false),
    STATE_FIELD(BOOL, I8042, break_next, false),
    STATE_CLOCK_TIMER(I8042, throttle),
    STATE_ROWS_END
};

/* ---- Life ---- */

static void i8042_init(Object *obj)
{
    gpio_out_new(obj, "irq", 2);
    gpio_out_new(obj, "a20", 1);
    gpio_in_new(obj, "ps2-kbd-input-irq", 1, on_port, obj);
    gpio_in_new(obj, "ps2-mouse-input-irq", 1, on_port, obj);
}

/* Claims ports and interrupt lines; on failure, releases what was claimed. */
static bool take_place(I8042 *s, Device *dev, GError **error)
{
    s->data_region = isa_map_ports(dev, "i8042-data", &data_ops, PORT_DATA, 1, error);
    if (!s->data_region) {
        return false;
    }
    s->command_region = isa_map_ports(dev, "i8042-cmd", &command_ops, PORT_COMMAND, 1, error);
    if (!s->command_region) {
        goto fail;
    }
    if (!isa_connect_irq(dev, s->kbd_irq, i8042_props(s)->kbd_irq, error)) {
        goto fail;
    }
    if (!isa_connect_irq(dev, s->aux_irq, i8042_props(s)->mouse_irq, error)) {
        isa_disconnect_irq(dev, s->kbd_irq, i8042_props(s)->kbd_irq);
        goto fail;
    }
    return true;
fail:
    isa_unmap(dev, s->command_region);
    isa_unmap(dev, s->data_region);
    return false;
}

static bool i8042_realize(Device *dev, GError **error)
{
    I8042 *s = to_i8042(dev);

    s->kbd_irq = gpio(&dev->object, "irq", 0);
    s->aux_irq = gpio(&dev->object, "irq", 1);
    s->a20 = gpio(&dev->object, "a20", 0);
    if (!take_place(s, dev, error)) {
        return false;
    }
    s->clock = machine_of(dev)->clock;
    s->throttle = timer_new(s->clock, CLOCK_KIND_VIRTUAL, THROTTLE_NS, on_throttle, s);
    s->kbd = to_ps2_device(object_child(&dev->object, I8042_PART_PS2KBD));
    s->aux = to_ps2_device(object_child(&dev->object, I8042_PART_PS2MOUSE));
    irq_connect(s->kbd->irq, gpio(&dev->object, "ps2-kbd-input-irq", 0), false);
    irq_connect(s->aux->irq, gpio(&dev->object, "ps2-mouse-input-irq", 0), false);
    return true;
}

static void i8042_unrealize(Device *dev)
{
    I8042 *s = to_i8042(dev);

    irq_disconnect(s->kbd->irq, gpio(&dev->object, "ps2-kbd-input-irq", 0));
    irq_disconnect(s->aux->irq, gpio(&dev->object, "ps2-mouse-input-irq", 0));
    s->kbd = s->aux = NULL;
    g_clear_pointer(&s->throttle, timer_free);
    irq_set(s->kbd_irq, false);
    irq_set(s->aux_irq, false);
    isa_disconnect_irq(dev, s->aux_irq, i8042_props(s)->mouse_irq);
    isa_disconnect_irq(dev, s->kbd_irq, i8042_props(s)->kbd_irq);
    isa_unmap(dev, s->command_region);
    isa_unmap(dev, s->data_region);
}

static void i8042_reset_hold(Device *dev)
{
    I8042 *s = to_i8042(dev);

    update_irq(s);
    irq_set(s->a20, true);
}

static bool i8042_state_loaded(Device *dev, GError **error)
{
    I8042 *s = to_i8042(dev);

    if ((s->status & STATUS_UNLOCKED) == 0) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s' is not that of a keyboard controller", dev->object.name);
        return false;
    }
    if (!i8042_props(s)->extended_state) {
        s->replying = false;
    }
    irq_set(s->a20, s->output_port & OUT_A20);
    update_irq(s);
    return true;
}

static void i8042_acpi(Device *dev, AcpiDevices *devices)
{
    const I8042Props *props = i8042_props(dev);

    devices->has_8042 = true;
    acpi_add_isa(devices, &(AcpiIsaDevice){
        .name = "KBD0", .eisaid = "PNP0303", .ports = { { PORT_DATA, 1 }, { PORT_COMMAND, 1 } },
        .irq = props->kbd_irq,
    });
    acpi_add_isa(devices, &(AcpiIsaDevice){
        .name = "MOU0", .eisaid = "PNP0F13", .irq = props->mouse_irq,
    });
}

const TypeInfo i8042_type = {
    .schema = &qmp_class_i8042,
    .size = sizeof(I8042),
    .object = &(const ObjectOps){
        .init = i8042_init,
    },
    .device = &(const DeviceOps){
        .realize = i8042_realize,
        .unrealize = i8042_unrealize,
        .reset_hold = i8042_reset_hold,
        .state = i8042_state,
        .state_loaded = i8042_state_loaded,
        .acpi = i8042_acpi,
    },
};
