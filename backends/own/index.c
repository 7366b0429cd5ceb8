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

/* Says which of a tuple's indices is out of range. */
static enum kaon_status bad_tuple(const struct kaon_call *call, size_t i, size_t first,
                                  int32_t depth, const int64_t *dims, struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    int64_t index;
    for (int32_t k = 0; st == KAON_OK && k < depth; k++)
        st = kaon_index_read(call, i, first + (size_t)k, 1, dims[k], &index, msg);
    return st;
}

enum kaon_status kaon_index_tuple(const struct kaon_call *call, size_t i, size_t t, int32_t depth,
                                  const int64_t *dims, size_t *place, struct kaon_msg *msg)
{
    const struct kaon_tensor *index = call->in[i];
    const size_t first = t * (size_t)depth;
    const int64_t *wide = (const int64_t *)index->data + first;
    const int32_t *narrow = (const int32_t *)index->data + first;
    size_t at = 0;
    for (int32_t k = 0; k < depth; k++) {
        const int64_t v = index->type == KAON_I64 ? wide[k] : narrow[k];
        const int64_t j = v < 0 ? v + dims[k] : v;
        if ((uint64_t)j >= (uint64_t)dims[k])
            return bad_tuple(call, i, first, depth, dims, msg);
        at = at * (size_t)dims[k] + (size_t)j;
    }
    *place = at;
    return KAON_OK;
}
