#include "tools/model/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/fail.h"
#include "tools/cli/nearest.h"
#include "tools/io/npy.h"
#include "tools/model/element.h"
#include "tools/model/shape.h"

static const int64_t most_elements = INT64_C(1) << 31; /* the library's default limit */

enum kaon_status kaon_inputs_open(struct kaon_inputs *inputs, const struct kaon_model *model,
                                  struct kaon_msg *msg)
{
    const size_t n = kaon_model_input_count(model);
    *inputs = (struct kaon_inputs){ .tensor = calloc(n + 1, sizeof *inputs->tensor), .n = n };
    if (!inputs->tensor)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for %zu inputs", n);
    return KAON_OK;
}

/* ---- files ---------------------------------------------------------------------------------- */

static enum kaon_status find_input(const struct kaon_model *model, const char *name, size_t *index,
                                   struct kaon_port *port, struct kaon_msg *msg)
{
    const char *best = NULL;
    for (*index = 0; *index < kaon_model_input_count(model); ++*index) {
        const enum kaon_status st = kaon_model_input(model, *index, port);
        if (st != KAON_OK)
            return kaon_cli_fail(msg, st, "input %zu of the model is not known", *index);
        if (!strcmp(port->name, name))
            return KAON_OK;
        kaon_nearest_try(name, port->name, &best);
    }
    return kaon_cli_fail(msg, KAON_BAD_INPUT, "the model has no input \"%s\"%s%s%s", name,
                         best ? "; did you mean \"" : "", best ? best : "", best ? "\"?" : "");
}

static enum kaon_status read_one(struct kaon_inputs *inputs, const struct kaon_model *model,
                                 const char *word, struct kaon_axes *axes, struct kaon_msg *msg)
{
    char name[1024];
    const char *path;
    size_t i;
    struct kaon_port port;
    enum kaon_status st;

    if (!kaon_option_pair(word, name, sizeof name, &path))
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--input: \"%s\" is not of the form NAME=FILE.npy", word);
    if ((st = find_input(model, name, &i, &port, msg)) != KAON_OK)
        return st;
    if (inputs->tensor[i].data)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--input: \"%s\" is given twice", name);
    if ((st = kaon_npy_read(&inputs->tensor[i], path, msg)) != KAON_OK)
        return st;
    if (inputs->tensor[i].type != port.type)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: holds %s, input \"%s\" wants %s", path,
                             kaon_tensor_text(&inputs->tensor[i]).text, name,
                             kaon_port_text(&port).text);
    return kaon_axes_bind(axes, &port, &inputs->tensor[i], msg);
}

enum kaon_status kaon_inputs_read(struct kaon_inputs *inputs, const struct kaon_model *model,
                                  const struct kaon_words *files, struct kaon_axes *axes,
                                  struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    for (size_t i = 0; st == KAON_OK && i < files->n; i++)
        st = read_one(inputs, model, files->word[i], axes, msg);
    return st;
}

/* ---- random --------------------------------------------------------------------------------- */

/* SplitMix64 (Steele, Lea, Flood 2014): a counter, mixed. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Elements of the shape, or -1 if they are more than the library takes. */
static int64_t bounded_count(const struct kaon_tensor *t)
{
    int64_t n = 1;
    for (int32_t d = 0; d < t->rank; d++)
        if (t->dims[d] == 0)
            return 0;
    for (int32_t d = 0; d < t->rank; d++)
        if (__builtin_mul_overflow(n, t->dims[d], &n) || n > most_elements)
            return -1;
    return n;
}

static enum kaon_status fill_one(struct kaon_tensor *t, const struct kaon_port *port,
                                 const struct kaon_axes *axes, uint64_t state, struct kaon_msg *msg)
{
    if (port->type == KAON_SEQUENCE || port->type == KAON_STRING || !kaon_type_bytes(port->type) ||
        !kaon_axes_apply(axes, port, t))
        return kaon_cli_fail(msg, KAON_UNSUPPORTED,
                             "input \"%s\" (%s) cannot be filled with random values", port->name,
                             kaon_port_text(port).text);
    const int64_t n = bounded_count(t);
    if (n < 0)
        return kaon_cli_fail(msg, KAON_OVER_LIMIT, "input \"%s\" (%s) has too many elements",
                             port->name, kaon_tensor_text(t).text);
    t->bytes = (size_t)n * kaon_type_bytes(t->type);
    t->data = malloc(t->bytes ? t->bytes : 1);
    if (!t->data)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for input \"%s\"", port->name);
    for (size_t i = 0; i < (size_t)n; i++)
        kaon_element_random(t, i, next_random(&state));
    return KAON_OK;
}

enum kaon_status kaon_inputs_random(struct kaon_inputs *inputs, const struct kaon_model *model,
                                    const struct kaon_axes *axes, uint64_t seed,
                                    struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    for (size_t i = 0; st == KAON_OK && i < inputs->n; i++) {
        struct kaon_port port;
        uint64_t state = seed;
        state = next_random(&state) + i; /* a stream of its own for each input */
        if (inputs->tensor[i].data)
            continue;
        st = kaon_model_input(model, i, &port);
        if (st != KAON_OK)
            return kaon_cli_fail(msg, st, "input %zu of the model is not known", i);
        state = next_random(&state);
        st = fill_one(&inputs->tensor[i], &port, axes, state, msg);
    }
    return st;
}

bool kaon_inputs_zero_integers(struct kaon_inputs *inputs)
{
    static const enum kaon_type integers[] = { KAON_I8, KAON_I16, KAON_I32, KAON_I64,
                                               KAON_U8, KAON_U16, KAON_U32, KAON_U64 };
    bool any = false;
    for (size_t i = 0; i < inputs->n; i++) {
        struct kaon_tensor *t = &inputs->tensor[i];
        for (size_t k = 0; k < sizeof integers / sizeof *integers; k++)
            if (t->type == integers[k] && t->bytes) {
                memset(t->data, 0, t->bytes);
                any = true;
            }
    }
    return any;
}

void kaon_inputs_close(struct kaon_inputs *inputs)
{
    for (size_t i = 0; inputs->tensor && i < inputs->n; i++)
        free(inputs->tensor[i].data);
    free(inputs->tensor);
    *inputs = (struct kaon_inputs){ 0 };
}
