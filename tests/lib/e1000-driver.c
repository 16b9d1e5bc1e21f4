/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver of tests/lib/e1000-driver.h.
 */
#include "config.h"
#include "tests/lib/e1000-driver.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp/qapi-types-net.h"
#include "qmp/qapi-types-socket.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-pci.h"

#define MMIO_BASE G_GUINT64_CONSTANT(0xfe000000)
#define RAM_BASE G_GUINT64_CONSTANT(0x1000000)
#define RAM_SIZE (16u << 20)

enum { MMIO_SIZE = 0x20000, IO_BASE = 0xc000, IO_SIZE = 0x40, COMMAND = PCI_COMMAND };

/* ---- Bench ---- */

static int given_fd;

static QmpFd *take_fd(const Env *env, const char *name, GError **error)
{
    g_autoptr(QmpFds) fds = qmp_fds_new();

    return qmp_fd_new(fds, 1, given_fd);
}

static void env_lock(const Env *env)
{
    rig_lock(env->host);
}

static void env_unlock(const Env *env)
{
    rig_unlock(env->host);
}

static void init_threads(void)
{
    static gsize once;

    if (g_once_init_enter(&once)) {
        evthread_use_pthreads();
        g_once_init_leave(&once, 1);
    }
}

static void add_ram(E1000Bench *b)
{
    b->host = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(b->host != MAP_FAILED);
    b->ram = region_new_ram(&b->rig->machine->object, "driver-ram", b->host, RAM_SIZE);
    region_add(address_space_root(b->rig->memory), RAM_BASE, b->ram, 0);
    b->next = RAM_BASE;
}

E1000Bench *e1000_bench_new(void)
{
    E1000Bench *b = g_new0(E1000Bench, 1);
    g_autoptr(GError) error = NULL;

    init_threads();
    b->rig = rig_new();
    b->base = event_base_new();
    b->rig->env.base = b->base;
    b->rig->env.host = b->rig;
    b->rig->env.take_fd = take_fd;
    b->rig->env.lock = env_lock;
    b->rig->env.unlock = env_unlock;
    add_ram(b);
    machine_run(b->rig->machine, &error);
    g_assert_no_error(error);
    return b;
}

void e1000_bench_free(E1000Bench *b)
{
    if (!b) {
        return;
    }
    for (guint i = 0; i < b->n_cards; i++) {
        if (b->cards[i]->dev) {
            device_unmake(b->cards[i]->dev);
        }
        close(b->cards[i]->fd);
        g_free(b->cards[i]);
    }
    region_remove(address_space_root(b->rig->memory), b->ram);
    region_free(b->ram);
    rig_free(b->rig);
    event_base_free(b->base);
    munmap(b->host, RAM_SIZE);
    g_free(b);
}

guint64 e1000_bench_alloc(E1000Bench *b, gsize size)
{
    guint64 address = b->next;

    b->next += (size + 127) & ~(gsize)127;
    g_assert_cmpuint(b->next, <=, RAM_BASE + RAM_SIZE);
    return address;
}

void *e1000_bench_ptr(E1000Bench *b, guint64 address)
{
    return b->host + (address - RAM_BASE);
}

void e1000_bench_turn(E1000Bench *b)
{
    rig_unlock(b->rig);
    for (guint i = 0; i < 6; i++) {
        event_base_loop(b->base, EVLOOP_NONBLOCK);
    }
    rig_lock(b->rig);
}

void e1000_bench_turn_once(E1000Bench *b)
{
    rig_unlock(b->rig);
    event_base_loop(b->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
    rig_lock(b->rig);
}

void e1000_bench_wait(E1000Bench *b, gint64 ns)
{
    clock_advance(b->rig->clock, clock_now(b->rig->clock, CLOCK_KIND_VIRTUAL) + ns);
}

/* ---- Cards ---- */

static NetBackend *add_socket(Rig *rig, const char *id, int fd)
{
    SocketAddress *addr = g_new0(SocketAddress, 1);
    Netdev *options = g_new0(Netdev, 1);
    g_autoptr(GError) error = NULL;
    NetBackend *net;

    addr->type = SOCKET_ADDRESS_TYPE_FD;
    addr->u.fd.str = g_strdup("fd");
    options->id = g_strdup(id);
    options->type = NET_CLIENT_DRIVER_DGRAM;
    options->u.dgram.local = addr;
    given_fd = fd;
    net = net_new(rig->root, options, &error);
    g_assert_no_error(error);
    qmp_clear(&qmp_type_Netdev, &options);
    g_assert_true(object_prepare(&net->object, &error) && object_complete(&net->object, &error));
    return net;
}

static void write_config(E1000Driver *d, guint offset, guint32 value)
{
    rig_pci_write(d->bench->rig, 0, to_pci_device(d->dev)->devfn, offset, value, 4);
}

static void place(E1000Driver *d, guint index)
{
    d->mmio = MMIO_BASE + index * MMIO_SIZE;
    d->io = IO_BASE + index * IO_SIZE;
    write_config(d, PCI_BASE_ADDRESS_0, d->mmio);
    write_config(d, PCI_BASE_ADDRESS_0 + 4, d->io);
    write_config(d, COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* rig_device() takes its pairs one by one. */
static Device *make_card(E1000Bench *b, const char *id, const char *net, va_list pairs)
{
    const char *p[8] = { NULL };
    g_autoptr(GError) error = NULL;
    Device *dev;

    for (guint i = 0; i < G_N_ELEMENTS(p) - 1 && (p[i] = va_arg(pairs, const char *)); i++) {
        continue;
    }
    dev = rig_device(b->rig, "e1000", id, &error, "netdev", net, "romfile", "", p[0], p[1], p[2],
                     p[3], p[4], p[5], p[6], NULL);
    g_assert_no_error(error);
    return dev;
}

E1000Driver *e1000_driver_new(E1000Bench *b, ...)
{
    g_autofree char *id = g_strdup_printf("nic%u", b->n_cards);
    g_autofree char *net = g_strdup_printf("net%u", b->n_cards);
    E1000Driver *d = g_new0(E1000Driver, 1);
    va_list pairs;
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    d->bench = b;
    d->fd = fds[1];
    d->net = add_socket(b->rig, net, fds[0]);
    va_start(pairs, b);
    d->dev = make_card(b, id, net, pairs);
    va_end(pairs);
    device_reset_tree(&d->dev->object);
    place(d, b->n_cards);
    b->cards[b->n_cards++] = d;
    return d;
}

/* ---- Registers ---- */

guint32 e1000_driver_read(E1000Driver *d, guint reg)
{
    return address_space_read(d->bench->rig->memory, d->mmio + reg, 4);
}

void e1000_driver_write(E1000Driver *d, guint reg, guint32 value)
{
    address_space_write(d->bench->rig->memory, d->mmio + reg, value, 4);
}

guint16 e1000_driver_read_phy(E1000Driver *d, guint reg)
{
    guint32 value;

    e1000_driver_write(d, REG_MDIC, 1 << MDIC_PHY_SHIFT | reg << MDIC_REG_SHIFT | MDIC_OP_READ);
    value = e1000_driver_read(d, REG_MDIC);
    g_assert_cmphex(value & (MDIC_R | MDIC_E), ==, MDIC_R);
    return value;
}

void e1000_driver_write_phy(E1000Driver *d, guint reg, guint16 value)
{
    e1000_driver_write(d, REG_MDIC, 1 << MDIC_PHY_SHIFT | reg << MDIC_REG_SHIFT | MDIC_OP_WRITE |
                                    value);
    g_assert_cmphex(e1000_driver_read(d, REG_MDIC) & (MDIC_R | MDIC_E), ==, MDIC_R);
}

bool e1000_driver_line(E1000Driver *d)
{
    return d->bench->rig->pci_levels[PCI_SLOT(to_pci_device(d->dev)->devfn) % PCI_N_PINS];
}

/* ---- Rings ---- */

static guint8 *descriptor(E1000Driver *d, guint64 ring, guint n)
{
    return e1000_bench_ptr(d->bench, ring + n * RXD_SIZE);
}

static void start_rx(E1000Driver *d)
{
    d->rx_size = E1000_DRIVER_RING;
    d->rx_next = 0;
    d->rx_ring = e1000_bench_alloc(d->bench, d->rx_size * RXD_SIZE);
    for (guint i = 0; i < d->rx_size; i++) {
        pci_set_long(descriptor(d, d->rx_ring, i),
                     e1000_bench_alloc(d->bench, E1000_DRIVER_BUFFER));
    }
    e1000_driver_write(d, REG_RDBAL, d->rx_ring);
    e1000_driver_write(d, REG_RDLEN, d->rx_size * RXD_SIZE);
    e1000_driver_write(d, REG_RDH, 0);
    e1000_driver_write(d, REG_RDT, d->rx_size - 1);
}

static void start_tx(E1000Driver *d)
{
    d->tx_size = E1000_DRIVER_RING;
    d->tx_next = 0;
    d->tx_ring = e1000_bench_alloc(d->bench, d->tx_size * TXD_SIZE);
    e1000_driver_write(d, REG_TDBAL, d->tx_ring);
    e1000_driver_write(d, REG_TDLEN, d->tx_size * TXD_SIZE);
    e1000_driver_write(d, REG_TDH, 0);
    e1000_driver_write(d, REG_TDT, 0);
}

void e1000_driver_start(E1000Driver *d, guint32 rctl)
{
    start_rx(d);
    start_tx(d);
    e1000_driver_write(d, REG_RCTL, RCTL_EN | rctl);
    e1000_driver_write(d, REG_TCTL, TCTL_EN);
    e1000_bench_turn(d->bench);
}

bool e1000_driver_receive(E1000Driver *d, E1000Received *ret, void *buf)
{
    guint8 *desc = descriptor(d, d->rx_ring, d->rx_next);
    guint64 buffer = pci_get_long(desc);

    e1000_bench_turn(d->bench);
    if (!(desc[RXD_STATUS] & RXD_DD)) {
        return false;
    }
    *ret = (E1000Received){
        .length = pci_get_word(desc + RXD_LENGTH), .checksum = pci_get_word(desc + RXD_CHECKSUM),
        .status = desc[RXD_STATUS], .errors = desc[RXD_ERRORS],
        .special = pci_get_word(desc + RXD_SPECIAL),
    };
    if (buf) {
        memcpy(buf, e1000_bench_ptr(d->bench, buffer), ret->length);
    }
    memset(desc, 0, RXD_SIZE);
    pci_set_long(desc, buffer);
    e1000_driver_write(d, REG_RDT, d->rx_next);
    d->rx_next = (d->rx_next + 1) % d->rx_size;
    return true;
}

guint64 e1000_driver_add(E1000Driver *d, guint64 buffer, guint32 lower, guint32 upper, bool tail)
{
    guint64 address = d->tx_ring + d->tx_next * TXD_SIZE;
    guint8 *desc = e1000_bench_ptr(d->bench, address);

    pci_set_long(desc, buffer);
    pci_set_long(desc + 4, buffer >> 32);
    pci_set_long(desc + 8, lower);
    pci_set_long(desc + 12, upper);
    d->tx_next = (d->tx_next + 1) % d->tx_size;
    if (tail) {
        e1000_driver_write(d, REG_TDT, d->tx_next);
        e1000_bench_turn(d->bench);
    }
    return address;
}

guint64 e1000_driver_send(E1000Driver *d, const void *frame, gsize size, guint32 lower)
{
    guint64 buffer = e1000_bench_alloc(d->bench, size);

    memcpy(e1000_bench_ptr(d->bench, buffer), frame, size);
    return e1000_driver_add(d, buffer, lower | TXD_EOP | size, 0, true);
}

bool e1000_driver_done(E1000Driver *d, guint64 address)
{
    const guint8 *desc = e1000_bench_ptr(d->bench, address);

    return desc[TXD_STATUS] & TXD_DD;
}

/* ---- The network ---- */

void e1000_driver_net_send(E1000Driver *d, const void *frame, gsize size)
{
    g_assert_cmpint(send(d->fd, frame, size, MSG_DONTWAIT), ==, size);
    e1000_bench_turn(d->bench);
}

gssize e1000_driver_net_receive(E1000Driver *d, void *buf, gsize size)
{
    e1000_bench_turn(d->bench);
    return recv(d->fd, buf, size, MSG_DONTWAIT);
}
