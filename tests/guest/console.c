/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text on the first serial port.  Registers: National Semiconductor PC16550D,
 * section 8.
 */
#include "tests/guest/console.h"

#include <stdarg.h>
#include <stddef.h>

#include "tests/guest/io.h"

enum {
    UART = 0x3f8,
    UART_RBR = UART + 0,        /* received, to be transmitted, divisor low */
    UART_IER = UART + 1,        /* interrupt enable, divisor high */
    UART_FCR = UART + 2,
    UART_LCR = UART + 3,
    UART_MCR = UART + 4,
    UART_LSR = UART + 5,

    IER_RECEIVED = 0x01,
    FCR_ENABLE_AND_CLEAR = 0x07,
    LCR_8N1 = 0x03,
    LCR_DIVISOR = 0x80,
    MCR_DTR_RTS_OUT2 = 0x0b,    /* OUT2 lets the interrupt out */
    LSR_RECEIVED = 0x01,
    LSR_TRANSMIT_EMPTY = 0x20,
};

void console_init(void)
{
    out8(UART_IER, 0);
    out8(UART_LCR, LCR_DIVISOR);
    out8(UART_RBR, 1);
    out8(UART_IER, 0);
    out8(UART_LCR, LCR_8N1);
    out8(UART_FCR, FCR_ENABLE_AND_CLEAR);
    out8(UART_MCR, MCR_DTR_RTS_OUT2);
}

static void put_raw(char c)
{
    while (!(in8(UART_LSR) & LSR_TRANSMIT_EMPTY)) {
    }
    out8(UART_RBR, (uint8_t)c);
}

static void put(char c)
{
    if (c == '\n')
        put_raw('\r');
    put_raw(c);
}

static void put_number(uint64_t value, unsigned base, unsigned width, char fill)
{
    char digits[20];
    unsigned n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    for (; width > n; width--)
        put(fill);
    while (n)
        put(digits[--n]);
}

static void put_text(const char *text)
{
    while (*text)
        put(*text++);
}

/* One conversion, format pointing behind the %.  Returns where it ends. */
static const char *put_conversion(const char *format, va_list *arguments)
{
    char fill = ' ';
    unsigned width = 0;
    bool is_long = false;
    uint64_t value;

    if (*format == '0')
        fill = *format++;
    while (*format >= '0' && *format <= '9')
        width = width * 10 + (unsigned)(*format++ - '0');
    if (*format == 'l') {
        is_long = true;
        format++;
    }
    switch (*format) {
    case 'c':
        put((char)va_arg(*arguments, int));
        break;
    case 's':
        put_text(va_arg(*arguments, const char *));
        break;
    case 'u':
    case 'x':
        value = is_long ? va_arg(*arguments, unsigned long) : va_arg(*arguments, unsigned);
        put_number(value, *format == 'x' ? 16 : 10, width, fill);
        break;
    default:
        put('%');
        put(*format);
    }
    return format + 1;
}

void print(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    while (*format) {
        if (*format == '%')
            format = put_conversion(format + 1, &arguments);
        else
            put(*format++);
    }
    va_end(arguments);
}

void console_enable_receive_interrupt(void)
{
    out8(UART_IER, IER_RECEIVED);
}

bool console_receive(char *ret_character)
{
    if (!(in8(UART_LSR) & LSR_RECEIVED))
        return false;
    *ret_character = (char)in8(UART_RBR);
    return true;
}
