/* The engine's operators: one const struct kaon_op each, listed by op.inc. */
#ifndef KAON_ENGINE_OPS_OPS_H
#define KAON_ENGINE_OPS_OPS_H

#include "engine/base/attrs.h"
#include "engine/base/fact.h"
#include "engine/base/op.h"
#include "engine/base/size.h"
#include "engine/base/tensor.h"

#define KAON_OP(id, name, domain) extern const struct kaon_op kaon_op_##id;
#define KAON_OP_CONTROL(id, name, domain) extern const struct kaon_op kaon_op_##id;
#include "engine/base/op.inc"
#undef KAON_OP
#undef KAON_OP_CONTROL

#endif
