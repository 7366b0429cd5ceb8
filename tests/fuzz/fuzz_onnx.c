/* Model files: opened within tight limits, and run with small inputs if they may be, in one way or in several. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/kaon.h"
#include "tests/fuzz/mutate.h"
#include "tests/fuzz/targets.h"

enum { MOST_PORTS = 16, MOST_INPUT = 4096, ANY_LENGTH = 2 };

/* An input of zeros, of length 2 where the model leaves a choice; false if it would be large. */
static bool make_input(const struct kaon_port *port, struct kaon_tensor *t)
{
    int64_t n = 1;
    *t = (struct kaon_tensor){ .type = port->type, .rank = port->rank < 0 ? 1 : port->rank };
    if (t->type == KAON_OPTIONAL || t->type == KAON_UNDEFINED)
        *t = (struct kaon_tensor){ .type = t->type ? KAON_NONE : KAON_F32 };
    for (int32_t i = 0; i < t->rank; i++) {
        t->dims[i] = port->rank < 0 || port->dims[i] < 0 ? ANY_LENGTH : port->dims[i];
        if (t->dims[i] > MOST_INPUT || (n *= t->dims[i]) > MOST_INPUT)
            return false;
    }
    if (t->type == KAON_SEQUENCE)
        t->dims[0] = n = 0;
    t->bytes = (size_t)n * kaon_type_bytes(t->type);
    t->data = calloc(1, t->bytes ? t->bytes : 1);
    return t->data != NULL;
}

/* Small numbers, the same for the same model; strings stay null pointers. */
static void fill(struct kaon_tensor *t, uint64_t *state)
{
    const size_t size = kaon_type_bytes(t->type);
    for (size_t i = 0; size && i < t->bytes / size; i++) {
        const uint64_t bits = kaon_fuzz_next(state);
        const float f32 = (float)(int64_t)(bits % 4001) / 1000.0f - 2.0f;
        const double f64 = f32;
        if (t->type == KAON_F32)
            ((float *)t->data)[i] = f32;
        else if (t->type == KAON_F64)
            ((double *)t->data)[i] = f64;
        else if (t->type != KAON_STRING && t->type != KAON_SEQUENCE)
            ((uint8_t *)t->data)[i * size] = bits >> 60 & 1;
    }
}

/* One way of running a model. */
struct way {
    const char *cpu;
    int32_t edits; /* of passes: -1 none */
};

struct ran {
    struct kaon_model *model;
    struct kaon_session *session;
    struct kaon_tensor in[MOST_PORTS], out[MOST_PORTS];
    size_t n_out;
    enum kaon_status status;
};

static void run(struct ran *r, const uint8_t *data, size_t size, const struct way *way)
{
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    struct kaon_port port;
    uint64_t state = 1;
    o.cpu = way->cpu;
    o.passes_stop_after = way->edits;
    o.limits.elements = 1 << 12; /* iterations too: what a loop carries may grow with each */
    o.limits.nodes = 2000;
    o.limits.nesting = 6;
    o.limits.open_ms = 2000;
    *r = (struct ran){ .n_out = 0 };
    r->status = kaon_model_open_memory(&r->model, data, size, "fuzz", &o, NULL);
    if (r->status != KAON_OK)
        return;
    const size_t n = kaon_model_input_count(r->model);
    r->n_out = kaon_model_output_count(r->model);
    bool fits = n <= MOST_PORTS && r->n_out <= MOST_PORTS;
    for (size_t i = 0; fits && i < n; i++) {
        fits = kaon_model_input(r->model, i, &port) == KAON_OK && make_input(&port, &r->in[i]);
        if (fits)
            fill(&r->in[i], &state);
    }
    r->status = fits ? kaon_session_open(&r->session, r->model, NULL, NULL) : KAON_UNSUPPORTED;
    if (r->status == KAON_OK)
        r->status = kaon_session_run(r->session, r->in, r->out, NULL);
}

static void close_run(struct ran *r)
{
    kaon_session_close(r->session);
    kaon_model_close(r->model);
    for (size_t i = 0; i < MOST_PORTS; i++)
        free(r->in[i].data);
}

void kaon_fuzz_onnx(const uint8_t *data, size_t size)
{
    struct ran r;
    run(&r, data, size, &(struct way){ NULL, 0 });
    close_run(&r);
}

/* ---- ways that must agree -------------------------------------------------------------------- */

/* Whether float32 numbers agree to 1e-4 of the larger, or of 1; other types, and with `bits` those too, to the bit. */
static bool agree(const struct kaon_tensor *a, const struct kaon_tensor *b, bool bits)
{
    const size_t n = (size_t)kaon_tensor_count(a), size = kaon_type_bytes(a->type);
    if (a->type != b->type || a->rank != b->rank ||
        memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) != 0)
        return false;
    if (a->type == KAON_SEQUENCE || a->type == KAON_STRING || n == 0 || size == 0 ||
        memcmp(a->data, b->data, n * size) == 0)
        return true;
    if (a->type != KAON_F32)
        return false;
    for (size_t i = 0; i < n; i++) {
        const float x = ((const float *)a->data)[i], y = ((const float *)b->data)[i];
        const float most = fmaxf(1.0f, fmaxf(fabsf(x), fabsf(y)));
        if (memcmp(&x, &y, sizeof x) == 0 || (isnan(x) && isnan(y)))
            continue;
        if (bits || !(fabsf(x - y) <= 1e-4f * most))
            return false;
    }
    return true;
}

/* The best instruction set, the scalar one and no passes: bits of the first two are the same, and passes change
 * no more than the rounding of weights that they fold. A mismatch ends the process, as a crash does. */
void kaon_fuzz_differ(const uint8_t *data, size_t size)
{
    static const struct way ways[] = { { NULL, 0 }, { "scalar", 0 }, { NULL, -1 } };
    struct ran r[3];
    for (int i = 0; i < 3; i++)
        run(&r[i], data, size, &ways[i]);
    for (int i = 1; i < 3; i++) {
        bool same = r[i].status == r[0].status || i == 2; /* folding may meet an error before */
        for (size_t k = 0;
             same && r[0].status == KAON_OK && r[i].status == KAON_OK && k < r[0].n_out; k++)
            same = agree(&r[0].out[k], &r[i].out[k], i == 1);
        if (!same)
            abort();
    }
    for (int i = 0; i < 3; i++)
        close_run(&r[i]);
}
