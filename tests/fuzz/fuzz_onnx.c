/* Model files: opened within tight limits, and run once with small inputs if they may be. */
#include <stdlib.h>
#include <string.h>

#include "engine/kaon.h"
#include "tests/fuzz/targets.h"

enum { MOST_PORTS = 16, MOST_INPUT = 4096, ANY_LENGTH = 2 };

/* An input of zeros where the model leaves a choice of lengths; false if it would be large. */
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

static void run(const struct kaon_model *model)
{
    struct kaon_tensor in[MOST_PORTS] = { 0 }, out[MOST_PORTS] = { 0 };
    const size_t n = kaon_model_input_count(model);
    struct kaon_session *session = NULL;
    struct kaon_port port;
    bool fits = n <= MOST_PORTS && kaon_model_output_count(model) <= MOST_PORTS;
    for (size_t i = 0; fits && i < n; i++)
        fits = kaon_model_input(model, i, &port) == KAON_OK && make_input(&port, &in[i]);
    if (fits && kaon_session_open(&session, model, NULL, NULL) == KAON_OK) {
        kaon_session_run(session, in, out, NULL);
        kaon_session_close(session);
    }
    for (size_t i = 0; i < MOST_PORTS; i++)
        free(in[i].data);
}

void kaon_fuzz_onnx(const uint8_t *data, size_t size)
{
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    struct kaon_model *model = NULL;
    o.limits.elements = 1 << 12; /* iterations too: what a loop carries may grow with each */
    o.limits.nodes = 2000;
    o.limits.nesting = 6;
    o.limits.open_ms = 2000;
    if (kaon_model_open_memory(&model, data, size, "fuzz", &o, NULL) == KAON_OK)
        run(model);
    kaon_model_close(model);
}
