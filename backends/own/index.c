#include "backends/own/index.h"

enum kaon_status kaon_index_read(const struct kaon_call *call, size_t i, size_t at, size_t n,
                                 int64_t limit, int64_t *out, struct kaon_msg *msg)
{
    const struct kaon_tensor *t = call->in[i];
    const int64_t *wide = t->type == KAON_I64 ? (const int64_t *)t->data + at : NULL;
    const int32_t *narrow = t->type == KAON_I32 ? (const int32_t *)t->data + at : NULL;
    uint64_t bad = 0;
    for (size_t k = 0; k < n; k++) {
        const int64_t v = wide ? wide[k] : narrow[k];
        out[k] = v < 0 ? v + limit : v;
        bad |= (uint64_t)out[k] >= (uint64_t)limit;
    }
    for (size_t k = 0; bad && k < n; k++)
        if ((uint64_t)out[k] >= (uint64_t)limit)
            return kaon_own_fail(call, msg, KAON_BAD_INPUT,
                                 "index %lld at position %zu, wanted %lld .. %lld",
                                 (long long)(wide ? wide[k] : narrow[k]), at + k, -(long long)limit,
                                 (long long)limit - 1);
    return KAON_OK;
}
