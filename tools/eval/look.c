#include "tools/eval/look.h"

#include "tools/cli/fail.h"
#include "tools/eval/mathd.h"

#include <math.h>

static float energy_of(const float *z, size_t n)
{
    double most = (double)z[0], sum = 0;
    for (size_t i = 1; i < n; i++)
        most = (double)z[i] > most ? (double)z[i] : most;
    for (size_t i = 0; i < n; i++)
        sum += kaon_eval_exp((double)z[i] - most);
    return (float)-(most + kaon_eval_log(sum));
}

static void mean_of(float *to, const float *from, size_t entries, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        double sum = 0;
        for (size_t k = 0; k < entries; k++)
            sum += (double)from[k * width + i];
        to[i] = entries ? (float)(sum / (double)entries) : NAN;
    }
}

enum kaon_status kaon_eval_look(const struct eval_spec *spec, size_t o,
                                const struct kaon_tensor *value, size_t at, size_t bytes,
                                float *inner, struct kaon_msg *msg)
{
    const float *from = (const float *)value->data + at / sizeof(float);
    const size_t n = bytes / sizeof(float);
    if (spec->logits.name && spec->logits.output == o) {
        if (n != spec->logits.width)
            return kaon_cli_fail(msg, KAON_BAD_INPUT,
                                 "%s: '%s' has %zu floats a jet, and cannot be the logits of "
                                 "%zu classes",
                                 spec->model_path, spec->logits.name, n, spec->logits.width);
        *inner = energy_of(from, n);
    }
    if (spec->hidden.name && spec->hidden.output == o)
        mean_of(inner + (spec->logits.name != NULL), from, n / spec->hidden.width,
                spec->hidden.width);
    return KAON_OK;
}
