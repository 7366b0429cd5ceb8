/* An attention of one's own, as a shared object that kaon loads:
 *
 *     cc -O2 -shared -fPIC -I PREFIX/include attention_plugin.c -o cold_softmax.so -lm
 *     kaon run tagger.onnx --attention-plugin ./cold_softmax.so --attention cold_softmax:t=0.5
 *
 * It is softmax with a temperature: w_j = e^(x_j / t) / sum_k e^(x_k / t). */
#include <kaon_plugin.h>

#include <math.h>

enum { TEMPERATURE };

static const struct kaon_plugin_param params[] = {
    [TEMPERATURE] = { "t", 1.0, 1e-3, 1e3 },
};

/* Scores that are not visible are -inf: e to that is 0, which is the weight they must have. */
static void row(void *user, float *x, size_t n, const struct kaon_plugin_row *at)
{
    const float t = at->param[TEMPERATURE];
    float most = -INFINITY, sum = 0.0f;
    (void)user;
    for (size_t j = 0; j < n; j++)
        most = x[j] > most ? x[j] : most;
    for (size_t j = 0; j < n; j++)
        sum += x[j] = expf((x[j] - most) / t);
    for (size_t j = 0; j < n; j++)
        x[j] /= sum;
}

/* The name under which kaon looks for it. */
KAON_PLUGIN_EXPORT extern const struct kaon_attention_plugin kaon_attention_plugin;

const struct kaon_attention_plugin kaon_attention_plugin = {
    .version = KAON_PLUGIN_VERSION,
    .size = sizeof kaon_attention_plugin,
    .name = "cold_softmax",
    .title = "softmax with a temperature",
    .formula = "e^(x_j / t) / sum_k e^(x_k / t)",
    .param = params,
    .n_params = sizeof params / sizeof *params,
    .row = row,
};
