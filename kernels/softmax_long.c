#include "kernels/softmax_long.h"

#include "kernels/softmax_online.h"
#include "kernels/softmax_row.h"

/* Rows of at least so many elements are written past the caches, unless in place: the lines would be
 * fetched only to be overwritten, and nobody finds them cached afterwards. */
enum { STREAM_ROW = 1 << 19 };

/* How far y lies before a multiple of 64 bytes, in elements; all of n where it may not be streamed. */
static size_t before_stream(const float *y, const float *x, size_t n)
{
    const size_t off = (uintptr_t)y % 64;
    if (n < STREAM_ROW || y == x || off % sizeof *y)
        return n;
    return (64 - off) % 64 / sizeof *y;
}

/* y = exp(x - max) factor. Element by element, so where the vectors begin makes no difference. */
static void exp_output(float *y, const float *x, size_t n, vf max, vf factor)
{
    const size_t head = before_stream(y, x, n);
    exp_pass(EXP_STORE, y, x, head, max, factor, AHEAD, false);
    if (head == n)
        return;
    exp_pass(EXP_STREAM, y + head, x + head, n - head, max, factor, AHEAD, false);
    v_stream_end();
}

void KAON_K(kaon_softmax_reload_row)(float *y, const float *x, size_t n)
{
    bool normal;
    const vf max = row_range(x, n, &normal);
    const vf sum = exp_store_sum(y, x, n, max, normal);
    scale_row(y, n, reciprocal(sum));
}

void KAON_K(kaon_softmax_recompute_row)(float *y, const float *x, size_t n)
{
    const vf max = row_max(x, n);
    exp_output(y, x, n, max, reciprocal(exp_sum(EXP_SUM, NULL, x, n, max, false)));
}

void KAON_K(kaon_softmax_online_row)(float *y, const float *x, size_t n)
{
    struct online o = online_start();
    for (size_t i = 0; i < n; i += ONLINE_BLOCK) {
        const size_t some = n - i < ONLINE_BLOCK ? n - i : ONLINE_BLOCK;
        online_add(&o, x + i, some, lane_max(x + i, some));
    }
    vf max, sum;
    online_fold(&o, &max, &sum);
    exp_output(y, x, n, max, reciprocal(sum));
}

/* exp(x) = p 2^n held as two floats, p in sqrt(1/2) .. sqrt(2) and n whole, so that it neither over- nor
 * underflows. Sums of such pairs, lane by lane: e is the largest n so far, and mu 2^e the sum. */
enum { PAIRS = 4 }; /* vectors a step, on every ISA, since the sum has this order */
struct pair_sum {
    struct total mu;
    vf e;
    vf seen; /* NaN if any element was: mu forgets it when it shrinks to 0 */
};

/* Past this n the reduced argument has lost its digits. What lies below is taken as this. */
#define PAIR_LIMIT 0x1.0p21f
#define PAIR_LOW (-1453634.0f) /* -PAIR_LIMIT ln 2, up */

ALWAYS void pairs(vf *p, vf *n)
{
    V_FOR (i, PAIRS / V_SIDE)
        v_exp_parts_many(p + i * V_SIDE, n + i * V_SIDE, V_SIDE);
    V_FOR (k, PAIRS)
        p[k] = v_add(p[k], v_set(1.0f));
}

/* x with no -inf, whose p is NaN; where v_shrink clears that, its n alone is enough. */
ALWAYS vf pair_input(vf x)
{
    return V_SHRINK_CLEARS ? x : v_max(v_set(PAIR_LOW), x);
}

/* Adds p 2^n of 64 elements to mu 2^e. */
ALWAYS void pairs_add(vf *mu, vf *e, vf *seen, vf *p, const vf *n)
{
    const vf largest = v_max(v_max(n[0], n[1]), v_max(n[2], n[3]));
    const vf top = V_SHRINK_CLEARS ? v_max(v_set(-PAIR_LIMIT), largest) : largest;
    V_FOR (k, PAIRS)
        p[k] = v_shrink(p[k], v_sub(n[k], top));
    const vf four = v_add(v_add(p[0], p[1]), v_add(p[2], p[3])), most = v_max(*e, top);
    *seen = v_add(*seen, four);
    *mu = v_add(v_shrink(*mu, v_sub(*e, most)), v_shrink(four, v_sub(top, most)));
    *e = most;
}

/* Adds a block to the sum; n up to SUM_BLOCK. */
ALWAYS void pair_block(struct pair_sum *s, const float *x, size_t n)
{
    const vf low = v_set(PAIR_LOW);
    vf mu = v_set(0.0f), e = v_set(-INFINITY), p[PAIRS], m[PAIRS];
    size_t i = 0;
    for (; i + PAIRS * VLEN <= n; i += PAIRS * VLEN) {
        V_FOR (k, PAIRS) {
            prefetch(x + i + (size_t)k * VLEN, AHEAD);
            p[k] = pair_input(v_load(x + i + (size_t)k * VLEN));
        }
        pairs(p, m);
        pairs_add(&mu, &e, &s->seen, p, m);
    }
    if (i < n) {
        V_FOR (k, PAIRS) {
            const size_t at = i + (size_t)k * VLEN;
            p[k] = at < n ? pair_input(v_load_fill(x + at, n - at, low)) : low;
        }
        pairs(p, m);
        pairs_add(&mu, &e, &s->seen, p, m);
    }
    const vf most = v_max(s->e, e), down = v_sub(s->e, most);
    s->mu.sum = v_shrink(s->mu.sum, down);
    s->mu.lost = v_shrink(s->mu.lost, down);
    total_add(&s->mu, v_shrink(mu, v_sub(e, most)));
    s->e = most;
}

/* y = p 2^(n - e) factor */
ALWAYS void pair_output(float *y, const float *x, size_t n, vf e, vf factor, bool stream)
{
    const vf low = v_set(PAIR_LOW);
    for (size_t i = 0; i < n; i += V_SIDE * VLEN) {
        const bool whole = i + V_SIDE * VLEN <= n;
        vf p[V_SIDE], m[V_SIDE];
        V_FOR (k, V_SIDE) {
            const size_t at = i + (size_t)k * VLEN;
            prefetch(x + at, AHEAD);
            p[k] = pair_input(whole ? v_load(x + at) : at < n ? v_load_n(x + at, n - at) : low);
        }
        v_exp_parts_many(p, m, V_SIDE);
        V_FOR (k, V_SIDE) {
            const vf d = v_sub(m[k], e), q = v_add(p[k], v_set(1.0f));
            const vf w = v_mul(v_shrink(q, d), factor);
            const size_t at = i + (size_t)k * VLEN;
            if (whole && stream)
                v_stream(y + at, w);
            else if (whole)
                v_store(y + at, w);
            else if (at < n)
                v_store_n(y + at, w, n - at);
        }
    }
}

/* Rows of NaN, of infinities or beyond 2^20 take the form that has the maximum. */
void KAON_K(kaon_softmax_pairs_row)(float *y, const float *x, size_t n)
{
    const vf zero = v_set(0.0f);
    struct pair_sum s = { { zero, zero }, v_set(-INFINITY), zero };
    for (size_t i = 0; i < n; i += SUM_BLOCK)
        pair_block(&s, x + i, n - i < SUM_BLOCK ? n - i : SUM_BLOCK);
    const vf e = v_fold(s.e, v_max);
    const vf mu = v_fold(v_shrink(v_add(s.mu.sum, s.mu.lost), v_sub(s.e, e)), v_add);
    if (!(fabsf(v_first(e)) < PAIR_LIMIT - 256.0f && v_sum(s.seen) > 0.0f)) {
        KAON_K(kaon_softmax_reload_row)(y, x, n);
        return;
    }
    const size_t head = before_stream(y, x, n);
    pair_output(y, x, head, e, reciprocal(mu), false);
    if (head == n)
        return;
    pair_output(y + head, x + head, n - head, e, reciprocal(mu), true);
    v_stream_end();
}
