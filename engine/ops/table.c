/* The operators by kind and by name, from op.inc. */
#include "engine/ops/ops.h"

#include <string.h>

static const struct kaon_op *const ops[KAON_OP_COUNT] = {
#define KAON_OP(id, name, domain) [KAON_OP_##id] = &kaon_op_##id,
#define KAON_OP_CONTROL(id, name, domain) [KAON_OP_##id] = &kaon_op_##id,
#include "engine/base/op.inc"
#undef KAON_OP
#undef KAON_OP_CONTROL
};

const struct kaon_op *kaon_op_of(enum kaon_op_kind kind)
{
    return ops[kind];
}

/* QONNX's operators have had other homes. */
static const char *home_of(const char *domain)
{
    static const char *const old[] = { "finn.custom_op.general", "onnx.brevitas" };
    for (size_t i = 0; i < KAON_COUNT(old); i++)
        if (!strcmp(domain, old[i]))
            return "qonnx.custom_op.general";
    return domain;
}

const struct kaon_op *kaon_op_find(const char *domain, const char *name)
{
    domain = home_of(domain);
    for (size_t i = 0; i < KAON_COUNT(ops); i++)
        if (ops[i] && !strcmp(ops[i]->name, name) && !strcmp(ops[i]->domain, domain))
            return ops[i];
    return NULL;
}
