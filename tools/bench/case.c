#include "tools/bench/case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/element.h"

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 (Steele et al. 2014) */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void fill(struct kaon_tensor *t, double lo, double hi, uint64_t seed)
{
    const size_t n = (size_t)kaon_tensor_count(t);
    uint64_t state = seed;
    if (t->type == KAON_F32) {
        float *x = t->data;
        for (size_t i = 0; i < n; i++)
            x[i] = (float)(lo + (hi - lo) * (double)(next_random(&state) >> 40) * 0x1p-24);
        return;
    }
    if (t->type == KAON_I64) {
        int64_t *x = t->data;
        for (size_t i = 0; i < n; i++)
            x[i] = (int64_t)(lo + (hi - lo) * (double)(next_random(&state) >> 40) * 0x1p-24);
        return;
    }
    if (t->type == KAON_U8 || t->type == KAON_I8) {
        uint8_t *x = t->data;
        for (size_t i = 0; i < n; i++) {
            x[i] = (uint8_t)(next_random(&state) >> 56);
            x[i] = t->type == KAON_I8 && x[i] == 0x80 ? 0x81 : x[i]; /* -128: not every peer's */
        }
        return;
    }
    for (size_t i = 0; i < n; i++)
        kaon_element_random(t, i, next_random(&state));
}

bool kaon_bench_tensor(struct kaon_tensor *t, enum kaon_type type, int32_t rank,
                       const int64_t *dims, double lo, double hi, uint64_t seed)
{
    *t = (struct kaon_tensor){ .type = type, .rank = rank };
    memcpy(t->dims, dims, (size_t)rank * sizeof *dims);
    t->bytes = (size_t)kaon_tensor_count(t) * kaon_type_bytes(type);
    const size_t room = (t->bytes + 127) & ~(size_t)63; /* wide loads may look past the end */
    t->data = aligned_alloc(64, room);
    if (!t->data)
        return false;
    memset(t->data, 0, room);
    if (lo < hi)
        fill(t, lo, hi, seed);
    return true;
}

void kaon_bench_count_bytes(struct kaon_bench_case *c)
{
    double in = 0.0;
    for (size_t i = 0; i < KAON_BENCH_INPUTS; i++)
        in += (double)c->in[i].bytes;
    if (!(c->bytes_read > 0.0))
        c->bytes_read = in;
    c->bytes_written = (double)c->out.bytes;
    c->footprint = (size_t)c->bytes_read + c->out.bytes;
}

void kaon_bench_case_free(struct kaon_bench_case *c)
{
    for (size_t i = 0; i < KAON_BENCH_INPUTS; i++)
        free(c->in[i].data);
    free(c->out.data);
    *c = (struct kaon_bench_case){ 0 };
}

double kaon_bench_difference(const struct kaon_tensor *a, const struct kaon_tensor *b,
                             double *largest)
{
    const size_t n = (size_t)kaon_tensor_count(a);
    double worst = 0.0;
    *largest = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double x = kaon_element(a, i), y = kaon_element(b, i);
        if (x == y || (isnan(x) && isnan(y)))
            continue;
        const double d = fabs(x - y);
        worst = isnan(d) ? (double)INFINITY : fmax(worst, d);
    }
    for (size_t i = 0; i < n; i++) {
        const double x = kaon_element(a, i);
        *largest = isfinite(x) ? fmax(*largest, fabs(x)) : *largest;
    }
    return worst;
}
