/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/pmi_control.h"

static const char *const names[] = {
#define PMI_CONTROL(name, what) [PMI_CONTROL_##name] = #name,
#include "wire/pmi_control.def"
#undef PMI_CONTROL
};

const char *pmi_control_name(const void *payload, size_t n)
{
    unsigned type = n ? *(const unsigned char *)payload : 0;
    return type > PMI_CONTROL_NONE && type < PMI_CONTROL_END ? names[type] : "?";
}
