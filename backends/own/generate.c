/* Tensors from few numbers: ConstantOfShape, Range, EyeLike, OneHot; and Trilu. */
#include "backends/own/convert.h"
#include "backends/own/own.h"

#include <string.h>

/* n copies of an element; doubling, so that wide fills run at memcpy's speed. */
static void fill(void *dst, const void *element, size_t bytes, size_t n)
{
    char *y = dst;
    size_t done = 1;
    if (!n)
        return;
    memcpy(y, element, bytes);
    for (; done < n; done *= 2)
        memcpy(y + done * bytes, y, (n - done < done ? n - done : done) * bytes);
}

/* ---- ConstantOfShape ------------------------------------------------------------------------- */

static enum kaon_status run_constant(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_constant_of_shape *a = step->call.attr;
    const struct kaon_tensor *y = step->call.out[0];
    static const char zero[8] = { 0 };
    (void)msg;
    fill(y->data, a->value ? a->value->data : zero, kaon_type_bytes(y->type), kaon_own_count(y));
    return KAON_OK;
}

static enum kaon_status prepare_constant(struct kaon_step *step, struct kaon_arena *memory,
                                         struct kaon_msg *msg)
{
    (void)memory;
    (void)msg;
    step->run = run_constant;
    return KAON_OK;
}

const struct kaon_own kaon_own_constant_of_shape = { .prepare = prepare_constant };

/* ---- Range ----------------------------------------------------------------------------------- */

/* start + i * step: floats in double, rounded once to the element type. */
static enum kaon_status run_range(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *start = step->call.in[0], *delta = step->call.in[2];
    const struct kaon_tensor *y = step->call.out[0];
    const int64_t n = y->dims[0];
    (void)msg;
    if (kaon_type_is_float(y->type)) {
        const double a = kaon_element_double(start->type, start->data, 0),
                     d = kaon_element_double(delta->type, delta->data, 0);
        for (int64_t i = 0; i < n; i++)
            kaon_put_double(y->type, y->data, (size_t)i, a + (double)i * d);
        return KAON_OK;
    }
    const uint64_t a = (uint64_t)kaon_element_int(start->type, start->data, 0),
                   d = (uint64_t)kaon_element_int(delta->type, delta->data, 0);
    for (int64_t i = 0; i < n; i++)
        kaon_put_int(y->type, y->data, (size_t)i, (int64_t)(a + (uint64_t)i * d));
    return KAON_OK;
}

static enum kaon_status prepare_range(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    (void)memory;
    (void)msg;
    step->run = run_range;
    return KAON_OK;
}

const struct kaon_own kaon_own_range = { .prepare = prepare_range };

/* ---- EyeLike --------------------------------------------------------------------------------- */

static enum kaon_status run_eye(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_eye_like *a = step->call.attr;
    const struct kaon_tensor *y = step->call.out[0];
    (void)msg;
    memset(y->data, 0, kaon_own_count(y) * kaon_type_bytes(y->type));
    for (int64_t i = 0; i < y->dims[0]; i++)
        if (a->k >= -i && a->k < y->dims[1] - i)
            kaon_put_double(y->type, y->data, (size_t)(i * y->dims[1] + i + a->k), 1.0);
    return KAON_OK;
}

static enum kaon_status prepare_eye(struct kaon_step *step, struct kaon_arena *memory,
                                    struct kaon_msg *msg)
{
    const enum kaon_type type = step->call.out[0]->type;
    (void)memory;
    if (!kaon_type_bytes(type) || type == KAON_SEQUENCE)
        return kaon_own_no_type(&step->call, type, msg);
    step->run = run_eye;
    return KAON_OK;
}

const struct kaon_own kaon_own_eye_like = { .prepare = prepare_eye };

/* ---- Trilu ----------------------------------------------------------------------------------- */

static enum kaon_status run_trilu(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_trilu *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0], *k_in = kaon_own_in(&step->call, 1);
    const size_t bytes = kaon_type_bytes(x->type);
    const int64_t rows = x->dims[x->rank - 2], cols = x->dims[x->rank - 1];
    const int64_t k = k_in ? kaon_element_int(k_in->type, k_in->data, 0) : 0;
    const size_t planes = kaon_own_product(x, 0, x->rank - 2), line = (size_t)cols * bytes;
    const char *src = x->data;
    char *dst = step->call.out[0]->data;
    (void)msg;
    for (size_t p = 0; p < planes && line; p++)
        for (int64_t i = 0; i < rows; i++, src += line, dst += line) {
            /* the columns from `cut` on are above the diagonal that counts */
            const int64_t shift = a->upper ? k : kaon_min_i64(k, cols) + 1;
            const int64_t at = shift > cols - i ? cols : shift < -i ? 0 : shift + i;
            const size_t cut = (size_t)at * bytes;
            memcpy(dst, src, line);
            memset(a->upper ? dst : dst + cut, 0, a->upper ? cut : line - cut);
        }
    return KAON_OK;
}

static enum kaon_status prepare_trilu(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    (void)memory;
    if (kaon_own_in(&step->call, 1) && kaon_own_count(step->call.in[1]) != 1)
        return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "k is not one number");
    step->run = run_trilu;
    return KAON_OK;
}

const struct kaon_own kaon_own_trilu = { .prepare = prepare_trilu };

/* ---- OneHot ---------------------------------------------------------------------------------- */

/* An index outside -depth .. depth - 1 gives a line of off-values, as the standard has it. */
static enum kaon_status run_one_hot(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_axis *a = step->call.attr;
    const struct kaon_tensor *index = step->call.in[0], *values = step->call.in[2];
    const struct kaon_tensor *y = step->call.out[0];
    const int32_t axis = kaon_own_axis(a->axis, y->rank);
    const size_t bytes = kaon_type_bytes(y->type), inner = kaon_own_product(y, axis + 1, y->rank);
    const int64_t depth = y->dims[axis];
    const size_t n = kaon_own_count(index);
    (void)msg;
    fill(y->data, values->data, bytes, kaon_own_count(y));
    for (size_t i = 0; i < n; i++) {
        int64_t hot = kaon_element_int(index->type, index->data, (int64_t)i);
        hot = hot < 0 ? hot + depth : hot;
        if (hot < 0 || hot >= depth)
            continue;
        const size_t at = (i / inner * (size_t)depth + (size_t)hot) * inner + i % inner;
        memcpy((char *)y->data + at * bytes, (const char *)values->data + bytes, bytes);
    }
    return KAON_OK;
}

static enum kaon_status prepare_one_hot(struct kaon_step *step, struct kaon_arena *memory,
                                        struct kaon_msg *msg)
{
    (void)memory;
    if (kaon_own_count(step->call.in[2]) != 2)
        return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "%zu values, wanted 2",
                             kaon_own_count(step->call.in[2]));
    step->run = run_one_hot;
    return KAON_OK;
}

const struct kaon_own kaon_own_one_hot = { .prepare = prepare_one_hot };
