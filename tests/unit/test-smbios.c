/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/smbios/: tables of machines and of clients' settings, as dmidecode reads
 * them.
 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "hw/smbios/smbios.h"
#include "qmp/bytes.h"
#include "qmp/error.h"
#include "qom/qapi-objects-firmware.h"
#include "tests/lib/outside.h"
#include "tests/lib/rig.h"

#define GIB (G_GUINT64_CONSTANT(1) << 30)

static const SmbiosRange ranges[] = { { 0, 3 * GIB }, { 4 * GIB, 17 * GIB } };

static SmbiosConfig usual(bool is_64)
{
    const SmbiosSocket sockets[] = { { 0, 2, 4 }, { 1, 1, 1 } };
    SmbiosConfig config = {
        .manufacturer = "QEMU", .product = "Standard PC", .version = "pc-i440fx-2.7",
        .is_64 = is_64, .ram_size = 20 * GIB, .ranges = ranges, .n_ranges = 2,
        .uuid = "00112233-4455-6677-8899-aabbccddeeff",
        .processor_id = G_GUINT64_CONSTANT(0x078bfbfd00000663),
        .sockets = g_array_new(false, false, sizeof(SmbiosSocket)),
        .strings = g_ptr_array_new(),
    };

    g_array_append_vals(config.sockets, sockets, 2);
    return config;
}

/* What dmidecode says, with single spaces; NULL if it is not installed. */
static char *decode(const SmbiosConfig *config)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmbiosTables) tables = smbios_build(config, &error);
    g_autoptr(GByteArray) dump = NULL;
    g_autofree char *folder = NULL, *output = NULL;
    g_auto(GStrv) words = NULL;

    g_assert_no_error(error);
    if (!outside_have("dmidecode")) {
        return NULL;
    }
    folder = outside_folder();
    dump = smbios_relocate(tables, 0);
    outside_write(folder, "dump", dump->data, dump->len);
    output = outside_run(folder, "dmidecode --from-dump dump");
    outside_remove(folder);
    words = g_strsplit_set(output, " \t\n", -1);
    for (guint i = 0, n = 0; words[i]; i++) {
        if (*words[i]) {
            char *word = words[i];

            words[i] = words[n];
            words[n++] = word;
        }
    }
    return g_strjoinv(" ", words);
}

static void assert_has(const char *text, const char *what)
{
    if (!strstr(text, what)) {
        g_error("dmidecode does not say \"%s\"", what);
    }
}

static void assert_lacks(const char *text, const char *what)
{
    if (strstr(text, what)) {
        g_error("dmidecode says \"%s\"", what);
    }
}

static void check_usual(bool is_64)
{
    SmbiosConfig config = usual(is_64);
    g_autofree char *text = decode(&config);

    if (text) {
        assert_has(text, is_64 ? "SMBIOS 3.0.0 present." : "SMBIOS 2.8 present.");
        assert_has(text, "Product Name: Standard PC Version: pc-i440fx-2.7");
        assert_has(text, "UUID: 00112233-4455-6677-8899-aabbccddeeff");
        assert_has(text, "Wake-up Type: Power Switch");
        assert_has(text, "Socket Designation: CPU 0");
        assert_has(text, "ID: 63 06 00 00 FD FB 8B 07");
        assert_has(text, "Core Count: 2 Core Enabled: 2 Thread Count: 4");
        assert_has(text, "Socket Designation: CPU 1");
        assert_has(text, "Maximum Capacity: 20 GB");
        assert_has(text, "Number Of Devices: 2");
        assert_has(text, "Size: 16 GB Form Factor: DIMM Set: None Locator: DIMM 0");
        assert_has(text, "Size: 4 GB Form Factor: DIMM Set: None Locator: DIMM 1");
        assert_has(text, "Starting Address: 0x00000000000 Ending Address: 0x000BFFFFFFF");
        assert_has(text, "Starting Address: 0x00100000000 Ending Address: 0x0053FFFFFFF");
        assert_has(text, "Status: No errors detected");
        assert_has(text, "End Of Table");
        assert_lacks(text, "BIOS Information");
        assert_lacks(text, "Base Board");
        assert_lacks(text, "OEM Strings");
        assert_lacks(text, "TRUNCATED");
        assert_lacks(text, "BAD INDEX");
        assert_lacks(text, "Wrong");
    }
    smbios_clear(&config);
}

static void test_32(void)
{
    check_usual(false);
}

static void test_64(void)
{
    check_usual(true);
}

/* Checksums of the 32-bit entry point, which dmidecode checks, too, and where it
 * points to. */
static void test_entry_point(void)
{
    SmbiosConfig config = usual(false);
    g_autoptr(SmbiosTables) tables = smbios_build(&config, NULL);
    g_autoptr(GByteArray) table = smbios_relocate(tables, 0xf4100);
    guint8 sum = 0;

    g_assert_cmpuint(tables->anchor->len, ==, 0x1f);
    g_assert_cmphex(get_le32(table->data + 0x18), ==, 0xf4120);
    for (guint i = 0; i < 0x1f; i++) {
        sum += table->data[i];
    }
    g_assert_cmphex(sum, ==, 0);
    g_assert_cmpmem(table->data + 0x20, tables->structures->len, tables->structures->data,
                    tables->structures->len);
    g_assert_cmphex(table->data[0x20], ==, 1);
    smbios_clear(&config);
}

static void test_large_memory(void)
{
    static const SmbiosRange range = { 4 * GIB, 5120 * GIB };
    SmbiosConfig config = usual(true);
    g_autofree char *text = NULL;

    config.ram_size = 5120 * GIB;
    config.ranges = &range;
    config.n_ranges = 1;
    text = decode(&config);
    if (text) {
        assert_has(text, "Maximum Capacity: 5 TB");
        assert_has(text, "Number Of Devices: 320");
        assert_has(text, "Locator: DIMM 319");
        assert_has(text, "Starting Address: 0x0000000100000000k Ending Address: 0x00000500FFFFFFFFk");
    }
    smbios_clear(&config);
}

/* ---- Settings ---- */

static void object_(Rig *rig, const char *klass, const char *id, const char *const *pairs)
{
    g_autoptr(GError) error = NULL;

    rig_object(rig, klass, id, &error, pairs[0], pairs[1], pairs[2], pairs[3], pairs[4], pairs[5],
               pairs[6], pairs[7], pairs[8], pairs[9], NULL);
    g_assert_no_error(error);
}

#define OBJECT(rig_, klass_, id_, ...) \
    object_(rig_, klass_, id_, (const char *const[11]){ __VA_ARGS__ })

static char *decode_rig(Rig *rig)
{
    g_autoptr(GError) error = NULL;
    SmbiosConfig config = {
        .manufacturer = "QEMU", .product = "P", .version = "V", .ram_size = GIB,
        .ranges = ranges, .n_ranges = 1,
    };
    char *text;

    smbios_collect(rig->machine, &config, &error);
    g_assert_no_error(error);
    text = decode(&config);
    smbios_clear(&config);
    return text;
}

static void test_settings(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autofree char *text = NULL;

    OBJECT(rig, "smbios-type-0", "t0", "vendor", "V0", "version", "W0", "date", "04/01/2014",
           "release", "12.34", "uefi", "on");
    OBJECT(rig, "smbios-type-1", "t1", "product", "P1", "serial", "S1", "uuid",
           "ffeeddcc-bbaa-9988-7766-554433221100", "sku", "K1", "family", "F1");
    OBJECT(rig, "smbios-type-2", "t2", "product", "P2", "serial", "S2", "asset", "A2", "location",
           "L2");
    OBJECT(rig, "smbios-type-3", "t3", "manufacturer", "M3", "serial", "S3", "asset", "A3", "sku",
           "K3");
    OBJECT(rig, "smbios-type-17", "t17", "loc_pfx", "SLOT", "bank", "B17", "speed", "3200", "part",
           "N17", "serial", "S17");
    text = decode_rig(rig);
    if (text) {
        assert_has(text, "Vendor: V0 Version: W0 Release Date: 04/01/2014");
        assert_has(text, "UEFI is supported System is a virtual machine BIOS Revision: 12.34");
        assert_has(text, "Manufacturer: QEMU Product Name: P1 Version: V Serial Number: S1 "
                         "UUID: ffeeddcc-bbaa-9988-7766-554433221100");
        assert_has(text, "SKU Number: K1 Family: F1");
        assert_has(text, "Manufacturer: QEMU Product Name: P2 Version: V Serial Number: S2 "
                         "Asset Tag: A2");
        assert_has(text, "Location In Chassis: L2 Chassis Handle: 0x0300 Type: Motherboard");
        assert_has(text, "Manufacturer: M3 Type: Other Lock: Not Present Version: V "
                         "Serial Number: S3 Asset Tag: A3");
        assert_has(text, "SKU Number: K3");
        assert_has(text, "Locator: SLOT 0 Bank Locator: B17");
        assert_has(text, "Speed: 3200 MT/s Manufacturer: QEMU Serial Number: S17");
        assert_has(text, "Part Number: N17");
    }
}

static void test_type_4(void)
{
    g_autoptr(Rig) rig = rig_new();
    const SmbiosType4Props *props;
    SmbiosConfig config = usual(false);
    g_autofree char *text = NULL;

    OBJECT(rig, "smbios-type-4", "t4", "sock_pfx", "SOCK", "max-speed", "4000", "processor-id",
           "0x1122334455667788", "part", "N4", "asset", "A4");
    props = smbios_type_4_props(object_resolve(rig->root, "/objects/t4", NULL));
    config.type4 = props;
    text = decode(&config);
    if (text) {
        assert_has(text, "Socket Designation: SOCK 1");
        assert_has(text, "ID: 88 77 66 55 44 33 22 11");
        assert_has(text, "Max Speed: 4000 MHz Current Speed: 2000 MHz");
        assert_has(text, "Asset Tag: A4 Part Number: N4");
    }
    smbios_clear(&config);
}

static void test_strings(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "vmd-test-smbios", NULL);
    g_autofree char *text = NULL;

    g_assert_true(g_file_set_contents(path, "from a file", -1, &error));
    OBJECT(rig, "smbios-type-11", "a", "path", path);
    OBJECT(rig, "smbios-type-11", "b", NULL);
    g_assert_true(g_file_set_contents(path, "with\0NUL", 8, &error));
    g_assert_null(rig_object(rig, "smbios-type-11", "c", &error, "path", path, NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_FILE_NOT_USABLE));
    unlink(path);
    text = decode_rig(rig);
    if (text) {
        assert_has(text, "OEM Strings String 1: from a file");
    }
}

static void test_one_of_each(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Object *first = rig_object(rig, "smbios-type-3", "a", &error, NULL);

    g_assert_no_error(error);
    g_assert_null(rig_object(rig, "smbios-type-3", "b", &error, NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
    g_clear_error(&error);
    g_assert_false(smbios_refuse(rig->machine, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
    g_clear_error(&error);
    object_destroy(first);
    rig_object(rig, "smbios-type-3", "b", &error, NULL);
    g_assert_no_error(error);
}

static void test_limits(void)
{
    SmbiosConfig config = usual(false);
    g_autofree char *longest = g_strnfill(G_MAXUINT16, 'x');
    g_autoptr(GError) error = NULL;
    g_autoptr(SmbiosTables) tables = NULL;

    g_ptr_array_add(config.strings, longest);
    g_assert_null(smbios_build(&config, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_LIMIT_EXCEEDED));
    config.is_64 = true;
    tables = smbios_build(&config, NULL);
    g_assert_cmpuint(tables->structures->len, >, G_MAXUINT16);
    smbios_clear(&config);
}

/* ---- Files ---- */

static void test_files(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    FwCfg *fw_cfg = to_fw_cfg(rig_device(rig, "fw_cfg_io", "f", &error, NULL));
    SmbiosConfig config = usual(false);
    g_autoptr(SmbiosTables) tables = smbios_build(&config, NULL);
    g_autoptr(GBytes) anchor = NULL, structures = NULL;

    g_assert_true(smbios_set_files(tables, fw_cfg, &error));
    anchor = fw_cfg_get_file(fw_cfg, "etc/smbios/smbios-anchor");
    structures = fw_cfg_get_file(fw_cfg, "etc/smbios/smbios-tables");
    g_assert_cmpmem(g_bytes_get_data(anchor, NULL), g_bytes_get_size(anchor),
                    tables->anchor->data, 0x1f);
    g_assert_cmpmem(g_bytes_get_data(structures, NULL), g_bytes_get_size(structures),
                    tables->structures->data, tables->structures->len);
    smbios_clear(&config);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smbios/32", test_32);
    g_test_add_func("/smbios/64", test_64);
    g_test_add_func("/smbios/entry-point", test_entry_point);
    g_test_add_func("/smbios/large-memory", test_large_memory);
    g_test_add_func("/smbios/settings", test_settings);
    g_test_add_func("/smbios/type-4", test_type_4);
    g_test_add_func("/smbios/strings", test_strings);
    g_test_add_func("/smbios/one-of-each", test_one_of_each);
    g_test_add_func("/smbios/limits", test_limits);
    g_test_add_func("/smbios/files", test_files);
    return g_test_run();
}
