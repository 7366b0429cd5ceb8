#include "engine/base/batches.h"

/* Length of batch axis i of `rank`, counted from the end as broadcasting does. */
static size_t length_of(const struct kaon_tensor *x, int32_t rank, int32_t i)
{
    const int32_t own = x->rank > 2 ? x->rank - 2 : 0, k = i - (rank - own);
    return k < 0 ? 1 : (size_t)x->dims[k];
}

void kaon_batches_place(struct kaon_batches *p, const struct kaon_tensor *a,
                        const struct kaon_tensor *b)
{
    const int32_t longest = a->rank > b->rank ? a->rank : b->rank;
    size_t n_a = 1, n_b = 1; /* matrices there are */
    *p = (struct kaon_batches){
        .m = a->rank > 1 ? (size_t)a->dims[a->rank - 2] : 1,
        .n = b->rank > 1 ? (size_t)b->dims[b->rank - 1] : 1,
        .k = (size_t)a->dims[a->rank - 1],
        .batches = 1,
        .rank = longest > 2 ? longest - 2 : 0,
    };
    for (int32_t i = p->rank - 1; i >= 0; i--) {
        const size_t da = length_of(a, p->rank, i), db = length_of(b, p->rank, i);
        p->step_a[i] = da == 1 ? 0 : n_a;
        p->step_b[i] = db == 1 ? 0 : n_b;
        p->dims[i] = da == 1 ? db : da;
        p->batches *= p->dims[i];
        n_a *= da;
        n_b *= db;
    }
    if (n_b == 1 && n_a == p->batches) {
        p->m *= n_a;
        p->batches = 1;
        p->rank = 0;
    }
}

void kaon_batches_pick(const struct kaon_batches *p, size_t i, size_t *a, size_t *b)
{
    *a = *b = 0;
    for (int32_t k = p->rank - 1; k >= 0; k--) {
        const size_t at = i % p->dims[k];
        i /= p->dims[k];
        *a += at * p->step_a[k];
        *b += at * p->step_b[k];
    }
}
