#include "kernels/softmax_quant.h"

#include "kernels/isa.h"
#include "kernels/softmax_scores.h"

void KAON_K(kaon_quant_softmax)(uint8_t *codes, float *w, const float *x, size_t rows, size_t n,
                                int bits, float beta)
{
    const vf levels = v_set((float)((1 << bits) - 1)), bias = v_set(beta), zero = v_set(0.0f);
    KAON_K(kaon_softmax_scores)
    (w, x,
     &(struct kaon_scores){ .rows = rows,
                            .n = n,
                            .y_stride = n,
                            .x_stride = n,
                            .scale = 1.0f,
                            .first = KAON_KEYS_FIRST,
                            .last = KAON_KEYS_LAST });
    for (size_t i = 0; i < rows * n; i += VLEN) {
        const size_t some = rows * n - i;
        const vf code = v_min(levels, v_round(v_mul(v_load_n(w + i, some), levels)));
        const vf weight = v_add(v_div(code, levels), bias);
        const vm hidden = v_eq(v_load_n(x + i, some), v_set(-INFINITY));
        v_store_n(w + i, v_select(hidden, zero, weight), some);
        if (codes)
            v_store_bytes(codes + i, v_max(code, zero), some < VLEN ? some : VLEN);
    }
}
