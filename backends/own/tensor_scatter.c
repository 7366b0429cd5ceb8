/* TensorScatter: a cache with an update written into each item of the batch. */
#include "backends/own/own.h"

#include <string.h>

/* First place that item `batch` is written to. */
static enum kaon_status place_of(const struct kaon_step *step, size_t batch, int64_t length,
                                 int64_t n, int64_t *at, struct kaon_msg *msg)
{
    const struct kaon_tensor_scatter *a = step->call.attr;
    const struct kaon_tensor *index = kaon_own_in(&step->call, 2);
    *at = index ? kaon_element_int(index->type, index->data, (int64_t)batch) : 0;
    if (a->circular && length > 0)
        *at = (*at % length + length) % length;
    else if (*at < 0 || *at > length - n)
        return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT,
                             "%lld places from %lld on in a cache of %lld", (long long)n,
                             (long long)*at, (long long)length);
    return KAON_OK;
}

static enum kaon_status run_scatter(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor_scatter *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *update = step->call.in[1];
    const int32_t axis = kaon_own_axis(a->axis, x->rank);
    const int64_t length = x->dims[axis], n = update->dims[axis];
    const size_t heads = kaon_own_product(x, 1, axis), bytes = kaon_type_bytes(x->type);
    const size_t line = kaon_own_product(x, axis + 1, x->rank) * bytes;
    const char *src = update->data;
    char *dst = step->call.out[0]->data;
    int64_t at;
    if (kaon_own_count(x))
        memcpy(dst, x->data, kaon_own_count(x) * bytes);
    for (size_t batch = 0; batch < (size_t)x->dims[0]; batch++) {
        const enum kaon_status st = place_of(step, batch, length, n, &at, msg);
        if (st != KAON_OK)
            return st;
        for (size_t h = 0; line && h < heads; h++, dst += (size_t)length * line)
            for (int64_t i = 0; i < n; i++, src += line)
                memcpy(dst + (size_t)((at + i) % length) * line, src, line);
    }
    return KAON_OK;
}

static enum kaon_status prepare_scatter(struct kaon_step *step, struct kaon_arena *memory,
                                        struct kaon_msg *msg)
{
    (void)memory;
    if (step->call.in[1]->type != step->call.in[0]->type)
        return kaon_own_no_type(&step->call, step->call.in[1]->type, msg);
    step->run = run_scatter;
    return KAON_OK;
}

const struct kaon_own kaon_own_tensor_scatter = { .prepare = prepare_scatter };
