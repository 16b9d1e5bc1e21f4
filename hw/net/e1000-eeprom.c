/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000: the EEPROM, a Microwire part of 64 words (93C46), SDM chapter 5.
 *
 * EERD reads a word at a time.  Through EECD the driver clocks bits itself: while
 * CS is high, each rising edge of SK samples DI, from the start bit (the first 1)
 * on; then come two bits of an operation and six of an address, and 16 of data to
 * or from the part.  A write takes no time, so DO always signals ready.
 */
#include "config.h"
#include "hw/net/e1000.h"

#include "qmp/bytes.h"

enum { OP_OTHER = 0, OP_WRITE = 1, OP_READ = 2, OP_ERASE = 3 };
enum { OTHER_EWDS = 0, OTHER_WRAL = 1, OTHER_ERAL = 2, OTHER_EWEN = 3 };

enum {
    ADDRESS_BITS = 6,
    HEAD_BITS = 2 + ADDRESS_BITS,
    DATA_BITS = 16,
    WORD_CHECKSUM = 0x3f,
    CHECKSUM = 0xbaba,          /* 5.6.35: the sum of all words */
};

/* ---- Contents (5.6, table 5-2) ---- */

void e1000_fill_eeprom(E1000 *s)
{
    guint16 sum = 0;

    for (guint i = 0; i < E1000_EEPROM_WORDS; i++) {
        s->eeprom[i] = 0xffff;
    }
    for (guint i = 0; i < 3; i++) {
        s->eeprom[i] = get_le16(s->mac + 2 * i);
    }
    s->eeprom[0x03] = 0x0000;           /* compatibility */
    s->eeprom[0x04] = 0x0000;           /* LED modes: the defaults */
    s->eeprom[0x08] = 0x0000;           /* board number */
    s->eeprom[0x09] = 0x0000;
    s->eeprom[0x0a] = 0x4403;           /* initialization control 1: valid, ids are here */
    s->eeprom[0x0b] = pci_get_word(s->parent.config + 0x2e);
    s->eeprom[0x0c] = pci_get_word(s->parent.config + 0x2c);
    s->eeprom[0x0d] = pci_get_word(s->parent.config + 0x02);
    s->eeprom[0x0e] = pci_get_word(s->parent.config + 0x00);
    s->eeprom[0x0f] = 0x3040;           /* initialization control 2: pause, autonegotiation */
    for (guint i = 0; i < WORD_CHECKSUM; i++) {
        sum += s->eeprom[i];
    }
    s->eeprom[WORD_CHECKSUM] = CHECKSUM - sum;
}

void e1000_load_eeprom(E1000 *s)
{
    s->ra[0] = s->eeprom[0] | (guint32)s->eeprom[1] << 16;
    s->ra[1] = s->eeprom[2] | RAH_AV;
}

/* ---- EERD ---- */

void e1000_write_eerd(E1000 *s, guint32 value)
{
    guint word = value >> EERD_ADDR_SHIFT & (E1000_EEPROM_WORDS - 1);

    s->eerd = value & (E1000_EEPROM_WORDS - 1) << EERD_ADDR_SHIFT;
    if (value & EERD_START) {
        s->eerd |= EERD_DONE | (guint32)s->eeprom[word] << EERD_DATA_SHIFT;
    }
}

/* ---- The serial port ---- */

static void write_word(E1000 *s, guint word, guint16 value)
{
    if (s->eeprom_writable) {
        s->eeprom[word] = value;
    }
}

static void write_all(E1000 *s, guint16 value)
{
    for (guint i = 0; i < E1000_EEPROM_WORDS; i++) {
        write_word(s, i, value);
    }
}

/* Runs an operation that is encoded in the address's upper bits. */
static void run_other(E1000 *s, guint which)
{
    if (which == OTHER_EWEN || which == OTHER_EWDS) {
        s->eeprom_writable = which == OTHER_EWEN;
    } else if (which == OTHER_ERAL) {
        write_all(s, 0xffff);
    }
}

/* Operation and address are complete. */
static void head_done(E1000 *s)
{
    guint op = s->serial_in >> ADDRESS_BITS & 3;
    guint word = s->serial_in & (E1000_EEPROM_WORDS - 1);

    if (op == OP_READ) {
        s->serial_out = s->eeprom[word];
        s->serial_do = false;           /* a zero comes before the word */
    } else if (op == OP_ERASE) {
        write_word(s, word, 0xffff);
    } else if (op == OP_OTHER) {
        run_other(s, word >> (ADDRESS_BITS - 2));
    }
}

static void data_done(E1000 *s)
{
    guint head = s->serial_in >> DATA_BITS;
    guint op = head >> ADDRESS_BITS & 3;
    guint word = head & (E1000_EEPROM_WORDS - 1);

    if (op == OP_WRITE) {
        write_word(s, word, s->serial_in);
    } else if (op == OP_OTHER && word >> (ADDRESS_BITS - 2) == OTHER_WRAL) {
        write_all(s, s->serial_in);
    }
}

static bool is_reading(const E1000 *s)
{
    return s->serial_n_in >= HEAD_BITS &&
           (s->serial_in >> (s->serial_n_in - 2) & 3) == OP_READ;
}

/* A rising edge of SK.  A read continues with the next bits of the word, then
 * with ones; bits after a complete write have no meaning. */
static void clock_in(E1000 *s, bool di)
{
    if (s->serial_n_in == 0 && s->serial_in == 0) {
        s->serial_in = di;              /* the start bit, if it is one */
        return;
    }
    if (is_reading(s)) {
        s->serial_do = s->serial_out >> 15;
        s->serial_out = s->serial_out << 1 | 1;
        return;
    }
    if (s->serial_n_in >= HEAD_BITS + DATA_BITS) {
        return;
    }
    s->serial_in = s->serial_in << 1 | di;
    if (++s->serial_n_in == HEAD_BITS) {
        head_done(s);
    } else if (s->serial_n_in == HEAD_BITS + DATA_BITS) {
        data_done(s);
    }
}

guint32 e1000_read_eecd(E1000 *s)
{
    return s->eecd | EECD_PRES | (s->eecd & EECD_REQ ? EECD_GNT : 0) |
           (s->serial_do ? EECD_DO : 0);
}

void e1000_write_eecd(E1000 *s, guint32 value)
{
    guint32 before = s->eecd;

    s->eecd = value & (EECD_SK | EECD_CS | EECD_DI | EECD_FWE | EECD_REQ);
    if (!(s->eecd & EECD_CS) || !(before & EECD_CS)) {
        s->serial_in = s->serial_n_in = 0;
        s->serial_do = true;            /* ready */
    }
    if (s->eecd & EECD_CS && s->eecd & ~before & EECD_SK) {
        clock_in(s, s->eecd & EECD_DI);
    }
}
