#include "engine/base/fact.h"

#include "engine/base/size.h"
#include "engine/base/tensor.h"

#include <stdio.h>
#include <string.h>

void kaon_fact_unknown(struct kaon_fact *fact, enum kaon_type type)
{
    if (!fact)
        return;
    *fact = (struct kaon_fact)KAON_FACT_NONE;
    fact->type = type;
}

void kaon_fact_set(struct kaon_fact *fact, enum kaon_type type, int32_t rank, const int64_t *dims)
{
    if (!fact)
        return;
    struct kaon_fact made = KAON_FACT_NONE; /* apart: dims may lie in *fact */
    made.type = type;
    made.rank = rank;
    for (int32_t i = 0; i < rank; i++)
        made.dims[i] = dims[i];
    *fact = made;
}

void kaon_fact_like(struct kaon_fact *fact, const struct kaon_fact *other)
{
    kaon_fact_set(fact, other->type, other->rank, other->dims);
}

bool kaon_fact_concrete(const struct kaon_fact *fact)
{
    for (int32_t i = 0; i < fact->rank; i++)
        if (!kaon_dim_known(fact->dims[i]))
            return false;
    return fact->rank >= 0;
}

int64_t kaon_fact_count(const struct kaon_fact *fact)
{
    int64_t n = 1;
    if (fact->rank < 0)
        return KAON_DIM_UNKNOWN;
    for (int32_t i = 0; i < fact->rank; i++)
        n = kaon_dim_mul(n, fact->dims[i]);
    return kaon_dim_known(n) ? n : KAON_DIM_UNKNOWN;
}

int32_t kaon_fact_ints(const struct kaon_fact *fact, int64_t *values, int32_t room)
{
    if (!fact || fact->rank < 0 || fact->rank > 1 ||
        (fact->type != KAON_I64 && fact->type != KAON_I32))
        return -1;
    if (fact->value && kaon_fact_concrete(fact)) {
        const int64_t n = kaon_fact_count(fact);
        if (n < 0 || n > room)
            return -1;
        for (int64_t i = 0; i < n; i++)
            values[i] = kaon_element_int(fact->type, fact->value, i);
        return (int32_t)n;
    }
    if (fact->n_symbolic < 0 || fact->n_symbolic > room)
        return -1;
    memcpy(values, fact->symbolic, (size_t)fact->n_symbolic * sizeof *values);
    return fact->n_symbolic;
}

bool kaon_fact_scalar(const struct kaon_fact *fact, double *value)
{
    if (!fact || !fact->value || kaon_fact_count(fact) != 1 || !kaon_type_bytes(fact->type))
        return false;
    *value = kaon_element_double(fact->type, fact->value, 0);
    return true;
}

bool kaon_fact_scalar_int(const struct kaon_fact *fact, int64_t *value)
{
    int64_t v[1];
    if (!fact)
        return false;
    if (fact->value && kaon_fact_count(fact) == 1 && kaon_type_bytes(fact->type)) {
        *value = kaon_element_int(fact->type, fact->value, 0);
        return true;
    }
    if (kaon_fact_ints(fact, v, 1) != 1 || !kaon_dim_known(v[0]))
        return false;
    *value = v[0];
    return true;
}

/* One axis of a broadcast: `a` so far and `b`. A symbol beside a number above 1 must turn out to be
 * that number or 1, so the number stands. */
static bool join(int64_t *a, int64_t b)
{
    if (b == 1 || *a == b)
        return true;
    if (*a == 1) {
        *a = b;
        return true;
    }
    if (kaon_dim_known(*a) && kaon_dim_known(b))
        return false;
    if (kaon_dim_known(b))
        *a = b;
    else if (!kaon_dim_known(*a))
        *a = KAON_DIM_UNKNOWN;
    return true;
}

enum kaon_status kaon_fact_broadcast(struct kaon_fact *out, const struct kaon_fact *const *in,
                                     size_t n, const char *op, struct kaon_msg *msg)
{
    int64_t dims[KAON_MAX_RANK];
    int32_t rank = 0;
    bool unknown = false;
    for (size_t i = 0; i < n; i++) {
        if (!in[i])
            continue;
        unknown |= in[i]->rank < 0;
        rank = in[i]->rank > rank ? in[i]->rank : rank;
    }
    if (unknown) {
        if (out)
            kaon_fact_unknown(out, out->type);
        return KAON_OK;
    }
    for (int32_t i = 0; i < rank; i++)
        dims[i] = 1;
    for (size_t i = 0; i < n; i++)
        for (int32_t k = 0; in[i] && k < in[i]->rank; k++)
            if (!join(&dims[rank - in[i]->rank + k], in[i]->dims[k])) {
                const struct kaon_shape_text a = kaon_shape_text(rank, dims),
                                             b = kaon_shape_text(in[i]->rank, in[i]->dims);
                return kaon_fail(msg, KAON_BAD_MODEL, "%s: shapes %s and %s do not broadcast", op,
                                 a.text, b.text);
            }
    if (out)
        kaon_fact_set(out, out->type, rank, dims);
    return KAON_OK;
}

enum kaon_status kaon_fact_axis(int64_t axis, int32_t rank, const char *op, int32_t *out,
                                struct kaon_msg *msg)
{
    if (axis < -(int64_t)rank || axis >= rank)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: axis %lld is outside rank %d", op,
                         (long long)axis, (int)rank);
    *out = (int32_t)(axis < 0 ? axis + rank : axis);
    return KAON_OK;
}

int64_t kaon_dim_add(int64_t a, int64_t b)
{
    int64_t sum;
    if (a == 0)
        return b;
    if (b == 0)
        return a;
    if (!kaon_dim_known(a) || !kaon_dim_known(b) || __builtin_add_overflow(a, b, &sum))
        return KAON_DIM_UNKNOWN;
    return kaon_dim_known(sum) ? sum : KAON_DIM_UNKNOWN;
}

int64_t kaon_dim_mul(int64_t a, int64_t b)
{
    int64_t product;
    if (a == 1)
        return b;
    if (b == 1)
        return a;
    if (a == 0 || b == 0)
        return 0;
    if (!kaon_dim_known(a) || !kaon_dim_known(b) || __builtin_mul_overflow(a, b, &product))
        return KAON_DIM_UNKNOWN;
    return kaon_dim_known(product) ? product : KAON_DIM_UNKNOWN;
}

int64_t kaon_slice_length(int64_t length, int64_t *start, int64_t end, int64_t step)
{
    const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? length : length - 1;
    int64_t from = *start;
    if (from < 0)
        from = from < -length ? -1 : from + length;
    if (end < 0)
        end = end < -length ? -1 : end + length;
    from = kaon_max_i64(step > 0 ? 0 : -1, kaon_min_i64(high, from));
    end = kaon_max_i64(low, kaon_min_i64(step > 0 ? length : length - 1, end));
    *start = from;
    if (step > 0)
        return end > from ? (int64_t)(((uint64_t)(end - from) - 1) / (uint64_t)step) + 1 : 0;
    return from > end ? (int64_t)(((uint64_t)(from - end) - 1) / (0 - (uint64_t)step)) + 1 : 0;
}

/* Output length of a window that slides over `in` with pads, -1 if it does not fit once. */
static int64_t slide(const struct kaon_window *a, struct kaon_placed *p, int32_t i)
{
    const int64_t in = p->in[i], s = p->stride[i], span = (p->kernel[i] - 1) * p->dilation[i] + 1;
    if (a->auto_pad == KAON_AUTO_PAD_UPPER || a->auto_pad == KAON_AUTO_PAD_LOWER) {
        const int64_t out = (in + s - 1) / s;
        const int64_t total = kaon_max_i64(0, (out - 1) * s + span - in);
        p->begin[i] = a->auto_pad == KAON_AUTO_PAD_UPPER ? total / 2 : total - total / 2;
        p->end[i] = total - p->begin[i];
        return out;
    }
    const int64_t room = in + p->begin[i] + p->end[i] - span;
    if (room < 0)
        return in == 0 ? 0 : -1; /* no tracks, no windows */
    int64_t out = (room + (a->ceil ? s - 1 : 0)) / s + 1;
    if (a->ceil &&
        (out - 1) * s >= in + p->begin[i]) /* the last one would start in the end's pad */
        out--;
    return out;
}

static int64_t spread(const struct kaon_window *a, struct kaon_placed *p, int32_t i)
{
    const int64_t more = i < a->n_output_padding ? a->output_padding[i] : 0;
    const int64_t full =
        (p->in[i] - 1) * p->stride[i] + more + (p->kernel[i] - 1) * p->dilation[i] + 1;
    const bool same = a->auto_pad == KAON_AUTO_PAD_UPPER || a->auto_pad == KAON_AUTO_PAD_LOWER;
    if (i < a->n_output_shape || same) {
        const int64_t out = i < a->n_output_shape ? a->output_shape[a->n_output_shape - p->n + i]
                                                  : p->in[i] * p->stride[i];
        const int64_t total = kaon_max_i64(0, full - out);
        p->begin[i] = a->auto_pad == KAON_AUTO_PAD_UPPER ? total / 2 : total - total / 2;
        p->end[i] = total - p->begin[i];
        return out;
    }
    return full - p->begin[i] - p->end[i];
}

/* Entry i of a list that may be absent; lengths are bounded, so that sums of a few do not overflow. */
static bool listed(const int64_t *list, int32_t n, int32_t i, int64_t otherwise, int64_t least,
                   int64_t *out)
{
    *out = n > i ? list[i] : otherwise;
    return *out >= least && *out <= INT32_MAX;
}

enum kaon_status kaon_window_place(const struct kaon_window *a, int32_t n, const int64_t *in,
                                   const int64_t *kernel, bool transposed, const char *op,
                                   struct kaon_placed *out, struct kaon_msg *msg)
{
    if ((a->n_strides >= 0 && a->n_strides != n) || (a->n_dilations >= 0 && a->n_dilations != n) ||
        (a->n_pads >= 0 && a->n_pads != 2 * n) || (a->n_kernel >= 0 && a->n_kernel != n) ||
        (a->n_output_shape >= 0 && a->n_output_shape != n && a->n_output_shape != n + 2) ||
        (a->n_output_padding >= 0 && a->n_output_padding != n))
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: lists of attributes do not fit %d spatial axes",
                         op, (int)n);
    int64_t unused;
    memset(out, 0, sizeof *out);
    out->n = n;
    for (int32_t i = 0; i < n; i++) {
        const bool padded = a->auto_pad == KAON_AUTO_PAD_NOTSET && a->n_pads >= 0;
        out->in[i] = in[i];
        out->kernel[i] = kernel[i];
        if (!listed(a->strides, a->n_strides, i, 1, 1, &out->stride[i]) ||
            !listed(a->dilations, a->n_dilations, i, 1, 1, &out->dilation[i]) ||
            !listed(a->pads, padded ? a->n_pads : -1, i, 0, transposed ? INT32_MIN : 0,
                    &out->begin[i]) ||
            !listed(a->pads, padded ? a->n_pads : -1, i + n, 0, transposed ? INT32_MIN : 0,
                    &out->end[i]) ||
            !listed(a->output_padding, a->n_output_padding, i, 0, 0, &unused) ||
            (a->n_output_shape >= n &&
             !listed(a->output_shape, a->n_output_shape, a->n_output_shape - n + i, 0, 0, &unused)))
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: a stride, dilation or pad is out of range",
                             op);
        out->out[i] = KAON_DIM_UNKNOWN;
        if (!kaon_dim_known(in[i]) || !kaon_dim_known(kernel[i]))
            continue;
        if (in[i] < 0 || in[i] > INT32_MAX || kernel[i] < 1 ||
            kernel[i] > INT32_MAX / out->dilation[i])
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: kernel of %lld on an axis of length %lld",
                             op, (long long)kernel[i], (long long)in[i]);
        out->out[i] = transposed ? spread(a, out, i) : slide(a, out, i);
        if (out->out[i] < 0)
            return kaon_fail(msg, KAON_BAD_MODEL,
                             "%s: kernel of %lld does not fit on an axis of length %lld", op,
                             (long long)kernel[i], (long long)in[i]);
    }
    return KAON_OK;
}

struct kaon_shape_text kaon_shape_text(int32_t rank, const int64_t *dims)
{
    struct kaon_shape_text t = { "[" };
    size_t used = 1;
    if (rank < 0)
        return (struct kaon_shape_text){ "[?..]" };
    for (int32_t i = 0; i < rank && used + 24 < sizeof t.text; i++) {
        const char *comma = i ? "," : "";
        int wrote;
        if (kaon_dim_known(dims[i]))
            wrote =
                snprintf(t.text + used, sizeof t.text - used, "%s%lld", comma, (long long)dims[i]);
        else if (dims[i] == KAON_DIM_UNKNOWN)
            wrote = snprintf(t.text + used, sizeof t.text - used, "%s?", comma);
        else
            wrote = snprintf(t.text + used, sizeof t.text - used, "%sn%lld", comma,
                             (long long)(dims[i] - KAON_DIM_SYMBOL(0)));
        used += (size_t)wrote;
    }
    snprintf(t.text + used, sizeof t.text - used, "]");
    return t;
}
