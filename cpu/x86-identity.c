/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See x86-identity.h.
 */
#include "config.h"
#include "cpu/x86-identity.h"

#include <string.h>

#include "cpu/cpuid.h"
#include "cpu/x86-features.h"

enum {
    EAX, EBX, ECX, EDX,
    DEFAULT_PHYS_BITS = 40,
    MAX_PHYS_BITS = 52,
};

typedef struct {
    Accel *accel;
    X8664CpuProps *props;
    const QmpClass *klass;
    const QmpGiven *given;
    bool host_model;
} Identity;

static bool was_given(const Identity *id, const char *property)
{
    const QmpMember *member = qmp_class_member(id->klass, property);

    return member && qmp_given(id->given, member - qmp_members(id->klass->props));
}

static void set_string(char **string, const char *value)
{
    g_free(*string);
    *string = g_strdup(value);
}

/* Twelve characters from EBX, EDX, ECX of leaf 0; false if it has none. */
static bool vendor_of_accel(const Identity *id, char ret_vendor[13])
{
    guint32 regs[4];
    guint n = 0;

    cpuid_of_accel(id->accel, 0, 0, regs);
    for (guint i = 0; i < 3; i++) {
        guint32 part = GUINT32_TO_LE(regs[i == 0 ? EBX : i == 1 ? EDX : ECX]);

        memcpy(ret_vendor + 4 * i, &part, 4);
    }
    ret_vendor[12] = '\0';
    while (g_ascii_isprint(ret_vendor[n])) {
        n++;
    }
    return n == 12;
}

static void choose_vendor(const Identity *id)
{
    X8664CpuProps *props = id->props;
    char vendor[13];

    if (vendor_of_accel(id, vendor) && !was_given(id, "vendor")) {
        set_string(&props->vendor, vendor);
    } else if (!props->vendor) {
        set_string(&props->vendor, "AuthenticAMD");
    }
}

static void choose_signature(const Identity *id)
{
    X8664CpuProps *props = id->props;
    guint32 regs[4];
    guint family, model, stepping;

    cpuid_of_accel(id->accel, 1, 0, regs);
    if (!id->host_model || !regs[EAX]) {
        return;
    }
    cpuid_parse_signature(regs[EAX], &family, &model, &stepping);
    props->family = was_given(id, "family") ? props->family : family;
    props->model = was_given(id, "model") ? props->model : model;
    props->stepping = was_given(id, "stepping") ? props->stepping : stepping;
}

static void choose_model_id(const Identity *id)
{
    X8664CpuProps *props = id->props;
    char brand[49] = "";

    if (props->model_id || !id->host_model) {
        return;
    }
    for (guint i = 0; i < 3; i++) {
        guint32 regs[4];

        cpuid_of_accel(id->accel, 0x80000002 + i, 0, regs);
        for (guint reg = 0; reg < 4; reg++) {
            guint32 part = GUINT32_TO_LE(regs[reg]);

            memcpy(brand + 16 * i + 4 * reg, &part, 4);
        }
    }
    set_string(&props->model_id, brand[0] ? brand : "vmd virtual CPU");
}

static void choose_phys_bits(const Identity *id)
{
    X8664CpuProps *props = id->props;
    guint32 regs[4];
    guint host;

    if (props->has_phys_bits) {
        return;
    }
    cpuid_of_accel(id->accel, 0x80000008, 0, regs);
    host = MIN(regs[EAX] & 0xff, MAX_PHYS_BITS);
    if (props->host_phys_bits && props->host_phys_bits_limit) {
        host = MIN(host, props->host_phys_bits_limit);
    }
    props->phys_bits = host && (props->host_phys_bits || host < DEFAULT_PHYS_BITS)
        ? host : DEFAULT_PHYS_BITS;
    props->has_phys_bits = true;
}

/* `host` and `max` have the accelerator's levels. */
static void choose_min_levels(const Identity *id)
{
    X8664CpuProps *props = id->props;
    guint32 basic[4], extended[4];

    if (!id->host_model) {
        return;
    }
    cpuid_of_accel(id->accel, 0, 0, basic);
    cpuid_of_accel(id->accel, 0x80000000, 0, extended);
    props->min_level = MAX(props->min_level, MIN(basic[EAX], 0x1f));
    props->min_xlevel = MAX(props->min_xlevel, MIN(extended[EAX], 0x80000021));
}

void x86_identity_choose(Accel *accel, const QmpClass *klass, X8664CpuProps *props,
                         const QmpGiven *given)
{
    const Identity id = {
        .accel = accel,
        .props = props,
        .klass = klass,
        .given = given,
        .host_model = x86_is_host_class(klass),
    };

    choose_vendor(&id);
    choose_signature(&id);
    choose_model_id(&id);
    choose_phys_bits(&id);
    choose_min_levels(&id);
}
