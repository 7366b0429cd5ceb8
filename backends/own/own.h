/* The own backend from inside: one struct kaon_own an operator, found by kind. */
#ifndef KAON_BACKENDS_OWN_OWN_H
#define KAON_BACKENDS_OWN_OWN_H

#include "backends/backend.h"

struct kaon_own {
    enum kaon_status (*prepare)(struct kaon_step *step, struct kaon_arena *memory,
                                struct kaon_msg *msg);
    enum kaon_status (*pack)(const struct kaon_call *call, struct kaon_arena *memory,
                             const void **packed, struct kaon_msg *msg); /* NULL: nothing */
};

#define KAON_OP(id, name, domain) extern const struct kaon_own kaon_own_##id;
#define KAON_OP_CONTROL(id, name, domain)
#include "engine/base/op.inc"
#undef KAON_OP
#undef KAON_OP_CONTROL

/* Refuses a call whose element type has no form here. */
enum kaon_status kaon_own_no_type(const struct kaon_call *call, enum kaon_type type,
                                  struct kaon_msg *msg);

/* Memory for arguments, cleared; sets the message if there is none. */
void *kaon_own_args(struct kaon_step *step, struct kaon_arena *memory, size_t bytes,
                    struct kaon_msg *msg);

#endif
