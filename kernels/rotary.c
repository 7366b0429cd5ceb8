/* Rotary embedding. Interleaved pairs are turned as they lie: the partner of each element comes from the
 * neighbouring lane. */
#include "kernels/rotary.h"

#include "kernels/isa.h"

static void rotate_halves(float *y, const float *x, const float *cos, const float *sin,
                          size_t pairs)
{
    for (size_t i = 0; i < pairs; i += VLEN) {
        const size_t left = pairs - i;
        const vf a = v_load_n(x + i, left), b = v_load_n(x + pairs + i, left);
        const vf c = v_load_n(cos + i, left), s = v_load_n(sin + i, left);
        v_store_n(y + i, v_fnma(b, s, v_mul(a, c)), left);
        v_store_n(y + pairs + i, v_fma(a, s, v_mul(b, c)), left);
    }
}

/* Eight pairs a vector. */
static void rotate_neighbours(float *y, const float *x, const float *cos, const float *sin,
                              size_t pairs)
{
    const vf signs = v_alternate(-1.0f, 1.0f);
    for (size_t i = 0; i < pairs; i += VLEN / 2) {
        const size_t left = pairs - i;
        const vf v = v_load_n(x + 2 * i, 2 * left);
        const vf c = v_load_twice(cos + i, left), s = v_load_twice(sin + i, left);
        v_store_n(y + 2 * i, v_fma(v_mul(v_swap_pairs(v), signs), s, v_mul(v, c)), 2 * left);
    }
}

void KAON_K(kaon_rotary_rows)(float *y, const float *x, const struct kaon_rotary *r)
{
    const float *cos = r->cos, *sin = r->sin;
    for (size_t i = 0; i < r->rows; i++, y += r->y_stride, x += r->x_stride) {
        (r->interleaved ? rotate_neighbours : rotate_halves)(y, x, cos, sin, r->pairs);
        if (y != x && r->n > 2 * r->pairs)
            memcpy(y + 2 * r->pairs, x + 2 * r->pairs, (r->n - 2 * r->pairs) * sizeof *y);
        cos += r->angle_stride;
        sin += r->angle_stride;
    }
}
