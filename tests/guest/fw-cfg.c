/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware configuration device, by DMA if it has that.
 */
#include "tests/guest/fw-cfg.h"

#include "tests/guest/console.h"
#include "tests/guest/io.h"
#include "tests/guest/words.h"

enum {
    SELECTOR = 0x510,
    DATA = 0x511,
    DMA = 0x514,
    KEY_SIGNATURE = 0x00,
    KEY_ID = 0x01,
    KEY_DIRECTORY = 0x19,
    ID_DMA = 2,
    CONTROL_ERROR = 1,
    CONTROL_READ = 2,
    CONTROL_SELECT = 8,
    NAME_SIZE = 56,
    TEXT_MAX = 200,
};

typedef struct {
    uint32_t control, length;
    uint64_t address;
} DmaAccess;

static uint32_t read_be(unsigned size)
{
    uint32_t value = 0;

    while (size--)
        value = value << 8 | in8(DATA);
    return value;
}

static void read_data(char *buffer, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        buffer[i] = (char)in8(DATA);
}

/* The DMA register is big endian, and so are the descriptor's members. */
static bool read_dma(uint16_t key, char *buffer, unsigned size)
{
    static volatile DmaAccess access;
    uint64_t address = (uintptr_t)&access;
    uint32_t control = CONTROL_READ | CONTROL_SELECT | (uint32_t)key << 16;

    access.control = __builtin_bswap32(control);
    access.length = __builtin_bswap32(size);
    access.address = __builtin_bswap64((uintptr_t)buffer);
    out32(DMA, __builtin_bswap32((uint32_t)(address >> 32)));
    out32(DMA + 4, __builtin_bswap32((uint32_t)address));
    while ((control = __builtin_bswap32(access.control)) & ~(uint32_t)CONTROL_ERROR)
        ;
    return control == 0;
}

/* The file's number, or 0. */
static uint16_t find(const char *name, uint32_t *ret_size)
{
    uint32_t n;

    out16(SELECTOR, KEY_DIRECTORY);
    n = read_be(4);
    for (uint32_t i = 0; i < n; i++) {
        char found[NAME_SIZE];
        uint32_t size = read_be(4);
        uint16_t key = (uint16_t)read_be(2);

        read_be(2);
        read_data(found, sizeof(found));
        if (word_equal(found, name)) {
            *ret_size = size;
            return key;
        }
    }
    return 0;
}

static void print_text(const char *name, uint32_t size, const char *how, const char *text,
                       unsigned length)
{
    print("fw_cfg: %s, %u bytes by %s: ", name, size, how);
    for (unsigned i = 0; i < length; i++)
        print("%c", text[i] >= ' ' && text[i] < 0x7f ? text[i] : '.');
    print("\n");
}

void fw_cfg_print(const char *name)
{
    static char text[TEXT_MAX];
    uint32_t size = 0;
    uint16_t key;
    unsigned length;

    out16(SELECTOR, KEY_SIGNATURE);
    if (read_be(4) != 0x51454d55) {
        print("fw_cfg: no device\n");
        return;
    }
    key = find(name, &size);
    if (key == 0) {
        print("fw_cfg: no file %s\n", name);
        return;
    }
    length = size < TEXT_MAX ? size : TEXT_MAX;
    out16(SELECTOR, KEY_ID);
    if (in8(DATA) & ID_DMA) {
        if (read_dma(key, text, length))
            print_text(name, size, "DMA", text, length);
        else
            print("fw_cfg: DMA failed\n");
    } else {
        out16(SELECTOR, key);
        read_data(text, length);
        print_text(name, size, "the data port", text, length);
    }
}

bool fw_cfg_print_item(const char *text)
{
    uint64_t key, n;

    if (!word_number(&text, &key) || *text++ != ',' || !word_number(&text, &n) || *text)
        return false;
    out16(SELECTOR, (uint16_t)key);
    print("fw_cfg: item %lu, bytes", key);
    while (n--)
        print(" %02x", in8(DATA));
    print("\n");
    return true;
}
