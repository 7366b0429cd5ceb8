/* Det: elimination with partial pivoting, in double. */
#include "backends/own/convert.h"

#include <math.h>

static void swap_rows(double *a, double *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double v = a[i];
        a[i] = b[i];
        b[i] = v;
    }
}

/* Destroys m (n x n). */
static double determinant(double *m, size_t n)
{
    double det = 1.0;
    for (size_t k = 0; k < n; k++) {
        size_t pivot = k;
        for (size_t i = k + 1; i < n; i++)
            if (fabs(m[i * n + k]) > fabs(m[pivot * n + k]))
                pivot = i;
        if (pivot != k) {
            swap_rows(m + k * n, m + pivot * n, n);
            det = -det;
        }
        det *= m[k * n + k];
        if (m[k * n + k] == 0.0)
            return det;
        for (size_t i = k + 1; i < n; i++) {
            const double f = m[i * n + k] / m[k * n + k];
            for (size_t j = k + 1; j < n; j++)
                m[i * n + j] -= f * m[k * n + j];
        }
    }
    return det;
}

static enum kaon_status run_det(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const size_t n = (size_t)x->dims[x->rank - 1], count = kaon_own_count(y);
    double *m = step->scratch;
    (void)msg;
    for (size_t k = 0; k < count; k++) {
        for (size_t i = 0; i < n * n; i++)
            m[i] = kaon_element_double(x->type, x->data, (int64_t)(k * n * n + i));
        kaon_put_double(y->type, y->data, k, determinant(m, n));
    }
    return KAON_OK;
}

static enum kaon_status prepare_det(struct kaon_step *step, struct kaon_arena *memory,
                                    struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0];
    (void)memory;
    if (!kaon_type_is_float(x->type))
        return kaon_own_no_type(&step->call, x->type, msg);
    step->run = run_det;
    return kaon_own_scratch(step, kaon_own_product(x, x->rank - 2, x->rank), sizeof(double), msg);
}

const struct kaon_own kaon_own_det = { .prepare = prepare_det };
