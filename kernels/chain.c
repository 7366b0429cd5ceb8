/* Chains of element-wise functions. The kernels of the functions do the work: a call for a piece of a
 * thousand elements costs little beside the passes over memory that it saves. */
#include "kernels/chain.h"

#include <string.h>

enum { PIECE = 1024 };

static void run_link(float *y, const float *v, size_t at, size_t n, const struct kaon_link *l)
{
    if (!l->two) {
        KAON_K(kaon_unary)[l->unary](y, v, n, l->a, l->b);
        return;
    }
    const float *other = l->other + at * l->step;
    if (l->reversed)
        KAON_K(kaon_binary)[l->binary](y, other, l->step, v, 1, n);
    else
        KAON_K(kaon_binary)[l->binary](y, v, 1, other, l->step, n);
}

void KAON_K(kaon_chain)(float *y, const float *x, size_t n, const struct kaon_link *links,
                        size_t n_links)
{
    if (n_links == 0 && n > 0)
        memmove(y, x, n * sizeof *y);
    for (size_t at = 0; at < n; at += PIECE) {
        const size_t size = n - at < PIECE ? n - at : PIECE;
        for (size_t k = 0; k < n_links; k++)
            run_link(y + at, k ? y + at : x + at, at, size, &links[k]);
    }
}
