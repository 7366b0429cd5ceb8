#include "tests/support/support.h"

#include <math.h>

#include "engine/base/tensor.h"

static void *get_memory(size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);
    if (!p) {
        fprintf(stderr, "no memory for a test\n");
        exit(1);
    }
    return p;
}

uint32_t test_next(struct test_random *r)
{
    r->state = r->state * 6364136223846793005u + 1442695040888963407u; /* Knuth, MMIX */
    return (uint32_t)(r->state >> 32);
}

float test_float(struct test_random *r, float low, float high)
{
    return low + (high - low) * ((float)(test_next(r) >> 8) * 0x1p-24f);
}

/* ---- sets ------------------------------------------------------------------------------------ */

static void read_tensor(struct kaon_tensor *t, enum kaon_type type, const char *path)
{
    struct kaon_msg msg;
    size_t bytes;
    unsigned char *data = test_read(path, &bytes);
    const enum kaon_type wanted = type == KAON_SEQUENCE ? KAON_SEQUENCE : KAON_UNDEFINED;
    if (kaon_tensor_decode(t, wanted, data, bytes, NULL, &msg) != KAON_OK) {
        fprintf(stderr, "%s: %s\n", path, msg.text);
        exit(1);
    }
    free(data);
}

bool test_set_open(struct test_set *set, const struct kaon_model *model, const char *folder,
                   int index)
{
    char path[1200];
    *set = (struct test_set){ 0 };
    snprintf(path, sizeof path, "%s/test_data_set_%d/input_0.pb", folder, index);
    if (!test_have_file(path))
        return false;
    set->n_in = kaon_model_input_count(model);
    set->n_out = kaon_model_output_count(model);
    for (size_t i = 0; i < set->n_in + set->n_out; i++) {
        struct kaon_port port;
        const bool in = i < set->n_in;
        const size_t k = in ? i : i - set->n_in;
        snprintf(path, sizeof path, "%s/test_data_set_%d/%s_%zu.pb", folder, index,
                 in ? "input" : "output", k);
        if (in)
            kaon_model_input(model, k, &port);
        else
            kaon_model_output(model, k, &port);
        if (in || test_have_file(path)) /* an output may be there without a reference */
            read_tensor(in ? &set->in[k] : &set->out[k], port.type, path);
    }
    return true;
}

void test_set_close(struct test_set *set)
{
    for (size_t i = 0; i < set->n_in; i++)
        kaon_tensor_free(&set->in[i], NULL);
    for (size_t i = 0; i < set->n_out; i++)
        kaon_tensor_free(&set->out[i], NULL);
}

/* ---- made-up inputs -------------------------------------------------------------------------- */

static void fill(struct kaon_tensor *t, struct test_random *r)
{
    const int64_t n = kaon_tensor_count(t);
    const size_t size = kaon_type_bytes(t->type);
    for (int64_t i = 0; i < n; i++) {
        const float f = test_float(r, -1.0f, 1.0f);
        const double d = f;
        if (t->type == KAON_F32)
            memcpy((char *)t->data + (size_t)i * size, &f, size);
        else if (t->type == KAON_F64)
            memcpy((char *)t->data + (size_t)i * size, &d, size);
        else if (!kaon_type_is_float(t->type) &&
                 t->type != KAON_STRING) /* little-endian: 0 or 1 in the lowest byte */
            ((unsigned char *)t->data)[(size_t)i * size] = f > 0.0f;
    }
}

void test_inputs(struct kaon_tensor *in, const struct kaon_model *model, int64_t n,
                 struct test_random *r)
{
    for (size_t i = 0; i < kaon_model_input_count(model); i++) {
        struct kaon_port port;
        kaon_model_input(model, i, &port);
        in[i] = (struct kaon_tensor){ .type = port.type, .rank = port.rank < 0 ? 1 : port.rank };
        for (int32_t k = 0; k < in[i].rank; k++)
            in[i].dims[k] = port.rank < 0 || port.dims[k] < 0 ? n : port.dims[k];
        in[i].bytes = (size_t)kaon_tensor_count(&in[i]) * kaon_type_bytes(in[i].type);
        in[i].data = get_memory(in[i].bytes);
        fill(&in[i], r);
    }
}

void test_inputs_close(struct kaon_tensor *in, const struct kaon_model *model)
{
    for (size_t i = 0; i < kaon_model_input_count(model); i++)
        free(in[i].data);
}

/* ---- comparing ------------------------------------------------------------------------------- */

static uint64_t hash_bytes(uint64_t h, const void *data, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ ((const unsigned char *)data)[i]) * 1099511628211u;
    return h;
}

uint64_t test_digest(uint64_t h, const struct kaon_tensor *tensors, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct kaon_tensor *t = &tensors[i];
        h = hash_bytes(h, &t->type, sizeof t->type);
        h = hash_bytes(h, t->dims, (size_t)t->rank * sizeof *t->dims);
        h = hash_bytes(h, t->data, (size_t)kaon_tensor_count(t) * kaon_type_bytes(t->type));
    }
    return h;
}

static bool is_near(double got, double want, double absolute, double relative)
{
    if (isnan(got) || isnan(want))
        return isnan(got) && isnan(want);
    return got == want || fabs(got - want) <= absolute + relative * fabs(want);
}

int64_t test_compare(const struct kaon_tensor *got, const struct kaon_tensor *want, double absolute,
                     double relative)
{
    int64_t bad = 0;
    if (got->type != want->type || !kaon_same_shape(got, want))
        return -1;
    const int64_t n = kaon_tensor_count(got);
    if (got->type == KAON_SEQUENCE) {
        const struct kaon_tensor *g = got->data, *w = want->data;
        for (int64_t i = 0; i < n; i++)
            bad += test_compare(&g[i], &w[i], absolute, relative) != 0;
        return bad;
    }
    const bool real = kaon_type_is_float(got->type);
    for (int64_t i = 0; i < n; i++)
        if (real)
            bad += !is_near(kaon_element_double(got->type, got->data, i),
                            kaon_element_double(want->type, want->data, i), absolute, relative);
        else
            bad += kaon_element_int(got->type, got->data, i) !=
                   kaon_element_int(want->type, want->data, i);
    return bad;
}
